"""The court's page in a real Chromium: a good pack, a changed one, what is none, one too large."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize

from tests.api.browser.conftest import watch
from tests.api.browser.test_browser import CONTRAST, STRUCTURE
from tests.api.fake import FakeReader
from tests.verifier.pack.pack_files import unpacked, zipped
from tests.verifier.pack.pack_world import genuine_pack, pack_trust
from yinzheng.api.http.limits import MIB, Limits

pytestmark = pytest.mark.browser

SIZES: list[ViewportSize] = [{"width": 320, "height": 640}, {"width": 1280, "height": 900}]


BROKEN = """() => [...document.querySelectorAll("td:first-child .line-of")].filter((one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  const lines = new Set([...range.getClientRects()].map((at) => Math.round(at.top)));
  return /^[A-Z]?[0-9]+$/.test(one.textContent) && lines.size > 1;
}).map((one) => one.textContent)"""
"""Numbers at the head of a row that are broken into lines."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, serve_http: Callable[..., str]) -> str:
    kept: list[dict[str, Any]] = []
    pack_trust(kept.append)
    return serve_http(FakeReader(tmp_path_factory.mktemp("log")), trust=json.dumps(kept[0]).encode())


@pytest.fixture
def context(browser: Browser) -> Any:
    made = browser.new_context(viewport=SIZES[0], java_script_enabled=False)
    yield made
    made.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, serve_http: Callable[..., str]) -> str:
    """A server that takes no more than 1 MiB."""
    return serve_http(FakeReader(tmp_path_factory.mktemp("log")), limits=Limits(body_bytes=MIB))


def tampered() -> bytes:
    """A content exchanged for another, in a zip that is whole: signed for, and not what was deposited."""
    files = unpacked(genuine_pack())
    path = "items/0003/content"
    return zipped([(name, b"\xff" + data[1:] if name == path else data) for name, data in files.items()])


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("name", "tone", "zh", "en"),
    [
        ("good", "good", "一致", "unchanged since"),
        ("tampered", "bad", "不一致", "nconsistent"),
        ("foreign", "unknown", "请索取原始证据包", "ask for the original"),
    ],
)
def test_a_pack(
    address: str, browser: Browser, tmp_path: Path, name: str, tone: str, zh: str, en: str, lang: str
) -> None:
    packs = {"good": genuine_pack(), "tampered": tampered(), "foreign": b"PK\x03\x04 no pack at all"}
    pack = tmp_path / "case.zip"
    pack.write_bytes(packs[name])
    context = browser.new_context(viewport=SIZES[0])
    seen = watch(context, (address,))
    page = seen.page
    page.goto(f"{address}/court?lang={lang}")
    page.set_input_files("#pack", pack)
    page.click("main button")
    assert (zh if lang == "zh" else en) in page.inner_text("#verdict")
    assert page.locator(f".verdict.{tone}").count() == 1
    assert "yinzheng verify" in page.inner_text(".verdict")
    if name == "good":
        assert all(mark in page.inner_text("main") for mark in ("C16", "C17", "C18", "C19"))
    for size in SIZES:
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate(BROKEN) == []
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(STRUCTURE) == []
    page.set_viewport_size(SIZES[0])
    assert not any(head.is_visible() for head in page.locator("thead").all())
    assert page.locator("script, [style]").count() == 0
    seen.check()
    context.close()


def test_nothing_chosen_without_javascript(address: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{address}/court?lang=en")
    page.set_input_files("#pack", {"name": "a.zip", "mimeType": "application/zip", "buffer": b""})
    page.click("main button")
    assert "No pack was chosen" in page.inner_text("[role=alert]")


@pytest.mark.parametrize(("lang", "words"), [("zh", "证据包过大"), ("en", "too large for this page")])
def test_too_large(small: str, context: BrowserContext, lang: str, words: str) -> None:
    page = context.new_page()
    page.goto(f"{small}/court?lang={lang}")
    assert "1 MiB" in page.inner_text("form.card")
    page.set_input_files(
        "#pack", {"name": "a.zip", "mimeType": "application/zip", "buffer": bytes(MIB + 4096)}
    )
    page.click("main button")
    assert words in page.inner_text("[role=alert]")
    assert "yinzheng verify" in page.inner_text("[role=alert]")
