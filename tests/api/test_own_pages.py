"""An organisation's own pages without a desk: who comes in, and what whoever did not is told (ADR 54)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.ledger.world import Clock
from tests.verifier.world import trust, trust_json
from yinzheng.api.org.asking import SIGNATURE
from yinzheng.api.org.member import Member, create_member
from yinzheng.api.org.registry import pin
from yinzheng.api.own.app import create_app
from yinzheng.api.own.check_form import CheckForm
from yinzheng.api.own.door import COOKIE, ENTRY_LIFE, LIFE, MOST, Door
from yinzheng.api.own.handing_in import SignatureFile, read_files
from yinzheng.api.own.house import House
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.trade import parse_trade

CODE = "91440101DEM00077EF"
SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an exchange"}
ACTS = ("release", "settle")
NOBODY = "http://127.0.0.1:9"
"""Where no desk is."""


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Member:
    folder = tmp_path_factory.mktemp("org") / "org"
    made, _ = create_member(
        folder, SECRETS, code=CODE, name="某数据交易所（虚构）", roles=["exchange"], account=True,
        now=1_800_000_000, term=86_400 * 300,
    )  # fmt: skip
    pin(folder, json.dumps(trust_json()).encode())
    return made


@dataclass
class Pages:
    """One organisation's pages, and a way to ask for them."""

    door: Door
    clock: Clock
    told: list[str]
    app: Any

    def browser(self, host: str = "127.0.0.1:8002") -> TestClient:
        """One that was not let in; nothing of an earlier one is in it."""
        return TestClient(self.app, f"http://{host}", follow_redirects=False, raise_server_exceptions=False)

    def inside(self) -> TestClient:
        """One that was."""
        browser = self.browser()
        assert browser.get(self.door.entry).status_code == 200
        return browser

    def word(self, browser: TestClient) -> str:
        found = re.search(r'name="word" value="([^"]+)"', browser.get(f"{self.door.place}/check").text)
        assert found is not None
        return found[1]


@pytest.fixture
def pages(member: Member) -> Pages:
    clock, told = Clock(1_800_000_100), list[str]()
    door = Door(clock, told.append)
    return Pages(door, clock, told, create_app(House(member, NOBODY, trust(), clock, door)))


def test_an_address_is_good_once_and_another_is_told(pages: Pages) -> None:
    first = pages.door.entry
    browser = pages.inside()
    assert browser.get(f"{pages.door.place}/check").status_code == 200
    assert pages.told == [pages.door.entry]
    assert pages.door.entry != first
    again = pages.browser()
    for path in (first, f"{pages.door.place}/check", "/", "/check", f"{pages.door.place}x/check"):
        refused = again.get(path)
        assert refused.status_code == 403
        assert pages.door.place not in refused.text
    assert again.get("/static/style.css").status_code == 200
    assert again.head(pages.door.entry).status_code == 403, "a preview uses nothing up"
    assert again.get(pages.door.entry).status_code == 200


def test_an_address_that_nobody_used_ends(pages: Pages) -> None:
    """It may lie in a terminal's history; who comes with it late has another printed, and is not let in."""
    late = pages.door.entry
    pages.clock.advance(ENTRY_LIFE)
    refused = pages.browser().get(late)
    assert (refused.status_code, "pages-late" in refused.text) == (403, True)
    assert pages.door.place not in refused.text
    assert "set-cookie" not in refused.headers
    assert pages.told == [pages.door.entry]
    assert pages.browser().get(late).status_code == 403
    assert pages.told == [pages.door.entry], "a word that is wrong prints nothing"
    assert pages.browser().get(pages.door.entry).status_code == 200


def test_the_cookie_is_sent_nowhere_else_and_no_script_reads_it(pages: Pages) -> None:
    answer = pages.browser().get(pages.door.entry)
    cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert cookie["path"] == pages.door.place
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "strict", "")
    assert len(cookie.value) >= 43
    assert len(pages.door.place) >= 23


@pytest.mark.parametrize(
    "host", ["evil.example:8002", "127.0.0.1.evil.example:8002", "127.0.0.1", "127.0.0.1:80", "[::1]:8002"]
)
def test_another_host_is_refused_before_anything_else(pages: Pages, host: str) -> None:
    browser = pages.inside()
    for path in (f"{pages.door.place}/check", pages.door.entry, "/static/style.css"):
        refused = browser.get(path, headers={"host": host})
        assert refused.status_code == 421
        assert "pages-host" in refused.text
        assert pages.door.place not in refused.text


def test_localhost_is_the_same_machine(pages: Pages) -> None:
    assert pages.browser("localhost:8002").get(pages.door.entry).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_page_asks_for_is_refused(pages: Pages, site: str) -> None:
    browser = pages.inside()
    word = pages.word(browser)
    path, headers = f"{pages.door.place}/reservations", {"sec-fetch-site": site}
    form = {"word": word, "number": "SJ4412026110001", "hours": "2"}
    assert browser.get(path, headers=headers).status_code == 403
    refused = browser.post(path, data=form, headers=headers)
    assert (refused.status_code, "pages-elsewhere" in refused.text) == (403, True)


