"""Every page in a real Chromium: on a phone and a desk, in both languages, without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize

from tests.api import samples
from tests.api.browser.conftest import Watched, watch
from tests.api.fake import BOARD, DEMO_NOTICE, FakeReader, demo_world
from tests.verifier import world as synthetic
from tests.verifier.world import World
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.shortcode import ShortCode, decode_short, short_code

pytestmark = pytest.mark.browser

SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 360, "height": 740},
    "desk": {"width": 1280, "height": 900},
}

CONTRAST = """() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const style = getComputedStyle(node);
      if (style.backgroundImage !== "none") return [255, 216, 77];
      const paint = rgb(style.backgroundColor);
      if (paint.length === 3 || paint[3] === 1) return paint;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own || !node.checkVisibility() || node.closest("svg")) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(rgb(style.color)), light(behind(node))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24;
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) poor.push(node.outerHTML.slice(0, 120));
  }
  return poor;
}"""
"""Texts whose contrast falls below WCAG 2.2 AA (1.4.3)."""


STRUCTURE = """() => {
  const wrong = [];
  let last = 0;
  for (const one of document.querySelectorAll("h1,h2,h3,h4,h5,h6")) {
    const level = Number(one.tagName[1]);
    if (level > last + 1) wrong.push("skips to " + one.outerHTML.slice(0, 80));
    last = level;
  }
  const landmarks = "header, nav, aside, main, footer, a.skip";
  for (const one of document.body.children)
    if (!one.matches(landmarks)) wrong.push("in no landmark: " + one.outerHTML.slice(0, 80));
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push("twice: " + id);
  for (const one of document.querySelectorAll("section:not(:has(h1, h2, h3)):not([aria-label])"))
    wrong.push("without a heading: " + one.outerHTML.slice(0, 80));
  for (const one of document.querySelectorAll("[width], [align], [border], center, font"))
    wrong.push("obsolete: " + one.outerHTML.slice(0, 80));
  return wrong;
}"""
"""What an HTML validator and a screen reader complain of: headings, landmarks, names (WCAG 1.3.1, 4.1.1)."""


@dataclass(frozen=True)
class Place:
    """A page to look at: where it is, and the words it must show in Chinese and English."""

    server: str
    path: str
    zh: str
    en: str
    status: int = 200


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FakeReader]:
    log = tmp_path_factory.mktemp("log")
    world = World()
    genuine = FakeReader(log, world=world, issued=world.qr)
    long = "极" * 40
    other = parse_body(synthetic.body_json(asset=long, limits="W" * 120, scale="很大"))
    return {
        "genuine": genuine,
        "demo": replace(genuine, world=demo_world(), issued="", published=(DEMO_NOTICE, *BOARD)),
        "differs": replace(genuine, world=World(shown=other), issued=""),
        "down": replace(genuine, down=True),
        "held": replace(genuine, record_state=replace(genuine.world.state_record, holds=1)),
        "empty": replace(genuine, published=()),
    }


@pytest.fixture(scope="module")
def addresses(readers: dict[str, FakeReader], serve_http: Callable[[FakeReader], str]) -> dict[str, str]:
    return {name: serve_http(reader) for name, reader in readers.items()}


def core(reader: FakeReader) -> str:
    return "/V/" + reader.world.qr.split("/V/")[1]


def short(reader: FakeReader) -> str:
    return decode_short(short_code(reader.issued)).path


@pytest.fixture(scope="module")
def places(readers: dict[str, FakeReader]) -> list[Place]:
    genuine = core(readers["genuine"])
    return [
        Place("genuine", "/", "每一项登记，人人可以验证", "Every registration, open to anyone’s check"),
        Place("genuine", "/verify", "核验证书", "Verify a certificate"),
        Place("genuine", "/publicity", "登记公示", "Public notices"),
        Place("demo", "/publicity", "演示", "DEMONSTRATION"),
        Place("empty", "/publicity", "目前没有公示", "no public notice"),
        Place("genuine", genuine, "真实，且有效（截至", "Genuine and in force as of"),
        Place("demo", core(readers["demo"]), "演示", "DEMONSTRATION"),
        Place("held", genuine, "真实，但已冻结", "Genuine, but held"),
        Place("differs", core(readers["differs"]), "伪造或被篡改", "Forged or altered"),
        Place("down", genuine, "无法判定", "Cannot be determined"),
        Place("genuine", "/V/ABC", "不是本登记体系的文件，或已损坏", "Not one of ours, or damaged"),
        Place("genuine", "/nothing", "此地址没有内容", "There is nothing at this address", 404),
        Place("down", "/publicity", "暂时无法读取账本", "The ledger cannot be read", 503),
        Place("genuine", "/publicity/" + "5a" * 32, "提出异议", "takes in no objections"),
        Place("genuine", "/publicity/" + "5d" * 32, "已登记，证书已存证", "It was registered"),
        Place("genuine", "/objection", "查询异议", "Follow an objection"),
        Place("genuine", short(readers["genuine"]), "真实，且有效（截至", "Genuine and in force as of"),
        Place(
            "genuine",
            ShortCode(readers["genuine"].world.body.number, bytes(16)).path,
            "不是登记在该编号下的那一份",
            "not the document that is registered under this number",
        ),
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page(browser: Browser, addresses: dict[str, str], places: list[Place], language: str) -> None:
    context = browser.new_context(viewport=SIZES["phone"])
    seen = watch(context, tuple(addresses.values()))
    page = seen.page
    for place in places:
        seen.complaints.clear()
        page.set_viewport_size(SIZES["phone"])
        seen.go(f"{addresses[place.server]}{place.path}?lang={language}", place.status)
        assert (place.zh if language == "zh" else place.en) in page.inner_text("body"), place
        assert page.get_attribute("html", "lang") == ("zh-Hans" if language == "zh" else "en")
        assert page.locator("h1").count() == 1, place
        assert page.evaluate(CONTRAST) == [], place
        assert page.evaluate(STRUCTURE) == [], place
        for size in SIZES.values():
            page.set_viewport_size(size)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], (place, size)
        # A page that is not there is a complaint of the browser's own.
        assert len(seen.complaints) == (place.status != 200), seen.complaints
    assert seen.elsewhere == []
    context.close()


@pytest.fixture
def phone(browser: Browser, addresses: dict[str, str]) -> Iterator[Watched]:
    """A phone without JavaScript."""
    context = browser.new_context(viewport=SIZES["phone"], java_script_enabled=False, locale="zh-CN")
    yield watch(context, (addresses["genuine"],))
    context.close()


def test_a_photo_of_a_code_without_javascript(
    phone: Watched, readers: dict[str, FakeReader], tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(samples.picture(readers["genuine"].world.qr))
    phone.go(phone.bases[0] + "/verify")
    phone.page.set_input_files("#file", photo)
    phone.page.click("button[type=submit]")
    assert phone.page.inner_text("h1").startswith("真实，且有效（截至")
    phone.page.click("a.switch")
    assert phone.page.inner_text("h1").startswith("Genuine and in force as of ")
    phone.page.click("a.switch")
    assert phone.page.inner_text("h1").startswith("真实，且有效（截至")
    phone.check()


def test_a_short_code_without_javascript(phone: Watched, readers: dict[str, FakeReader]) -> None:
    phone.go(phone.bases[0] + short(readers["genuine"]).lower())
    assert phone.page.inner_text("h1").startswith("真实，且有效（截至")
    phone.page.click("a.switch")
    assert phone.page.inner_text("h1").startswith("Genuine and in force as of ")
    assert readers["genuine"].world.body.asset in phone.page.inner_text("main")
    phone.check()


def test_a_pdf_and_english_asked_for(phone: Watched, readers: dict[str, FakeReader], tmp_path: Path) -> None:
    document = tmp_path / "certificate.pdf"
    document.write_bytes(samples.pdf(json.dumps(readers["genuine"].world.file()).encode()))
    phone.go(phone.bases[0] + "/verify")
    phone.page.set_input_files("#file", document)
    phone.page.check("input[name=lang][value=en]")
    phone.page.click("button[type=submit]")
    assert phone.page.inner_text("h1").startswith("Genuine and in force as of ")
    phone.check()


def test_a_pasted_text_and_an_empty_form(phone: Watched, readers: dict[str, FakeReader]) -> None:
    phone.go(phone.bases[0] + "/")
    phone.page.click("main a.button >> nth=0")
    phone.page.fill("#text", readers["genuine"].world.qr.lower())
    phone.page.click("button[type=submit]")
    assert phone.page.inner_text("h1").startswith("真实，且有效（截至")
    phone.page.click("a:has-text('核验另一份证书')")
    phone.check()
    phone.page.click("button[type=submit]")
    assert phone.page.inner_text("h1") == "没有提交任何内容。"
    assert "没有得出任何关于证书真伪的结论" in phone.page.inner_text("main")


def test_details_open_without_javascript(phone: Watched, readers: dict[str, FakeReader]) -> None:
    phone.go(phone.bases[0] + core(readers["genuine"]))
    hidden = phone.page.locator(".timeline code").first
    assert not hidden.is_visible()
    phone.page.click(".timeline summary >> nth=0")
    assert hidden.is_visible()
    phone.page.click("#trust ~ details summary")
    assert "a1a1a1a1" in phone.page.inner_text("#trust ~ details")


def test_the_keyboard_alone(phone: Watched, readers: dict[str, FakeReader]) -> None:
    phone.go(phone.bases[0] + "/verify")
    keyboard = phone.page.keyboard
    keyboard.press("Tab")
    focus = phone.page.locator(":focus")
    assert focus.inner_text() == "跳到正文"
    assert focus.bounding_box() is not None
    box = focus.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    for _ in range(12):
        keyboard.press("Tab")
        if focus.get_attribute("id") == "text":
            break
    keyboard.insert_text(readers["genuine"].world.qr)
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    phone.page.wait_for_selector("#verdict")
    assert phone.page.inner_text("h1").startswith("真实，且有效（截至")


def test_a_verdict_reads_without_colour(
    browser: Browser, addresses: dict[str, str], places: list[Place]
) -> None:
    """Each verdict has its own icon, and every step says its outcome in words (WCAG 1.4.1)."""
    context = browser.new_context(viewport=SIZES["phone"], forced_colors="active")
    shapes = set()
    outcomes = {"valid", "invalid", "not checked", "could not be checked"}
    for place in places[5:10]:
        page = context.new_page()
        page.goto(addresses[place.server] + place.path + "?lang=en")
        shapes.add(page.locator(".verdict svg").inner_html())
        for step in page.locator(".steps > li").all():
            assert step.locator(".tag").inner_text() in outcomes
    assert len(shapes) == 4
    context.close()


def test_printed(browser: Browser, addresses: dict[str, str], places: list[Place]) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(addresses["genuine"] + places[5].path + "?lang=zh")
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("#verdict").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF-")
    context.close()


CAMERA = """([kind, text]) => {
  window.BarcodeDetector = class {
    static async getSupportedFormats() { return ["qr_code"]; }
    async detect() { return [{ rawValue: text }]; }
  };
  const none = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  const canvas = document.createElement("canvas");
  setInterval(() => canvas.getContext("2d").fillRect(0, 0, Math.random() * 99, 9), 40);
  const drawn = canvas.captureStream(25);
  navigator.mediaDevices.getUserMedia = kind === "denied" ? none : async () => drawn;
}"""
"""A browser that reads codes itself, and a camera that sees one; Chromium on Linux has neither."""


def with_camera(browser: Browser, kind: str, text: str) -> BrowserContext:
    context = browser.new_context(viewport=SIZES["phone"], locale="zh-CN")
    said = json.dumps([kind, text])
    context.add_init_script(f"document.addEventListener('readystatechange', () => ({CAMERA})({said}));")
    return context


def test_a_camera_reads_the_code(
    browser: Browser, addresses: dict[str, str], readers: dict[str, FakeReader]
) -> None:
    context = with_camera(browser, "seen", readers["genuine"].world.qr)
    seen = watch(context, (addresses["genuine"],))
    seen.go(addresses["genuine"] + "/verify")
    seen.page.click("#scan button")
    seen.page.wait_for_selector(".verdict")
    assert seen.page.inner_text("h1").startswith("真实，且有效（截至")
    seen.check()
    context.close()


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [("denied", "", "没有得到使用摄像头的许可"), ("seen", "https://pay.example/x", "不是这里能核验的")],
)
def test_no_camera_and_a_foreign_code(
    browser: Browser, addresses: dict[str, str], kind: str, text: str, said: str
) -> None:
    context = with_camera(browser, kind, text)
    page = context.new_page()
    page.goto(addresses["genuine"] + "/verify")
    page.click("#scan button")
    page.get_by_text(said).wait_for()
    assert page.evaluate(CONTRAST) == []
    assert page.input_value("#text") == ""
    context.close()


def test_a_browser_that_cannot_scan_shows_no_button(browser: Browser, addresses: dict[str, str]) -> None:
    page = browser.new_page()
    page.goto(addresses["genuine"] + "/verify")
    assert not page.locator("#scan").is_visible()
    page.close()
