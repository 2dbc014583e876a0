"""A desk that lies to an organisation's own program: about which question it answers, what time it is, and
what a button would sign (D16, ADR 54).
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.ledger.world import Clock
from tests.verifier.moved_world import STANDING, STANDING_CODE
from tests.verifier.world import trust, trust_json
from yinzheng.api.cli.org.common import Session
from yinzheng.api.http.chinese import in_chinese
from yinzheng.api.org.answers import require_answered, require_now, require_receipt
from yinzheng.api.org.asking import SIGNATURE, parse_signature
from yinzheng.api.org.calling import Answer, Client, _problem
from yinzheng.api.org.exchange import Exchange, Reservation
from yinzheng.api.org.holding import Requested
from yinzheng.api.org.member import Member, create_member
from yinzheng.api.org.walking import MOST, walk
from yinzheng.api.own.app import create_app
from yinzheng.api.own.check_form import TEXTS, read_check_form
from yinzheng.api.own.door import COOKIE, Door
from yinzheng.api.own.house import House
from yinzheng.api.own.requests_view import request_view
from yinzheng.api.web.intake import Fields
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.order import statement_of
from yinzheng.verifier.formats.reservation import Reserved
from yinzheng.verifier.formats.trade import parse_trade
from yinzheng.verifier.formats.trade_check import parse_trade_receipt
from yinzheng.verifier.log.statement import Statement

NOW = 1_800_000_100
NAMES = ("91440101DEM00077EF", "某交易所（虚构）")
SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an exchange"}
VECTORS = Path(__file__).parents[1] / "vectors" / "spec" / "trades.json"
RECEIPTS = [one["file"] for one in json.loads(VECTORS.read_bytes())["receipts"]]
NUMBER = "SJ4412026110001"
AT = "https://desk.example.org"
MADE = Reserved(NUMBER, NOW + 7200, Party(NAMES[1], NAMES[0]), NOW)
STATEMENT = statement_of(MADE, profile="DEMO/1", prev=bytes(32), by="exchange")
LEAF, OTHER = STATEMENT.leaf_hash.hex(), "cd" * 32
KEPT = {
    "reservation": LEAF,
    "certificate": NUMBER,
    "until": NOW + 7200,
    "made_at": NOW,
    "state": "reserved",
    "settled": None,
    "contract": None,
}  # fmt: skip
SEEN = {**KEPT, "made": {"statement": STATEMENT.to_json(), "body": MADE.to_json()}}


@pytest.fixture(scope="module", params=["exchange", "controller"])
def member(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Member:
    made, _ = create_member(
        tmp_path_factory.mktemp("org") / "org", SECRETS, code=NAMES[0], name=NAMES[1],
        roles=[request.param], account=request.param == "exchange", now=1_800_000_000, term=86_400 * 300,
    )  # fmt: skip
    return made


exchanges = pytest.mark.parametrize("member", ["exchange"], indirect=True)
holders = pytest.mark.parametrize("member", ["controller"], indirect=True)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, Any]], list[str]]:
    """Have the desk answer by path; gives what was sent to be recorded."""

    def answer(answers: Mapping[str, Any]) -> list[str]:
        sent: list[str] = []

        def call(_self: Client, method: str, path: str, body: Any = b"", *_: Any, **__: Any) -> Answer:
            if method == "POST":
                sent.append(path)
            found = answers[path]
            if isinstance(found, YinzhengError):
                raise found
            return Answer("application/json", dumps(found))

        monkeypatch.setattr(Client, "call", call)
        return sent

    return answer


def leaf_of(receipt: Mapping[str, Any]) -> str:
    return parse_trade_receipt(dumps(receipt)).statement.leaf_hash.hex()


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DataFault) as raised:
        act()
    return raised.value.code


def test_an_answer_is_to_the_question_that_was_asked_and_to_no_other() -> None:
    receipt = RECEIPTS[0]
    body = receipt["body"]
    asked, code, at = body["asked"], body["exchange"]["code"], body["checked_at"]
    answer = {"check": leaf_of(receipt), "answer": body["answer"], "receipt": receipt}
    assert require_answered(answer, asked, code, at - 1, at + 1).body.asked == parse_trade(asked)
    another = {**asked, "purpose": "another purpose"}
    for given, trade, who, since, now in (
        (answer, another, code, at, at),
        (answer, asked, NAMES[0], at, at),
        (answer, asked, code, at + 301, at + 301),
        (answer, asked, code, at - 400, at - 301),
        ({**answer, "check": LEAF}, asked, code, at, at),
        ({**answer, "answer": "refuse"}, asked, code, at, at),
        ({**answer, "receipt": RECEIPTS[1]}, asked, code, at, at),
    ):
        assert code_of(lambda g=given, t=trade, w=who, s=since, n=now: require_answered(g, t, w, s, n)) == (  # type: ignore[misc]
            "trade-answer-other"
        )
    broken = {**answer, "receipt": {**receipt, "body": {**body, "answer": "refuse"}}}
    assert code_of(lambda: require_answered(broken, asked, code, at, at)) == "answer-malformed"
    assert code_of(lambda: require_receipt(dumps(receipt), leaf_of(RECEIPTS[1]))) == "trade-answer-other"


@exchanges
def test_a_batch_has_an_answer_for_each_line_and_for_no_other(member: Member, tmp_path: Path) -> None:
    receipt = RECEIPTS[0]
    body = receipt["body"]
    at = body["checked_at"]
    exchange = Exchange(replace_code(member, body["exchange"]["code"]), "http://127.0.0.1:9", lambda: at)
    answer = dumps({"check": leaf_of(receipt), "answer": body["answer"], "receipt": receipt})
    lost = dumps({"line": 2, "code": "field-value", "detail": "made up"})
    asked, answered = tmp_path / "asked", tmp_path / "answered"
    asked.write_bytes(dumps(body["asked"]) + b"\n\nno json\n")
    answered.write_bytes(answer + b"\n" + lost + b"\n")
    first, second = exchange.read_lines(asked, answered, at)
    assert (getattr(first, "answer", ""), getattr(second, "line", 0)) == (body["answer"], 2)
    for lines in (answer, answer + b"\n" + lost + b"\n" + lost, answer + b"\n" + answer):
        answered.write_bytes(lines + b"\n")
        assert code_of(lambda: list(exchange.read_lines(asked, answered, at))) in (
            "trade-answer-other",
            "answer-malformed",
        )


def row(number: int) -> dict[str, Any]:
    return {**KEPT, "reservation": f"{number:064x}"}


def listing(*pages: tuple[list[int], str | None]) -> dict[str, Any]:
    """A desk's reservations, page by page; each is found behind the `next` of the one before it."""
    places = [None, *(following for _, following in pages[:-1])]
    return {
        "/v1/reservations" + ("" if place is None else f"?after={place}"): {
            "reservations": [row(number) for number in rows],
            "next": following,
        }
        for place, (rows, following) in zip(places, pages, strict=True)
    }


