"""Codes in pictures: from a screen, from paper, from photos; and pictures that are none or do harm."""

from __future__ import annotations

import io
import struct
import sys
import zlib

import numpy as np
import pytest
import qrcode
from PIL import Image, ImageDraw, ImageFilter
from PIL.Image import Image as Picture

from tests.verifier.receipt_world import ReceiptWorld
from tests.verifier.world import ISSUER, World, body_json
from yinzheng.verifier import DataFault, UsageFault, encode_qr, parse_body, read_target
from yinzheng.verifier.containers.scan import MAX_IMAGE, find_in, find_qr
from yinzheng.verifier.formats.shortcode import short_code

QR = World().qr


def code(text: str = QR, box: int = 6) -> Picture:
    made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=box, border=4)
    made.add_data(text)
    made.make(fit=True)
    picture: Picture = made.make_image().get_image().convert("RGB")
    return picture


def saved(picture: Picture, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def page(picture: Picture, size: tuple[int, int], at: tuple[int, int]) -> Picture:
    paper = Image.new("RGB", size, (246, 243, 235))
    draw = ImageDraw.Draw(paper)
    for line in range(40, size[1] - 40, 40):
        draw.line((40, line, size[0] // 2, line), fill=(90, 90, 90), width=6)
    paper.paste(picture, at)
    return paper


def noise(picture: Picture, sigma: float, seed: int = 1) -> Picture:
    values = np.asarray(picture, dtype=np.float64)
    values = values + np.random.default_rng(seed).normal(0, sigma, values.shape)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def perspective(picture: Picture, corners: list[tuple[float, float]], size: tuple[int, int]) -> Picture:
    """The picture as seen with its corners (clockwise from top left) at those places."""
    width, height = picture.size
    source = [(0, 0), (width, 0), (width, height), (0, height)]
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    found = np.linalg.solve(np.array(rows, dtype=float), np.array(values, dtype=float))
    return picture.transform(
        size,
        Image.Transform.PERSPECTIVE,
        [float(v) for v in found],
        Image.Resampling.BICUBIC,
        fillcolor=(120, 110, 100),
    )


def fault_of(data: bytes) -> DataFault:
    with pytest.raises(DataFault) as caught:
        find_qr(data)
    assert QR not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_from_a_screen(kind: str) -> None:
    assert find_qr(saved(code(), kind)) == QR
    assert read_target(saved(code(), kind)).qr == QR


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK"])
def test_in_every_colour_model(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert find_qr(saved(code().convert(mode), kind)) == QR


def test_on_nothing_but_transparency() -> None:
    opaque = code().convert("RGBA")
    values = np.asarray(opaque).copy()
    values[values[..., 0] > 128] = (0, 0, 0, 0)  # white modules become transparent black
    assert find_qr(saved(Image.fromarray(values))) == QR


def test_smaller_than_usual() -> None:
    small = code(box=10).resize((270, 270), Image.Resampling.LANCZOS)
    assert find_qr(saved(small)) == QR


LONGEST = encode_qr(parse_body(body_json(limits="限" * 400, scale="万" * 21)), ISSUER, "yz.example.org")


@pytest.mark.parametrize(("text", "turn"), [(QR, 0), (QR, 7), (QR, 180), (LONGEST, 0), (LONGEST, 3)])
def test_from_paper_scanned_at_300_dpi_and_3_cm(text: str, turn: int) -> None:
    side = round(3 / 2.54 * 300)
    printed = code(text, box=10).resize((side, side), Image.Resampling.LANCZOS)
    scan = page(printed, (2480, 1200), (1800, 500)).rotate(turn, expand=True, fillcolor=(246, 243, 235))
    scan = noise(scan.filter(ImageFilter.GaussianBlur(0.8)), 10)
    assert len(LONGEST) > 850
    assert find_qr(saved(scan, "JPEG", quality=80)) == text


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_from_a_photo_with_perspective_shadow_and_noise(seed: int) -> None:
    sheet = page(code(box=8), (1400, 1300), (600, 400))
    seen = perspective(sheet, [(260, 180), (1500, 260), (1640, 1180), (140, 1060)], (1800, 1350))
    shadow = np.linspace(0.55, 1.0, 1800, dtype=np.float32)[None, :, None]
    dark = Image.fromarray((np.asarray(seen) * shadow).astype(np.uint8))
    photo = noise(dark.filter(ImageFilter.GaussianBlur(1.0)), 12, seed)
    assert find_qr(saved(photo, "JPEG", quality=70)) == QR


def test_from_a_faint_copy() -> None:
    faint = code().point(lambda value: 150 + value * 30 // 255)
    assert find_qr(saved(noise(faint, 3))) == QR


def test_a_photo_of_60_megapixels() -> None:
    sheet = Image.new("L", (8944, 6708), 235)
    sheet.paste(code(box=14).convert("L"), (3000, 2500))
    data = saved(sheet, "JPEG", quality=60)
    assert sheet.width * sheet.height > 59_000_000
    assert find_qr(data) == QR


def test_a_small_code_in_a_very_large_scan() -> None:
    # At the working size its modules are too small; it is found at full size.
    sheet = Image.new("L", (8200, 3000), 235)
    sheet.paste(code(box=2).convert("L"), (7000, 1500))
    assert find_qr(saved(sheet)) == QR


# Several codes


OTHERS = encode_qr(parse_body(body_json(number="SJ4412026110002")), ISSUER, "yz.example.org")


def beside(*pictures: Picture) -> Picture:
    width = sum(picture.width + 60 for picture in pictures)
    paper = Image.new("RGB", (width, max(picture.height for picture in pictures) + 60), "white")
    left = 30
    for picture in pictures:
        paper.paste(picture, (left, 30))
        left += picture.width + 60
    return paper


def test_ours_is_found_among_others() -> None:
    others = [code("https://example.com/advert"), code("WIFI:S:home;T:WPA;P:secret;;")]
    assert find_qr(saved(beside(others[0], code(), others[1]))) == QR
    assert find_qr(saved(beside(code(), code()))) == QR


def test_of_both_codes_the_large_one_is_taken() -> None:
    short = short_code(QR)
    assert find_qr(saved(beside(code(short), code()))) == QR
    assert find_qr(saved(beside(code(short), code("https://example.com/advert")))) == short
    other = OTHERS
    assert fault_of(saved(beside(code(short_code(other)), code()))).code == "image-several"
    assert fault_of(saved(beside(code(short_code(other)), code(short)))).code == "image-several"


def test_two_codes_of_one_number_are_not_told_to_be_two_certificates() -> None:
    """Cropped to either, a paper with one code made up would be genuine."""
    another = encode_qr(parse_body(body_json(asset="另一数据集")), ISSUER, "yz.example.org")
    for one, two in ((QR, short_code(another)), (short_code(QR), another), (QR, another)):
        assert fault_of(saved(beside(code(one), code(two)))).code == "codes-contradict"
    elsewhere = QR.replace("YZ.EXAMPLE.ORG", "EXAMPLE.ORG")
    assert fault_of(saved(beside(code(QR), code(elsewhere)))).code == "image-several"


def test_the_large_code_is_looked_for_in_every_view() -> None:
    short = short_code(QR)
    assert find_in([{short}, set(), {short, QR}]) == QR
    assert find_in([{short}, {"https://example.com/"}]) == short
    with pytest.raises(DataFault) as caught:
        find_in([{short}, {OTHERS}])
    assert caught.value.code == "image-several"


def test_of_a_receipts_codes_the_large_one_is_taken() -> None:
    large, copy = ReceiptWorld().qr, ReceiptWorld().proof_copy
    short = short_code(large)
    assert find_qr(saved(beside(code(short), code(large)))) == large
    assert find_qr(saved(beside(code(short), code("https://example.com/advert")))) == short
    assert find_in([{short}, {short, large}]) == large
    for other in ({short, copy}, {short, short_code(copy)}, {short, QR}):
        with pytest.raises(DataFault) as caught:
            find_in([other])
        assert caught.value.code == "image-several"


def test_two_certificates_in_one_picture() -> None:
    other = encode_qr(parse_body(body_json(number="SJ4412026110002")), ISSUER, "yz.example.org")
    assert fault_of(saved(beside(code(), code(other)))).code == "image-several"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://example.com/secret", "a web address"),
        ("wxp://secret", "a payment code"),
        ("HTTPS://QR.ALIPAY.COM/secret", "a payment code"),
        ("secret", "a text"),
    ],
)
def test_only_codes_of_others(text: str, kind: str) -> None:
    fault = fault_of(saved(code(text)))
    assert fault.code == "image-foreign"
    assert kind in fault.message
    assert "secret" not in fault.message.lower()


# What is no picture, or too much of one


def test_no_code_at_all() -> None:
    assert fault_of(saved(Image.new("RGB", (300, 300), "white"))).code == "image-no-code"
    assert fault_of(saved(Image.new("L", (1, 1)))).code == "image-no-code"


def png_of_size(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_bombs_are_refused_before_they_go_off() -> None:
    for side in (10_000, 20_000, 60_000):
        assert fault_of(png_of_size(side, side)).code == "image-too-large"
    assert fault_of(bytes(MAX_IMAGE + 1)).code == "image-too-large"


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_few_bytes_that_stand_for_many(mode: str) -> None:
    """One colour, or none at all, compresses a thousandfold; what counts is what it takes once decoded."""
    picture = Image.new(mode, (6000, 6000))
    data = saved(picture, transparency=0) if mode == "P" else saved(picture)
    assert len(data) < 300_000
    assert fault_of(data).code == "image-too-large"


@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")
def test_a_warning_about_a_bomb_is_one() -> None:
    assert fault_of(png_of_size(10_000, 10_000)).code == "image-too-large"


def test_damaged_pictures() -> None:
    assert fault_of(b"").code == "image-format"
    assert fault_of(b"GIF89a" + bytes(100)).code == "image-format"
    for data in (saved(code()), saved(code(), "JPEG"), saved(code(), "WEBP")):
        fault = fault_of(data[: len(data) // 3])
        assert fault.code in {"image-malformed", "image-format"}


@pytest.mark.parametrize("missing", ["PIL.Image", "PIL", "zxingcpp"])
def test_without_the_extra(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UsageFault) as caught:
        find_qr(b"any")
    assert caught.value.code == "image-support"
    assert "yinzheng[image]" in caught.value.hint
