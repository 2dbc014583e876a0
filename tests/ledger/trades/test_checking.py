"""Trade checks as exchanges get them: recorded, signed, anchored, and genuine for whoever verifies them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlmodel import select

from tests.ledger import world as w
from tests.ledger.organisations.enrolling import Member
from tests.ledger.trades.market import BUYER, RIVAL, ask, codes, enrolled, trade_of
from tests.ledger.trades.test_reserving import order
from tests.ledger.world import World, actor_of, unchanged
from yinzheng.api.desk.trades import answer_json
from yinzheng.ledger.certificates import remarks
from yinzheng.ledger.certificates.remarks import Grounds
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.store.models_accesses import AccessKey
from yinzheng.ledger.trades.receipts import receipt_of
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import Body, Party, parse_body
from yinzheng.verifier.formats.certificate import encode_qr
from yinzheng.verifier.formats.reservation import Reserved
from yinzheng.verifier.formats.shortcode import ShortCode, short_code
from yinzheng.verifier.formats.trade_check import parse_trade_receipt
from yinzheng.verifier.judge.kinds import kind_of
from yinzheng.verifier.judge.report import Authentic
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.log.statement import certificate_subject


@dataclass
class Market:
    world: World
    registry: Registry
    certificate: Certificate
    exchange: Member
    rival: Member

    @property
    def body(self) -> Body:
        return parse_body(canonical.loads(self.certificate.body, max_bytes=8192))


@pytest.fixture(scope="module")
def template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A registry with a certificate and two exchanges."""
    folder = tmp_path_factory.mktemp("market")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry:
        w.to_deposited(registry, world.clock, folder / "dossier")
    return world


@pytest.fixture
def found(template: World, tmp_path: Path) -> Iterator[Market]:
    world = template.copy(tmp_path / "state")
    with world.open() as registry:
        exchange, rival = enrolled(registry), enrolled(registry, RIVAL)
        settle(registry)
        with registry.store.reading() as session:
            row = session.get_one(Certificate, "SJ4412026090001")
        yield Market(world, registry, row, exchange, rival)


NUMBER = "UPDATE trade_check SET number = ? WHERE leaf = ?"


def of(found: Market, shown: str) -> dict[str, Any]:
    """A trade in what is shown instead of the certificate."""
    return {**trade_of(found.certificate), "certificate": shown}


def test_an_answer_is_recorded_signed_and_genuine_once_it_is_anchored(found: Market) -> None:
    registry = found.registry
    (answered,) = ask(registry, found.exchange, trade_of(found.certificate))
    assert (answered.body.answer, answered.body.reasons) == ("allow", ())
    assert answered.body.block.number == registry.w3.eth.block_number
    assert answered.body.key == found.exchange.kid
    leaf = answered.statement.leaf_hash
    with pytest.raises(UsageFault) as early:
        receipt_of(registry, leaf, found.exchange.code)
    assert early.value.code == "trade-check-unanchored"
    trust = parse_trust(dumps(trust_policy(registry.instance)))
    now = found.world.clock.now
    fresh = read_target(answered.receipt)
    assert kind_of(fresh).verify(fresh, trust, now=now).authentic is Authentic.UNDETERMINED

    settle(registry)
    data = receipt_of(registry, leaf, found.exchange.code)
    shown = read_target(data)
    report = kind_of(shown).verify(shown, trust, now=now)
    assert (report.authentic, report.exit_code) == (Authentic.GENUINE, 0)
    assert {one.number: one.code for one in report.findings if one.code != "ok"} == {10: "answered"}
    # A ledger adds what the fresh one lacks.
    with open_reader(found.world.root, clock=lambda: now) as reader:
        live = kind_of(fresh).verify(fresh, trust, now=now, live=reader.live())
    assert live.authentic is Authentic.GENUINE
    with pytest.raises(UsageFault) as other:
        receipt_of(registry, leaf, found.rival.code)
    assert other.value.code == "trade-check-unknown"