def test_a_form_without_its_word_does_nothing(pages: Pages) -> None:
    browser, other = pages.inside(), pages.inside()
    for word in ("", "x", pages.word(other)):
        for path in ("reservations", "check", "leave", *(f"reservations/{'0' * 64}/{act}" for act in ACTS)):
            refused = browser.post(f"{pages.door.place}/{path}", data={"word": word})
            assert (refused.status_code, "pages-form" in refused.text) == (403, True), path
    assert browser.get(f"{pages.door.place}/check").status_code == 200


def test_every_answer_forbids_scripts_frames_and_keeping(pages: Pages) -> None:
    browser = pages.inside()
    for path in (f"{pages.door.place}/check", f"{pages.door.place}/receipts", "/nowhere", pages.door.entry):
        headers = browser.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"


def test_a_browser_is_let_in_for_half_a_day_and_the_first_makes_room(pages: Pages) -> None:
    browser = pages.inside()
    for _ in range(MOST - 1):
        pages.inside()
    assert browser.get(f"{pages.door.place}/check").status_code == 200
    last = pages.inside()
    assert browser.get(f"{pages.door.place}/check").status_code == 403
    pages.clock.advance(LIFE)
    assert last.get(f"{pages.door.place}/check").status_code == 403


def test_leaving_closes_this_browser_alone(pages: Pages) -> None:
    browser, other = pages.inside(), pages.inside()
    assert browser.post(f"{pages.door.place}/leave", data={"word": pages.word(browser)}).status_code == 200
    assert browser.get(f"{pages.door.place}/check").status_code == 403
    assert other.get(f"{pages.door.place}/check").status_code == 200


@pytest.mark.parametrize(("lang", "said"), [("zh", "柜台没有应答"), ("en", "desk does not answer")])
def test_a_desk_that_is_away_is_said_so(pages: Pages, lang: str, said: str) -> None:
    browser = pages.inside()
    for path in ("receipts", "reservations"):
        answer = browser.get(f"{pages.door.place}/{path}?lang={lang}")
        assert (answer.status_code, said in answer.text) == (503, True)
    asked = {"word": pages.word(browser), "certificate": "SJ4412026110001", "kind": "share"}
    party = {"seller_name": "甲", "seller_code": "1", "buyer_name": "乙", "buyer_code": "2"}
    answer = browser.post(f"{pages.door.place}/check?lang={lang}", data={**asked, **party})
    assert (answer.status_code, said in answer.text) == (503, True)
    assert 'value="甲"' in answer.text, "what was filled in is still there"


@pytest.mark.parametrize(
    ("lang", "field", "value", "said"),
    [
        ("zh", "seller_name", "", "“卖方名称”填写不合要求"),
        ("en", "buyer_code", "x" * 41, "Buyer’s credit code: this cannot be taken"),
        ("zh", "territory", "99", "“地域”填写不合要求"),
        ("en", "fields", "a" * 101, "Names of the data’s fields: this cannot be taken"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(
    pages: Pages, lang: str, field: str, value: str, said: str
) -> None:
    browser = pages.inside()
    asked = {"word": pages.word(browser), "certificate": "SJ4412026110001", "kind": "share"}
    party = {"seller_name": "甲", "seller_code": "1", "buyer_name": "乙", "buyer_code": "2"}
    answer = browser.post(f"{pages.door.place}/check?lang={lang}", data={**asked, **party, field: value})
    assert (answer.status_code, said in answer.text) == (422, True), answer.text


def test_what_is_not_there_is_said_in_words(pages: Pages) -> None:
    browser = pages.inside()
    for path in (
        "nowhere",
        "receipts/x",
        "receipts?after=x",
        "rights",
        "reservations/x/settle",
    ):
        answer = browser.get(f"{pages.door.place}/{path}")
        assert answer.status_code == 404, path
    assert browser.put(f"{pages.door.place}/check").status_code == 405


def test_what_is_uploaded_is_told_apart() -> None:
    signature = {"format": SIGNATURE, "case": "A-2026-000001", "organisation": CODE, "signature": "ab" * 65}
    given = ("signature.json", dumps(signature))
    assert read_files([given], CODE) == SignatureFile("A-2026-000001", bytes.fromhex("ab" * 65))
    with pytest.raises(DataFault) as other:
        read_files([given], "91440101DEM00078EG")
    assert other.value.code == "organisation-other"
    for files, code in (
        ([], "upload-empty"),
        ([given, given], "upload-other"),
        ([given, ("b.json", dumps({**signature, "case": "A-2026-000002"}))], "upload-other"),
        ([("a.pdf", b"%PDF")], "upload-other"),
        ([("a.json", dumps({"format": 1}))], "upload-other"),
    ):
        with pytest.raises(UsageFault) as refused:
            read_files(files, CODE)
        assert refused.value.code == code


def test_what_a_form_does_not_say_is_null() -> None:
    texts = {"certificate": "SJ4412026110001", "kind": "share", "seller_name": "甲", "seller_code": "1"}
    asked = CheckForm({**texts, "buyer_name": "乙", "buyer_code": "2"}).trade()
    trade = parse_trade(asked)
    assert (trade.term, trade.price, trade.acts, trade.territory, trade.purpose) == (None,) * 5
    declared = trade.declarations
    assert (declared.may_sell, declared.route, declared.fields, declared.assessment) == (None,) * 4
    with pytest.raises(DataFault) as half:
        CheckForm({**texts, "begins": "2026-11-21"}).trade()
    assert half.value.code == "form-term"
