"""A camera before a printed code: Chromium films a file, and the page reads what it sees (`scan.js`).

Chromium on Linux has no `BarcodeDetector`; in its place stands one that hands each picture of the video over
to the reader of codes that the pages have themselves.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.api.browser.conftest import ARGUMENTS, Watched, chromium_path, watch
from tests.api.fake import FakeReader
from tests.verifier.receipt_world import ReceiptWorld
from tests.verifier.world import NUMBER, World
from yinzheng.ledger.document.qr import qr_png
from yinzheng.verifier.containers.scan import read_codes
from yinzheng.verifier.formats.shortcode import ShortCode, short_code

pytestmark = pytest.mark.browser

Filming = Callable[[str | None], Browser]

WIDTH, HEIGHT, PICTURES = 640, 480, 12

DETECTOR = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect(video) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    return (await readCodes(canvas.toDataURL("image/png"))).map((rawValue) => ({ rawValue }));
  }
};
"""

TRACKS = """
const asked = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
window.tracks = [];
navigator.mediaDevices.getUserMedia = async (wanted) => {
  if (window.slowly) await new Promise((resolve) => setTimeout(resolve, 300));
  const stream = await asked(wanted);
  window.tracks.push(...stream.getTracks());
  return stream;
};
"""


def film(path: Path, text: str) -> None:
    """A code on a sheet, held askew by a hand that is not steady, as raw pictures (YUV4MPEG2)."""
    code = Image.open(io.BytesIO(qr_png(text))).convert("L")
    code = code.resize((300, 300), Image.Resampling.LANCZOS)
    with path.open("wb") as out:
        out.write(b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420\n" % (WIDTH, HEIGHT))
        for number in range(PICTURES):
            picture = Image.new("L", (WIDTH, HEIGHT), 90)
            sheet = Image.new("L", (420, 420), 225)
            sheet.paste(code.point(lambda grey: 40 + grey * 180 // 255), (60, 60))
            tilt = 7 + number % 5
            turned = sheet.rotate(tilt, Image.Resampling.BICUBIC, expand=True, fillcolor=90)
            picture.paste(turned, (60 + 6 * (number % 6), -20 + 4 * (number % 7)))
            out.write(b"FRAME\n" + picture.tobytes() + b"\x80" * (WIDTH * HEIGHT // 2))


@pytest.fixture(scope="module")
def filming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filming]:
    """Chromium with a camera before which a text is held, as a code; with None, one without a camera."""
    running: dict[str | None, Browser] = {}
    with sync_playwright() as playwright:

        def start(text: str | None) -> Browser:
            if text not in running:
                camera: list[str] = []
                if text is not None:
                    file = tmp_path_factory.mktemp("film") / "code.y4m"
                    film(file, text)
                    camera = [
                        "--use-fake-device-for-media-stream",
                        f"--use-file-for-fake-video-capture={file}",
                    ]
                running[text] = playwright.chromium.launch(
                    executable_path=chromium_path(), args=[*ARGUMENTS, *camera], timeout=60_000
                )
            return running[text]

        yield start
        for browser in running.values():
            browser.close()


def codes(url: str) -> list[str]:
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
        return sorted(read_codes(picture.convert("L")))


@pytest.fixture(scope="module")
def place(serve_http: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    return serve_http(FakeReader(tmp_path_factory.mktemp("log"), issued=CERTIFICATE))


CERTIFICATE, RECEIPT = World().qr, ReceiptWorld().qr
ELSEWHERE = "HTTPS://PAY.EXAMPLE/X"


@contextmanager
def shown(
    browser: Browser, place: str, path: str, lang: str, *, allowed: bool = True, script: str = ""
) -> Iterator[Watched]:
    """The page at an address, in a browser in which cameras are allowed, or are not."""
    context = browser.new_context(locale=lang, permissions=["camera"] if allowed else [])
    context.expose_function("readCodes", codes)
    context.add_init_script(DETECTOR + TRACKS + script)
    seen = watch(context, (place, "data:"))
    seen.go(place + path)
    yield seen
    seen.check()
    context.close()


def states(page: Page) -> Any:
    return page.evaluate("tracks.map((one) => one.readyState)")


def test_a_certificate_before_a_camera(filming: Filming, place: str) -> None:
    with shown(filming(CERTIFICATE), place, "/verify", "zh-CN") as seen:
        seen.page.click("#scan button")
        seen.page.wait_for_selector(".verdict")
        assert seen.page.inner_text("h1").startswith("真实，且有效（截至")


def test_a_short_code_before_a_camera(filming: Filming, place: str) -> None:
    with shown(filming(short_code(CERTIFICATE)), place, "/verify", "zh-CN") as seen:
        seen.page.click("#scan button")
        seen.page.wait_for_selector(".verdict")
        assert seen.page.inner_text("h1").startswith("真实，且有效（截至")


def test_of_two_codes_the_large_one_is_taken(filming: Filming, place: str) -> None:
    """The short one beside it would be found to be another's."""
    beside = """
const alone = BarcodeDetector.prototype.detect;
BarcodeDetector.prototype.detect = async function (video) {
  const found = await alone.call(this, video);
  return found.length ? [{ rawValue: "%s" }, ...found] : found;
};
""" % ("HTTPS://YZ.EXAMPLE.ORG" + ShortCode(NUMBER, bytes(16)).path)
    with shown(filming(CERTIFICATE), place, "/verify", "zh-CN", script=beside) as seen:
        seen.page.click("#scan button")
        seen.page.wait_for_selector(".verdict")
        assert seen.page.inner_text("h1").startswith("真实，且有效（截至")


def test_a_receipt_before_a_camera(filming: Filming, place: str) -> None:
    with shown(filming(RECEIPT), place, "/c", "en") as seen:
        seen.page.click("#scan button")
        seen.page.wait_for_selector("html.scanned")
        assert states(seen.page) == ["ended"]
        assert "#" not in seen.page.url


def test_a_camera_is_stopped_by_its_button_and_by_leaving(filming: Filming, place: str) -> None:
    """Also where the button is pressed again before the camera is there, and where the page is not seen."""
    with shown(filming(ELSEWHERE), place, "/verify", "en") as seen:
        page, button = seen.page, seen.page.locator("#scan button")
        button.click()
        page.get_by_text("There is a code, but none that is read here.").wait_for()
        assert (states(page), button.inner_text()) == (["live"], "Stop the camera")
        button.click()
        assert (states(page), button.inner_text()) == (["ended"], "Scan the code with the camera")
        assert not page.locator("#scan video").is_visible()
        assert page.inner_text("#scan [role=status]") == ""

        page.evaluate("window.slowly = true")
        button.dblclick()
        for _ in range(100):
            page.wait_for_timeout(50)
            if len(states(page)) == 2:
                break
        assert states(page) == ["ended", "ended"]
        page.evaluate("window.slowly = false")

        for left in ("visibilitychange", "pagehide"):
            button.click()
            page.get_by_text("none that is read here").wait_for()
            page.evaluate(
                """(left) => {
                  Object.defineProperty(document, "hidden", { value: true, configurable: true });
                  (left === "pagehide" ? window : document).dispatchEvent(new Event(left));
                  delete document.hidden;
                }""",
                left,
            )
            assert states(page)[-1] == "ended", left


@pytest.mark.parametrize(
    ("lang", "said"),
    [("zh-CN", "没有得到使用摄像头的许可。"), ("en", "The camera was not allowed.")],
)
def test_a_camera_that_is_not_allowed(filming: Filming, place: str, lang: str, said: str) -> None:
    with shown(filming(ELSEWHERE), place, "/verify", lang, allowed=False) as seen:
        seen.page.click("#scan button")
        seen.page.get_by_text(said).wait_for()


@pytest.mark.parametrize(("lang", "said"), [("zh-CN", "没有找到摄像头。"), ("en", "No camera was found.")])
def test_a_machine_without_a_camera(filming: Filming, place: str, lang: str, said: str) -> None:
    with shown(filming(None), place, "/verify", lang) as seen:
        seen.page.click("#scan button")
        seen.page.get_by_text(said).wait_for()
        assert not seen.page.locator("#scan video").is_visible()


def test_a_camera_in_use_and_one_that_is_pulled_out(filming: Filming, place: str) -> None:
    """What Chromium says where another program has the camera; and a camera that goes while it films."""
    taken = """
    const first = navigator.mediaDevices.getUserMedia;
    navigator.mediaDevices.getUserMedia = (wanted) => {
      navigator.mediaDevices.getUserMedia = first;
      return Promise.reject(new DOMException("Could not start video source", "NotReadableError"));
    };
    """
    with shown(filming(ELSEWHERE), place, "/verify", "en", script=taken) as seen:
        seen.page.click("#scan button")
        seen.page.get_by_text("The camera cannot be used").wait_for()
        seen.page.click("#scan button")
        seen.page.get_by_text("none that is read here").wait_for()
        seen.page.evaluate("tracks[0].dispatchEvent(new Event('ended'))")
        seen.page.get_by_text("The camera cannot be used").wait_for()
        assert states(seen.page) == ["ended"]