def test_what_became_of_the_certificate_since_changes_no_answer(found: Market) -> None:
    registry, number = found.registry, found.certificate.number
    (before,) = ask(registry, found.exchange, trade_of(found.certificate))
    settle(registry)
    found.world.clock.advance(60)
    remarks.enter(registry, number, RemarkKind.CONTROL, Grounds("管制"), actor_of(registry, w.OFFICER))
    settle(registry)
    (after,) = ask(registry, found.exchange, trade_of(found.certificate))
    assert (before.body.answer, after.body.answer, codes(after)) == ("allow", "needs_person", ["controlled"])
    settle(registry)
    trust = parse_trust(dumps(trust_policy(registry.instance)))
    for answered, exit_code, open_ in ((before, 0, "record-changed-since"), (after, 3, "ok")):
        shown = read_target(receipt_of(registry, answered.statement.leaf_hash, found.exchange.code))
        report = kind_of(shown).verify(shown, trust, now=found.world.clock.now)
        assert (report.authentic, report.exit_code) == (Authentic.GENUINE, exit_code)
        assert report.findings[8].code == open_


def test_every_answer_is_of_its_own_moment(found: Market) -> None:
    """What an answer is put together from is remembered (ADR 103), and what is remembered is never old."""
    registry, certificate = found.registry, found.certificate

    def told(*expected: str) -> None:
        (answered,) = ask(registry, found.exchange, trade_of(certificate))
        said = canonical.loads(answer_json(answered), max_bytes=1 << 20)
        assert isinstance(said, dict)
        assert codes(answered) == [*expected] == [one["code"] for one in cast("Any", said["reasons"])]
        assert said["answer"] == answered.body.answer == ("allow" if not expected else said["answer"])
        assert said["block"] == answered.body.block.to_json()
        assert parse_trade_receipt(dumps(said["receipt"])).body == answered.body
        assert answered.body.record is not None
        record = registry.client.record(certificate_subject(certificate.number), answered.body.block.number)
        assert record is not None
        assert (answered.body.record.reserved_until, answered.body.record.remarks) == (
            record.reserved_until,
            record.remarks,
        )

    told()
    until, rival = found.world.clock.now + 3600, found.rival
    kept = Reserved(certificate.number, until, Party(rival.name, rival.code), found.world.clock.now)
    order(registry, rival, kept)
    told("recorded-since")
    settle(registry)
    told("reserved")
    found.world.clock.advance(3601)
    told()
    officer = actor_of(registry, w.OFFICER)
    remarks.enter(registry, certificate.number, RemarkKind.CONTROL, Grounds("管制"), officer)
    told("recorded-since")
    settle(registry)
    told("controlled")


@pytest.mark.parametrize("kind", [RemarkKind.AGREED, RemarkKind.OTHER])
def test_a_remark_entered_since_is_read_by_a_person_as_one_deposited_is(
    found: Market, kind: RemarkKind
) -> None:
    registry, number = found.registry, found.certificate.number
    words = Grounds("双方约定：未经共同持有人书面同意不得再许可")
    remarks.enter(registry, number, kind, words, actor_of(registry, w.OFFICER))
    settle(registry)
    asked = [trade_of(found.certificate, declarations={"limits_kept": told}) for told in (None, False, True)]
    unread, broken, read = ask(registry, found.exchange, *asked)
    assert (codes(unread), codes(broken), codes(read)) == (["limits-unread"], ["limits-broken"], [])
    assert {one.name: one.outcome for one in read.body.obligations}["limits"] == "declared"


def test_a_certificate_by_its_code(found: Market) -> None:
    qr = found.certificate.qr or ""
    (answered,) = ask(found.registry, found.exchange, of(found, qr))
    assert answered.body.answer == "allow"
    assert answered.body.record is not None
    assert answered.body.record.number == found.certificate.number


def test_a_certificate_by_its_short_code(found: Market) -> None:
    """It is bound as the large one: no number that anybody wrote, and so no guess."""
    short = short_code(found.certificate.qr or "")
    (answered,) = ask(found.registry, found.exchange, of(found, short.lower()))
    assert answered.body.answer == "allow"
    assert answered.body.record is not None
    assert answered.body.record.number == found.certificate.number
    assert not answered.guessed


def _invented(number: str) -> str:
    return "HTTPS://YZ.EXAMPLE.ORG" + ShortCode(number, bytes(16)).path


