"""How five readers read the codes that we print: `python -m scripts.bench_parts.codes`.

Five documents, each at four resolutions: plain, askew, blurred, pale as JPEG, photographed. Three tables: the
large code of each by itself (110 pictures), its short code (S6.11, S13.9) by itself, of four signings of each
(440), and the page between them with both in view (110), read if either is; what is neither is wrong.
zbar (`zbarimg`, Debian's zbar-tools) is asked where it is installed, jsQR and @zxing/library where
`NODE_PATH` has them with pngjs (`npm install jsqr @zxing/library pngjs`), OpenCV where
`opencv-python-headless` is (in an environment of its own: nothing of ours needs it). zxing-cpp is ours.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from PIL import Image, ImageEnhance, ImageFilter

PAPER: Final = 244
"""Grey of a scanned page."""

DPI: Final = (100, 150, 200, 300)
PER_INCH: Final = 25.4
MARGIN: Final = 12.0
"""Millimetres of paper around the code."""

SIGNINGS: Final = 4
"""How often each document is signed for its short code, which is another each time."""

TEXT_WIDTH: Final = 166.0
"""Millimetres between the margins of a certificate, from the one code's edge to the other's."""

BELOW: Final = 140.0
"""Millimetres from the top of a receipt's large code to that of its short one."""

_NODE: Final = Path(__file__).with_name("codes.mjs")

Picture = tuple[str, int, str, Image.Image]
"""Document, resolution (dots per inch; of a photo what it comes to), what happened to it, and the picture."""


class Placed(NamedTuple):
    """A code on a sheet: its text, its picture with the quiet zone, and where it stands, in millimetres."""

    text: str
    drawn: Image.Image
    side: float
    left: float = 0.0
    top: float = 0.0


class Printed(NamedTuple):
    """The codes of a document, as texts, with the millimetres at which each is printed."""

    large: str
    side: float
    short: str
    short_side: float
    left: float
    top: float = 0.0
    """Where the short one stands, from the large one's upper left corner."""


def scanned(codes: Sequence[Placed], dpi: int) -> Image.Image:
    """Codes on one sheet as a scanner sees them."""

    def dots(millimetres: float) -> int:
        return round(millimetres / PER_INCH * dpi)

    edge = dots(MARGIN)
    width = max(dots(one.left + one.side) for one in codes)
    height = max(dots(one.top + one.side) for one in codes)
    page = Image.new("L", (width + 2 * edge, height + 2 * edge), PAPER)
    for one in codes:
        printed = one.drawn.resize((dots(one.side), dots(one.side)), Image.Resampling.BOX)
        page.paste(printed, (edge + dots(one.left), edge + dots(one.top)))
    return page.filter(ImageFilter.GaussianBlur(dpi / 600))


def turned(page: Image.Image, degrees: float) -> Image.Image:
    """Laid on the glass askew, or on its side."""
    return page.rotate(degrees, Image.Resampling.BICUBIC, degrees == 90.0, fillcolor=PAPER)


def pale(page: Image.Image) -> Image.Image:
    """Toner that runs out: black is a middle grey."""
    return ImageEnhance.Contrast(page).enhance(0.45)


def compressed(page: Image.Image, quality: int = 35) -> Image.Image:
    """As a JPEG of low quality."""
    held = BytesIO()
    page.save(held, "JPEG", quality=quality)
    return Image.open(held).convert("L")


def photographed(page: Image.Image, seed: int) -> Image.Image:
    """Seen at an angle, with a shaking hand and noise."""
    chance, (width, height) = random.Random(seed), page.size  # noqa: S311 - a picture, the same each time
    corner = [chance.uniform(0.0, 0.07) * side for side in (width, height) * 4]
    (a, b, c, d, e, f, g, h) = corner
    quad = (a, b, c, height - d, width - e, height - f, width - g, h)
    seen = page.transform(page.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC, fillcolor=PAPER)
    noise = Image.effect_noise(page.size, 18)
    return Image.blend(seen.filter(ImageFilter.GaussianBlur(width / 900)), noise, 0.12)