A, B, C = "aa" * 32, "bb" * 32, "cc" * 32


@exchanges
@pytest.mark.parametrize(
    ("pages", "rows"),
    [
        pytest.param([([1, 2], A), ([2, 3], B), ([4], None)], 5, id="it-ends"),
        pytest.param([([], None)], 0, id="it-is-empty"),
        pytest.param([([1], A), ([2], A)], None, id="the-same-place-again"),
        pytest.param([([1], A), ([2], B), ([3], A)], None, id="back-to-a-place-before"),
        pytest.param([([1, 2], A), ([2, 1], B), ([3], None)], None, id="no-row-is-new"),
        pytest.param([([1], A), ([], B), ([2], None)], None, id="no-row-and-more"),
    ],
)
def test_a_list_ends_whatever_the_desk_answers(
    member: Member, says: Callable[[Mapping[str, Any]], list[str]], pages: Any, rows: int | None
) -> None:
    says(listing(*pages))
    exchange = Exchange(member, "http://127.0.0.1:9", lambda: NOW)
    session = Session(member, Client(member, "http://127.0.0.1:9", lambda: NOW))
    for every in (exchange.reservations, lambda: session.every("/v1/reservations", "reservations")):
        if rows is None:
            assert code_of(every) == "list-endless"
        else:
            assert len(every()) == rows


@exchanges
@pytest.mark.parametrize("following", [7, "", "a&since=0", "x" * 129])
def test_a_place_in_a_list_is_none_that_asks_something_else(
    member: Member, says: Callable[[Mapping[str, Any]], list[str]], following: object
) -> None:
    says({"/v1/reservations": {"reservations": [row(1)], "next": following}})
    session = Session(member, Client(member, "http://127.0.0.1:9", lambda: NOW))
    assert code_of(lambda: session.every("/v1/reservations", "reservations")) == "answer-malformed"


def test_a_sparse_list_has_pages_without_rows_and_ends_too() -> None:
    places = iter(range(MOST + 1))
    asked: list[str | None] = []

    def ask(place: str | None) -> tuple[int, list[object], str]:
        asked.append(place)
        return len(asked), [], str(next(places))

    assert code_of(lambda: deque(walk(ask, sparse=True), maxlen=0)) == "list-endless"
    assert (len(asked), asked[:3]) == (MOST, [None, "0", "1"])


def replace_code(member: Member, code: str) -> Member:
    """The member, as if it were enrolled under another code."""
    other = copy(member)
    other.profile = replace(member.profile, code=code)
    return other


