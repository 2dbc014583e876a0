"""A question shown on a phone's screen is read from there, and its answer given back (R15)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.api.browser.conftest import watch
from tests.api.browser.test_browser import CONTRAST
from tests.api.fake import FakeReader
from tests.api.test_challenges import TRUST
from tests.verifier import holder_world as holders
from tests.verifier.holder_world import HolderWorld, answered
from yinzheng.ledger.document.qr import qr_png
from yinzheng.verifier.containers.scan import find_qr
from yinzheng.verifier.formats.challenge import parse_challenge

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "lang"), [(360, "zh"), (1280, "en")])
def test_from_screen_to_picture(
    browser: Browser, serve_http: Callable[..., str], tmp_path: Path, width: int, lang: str
) -> None:
    world = HolderWorld()
    base = serve_http(
        FakeReader(tmp_path, world=world, policy=holders.trust()), trust=json.dumps(TRUST).encode()
    )
    context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=True)
    watched = watch(context, (base,))
    page = watched.page
    watched.go(f"{base}/challenge?lang={lang}")
    page.fill("#text", world.qr)
    page.fill("#asker", "某银行")
    page.click("button[type=submit]")
    shown = page.locator(".code").screenshot()
    asked = parse_challenge(find_qr(shown))
    assert asked.asker == "某银行"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(CONTRAST) == []
    picture = tmp_path / "answer.png"
    picture.write_bytes(qr_png(answered(asked).text, module=4))
    page.set_input_files("#file", picture)
    page.click("button[type=submit]")
    title = page.locator("h1").inner_text()
    assert ("权利人本人已应答" if lang == "zh" else "The holder answered") in title
    assert page.locator(".steps li").count() == 16
    assert page.evaluate(CONTRAST) == []
    watched.check()
    context.close()