def pictures(name: str, codes: Sequence[Placed]) -> list[Picture]:
    """The 22 pictures of one document."""
    found: list[Picture] = []
    for dpi in DPI:
        page = scanned(codes, dpi)
        found += [
            (name, dpi, "plain", page),
            (name, dpi, "askew", turned(page, 2.5)),
            (name, dpi, "blurred", page.filter(ImageFilter.GaussianBlur(dpi / 250))),
            (name, dpi, "JPEG, pale", pale(compressed(page))),
            (name, dpi, "photographed", photographed(page, dpi)),
        ]
    page = scanned(codes, 300)
    found.append((name, 300, "on its side", turned(page, 90.0)))
    found.append((name, 300, "upside down, askew", turned(page, 184.0)))
    return found


def documents() -> dict[str, Printed]:
    """What is printed of each document."""
    from tests.ledger.document import samples
    from tests.verifier.receipt_world import SUBJECT, genuine_receipt
    from tests.verifier.voucher_world import VoucherWorld
    from yinzheng.ledger.document import voucher_pdf
    from yinzheng.ledger.document.qr import qr_symbol
    from yinzheng.ledger.document.receipt_pdf import MAX_QR_MILLIMETRES, MODULE_MILLIMETRES
    from yinzheng.ledger.document.render import code_millimetres, short_millimetres
    from yinzheng.verifier.bytes.cose import to_base32
    from yinzheng.verifier.formats.receipt import with_credential
    from yinzheng.verifier.formats.shortcode import short_code

    def receipt(text: str) -> Printed:
        side = min(MAX_QR_MILLIMETRES, qr_symbol(text).size * MODULE_MILLIMETRES)
        # A receipt signed anew has the same short code: each is that of another consent.
        short = short_code(text).replace(to_base32(SUBJECT), to_base32(os.urandom(32)))
        return Printed(text, side, short, short_millimetres(short), side - short_millimetres(short), BELOW)

    def rights(text: str, side: float | None = None) -> Printed:
        short = short_code(text)
        side = side or code_millimetres(text)
        return Printed(text, side, short, short_millimetres(short), TEXT_WIDTH - short_millimetres(short))

    proof, voucher = genuine_receipt()["qr"], VoucherWorld().qr
    crowded = samples.changed(limits="不得向境外提供；" * 24)
    return {
        "certificate": rights(samples.qr_text(samples.USUAL)),
        "certificate, texts elided": rights(samples.qr_text(crowded)),
        "voucher": rights(voucher, code_millimetres(voucher, voucher_pdf.MODULE_MILLIMETRES)),
        "receipt": receipt(with_credential(proof, os.urandom(32))),
        "receipt, proof copy": receipt(proof),
    }


Reader = Callable[[list[Path]], list[list[str]]]
"""Reads each picture: the texts of its codes, of one at least where it reads any."""


def _zxing_cpp(files: list[Path]) -> list[list[str]]:
    import zxingcpp

    return [[one.text for one in zxingcpp.read_barcodes(Image.open(file))] for file in files]


def _zbar(files: list[Path]) -> list[list[str]]:
    command = [shutil.which("zbarimg") or "", "-q", "--raw", "-Sdisable", "-Sqrcode.enable"]
    done = [subprocess.run([*command, str(file)], capture_output=True, check=False) for file in files]
    return [one.stdout.decode("utf-8", "replace").splitlines() for one in done]


_OPENCV: Final = """
import cv2, json, sys
def read(picture):
    for scale in (1, 2, 3):
        larger = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        if text := cv2.QRCodeDetectorAruco().detectAndDecode(larger)[0]:
            return text
print(json.dumps([read(cv2.imread(name)) for name in sys.argv[1:]]))
"""


def _others(command: list[str]) -> Reader:
    def read(files: list[Path]) -> list[list[str]]:
        done = subprocess.run([*command, *map(str, files)], capture_output=True, check=True)
        answers: list[str | None] = json.loads(done.stdout)
        return [[one] if one else [] for one in answers]

    return read