@exchanges
def test_a_receipt_of_another_check_is_not_shown_for_it(member: Member, says: Any) -> None:
    says({f"/v1/trade-checks/{LEAF}": RECEIPTS[0]})
    page, _ = inside(member)
    answer = page(f"/receipts/{LEAF}")
    assert (answer.status_code, "trade-answer-other" in answer.text) == (422, True)
    assert "柜台答的不是所问的" in answer.text


@exchanges
def test_letting_go_signs_for_the_very_reservation(member: Member, says: Any) -> None:
    sent = says({f"/v1/reservations/{LEAF}": {**SEEN, "reservation": OTHER}})
    exchange = Exchange(member, "http://127.0.0.1:9", lambda: NOW)
    assert code_of(lambda: exchange.release(LEAF)) == "trade-answer-other"
    says({f"/v1/reservations/{LEAF}": {**SEEN, "certificate": "SJ4412026110002"}})
    assert code_of(lambda: exchange.release(LEAF, NUMBER)) == "trade-answer-other"
    assert sent == []


@exchanges
def test_which_certificate_is_let_go_its_statement_says(member: Member, says: Any) -> None:
    """A desk that names another certificate for the reservation would have that one let go."""
    exchange, other = Exchange(member, "http://127.0.0.1:9", lambda: NOW), "SJ4412026110002"
    theirs = replace(MADE, by=Party("别的交易所", "91440101DEM00078EG"))
    for certificate, body, statement, code in (
        (other, MADE, STATEMENT, "trade-answer-other"),  # told beside the true statement
        (other, replace(MADE, certificate=other), STATEMENT, "answer-malformed"),  # with a body of its own
        (other, *made_of(replace(MADE, certificate=other)), "trade-answer-other"),  # and a statement of it
        (NUMBER, *made_of(theirs), "trade-answer-other"),
    ):
        made = {"statement": statement.to_json(), "body": body.to_json()}
        sent = says({f"/v1/reservations/{LEAF}": {**KEPT, "certificate": certificate, "made": made}})
        for named in (None, certificate):
            assert code_of(lambda n=named: exchange.release(LEAF, n)) == code  # type: ignore[misc]
        assert code_of(lambda: exchange.release(Reservation(**KEPT))) == code  # type: ignore[arg-type]
        assert sent == []
    says({f"/v1/reservations/{LEAF}": SEEN})
    assert exchange.reservation(LEAF) == Reservation(**KEPT)  # type: ignore[arg-type]


def made_of(body: Reserved) -> tuple[Reserved, Statement]:
    return body, statement_of(body, profile="DEMO/1", prev=bytes(32), by="exchange")


@exchanges
@pytest.mark.parametrize("now", [NOW + 86_400, NOW - 301, None, "1"])
def test_an_order_is_not_dated_by_a_clock_that_lies(member: Member, says: Any, now: Any) -> None:
    policy = trust_json()
    policy["chain"]["contracts"]["standing"] = {"address": STANDING.hex(), "code_hash": STANDING_CODE.hex()}
    (member.folder / "registry.json").write_bytes(dumps(policy))
    standing = {"profile": "DEMO/1", "head": LEAF, "now": now}
    sent = says({f"/org/v1/certificates/{NUMBER}": standing, f"/v1/reservations/{LEAF}": SEEN})
    exchange = Exchange(member, "http://127.0.0.1:9", lambda: NOW)
    for act in (lambda: exchange.reserve(NUMBER), lambda: exchange.release(LEAF)):
        assert code_of(act) == "desk-clock"
    assert sent == []
    assert code_of(lambda: require_now(now, NOW)) == "desk-clock"
    assert require_now(NOW + 300, NOW) == NOW + 300


@exchanges
@pytest.mark.parametrize(
    "change",
    [{"reservation": f"x/../{OTHER}"}, {"certificate": "SJ\u202e1"}, {"until": 10**15}, {"state": "sold"}],
)
def test_a_reservation_out_of_form_is_not_shown(member: Member, says: Any, change: dict[str, Any]) -> None:
    says({"/v1/reservations": {"reservations": [{**KEPT, **change}]}})
    page, _ = inside(member)
    answer = page("/reservations")
    assert (answer.status_code, "answer-malformed" in answer.text) == (422, True)
    assert OTHER not in answer.text


@exchanges
def test_words_of_a_desk_are_shown_as_its_own(member: Member, says: Any) -> None:
    body = {"code": "made-up", "detail": "send\x1b[2J your\u202e passphrase <b>", "hint": "x" * 5000}
    fault = _problem(400, {}, dumps(body), AT)
    assert "\x1b" not in fault.message + fault.hint
    assert "\u202e" not in fault.message
    assert len(fault.hint) == 2000
    says({"/v1/reservations": fault})
    page, _ = inside(member)
    assert "柜台的原话：“send" in page("/reservations?lang=zh").text
    told = page("/reservations?lang=en").text
    assert "In the desk’s words: “send" in told
    assert "passphrase <b>" not in told
    assert "passphrase &lt;b&gt;" in told


