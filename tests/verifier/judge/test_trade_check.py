"""The receipt of a trade check: genuine, tampered with, of another ledger, of a record written since."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.formats.test_bodies import leaves, with_
from tests.verifier.world import (
    BLOCK_TIME,
    HOSPITAL,
    ISSUER,
    NOW,
    NUMBER,
    STRANGER,
    VALID_UNTIL,
    RecordState,
    World,
    trust,
)
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.trade import (
    OBLIGATIONS,
    REASONS,
    NamedParty,
    Reason,
    Settled,
    answer_of,
    parse_trade,
)
from yinzheng.verifier.formats.trade_check import (
    MAX_FILE,
    TYPE,
    Block,
    Record,
    TradeChecked,
    fresh_receipt,
    is_trade_receipt,
    parse_checked,
    parse_trade_receipt,
    sign_check,
    trade_receipt,
)
from yinzheng.verifier.judge.kinds import kind_of
from yinzheng.verifier.judge.report import Authentic
from yinzheng.verifier.judge.trade_check.report import Told, TradeCheckReport
from yinzheng.verifier.judge.trade_check.verify import verify_trade_check
from yinzheng.verifier.log.statement import Statement, commit_private
from yinzheng.verifier.words import trade as words
from yinzheng.verifier.words.verdict import verdict

SECRET, SUBJECT = bytes(range(32)), bytes([0x5C]) * 32
CHECKED = BLOCK_TIME - 60
SPOKEN_OF = Block(995, bytes([9]) * 32, CHECKED - 5)
EXCHANGE = Party("南方数据交易所（虚构）", "91310000132200821H")
WORLD = World()
STOOD = Record(
    number=NUMBER,
    content=WORLD.statement.leaf_hash,
    status="in_force",
    remarks=1,
    holds=0,
    objections=0,
    reserved_until=0,
    reserved_by=bytes(20),
    valid_until=VALID_UNTIL,
    changed_at=WORLD.state_record.changed_at,
)
PAIR = digest_pair(b"contract").to_json()
TRADE = parse_trade(
    {
        "certificate": NUMBER,
        "seller": HOSPITAL,
        "buyer": {"name": "买方（虚构）", "code": "91110000600007156J"},
        "kind": "share",
        "registration": "licence",
        "rights": ["use"],
        "purpose": "慢病随访研究",
        "acts": ["store", "use"],
        "term": {"begins": CHECKED, "ends": CHECKED + 86_400},
        "territory": None,
        "exclusive": False,
        "price": PAIR,
        "contract": PAIR,
        "declarations": {
            "assessment": {"result": "passed", "by": "评估机构（虚构）", "at": CHECKED},
            "fields": ["年龄段"],
            "limits_kept": True,
            "may_sell": True,
            "route": "anonymised",
            "touches_secrets": False,
        },
        "attachments": [{"kind": "assessment", "digest": PAIR}],
    }
)


def checked(*codes: str, record: Record | None = STOOD) -> TradeChecked:
    reasons = tuple(Reason(code) for code in codes)
    worst = {reason.meaning.obligation: "unmet" if reason.meaning.refuses else "open" for reason in reasons}
    obligations = tuple(Settled(name, worst.get(name, "met")) for name in OBLIGATIONS)
    answer = answer_of(obligations)
    return TradeChecked(EXCHANGE, bytes(8), TRADE, answer, reasons, obligations, SPOKEN_OF, record, CHECKED)


def statement_of(body: TradeChecked, at: int = CHECKED) -> Statement:
    commitment = commit_private(SECRET, dumps(body.to_json()))
    return Statement(TYPE, "GD-HEALTH/1", SUBJECT, at, commitment, None, "registry")


def document(
    body: TradeChecked | None = None,
    record: RecordState | None = None,
    *,
    key: Any = ISSUER,
    at: int = CHECKED,
    proved: bool = True,
    **block: Any,
) -> bytes:
    body = body or checked()
    statement = statement_of(body, at)
    world = World()
    world.leaves[3] = statement.leaf_hash
    value = trade_receipt(
        statement,
        body.to_json(),
        SECRET,
        sign_check(statement, key),
        proof=world.proof if proved else None,
        chain=world.chain(record=record, **block) if proved else None,
    )
    return dumps(value)


ALLOWED = document()


def check(data: bytes, now: int = NOW, **more: Any) -> TradeCheckReport:
    return verify_trade_check(Presented("json", file=data), trust(), now=now, **more)


def codes(report: TradeCheckReport) -> dict[int, str]:
    return {finding.number: finding.code for finding in report.findings if finding.code != "ok"}


def edited(data: bytes, **changes: Any) -> bytes:
    return dumps({**json.loads(data), **changes})


BODIES = {
    "allowed": checked(),
    "refused": checked("held", "limits-forbid"),
    "a person's": checked("controlled", "term-missing"),
    "of nothing known": checked("certificate-unknown", record=None),
    "with what it is about": replace(checked(), reasons=(Reason("seller-name", '医院"\\ 𠮷'),)),
    "of many": replace(
        checked(), asked=replace(TRADE, seller=NamedParty('"\\/𠮷', "1"), territory=("44", "81"))
    ),
    "of little": replace(checked(), asked=replace(TRADE, rights=(), acts=None, term=None, attachments=())),
    "under another key": replace(checked(), key=b"\xff" * 8, checked_at=0, record=replace(STOOD, holds=1)),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_is_put_together_is_canonical(body: TradeChecked) -> None:
    for _ in range(2):  # what was written before is what would be written
        assert body.canonical() == dumps(body.to_json())
    statement, signed = statement_of(body), (bytes(8), b"\x0a" * 64)
    whole = trade_receipt(statement, body.to_json(), SECRET, signed)
    assert fresh_receipt(statement, body.canonical(), SECRET, signed) == dumps(whole)


def test_an_allowed_trade_stays_allowed_then() -> None:
    report = check(ALLOWED)
    assert codes(report) == {10: "answered"}
    assert (report.authentic, report.standing, report.exit_code) == (Authentic.GENUINE, Told.ALLOW, 0)
    assert report.speaks_of == CHECKED
    assert report.receipt is not None
    assert report.receipt.body == checked()
    assert check(ALLOWED, now=NOW + 10**8).exit_code == 0
    assert "Genuine: the answer then was that the trade may go ahead" in verdict(report).headline.en
    assert report.to_json()["check"]["body"]["answer"] == "allow"
    assert SECRET.hex() not in json.dumps(report.to_json())
    assert report.finding(9).code == "ok"
    assert not report.demonstration
    with pytest.raises(TypeError):
        bool(report)


@pytest.mark.parametrize(
    ("given_", "told", "exit_code"),
    [(("reserved",), Told.REFUSE, 1), (("contract-missing",), Told.NEEDS_PERSON, 3)],
)
def test_other_answers(given_: tuple[str, ...], told: Told, exit_code: int) -> None:
    report = check(document(checked(*given_)))
    assert (report.authentic, report.standing, report.exit_code) == (Authentic.GENUINE, told, exit_code)
    assert words.advice(report).en


@pytest.mark.parametrize(
    ("reason", "zh", "en"),
    [
        (Reason("not-in-force", "superseded"), "证书不再有效：已被新证书取代。", "superseded"),
        (Reason("seller-not-holder", "use, operate"), "使用权、经营权", "use, operate"),
        (Reason("acts-beyond-rights", "publish"), "：公开。", "publish"),
        (Reason("kind-mismatch", "licence"), "许可登记", "Licence"),
        (Reason("recorded-since", "hold, licence"), "争议保全、许可。", "a dispute's hold, a licence"),
        (
            Reason("limits-forbid", "publish, purpose, transfer"),
            "公开、用途、转让。",
            "publish, purpose, transfer",
        ),
        (Reason("seller-name", "某某医院, 分院"), "某某医院, 分院", "某某医院, 分院"),
    ],
)
def test_a_reason_says_what_it_is_about_in_the_readers_language(reason: Reason, zh: str, en: str) -> None:
    said = words.said_of(reason)
    assert zh in said.zh
    assert en in said.en


def test_a_time_before_the_answer() -> None:
    report = check(ALLOWED, at=CHECKED - 1)
    assert (report.standing, report.holds, report.exit_code) == (Told.NOT_YET, None, 3)
    later = check(ALLOWED, at=CHECKED + 1)
    assert (later.standing, later.asked_at) == (Told.ALLOW, None)


def test_a_record_written_since_is_not_compared() -> None:
    changed = replace(WORLD.state_record, status=2, successor=b"\1" * 32, changed_at=CHECKED)
    report = check(document(record=changed))
    assert codes(report) == {9: "record-changed-since", 10: "answered"}
    assert (report.authentic, report.standing) == (Authentic.GENUINE, Told.ALLOW)


def test_a_record_written_in_a_later_block_of_the_same_second_is_not_compared() -> None:
    held = replace(WORLD.state_record, holds=1, changed_at=SPOKEN_OF.time)
    report = check(document(record=held))
    assert codes(report) == {9: "record-changed-since", 10: "answered"}
    assert (report.authentic, report.exit_code) == (Authentic.GENUINE, 0)


def test_a_record_written_in_the_block_the_answer_speaks_of_is_compared() -> None:
    held = replace(WORLD.state_record, holds=1, changed_at=BLOCK_TIME)
    there = Block(WORLD.block_number, bytes([9]) * 32, BLOCK_TIME)
    report = check(document(replace(checked(), block=there), record=held))
    assert codes(report)[9] == "trade-record-differs"
    told = replace(STOOD, holds=1, changed_at=BLOCK_TIME)
    assert 9 not in codes(check(document(replace(checked("held", record=told), block=there), record=held)))


def test_an_answer_about_no_certificate_of_ours() -> None:
    report = check(document(checked("certificate-foreign", record=None)))
    assert codes(report) == {9: "no-record", 10: "answered"}
    assert (report.authentic, report.exit_code) == (Authentic.GENUINE, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"holds": 1}, "trade-record-differs"),
        ({"remarks": 3}, "trade-record-differs"),
        ({"objections": 1}, "trade-record-differs"),
        ({"reserved_until": NOW, "reserved_by": b"\7" * 20}, "trade-record-differs"),
        ({"content": b"\7" * 32}, "content-differs"),
    ],
)
def test_a_record_that_stood_otherwise(change: dict[str, Any], code: str) -> None:
    report = check(document(record=replace(WORLD.state_record, **change)))
    assert codes(report)[9] == code
    assert (report.authentic, report.exit_code) == (Authentic.FORGED, 1)


def test_no_record_on_chain_and_blocks_too_early() -> None:
    none = check(document(checked(record=replace(STOOD, number="SJ4412026110002"))))
    assert codes(none)[9] == "evidence-not-given"
    body = checked()
    world = World(absent=True)
    world.leaves[3] = statement_of(body).leaf_hash
    report = check(edited(document(body), chain=world.chain()))
    assert codes(report)[9] == "record-absent"
    early = check(document(number=990))
    assert codes(early)[9] == "block-too-early"
    assert early.authentic is Authentic.UNDETERMINED
    future = check(document(time=NOW + 4000))
    assert codes(future)[10] == "block-from-future"


def test_signed_by_a_stranger_or_at_another_time() -> None:
    assert check(document(key=STRANGER)).authentic is Authentic.NOT_OURS
    report = check(document(at=CHECKED + 1))
    assert codes(report)[4] == "trade-time"
    assert report.authentic is Authentic.FORGED


def test_without_proof_it_cannot_be_determined() -> None:
    report = check(document(proved=False))
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
    assert words.advice(report).zh


class Live:
    """A ledger that knows one statement and one record."""

    def __init__(self, data: bytes, *, silent: bool = False) -> None:
        value = json.loads(data)
        self.proof, self.chain_, self.silent = value["proof"], value["chain"], silent

    def statement_proof(self, leaf: bytes) -> str | None:
        del leaf
        self._speak()
        return self.proof  # type: ignore[no-any-return]

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        del subject, size, at
        self._speak()
        return self.chain_

    def withdrawals(self, ids: Sequence[bytes], size: int | None, at: int | None) -> object:
        return self.chain(ids[0], size, at)

    def record(self, number: str) -> None:
        raise AssertionError(number)

    def tombstone(self, leaf: bytes) -> None:
        raise AssertionError(leaf)

    def _speak(self) -> None:
        if self.silent:
            raise EnvironmentFault("silent", code="node-unreachable")


@pytest.mark.parametrize("body", [checked(), checked("certificate-unknown", record=None)])
def test_a_ledger_adds_what_a_fresh_receipt_lacks(body: TradeChecked) -> None:
    fresh, whole = document(body, proved=False), document(body)
    assert check(fresh, live=Live(whole)).authentic is Authentic.GENUINE
    silent = check(fresh, live=Live(whole, silent=True))
    assert silent.authentic is Authentic.UNDETERMINED
    assert "later" in words.advice(silent).en
    assert check(whole, live=Live(whole, silent=True), allow_attached=True).authentic is Authentic.GENUINE


def test_what_is_one_and_what_is_none() -> None:
    assert is_trade_receipt(ALLOWED)
    assert not is_trade_receipt(b"{")
    assert not is_trade_receipt(b"[]")
    assert not is_trade_receipt(b'{"format":"yinzheng/certificate/1"}')
    assert kind_of(Presented("json", file=ALLOWED)).document == "trade-check"
    unread = check(edited(ALLOWED, more=1))
    assert (unread.authentic, unread.standing, unread.speaks_of) == (
        Authentic.NOT_OURS,
        Told.UNDETERMINED,
        None,
    )
    assert unread.to_json()["check"] is None
    assert words.advice(unread).en
    with pytest.raises(DataFault) as raised:
        parse_trade_receipt(b" " * (MAX_FILE + 1))
    assert raised.value.code == "json-too-large"
    other = Statement.from_json(json.loads(ALLOWED)["statement"])
    for change in ({"by": "exchange"}, {"prev": "11" * 32}, {"type": "consent.granted"}):
        value = {**other.to_json(), **change}
        with pytest.raises(DataFault) as refused:
            parse_trade_receipt(edited(ALLOWED, statement=value))
        assert refused.value.code == "trade-statement"
    with pytest.raises(DataFault) as number:
        parse_trade_receipt(
            edited(ALLOWED, body={**checked().to_json(), "record": {**STOOD.to_json(), "number": "x"}})
        )
    assert number.value.code == "number-malformed"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_can_be_altered(data: st.DataObject) -> None:
    """Whatever single value of what was asked, answered, stated or signed is another, it is not genuine."""
    value = json.loads(ALLOWED)
    part = data.draw(st.sampled_from(["body", "statement", "secret", "kid", "signature"]))
    spots = [way for way, _ in leaves(value[part])] if isinstance(value[part], dict) else [()]
    spot = data.draw(st.sampled_from(spots))
    changed = copy.deepcopy(value)
    old: Any = value[part]
    for step in spot:
        old = old[step]
    changed[part] = with_(changed[part], spot, _other(old)) if spot else _other(old)
    report = check(dumps(changed))
    assert report.authentic is not Authentic.GENUINE
    assert report.exit_code != 0


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1")
    return "x"


def test_reasons_in_words() -> None:
    said = words.said_of(Reason("withdrawals-overdue", "3"))
    assert (said.zh, said.en) == (
        "所依据的同意有 3 件撤回逾期未办。（R35）",
        "Withdrawals overdue under the consents it rests on: 3. (R35)",
    )


UNMET, UNSURE = (
    next(code for code, one in REASONS.items() if one.refuses is refuses) for refuses in (True, False)
)
WORST = next(code for code in reversed(tuple(REASONS)) if REASONS[code].refuses)


@pytest.mark.parametrize(
    "body",
    [
        replace(checked(), obligations=checked().obligations[::-1]),
        checked(WORST, UNMET),
        checked(UNMET, UNMET),
        replace(checked(UNMET), reasons=()),
        replace(checked(), reasons=(Reason(UNMET),)),
        replace(checked(), reasons=(Reason(UNSURE),)),
        replace(checked(UNSURE), answer="allow"),
        replace(checked(UNMET), answer="needs_person"),
        checked(record=None),
    ],
    ids=["order", "reasons", "twice", "unsaid", "refused", "open", "allowed", "asked", "unknown"],
)
def test_the_answer_follows_from_its_reasons(body: TradeChecked) -> None:
    for honest in (checked(), checked(UNMET, WORST), checked(UNSURE)):
        assert parse_checked(honest.to_json()) == honest
    with pytest.raises(DataFault) as caught:
        parse_checked(body.to_json())
    assert caught.value.code == "trade-answer"
