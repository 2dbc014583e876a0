"""The pictures of README and the guides, taken of the running program: `scripts/pictures`."""

from __future__ import annotations

import io
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pypdfium2
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.api.browser.conftest import ARGUMENTS, chromium_path
from tests.cli.processes import ROOT, serving, start

IMAGES: Final = ROOT / "docs" / "images"
BORN: Final = "1980-02-29"
"""Of the demonstration's patient."""
PICTURES: Final = ("certificate", "court", "patient", "publicity", "verify-phone")
"""All of them; README or a guide shows each."""
GAP: Final = 20
BEHIND: Final = (0xE4, 0xE0, 0xD8)
"""What lies between the phones."""


def main() -> None:
    """Register, serve, look, and put what was seen in the place of what is there."""
    with tempfile.TemporaryDirectory(prefix="pictures-") as place, ExitStack() as stack:
        state, out = Path(place) / "state", Path(place) / "out"
        done = start("demo", "--state", state, "--out", out)
        assert done.returncode == 0, done.stderr
        desk = stack.enter_context(serving("desk", "--state", str(state), "--port", "0"))
        pages = stack.enter_context(serving("serve", "--state", str(state), "--port", "0", "--desk", desk))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        certificate = min(out.glob("SJ*.pdf"))
        _keep("certificate", _paper(certificate))
        _keep("verify-phone", _verified(browser, pages, certificate))
        _keep("patient", _beside(_patient(browser, pages, out / "consent-receipt.png")))
        _keep("court", _court(browser, pages, next(out.glob("D-*.zip"))))
        _keep("publicity", _board(browser, pages))
        browser.close()


def _keep(name: str, picture: Image.Image) -> None:
    assert name in PICTURES
    picture.convert("RGB").quantize(256).save(IMAGES / f"{name}.png", optimize=True)


def _paper(pdf: Path) -> Image.Image:
    page = pypdfium2.PdfDocument(pdf)[0]
    large: Image.Image = page.render(scale=3 * 900 / page.get_width()).to_pil()
    return large.reduce(3)  # fine lines stay fine


def _phone(browser: Browser, width: int, height: int, scale: float) -> Page:
    return browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)


def _seen(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot()))


def _verified(browser: Browser, pages: str, certificate: Path) -> Image.Image:
    page = _phone(browser, 390, 1180, 2)
    page.goto(f"{pages}/verify?lang=zh")
    page.set_input_files("#file", certificate)
    page.click("main form button")
    page.wait_for_selector(".verdict")
    return _seen(page)


def _patient(browser: Browser, pages: str, code: Path) -> list[Image.Image]:
    page = _phone(browser, 375, 1000, 1.5)
    found = zxingcpp.read_barcode(Image.open(code))
    assert found is not None
    page.goto(f"{pages}/C?lang=zh#{found.text.partition('#')[2]}")
    page.wait_for_selector("html.scanned")
    page.fill("#born", BORN)
    taken = [_seen(page)]
    page.click("main form button.wide")
    taken.append(_seen(page))
    page.click("button[value=everything]")
    return [*taken, _seen(page)]


def _beside(pictures: list[Image.Image]) -> Image.Image:
    width, height = pictures[0].size
    made = Image.new("RGB", (len(pictures) * (width + GAP) - GAP, height), BEHIND)
    for place, one in enumerate(pictures):
        made.paste(one, (place * (width + GAP), 0))
    return made


def _board(browser: Browser, pages: str) -> Image.Image:
    page = _phone(browser, 900, 1000, 1)
    page.goto(f"{pages}/publicity?lang=zh")
    return _seen(page)


def _court(browser: Browser, pages: str, pack: Path) -> Image.Image:
    page = _phone(browser, 1180, 980, 1)
    page.goto(f"{pages}/court?lang=zh")
    page.set_input_files("#pack", pack)
    page.click("main form button")
    page.wait_for_selector(".verdict")
    return _seen(page)


if __name__ == "__main__":
    main()