def test_a_desk_that_answers_in_chinese_is_heard_in_it_and_english_is_kept() -> None:
    body = {"code": "made-up", "detail": "请再发\x1b[2J", "hint": "稍后", "message": "send it again"}
    fault = _problem(400, {"content-language": "zh-Hans"}, dumps(body), AT)
    assert (fault.message, in_chinese(fault)) == ("send it again", ("请再发 [2J", "稍后"))
    english = _problem(400, {"content-language": "en"}, dumps({**body, "detail": "send it again"}), AT)
    assert "zh" not in english.data


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (502, "desk-unreachable", EnvironmentFault),
        (429, "desk-unreachable", EnvironmentFault),
        (404, "desk-other", UsageFault),
        (413, "desk-other", UsageFault),
    ],
)
@pytest.mark.parametrize("body", [b"<html>Bad Gateway", b"{}", b'{"detail": "Not Found"}', b'{"code": "x"}'])
def test_what_stands_before_a_desk_is_not_taken_for_it(
    status: int, code: str, kind: type[YinzhengError], body: bytes
) -> None:
    fault = _problem(status, {"retry-after": "3"}, body, AT)
    assert (type(fault), fault.code) == (kind, code)
    assert str(status) in fault.message
    assert AT in fault.message + fault.hint


@holders
def test_without_the_request_that_we_signed_nothing_is_to_be_signed(member: Member, says: Any) -> None:
    case = "A-2026-000001"
    waiting = {
        "case": case, "type": "licence", "certificate": NUMBER, "state": "issuing", "changed_at": NOW,
        "missing": [f"holder {NAMES[0]}"], "prepared": {"made": "up"}, "asked": None,
    }  # fmt: skip
    says({f"/org/v1/requests/{case}": waiting})
    page, _ = inside(member)
    told = page(f"/requests/{case}").text
    assert "不要签署" in told
    assert "holder sign" not in told
    says({f"/org/v1/requests/{case}": {**waiting, "case": "A-2026-000002"}})
    assert "trade-answer-other" in page(f"/requests/{case}").text


def test_a_party_signs_before_the_exchange_does() -> None:
    found = Requested(
        "A-2026-000001", "licence", NUMBER, "issuing", NOW, (f"holder {NAMES[0]}", "exchange"), {}, None
    )
    assert request_view(found, NAMES[0], None, None, "zh").ours
    assert not request_view(replace(found, missing=("exchange",)), NAMES[0], None, None, "zh").ours
    officials = replace(found, missing=("registry", *found.missing))
    assert not request_view(officials, NAMES[0], None, None, "zh").ours


def test_a_signature_names_a_case_and_no_other_address() -> None:
    made = {"format": SIGNATURE, "case": "A-2026-000001", "organisation": NAMES[0], "signature": "ab" * 65}
    assert parse_signature(dumps(made))[0] == "A-2026-000001"
    for case in ("x/../../v1/reservations", "A-2026-000001/approval?", "A-2026-0000011"):
        assert code_of(lambda c=case: parse_signature(dumps({**made, "case": c}))) == "field-value"  # type: ignore[misc]


def test_of_long_lists_of_fields_nothing_is_left_out() -> None:
    names = [f"{'字' * 96}{number:04}" for number in range(200)]
    fields = Fields(dict.fromkeys(TEXTS, b""))
    fields["fields"] = "\r\n".join(names).encode()
    declared: Any = read_check_form(fields).trade()["declarations"]
    assert declared["fields"] == names


@exchanges
def test_a_cookie_set_by_another_port_shuts_nobody_out(member: Member) -> None:
    page, secret = inside(member)
    for sent in (f"{COOKIE}={secret}; {COOKIE}=junk", f"{COOKIE}=junk; other=1; {COOKIE}={secret}"):
        assert page("/check", cookie=sent).status_code == 200
    assert page("/check", cookie=f"{COOKIE}=junk; x{COOKIE}={secret}").status_code == 403


def inside(member: Member) -> tuple[Callable[..., Any], str]:
    """What a browser that was let in gets of a page, and its cookie."""
    clock = Clock(NOW)
    door = Door(clock)
    house = House(member, "http://127.0.0.1:9", trust(), clock, door)
    browser = TestClient(
        create_app(house), "http://127.0.0.1:8002", follow_redirects=False, raise_server_exceptions=False
    )
    found = re.search(rf"{COOKIE}=([^;]+)", browser.get(door.entry).headers["set-cookie"])
    assert found is not None
    secret = found[1]
    browser.cookies.clear()

    def page(path: str, cookie: str = f"{COOKIE}={secret}") -> Any:
        return browser.get(door.place + path, headers={"cookie": cookie, "accept-language": "zh"})

    return page, secret