def readers(opencv: str) -> dict[str, Reader]:
    """Those that are there; the others are named on stderr."""
    node = shutil.which("node")
    asked: dict[str, tuple[list[str], Reader]] = {
        "zxing-cpp": ([sys.executable, "-c", "import zxingcpp"], _zxing_cpp),
        "zbar": (["zbarimg", "--version"], _zbar),
        "OpenCV": ([opencv, "-c", "import cv2"], _others([opencv, "-c", _OPENCV])),
    }
    for name in ("jsqr", "zxing"):
        label = {"jsqr": "jsQR", "zxing": "zxing-js"}[name]
        asked[label] = ([node or "node", str(_NODE), name], _others([node or "node", str(_NODE), name]))
    found = {}
    for name, (probe, reader) in asked.items():
        try:
            subprocess.run(probe, capture_output=True, check=True)
            found[name] = reader
        except (OSError, subprocess.CalledProcessError):
            print(f"{name} is not there", file=sys.stderr)
    return found


def measured(
    taken: list[Picture], texts: Mapping[str, Sequence[str]], reader: Reader, folder: Path
) -> dict[str, Any]:
    """How many of the pictures a reader reads, by resolution, and what it reads wrong or not at all."""
    files = []
    for at, (*_, picture) in enumerate(taken):
        files.append(folder / f"{at:03}.png")
        if not files[-1].exists():
            picture.save(files[-1])
    said = reader(files)
    read: dict[int, list[bool]] = {dpi: [] for dpi in DPI}
    wrong: list[str] = []
    missed: list[str] = []
    for (name, dpi, how, _), found in zip(taken, said, strict=True):
        read[dpi].append(bool(found) and set(found) <= set(texts[name]))
        if not read[dpi][-1]:
            (wrong if found else missed).append(f"{name} {dpi} dpi {how}")
    return {"read": read, "wrong": wrong, "missed": missed}


def large(one: Printed) -> Placed:
    """A document's large code."""
    from yinzheng.ledger.document.qr import qr_png

    return Placed(one.large, Image.open(BytesIO(qr_png(one.large))).convert("L"), one.side)


def short(one: Printed) -> Placed:
    """Its short one, where it stands on the page."""
    from yinzheng.ledger.document.qr import SHORT_VERSION, qr_png

    drawn = Image.open(BytesIO(qr_png(one.short, least=SHORT_VERSION))).convert("L")
    return Placed(one.short, drawn, one.short_side, one.left, one.top)


def views() -> dict[str, dict[str, list[Placed]]]:
    """What is in view in the pictures of each table, by document."""
    signed = [documents() for _ in range(SIGNINGS)]
    return {
        "large code": {name: [large(one)] for name, one in signed[0].items()},
        "short code": {
            f"{name}, {at}": [short(one)._replace(left=0.0, top=0.0)]
            for at, found in enumerate(signed)
            for name, one in found.items()
        },
        "both in view": {name: [large(one), short(one)] for name, one in signed[0].items()},
    }


def main() -> None:
    """Print a table of each view: each reader, each resolution."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--opencv", default=sys.executable, help="a Python that has cv2")
    parser.add_argument("--missed", action="store_true", help="name what was not read")
    asked = parser.parse_args()
    for name, one in documents().items():
        print(
            f"{name}: {len(one.large)} characters, {one.side:.0f} mm, "
            f"short {len(one.short)} characters, {one.short_side:.1f} mm"
        )
    known = readers(asked.opencv)
    for view, found_in in views().items():
        taken = [picture for name, codes in found_in.items() for picture in pictures(name, codes)]
        texts = {name: [one.text for one in codes] for name, codes in found_in.items()}
        heads = "".join(f"{dpi:>6} dpi" for dpi in DPI)
        print(f"\n{view}, {len(taken)} pictures   {heads}   ≥ 150 dpi   wrong")
        with TemporaryDirectory() as folder:
            for name, reader in known.items():
                found = measured(taken, texts, reader, Path(folder))
                shares = "".join(f"{100 * sum(read) / len(read):9.0f}%" for read in found["read"].values())
                usual = [one for dpi, read in found["read"].items() if dpi >= 150 for one in read]
                share = 100 * sum(usual) / len(usual)
                print(f"{name:26}{shares}   {share:8.1f}%   {len(found['wrong']):5}")
                if asked.missed:
                    print("".join(f"    {one}\n" for one in (*found["wrong"], *found["missed"])), end="")


if __name__ == "__main__":
    main()
