"""A right's history, two instants and the register, in a real browser: both languages, phone and desktop."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from tests.api.browser.test_browser import CONTRAST
from tests.ledger.moved.life import Life
from tests.ledger.organisations.enrolling import HOSPITAL
from tests.ledger.world import OFFICER, Clock, World, actor_of, create
from yinzheng.api.http.limits import Limits, Rate
from yinzheng.api.web.app import create_app
from yinzheng.ledger.certificates import remarks
from yinzheng.ledger.certificates.remarks import Grounds
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import silent
from yinzheng.ledger.rules.supervision import Measure
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.supervision import steps
from yinzheng.verifier.bytes.algorithms import digest_pair

SEIZED = Grounds("查封至2027年", digest_pair("裁定".encode()), "(2026)粤01执12号裁定")
GENEROUS = Rate(10_000, 10_000)
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


@dataclass(frozen=True)
class Site:
    url: str
    first: str
    second: str
    before: int
    after: int


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("site")
    clock = Clock(int(time.time()) - 20 * 86_400)
    world = World(create(folder / "state", clock), clock)
    with world.open() as registry:
        life = Life.begin(registry, clock)
        first = life.register(folder / "dossier")
        life.pass_time(600)
        before = clock.now
        life.pass_time(600)
        licence = life.licensed(first, "L-2026-000001")
        remarks.enter(registry, first, RemarkKind.SEIZURE, SEIZED, actor_of(registry, OFFICER))
        settle(registry)
        life.pass_time(600)
        after = clock.now
        life.pass_time(600)
        remarks.lift(registry, first, "seizure", SEIZED, actor_of(registry, OFFICER))
        settle(registry)
        life.licence_over(licence)
        life.licensed(first, "L-2026-000002", exclusive=True)
        life.pass_time(600)
        second = first[:-4] + "0009"
        life.transferred(first, second)
        officer = actor_of(registry, OFFICER)
        suspected = steps.Suspicion(HOSPITAL, [first], "涉嫌超范围提供", "某法第三条")
        made = steps.suspect(registry, suspected, officer, silent)
        steps.measure(registry, made, steps.Taken(Measure.TALK, "约谈"), officer, silent)
        settle(registry)
    with open_reader(world.root, clock) as reader:
        limits = Limits(requests=GENEROUS, lookups=GENEROUS, all_lookups=GENEROUS)
        app = create_app(reader, clock=clock, limits=limits, demonstration=True)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield Site(url, first, second, before, after)
        server.should_exit = True
        thread.join()


@pytest.fixture(params=["zh", "en"])
def seen(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Page, str]]:
    context = browser.new_context()
    yield context.new_page(), request.param
    context.close()


def fits(page: Page, name: str) -> None:
    """Nothing runs out of page or card sideways; kept as pictures where somebody wants to look."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, size)
        assert page.evaluate(WITHIN) == [], (name, size)
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{size}.png", full_page=True)
    assert page.evaluate(CONTRAST) == [], name


LINES = """cell => {
  const text = document.createRange()
  text.selectNodeContents(cell)
  return text.getClientRects().length
}"""

WITHIN = """[...document.querySelectorAll(".card")].flatMap(card => [...card.querySelectorAll("*")]
  .filter(one => !one.closest("thead") || getComputedStyle(one.closest("thead")).position !== "absolute")
  .filter(one => one.getBoundingClientRect().right > card.getBoundingClientRect().right + 1)
  .map(one => one.outerHTML.slice(0, 80)))"""


def test_the_register_leads_to_a_history_and_that_to_a_time(seen: tuple[Page, str], site: Site) -> None:
    page, lang = seen
    page.goto(f"{site.url}/register?lang={lang}")
    page.locator("#q").fill("医疗随访")
    page.get_by_role("button").click()
    assert page.get_by_role("link", name=site.first).count() == 1
    assert page.get_by_role("link", name=site.second).count() == 1
    fits(page, f"register-{lang}")
    page.get_by_role("link", name=site.second).click()

    assert page.locator(".verdict.good").count() == 1
    heading = page.locator("h1").inner_text()
    assert ("complete" if lang == "en" else "完整") in heading
    lines = page.locator("ol.timeline > li")
    assert lines.count() == 7
    assert "L-2026-000001" in lines.nth(1).inner_text()
    assert ("Transfer" if lang == "en" else "转让登记") in lines.nth(6).inner_text()
    fits(page, f"history-{lang}")

    page.get_by_role("link", name=site.first).first.click()
    page.locator("#at1").fill(str(site.before))
    page.locator("#at2").fill(str(site.after))
    page.get_by_role("button").click()
    table = page.locator("table.beside")
    row = table.locator("tr", has_text="Remark: judicial seizure" if lang == "en" else "备注：司法查封")
    cells = [cell.inner_text().strip() for cell in row.locator("td").all()]
    assert cells[0].endswith("none" if lang == "en" else "无")
    assert ("1 entered since" if lang == "en" else "其后记入 1 项") in cells[1]
    licence = table.locator("tr", has_text="L-2026-000001")
    assert ("in force" if lang == "en" else "有效") in licence.locator("td").nth(1).inner_text()
    fits(page, f"asof-{lang}")
    followed = table.locator("td", has_text=site.second)
    assert followed.evaluate(LINES) == 1, "a number is on one line, on the desktop too"


def test_the_register_leads_to_the_figure_of_supervision(seen: tuple[Page, str], site: Site) -> None:
    page, lang = seen
    page.goto(f"{site.url}/register?lang={lang}")
    named = "Supervision of right holders" if lang == "en" else "对权利人的监管"
    page.get_by_role("link", name=named).click()
    cells = page.locator("table.figures tbody tr").first.locator("td")
    assert [cell.inner_text() for cell in cells.all()] == ["1", "1", "0", "0"]
    assert "91" not in page.locator("table.figures").inner_text(), "nobody is named"
    fits(page, f"supervision-{lang}")


def test_what_is_too_short_or_not_there_is_said_on_the_form(seen: tuple[Page, str], site: Site) -> None:
    page, lang = seen
    page.goto(f"{site.url}/register?q=abc&lang={lang}")
    assert ("four characters" if lang == "en" else "四个字") in page.get_by_role("alert").inner_text()
    assert page.locator("#q").input_value() == "abc"
    page.goto(f"{site.url}/register?q=没有这样的资产&lang={lang}")
    assert ("Nothing found" if lang == "en" else "没有找到") in page.locator("#found").inner_text()
    page.goto(f"{site.url}/rights/{site.first}/at?at=soon&lang={lang}")
    assert "2026-11-21" in page.locator("main").inner_text()
    assert page.goto(f"{site.url}/rights/SJ4412026099999?lang={lang}").status == 404  # type: ignore[union-attr]


def test_the_file_that_the_page_hands_out_is_checked_where_it_is_uploaded(
    browser: Browser, site: Site, tmp_path: Path
) -> None:
    page = browser.new_page()
    answer = page.request.get(f"{site.url}/v1/certificates/{site.second}/history")
    kept = tmp_path / "history.json"
    kept.write_bytes(answer.body())
    page.goto(f"{site.url}/verify?lang=en")
    page.locator("input[type=file]").set_input_files(kept)
    page.locator("form button[type=submit]").first.click()
    assert "Genuine, and complete" in page.locator("h1").inner_text()
    page.close()