def test_a_short_code_of_another_is_a_guess(found: Market) -> None:
    ours, missing, foreign = found.certificate.number, "SJ4412026099999", "SJ1112026090001"
    for number, guessed in ((ours, True), (missing, True), (foreign, False)):
        (answered,) = ask(found.registry, found.exchange, of(found, _invented(number)))
        assert (answered.body.record, answered.guessed) == (None, guessed)


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (lambda m: "SJ1112026090001", "certificate-foreign"),
        (lambda m: _invented("SJ1112026090001"), "certificate-foreign"),
        (lambda m: _invented("SJ4412026099999"), "certificate-unknown"),
        (lambda m: _invented(m.certificate.number), "certificate-altered"),
        (lambda m: "SJ4412026099999", "certificate-unknown"),
        (lambda m: encode_qr(m.body, Sm2PrivateKey.generate(), "elsewhere.example"), "certificate-foreign"),
        (
            lambda m: encode_qr(replace(m.body, limits=""), m.registry.keys.sm2("issuer"), "yz.example.org"),
            "certificate-altered",
        ),
    ],
)
def test_no_certificate_of_ours_is_a_clear_refusal(found: Market, shown: object, code: str) -> None:
    assert callable(shown)
    (answered,) = ask(found.registry, found.exchange, of(found, shown(found)))
    assert (answered.body.answer, codes(answered)) == ("refuse", [code])
    assert answered.body.record is None
    settle(found.registry)
    data = receipt_of(found.registry, answered.statement.leaf_hash, found.exchange.code)
    trust = parse_trust(dumps(trust_policy(found.registry.instance)))
    target = read_target(data)
    report = kind_of(target).verify(target, trust, now=found.world.clock.now)
    assert (report.authentic, report.exit_code) == (Authentic.GENUINE, 1)


def test_what_is_no_certificate_and_who_is_no_exchange(found: Market) -> None:
    registry = found.registry
    licence = "HTTPS://EXAMPLE" + ShortCode("L-2026-000001", bytes(16)).path
    for shown in ("nonsense", "HTTPS://EXAMPLE/V/AAAA", "SJ44", licence, licence[:-1]):
        with unchanged(registry), pytest.raises(DataFault):
            ask(registry, found.exchange, of(found, shown))
    stranger = Member(BUYER["code"])
    with unchanged(registry), pytest.raises(UsageFault) as raised:
        ask(registry, stranger, trade_of(found.certificate))
    assert raised.value.code == "organisation-unknown"


def test_many_are_answered_together_in_order_and_all_or_none(found: Market) -> None:
    good, bad = trade_of(found.certificate), trade_of(found.certificate, contract=None)
    answers = ask(found.registry, found.exchange, good, bad, good)
    assert [one.body.answer for one in answers] == ["allow", "needs_person", "allow"]
    assert len({one.statement.subject for one in answers}) == 3
    with unchanged(found.registry), pytest.raises(DataFault):
        ask(found.registry, found.exchange, good, of(found, "?"))


def test_a_month_s_key_that_was_let_go_seals_nothing_more(found: Market) -> None:
    """Unwrapped it was a moment ago: what lies in the database decides."""
    ask(found.registry, found.exchange, trade_of(found.certificate))
    with found.registry.store.transaction() as session:
        for row in session.exec(select(AccessKey)):
            row.wrapped_key = None
    with pytest.raises(DataFault) as raised:
        ask(found.registry, found.exchange, trade_of(found.certificate))
    assert raised.value.code == "access-key-missing"


def test_what_is_recorded_is_bounded(found: Market) -> None:
    fields = [chr(0x20000 + number) * 100 for number in range(200)]
    with unchanged(found.registry), pytest.raises(DataFault) as raised:
        ask(found.registry, found.exchange, trade_of(found.certificate, declarations={"fields": fields}))
    assert raised.value.code == "trade-too-large"
    (answered,) = ask(
        found.registry, found.exchange, trade_of(found.certificate, declarations={"fields": fields[:150]})
    )
    assert answered.body.answer == "allow"


def test_the_audit_names_an_answer_that_was_altered(template: World, tmp_path: Path) -> None:
    world = template.copy(tmp_path / "state")
    with world.open() as registry:
        member = enrolled(registry)
        enrolled(registry, RIVAL)
        trades = (trade_of("SJ4412026090001", 1), trade_of("SJ1112026090001", 1))
        leaves = [one.statement.leaf_hash for one in ask(registry, member, *trades)]
        settle(registry)
    assert world.audit() == []
    for change, arguments, code in (
        (NUMBER, ("SJ4412026090009", leaves[0]), "trade-check-altered"),
        (NUMBER, ("SJ4412026090001", leaves[0]), None),
        ("UPDATE trade_check SET exchange = ? WHERE leaf = ?", (RIVAL, leaves[1]), "trade-check-altered"),
        ("DELETE FROM trade_check WHERE leaf = ?", (leaves[1],), "event-unlinked"),
    ):
        with closing(sqlite3.connect(world.paths.database)) as database:
            database.execute(change, arguments)
            database.commit()
        if code is not None:
            assert [one.code for one in world.audit()] == [code]
