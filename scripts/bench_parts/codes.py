"""How five readers read the codes that we print: `python -m scripts.bench_parts.codes`.

Five documents, each at four resolutions: plain, askew, blurred, pale as JPEG, photographed; 110 pictures.
zbar (`zbarimg`, Debian's zbar-tools) is asked where it is installed, jsQR and @zxing/library where
`NODE_PATH` has them with pngjs (`npm install jsqr @zxing/library pngjs`), OpenCV where
`opencv-python-headless` is (in an environment of its own: nothing of ours needs it). zxing-cpp is ours.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from PIL import Image, ImageEnhance, ImageFilter

PAPER: Final = 244
"""Grey of a scanned page."""

DPI: Final = (100, 150, 200, 300)
PER_INCH: Final = 25.4
MARGIN: Final = 12.0
"""Millimetres of paper around the code."""

_NODE: Final = Path(__file__).with_name("codes.mjs")

Picture = tuple[str, int, str, Image.Image]
"""Document, resolution (dots per inch; of a photo what it comes to), what happened to it, and the picture."""


def scanned(code: Image.Image, millimetres: float, dpi: int) -> Image.Image:
    """A printed code, quiet zone included, as a scanner sees it."""
    side, edge = (round(length / PER_INCH * dpi) for length in (millimetres, MARGIN))
    page = Image.new("L", (side + 2 * edge, side + 2 * edge), PAPER)
    page.paste(code.resize((side, side), Image.Resampling.BOX), (edge, edge))
    return page.filter(ImageFilter.GaussianBlur(dpi / 600))


def turned(page: Image.Image, degrees: float) -> Image.Image:
    """Laid on the glass askew."""
    return page.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=PAPER)


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
    chance, side = random.Random(seed), page.width  # noqa: S311 - a picture, the same each time
    corner = [chance.uniform(0.0, 0.07) * side for _ in range(8)]
    (a, b, c, d, e, f, g, h) = corner
    quad = (a, b, c, side - d, side - e, side - f, side - g, h)
    seen = page.transform((side, side), Image.Transform.QUAD, quad, Image.Resampling.BICUBIC, fillcolor=PAPER)
    noise = Image.effect_noise((side, side), 18)
    return Image.blend(seen.filter(ImageFilter.GaussianBlur(side / 900)), noise, 0.12)


def pictures(name: str, code: Image.Image, millimetres: float) -> list[Picture]:
    """The 22 pictures of one document."""
    found: list[Picture] = []
    for dpi in DPI:
        page = scanned(code, millimetres, dpi)
        found += [
            (name, dpi, "plain", page),
            (name, dpi, "askew", turned(page, 2.5)),
            (name, dpi, "blurred", page.filter(ImageFilter.GaussianBlur(dpi / 250))),
            (name, dpi, "JPEG, pale", pale(compressed(page))),
            (name, dpi, "photographed", photographed(page, dpi)),
        ]
    page = scanned(code, millimetres, 300)
    found.append((name, 300, "on its side", turned(page, 90.0)))
    found.append((name, 300, "upside down, askew", turned(page, 184.0)))
    return found


def documents() -> dict[str, tuple[str, float]]:
    """The text of each document's code, and the millimetres at which it is printed."""
    from tests.ledger.document import samples
    from tests.verifier.receipt_world import genuine_receipt
    from tests.verifier.voucher_world import VoucherWorld
    from yinzheng.ledger.document import voucher_pdf
    from yinzheng.ledger.document.qr import qr_symbol
    from yinzheng.ledger.document.receipt_pdf import MAX_QR_MILLIMETRES, MODULE_MILLIMETRES
    from yinzheng.ledger.document.render import code_millimetres
    from yinzheng.verifier.formats.receipt import with_credential

    def receipt(text: str) -> tuple[str, float]:
        return text, min(MAX_QR_MILLIMETRES, qr_symbol(text).size * MODULE_MILLIMETRES)

    def rights(text: str) -> tuple[str, float]:
        return text, code_millimetres(text)

    proof, voucher = genuine_receipt()["qr"], VoucherWorld().qr
    crowded = samples.changed(limits="不得向境外提供；" * 24)
    return {
        "certificate": rights(samples.qr_text(samples.USUAL)),
        "certificate, texts elided": rights(samples.qr_text(crowded)),
        "voucher": (voucher, code_millimetres(voucher, voucher_pdf.MODULE_MILLIMETRES)),
        "receipt": receipt(with_credential(proof, bytes(range(32)))),
        "receipt, proof copy": receipt(proof),
    }


Reader = Callable[[list[Path]], list[str | None]]
"""Reads each picture: its code's text, or None."""


def _zxing_cpp(files: list[Path]) -> list[str | None]:
    import zxingcpp

    return [next((one.text for one in zxingcpp.read_barcodes(Image.open(file))), None) for file in files]


def _zbar(files: list[Path]) -> list[str | None]:
    command = [shutil.which("zbarimg") or "", "-q", "--raw", "-Sdisable", "-Sqrcode.enable"]
    done = [subprocess.run([*command, str(file)], capture_output=True, check=False) for file in files]
    return [one.stdout.decode("utf-8", "replace").strip("\n") or None for one in done]


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
    def read(files: list[Path]) -> list[str | None]:
        done = subprocess.run([*command, *map(str, files)], capture_output=True, check=True)
        answers: list[str | None] = json.loads(done.stdout)
        return answers

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


def measured(taken: list[Picture], texts: Mapping[str, str], reader: Reader, folder: Path) -> dict[str, Any]:
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
    for (name, dpi, how, _), text in zip(taken, said, strict=True):
        read[dpi].append(text == texts[name])
        if text != texts[name]:
            (missed if text is None else wrong).append(f"{name} {dpi} dpi {how}")
    return {"read": read, "wrong": wrong, "missed": missed}


def main() -> None:
    """Print a table: each reader, each resolution."""
    from yinzheng.ledger.document.qr import qr_png

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--opencv", default=sys.executable, help="a Python that has cv2")
    parser.add_argument("--missed", action="store_true", help="name what was not read")
    asked = parser.parse_args()
    printed = documents()
    taken: list[Picture] = []
    for name, (text, millimetres) in printed.items():
        code = Image.open(BytesIO(qr_png(text))).convert("L")
        taken += pictures(name, code, millimetres)
    texts = {name: text for name, (text, _) in printed.items()}
    for name, (text, millimetres) in printed.items():
        print(f"{name}: {len(text)} characters, {millimetres:.0f} mm")
    print(f"\n{len(taken)} pictures   " + "".join(f"{dpi:>6} dpi" for dpi in DPI) + "   ≥ 150 dpi   wrong")
    with TemporaryDirectory() as folder:
        for name, reader in readers(asked.opencv).items():
            found = measured(taken, texts, reader, Path(folder))
            shares = "".join(f"{100 * sum(read) / len(read):9.0f}%" for read in found["read"].values())
            usual = [one for dpi, read in found["read"].items() if dpi >= 150 for one in read]
            share = 100 * sum(usual) / len(usual)
            print(f"{name:14}{shares}   {share:8.1f}%   {len(found['wrong']):5}")
            if asked.missed:
                print("".join(f"    {one}\n" for one in (*found["wrong"], *found["missed"])), end="")


if __name__ == "__main__":
    main()
