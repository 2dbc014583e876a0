"""The printed certificate: what it says and never says, what is inside, how it bears long texts."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typst
from PIL import Image

from tests.ledger.document import samples
from tests.ledger.document.pages import accessible, fonts_of, glyphs_of, reader, text_of
from tests.ledger.document.photos import opened, photographed, png, printed_and_scanned
from tests.ledger.document.previews import preview_certificate
from yinzheng.ledger.document.fonts import DIRECTORY
from yinzheng.ledger.document.qr import SHORT_VERSION, qr_symbol
from yinzheng.ledger.document.render import TEMPLATE, render_certificate, short_millimetres
from yinzheng.verifier.containers.pdf import extract_file
from yinzheng.verifier.containers.scan import find_qr, read_codes
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.certificate import decode_qr, encode_qr
from yinzheng.verifier.formats.shortcode import short_code


def long_qr(length: int) -> str:
    """A text of that length, of what is no certificate."""
    digits = "2ABCDEFGHIJKLMNOPQRSTUVWXYZ34567" * 127
    return ("HTTPS://REGISTRY.EXAMPLE/V/" + digits)[: length - 1] + "A"  # bits that none are left over of


BODIES = {
    "usual": samples.USUAL,
    "demonstration": samples.demonstration(),
    "longest": samples.longest(),
    "hostile": samples.hostile(),
}


def rendered(body: dict[str, Any], qr: str | None = None) -> bytes:
    return render_certificate(body, qr or samples.qr_text(body), samples.ATTACHMENT, facts=samples.FACTS)


@cache
def pdf_of(name: str) -> bytes:
    return rendered(BODIES[name], long_qr(901) if name == "longest" else None)


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", BODIES)
def test_every_text_of_the_body_is_printed_and_can_be_copied(name: str) -> None:
    body, printed = BODIES[name], text_of(pdf_of(name))
    free = {
        k: body[k] for k in ("number", "profile", "holders", "limits", "asset", "level", "scale", "registry")
    }
    rights = {"hold": "持有权", "use": "使用权", "operate": "经营权"}
    for text in [*strings(free), *(remark["text"] for remark in body["remarks"])]:
        assert "".join(rights.get(text, text).split()) in printed


def test_words_dates_and_rules_of_the_field() -> None:
    printed = text_of(pdf_of("usual"))
    for words in (
        "健康医疗数据产权登记证书",
        "CertificateofHealth-DataPropertyRegistration",
        "登记于下列权利人名下",
        "areregisteredtotheholders",
        "初步证明",
        "以存证记录为准",
        "therecordprevails",
        "健康状况数据",
        "第3级",
        "自行采集",
        "简易程序",
        "2026年11月24日",
        "24November2026",
        "2029年11月23日",
        "约定期限或条件",
        "look-alikesites",
        "yinzhengverifySJ4412026110001.pdf--trusttrust.json",
        "核验说明",
        "SJ4412026110001.json",
    ):
        assert words in printed


def test_titles_importance_authority_and_the_levels_words() -> None:
    body = samples.changed(
        profile="NDA-2026/1",
        level={"scheme": "GB/T 39725-2020", "value": 4},
        importance="important",
        authority="某省数据管理局（虚构）",
    )
    printed = text_of(render_certificate(body, samples.qr_text(body), b"{}", facts={}))
    assert "健康医疗" not in printed[: printed.index("编号")]
    assert "CertificateofDataPropertyRegistration" in printed
    assert "仅在较小范围内访问使用" in printed
    assert "重要性认定" in printed
    assert "重要数据" in printed
    assert "由数据主管部门（某省数据管理局（虚构））统一监制" in printed
    usual = text_of(pdf_of("usual"))
    assert "统一监制" not in usual
    assert "重要性认定" not in usual


def test_digests_on_the_page_are_those_of_the_body() -> None:
    commitment = parse_body(samples.USUAL).commitment()
    printed = text_of(pdf_of("usual"))
    assert commitment.sm3.hex() in printed
    assert commitment.sha256.hex() in printed
    assert samples.FACTS["leaf"] in printed


@pytest.mark.parametrize("name", BODIES)
def test_never_speaks_of_ownership(name: str) -> None:
    """R15: presumptive evidence of registration, not a title."""
    printed = text_of(pdf_of(name)) + TEMPLATE.read_text(encoding="utf-8")
    assert re.search(r"所有权|所有人|归.{0,12}所有|owned|owner|property\s*of", printed, re.IGNORECASE) is None


def test_each_right_stands_in_the_row_of_its_holder() -> None:
    printed = text_of(pdf_of("usual"))
    first, second = (holder["name"] for holder in samples.USUAL["holders"])
    row = printed[printed.index(first) : printed.index(second)]
    assert "持有权" in row
    assert "使用权" in row
    assert "经营权" not in row
    assert "经营权" in printed[printed.index(second) : printed.index("权利限制")]


def test_demonstrations_are_labelled_on_every_page_and_only_they() -> None:
    for page in reader(pdf_of("demonstration")).pages:
        assert "DEMONSTRATION" in "".join(page.extract_text().split())
    assert "无任何效力" in text_of(pdf_of("demonstration"))
    assert "DEMONSTRATION" not in text_of(pdf_of("usual")).upper()
    assert "演示" not in text_of(pdf_of("usual"))


def test_markup_in_texts_stays_text() -> None:
    printed = text_of(pdf_of("hostile"))
    assert '#import"x":*;$x^2$\\*b*_i_<a>@c' in printed
    assert "#panic(1)" in printed
    assert len(reader(pdf_of("hostile")).pages) == 2


def test_attachment_is_byte_identical() -> None:
    pdf = pdf_of("usual")
    assert extract_file(pdf) == samples.ATTACHMENT
    (attached,) = reader(pdf).attachment_list
    assert attached.name == "SJ4412026110001.json"
    assert str(attached.associated_file_relationship) == "/Data"


def test_is_archival_tagged_and_says_its_language_and_date() -> None:
    document = reader(pdf_of("usual"))
    metadata = document.xmp_metadata
    assert metadata is not None
    packet = metadata.stream.get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in packet
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in packet
    catalog = document.root_object
    assert str(catalog["/Lang"]).lower().startswith("zh")
    assert "/StructTreeRoot" in catalog
    assert document.metadata is not None
    assert document.metadata.creation_date is not None
    assert document.metadata.creation_date.timestamp() == samples.REGISTERED


def test_is_read_aloud_in_order_and_its_title_is_found() -> None:
    roles = accessible(pdf_of("usual"))
    assert (roles["H1"], roles["H2"]) == (2, 2)
    first = reader(pdf_of("usual")).pages[0].extract_text()
    assert "健康医疗数据产权登记证书" in first
    assert "Certificate of Health-Data Property Registration" in first


def test_fonts_are_embedded_as_subsets() -> None:
    fonts = fonts_of(pdf_of("usual"))
    assert len(fonts) == 3
    for name, font in fonts.items():
        assert re.fullmatch(
            r"[A-Z]{6}\+(YinzhengSerif-(Regular|Bold)|DejaVuSansMono)(-.*)?", name.lstrip("/")
        )
        assert {"/FontFile2", "/FontFile3"} & set(font["/FontDescriptor"].get_object())
    assert len(pdf_of("usual")) < 400_000


@pytest.mark.parametrize("name", BODIES)
def test_prints_no_box(name: str) -> None:
    glyphs = list(glyphs_of(pdf_of(name)))
    assert len(glyphs) > 1000
    assert 0 not in glyphs


def test_the_look_for_boxes_finds_one(tmp_path: Path) -> None:
    source = tmp_path / "box.typ"
    source.write_text('#set text(font: "Yinzheng Serif", fallback: false)\n证书 \u0e01', encoding="utf-8")
    pdf = typst.compile(str(source), font_paths=[str(DIRECTORY)], ignore_system_fonts=True)
    assert 0 in list(glyphs_of(pdf))


def test_same_input_same_bytes() -> None:
    first = rendered(samples.USUAL, long_qr(200))
    assert first == rendered(samples.USUAL, long_qr(200))
    assert first != rendered(samples.USUAL, long_qr(202))


@pytest.mark.parametrize(("name", "pages"), [("usual", 2), ("demonstration", 2), ("longest", 4)])
def test_page_count(name: str, pages: int) -> None:
    assert len(reader(pdf_of(name)).pages) == pages


def test_a_remark_that_moved_is_still_named_on_the_first_page() -> None:
    first = "".join(reader(pdf_of("longest")).pages[0].extract_text().split())
    assert "司法查封" in first
    assert "续页" in first


def extremes() -> list[dict[str, Any]]:
    """Every text as long as its format allows, of the widest letters and of Han characters."""
    code = samples.USUAL["registry"]["code"]
    found = []
    for letter in "W数":
        for count in (3, 20):
            holder = {"name": letter * 100, "code": code, "rights": ["hold", "use", "operate"]}
            found.append(
                samples.changed(
                    profile="DEMO/1",
                    holders=[holder] * count,
                    limits=letter * 400,
                    asset=letter * 40,
                    scale=letter * 60,
                    level={"scheme": letter * 40, "value": 5},
                    registry={"name": letter * 100, "code": code},
                    remarks=[{"kind": "control", "text": letter * 200}] * 4,
                )
            )
    return found


@pytest.mark.parametrize("body", extremes())
@pytest.mark.parametrize("qr", [long_qr(600), long_qr(4091)])
def test_nothing_leaves_the_frame_however_long(body: dict[str, Any], qr: str) -> None:
    pages = preview_certificate(body, qr, b"{}", facts=samples.FACTS, ppi=50)
    assert 2 <= len(pages) <= 6
    for page in pages:
        dark = np.asarray(opened(page)) < 200
        edge = round(8 / 25.4 * 50)
        dark[edge:-edge, edge:-edge] = False
        assert not dark.any()


def lower_left(page: bytes) -> Image.Image:
    """The 11 cm around the code of a page at 300 dpi."""
    sheet = opened(page)
    return sheet.crop((0, sheet.height - 1300, 1300, sheet.height))


@pytest.mark.parametrize("name", ["usual", "demonstration"])
def test_printed_code_is_read_from_the_page(name: str) -> None:
    body = BODIES[name]
    qr = samples.qr_text(body)
    page = preview_certificate(body, qr, samples.ATTACHMENT, facts=samples.FACTS, ppi=300)[0]
    assert find_qr(page) == qr
    assert decode_qr(qr).body.number == body["number"]
    corner = lower_left(page)
    assert find_qr(png(printed_and_scanned(corner, millimetres=corner.width / 300 * 25.4))) == qr
    assert find_qr(photographed(corner, side=1600)) == qr


@pytest.mark.parametrize("name", ["usual", "demonstration"])
def test_the_page_has_both_codes_apart(name: str) -> None:
    """A scanner's page has both, and a phone held over the short one sees no other."""
    qr = samples.qr_text(BODIES[name])
    short = short_code(qr)
    page = opened(preview_certificate(BODIES[name], qr, samples.ATTACHMENT, facts=samples.FACTS, ppi=150)[0])
    assert read_codes(page) == {qr, short}
    assert short_millimetres(short) >= 20
    corner = page.crop((page.width * 2 // 3, page.height * 2 // 3, page.width, page.height))
    assert read_codes(corner) == {short}
    inch = 150 / 25.4
    size, version = short_millimetres(short) * inch, qr_symbol(short, SHORT_VERSION).version
    assert version <= 6, "41 modules"
    beside = page.crop((int(corner.width * 2 - size), 0, corner.width * 2, page.height))
    assert read_codes(beside) == set()


@pytest.mark.parametrize("host", ["a.cn", "verify.example.org", "h" * 97 + ".org"])
def test_a_short_code_has_at_most_41_modules(host: str) -> None:
    short = short_code(encode_qr(parse_body(samples.USUAL), samples.ISSUER, host))
    assert len(qr_symbol(short, SHORT_VERSION).modules) <= 41
    assert qr_symbol(short, SHORT_VERSION).level == "M"


def test_a_character_the_font_lacks_is_reported_with_its_field() -> None:
    body = samples.changed(holders=[samples.USUAL["holders"][0] | {"name": "กข医院\u202e"}])
    with pytest.raises(DataFault) as caught:
        rendered(body, long_qr(200))
    assert caught.value.code == "font-missing-character"
    assert caught.value.data["field"] == "holders[0].name"
    assert caught.value.data["characters"] == ["U+0E01", "U+0E02", "U+202E"]


@pytest.mark.parametrize(
    "body",
    [
        samples.changed(asset="名\U0001f600"),
        samples.changed(limits="行\n行"),
        samples.changed(scale="\u00ad"),
        samples.changed(level={"scheme": "\u200b", "value": 1}),
        samples.changed(registry={"name": "\ufeff", "code": samples.USUAL["registry"]["code"]}),
        samples.changed(remarks=[{"kind": "other", "text": "\u0600"}]),
    ],
)
def test_every_printed_text_is_checked(body: dict[str, Any]) -> None:
    with pytest.raises(DataFault) as caught:
        rendered(body, long_qr(200))
    assert caught.value.code == "font-missing-character"


def test_facts_are_checked_too_and_may_be_missing() -> None:
    qr = long_qr(200)
    with pytest.raises(DataFault) as caught:
        render_certificate(samples.USUAL, qr, b"{}", facts={"log": "log\u0e01"})
    assert caught.value.data["field"] == "facts.log"
    assert extract_file(render_certificate(samples.USUAL, qr, b"{}", facts={})) == b"{}"


def test_a_text_that_is_no_qr_text_is_refused() -> None:
    with pytest.raises(DataFault) as caught:
        rendered(samples.USUAL, "https://lower.example/v/abc")
    assert caught.value.code == "qr-not-alphanumeric"


@pytest.mark.parametrize("body", [samples.USUAL, samples.longest()], ids=["usual", "longest"])
def test_the_printed_certificate_shows_its_type_and_what_it_follows(body: dict[str, Any]) -> None:
    before = [{"number": f"SJ441202610000{at}", "leaf": f"{at:02x}" * 32} for at in range(1, 5)]
    changed = {**body, "type": "transfer", "follows": before}
    shown = text_of(render_certificate(changed, samples.qr_text(samples.USUAL), samples.ATTACHMENT, facts={}))
    assert "前序证书" in shown
    assert "转让" in shown
    for one in before:
        assert one["number"] in shown
        assert one["leaf"][:16] in shown
