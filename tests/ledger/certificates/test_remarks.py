"""Remarks are entered and lifted by officers, each on a statement and on the chain (R16, R55)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select

from tests.ledger.disputes.court import JUDGMENT, Court
from tests.ledger.world import AUDITOR, KEEPER, MEMBER, OFFICER, actor_of, unchanged
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.certificates import messages, remarks
from yinzheng.ledger.certificates.remarks import Entered, Grounds
from yinzheng.ledger.certificates.work import deposit_leaf, registered, statements_of
from yinzheng.ledger.chain.records import Record
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import Reader, open_reader
from yinzheng.ledger.rules.certificates import REMARK_BITS
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.store.models import Case, ChainCall, Dossier
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.standing import MAX_STANDING, parse_remark
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.log.tlogproof import TlogProof

K = RemarkKind
SEIZED = Grounds("查封至2027年", JUDGMENT, "(2026)粤01执12号裁定")
PLEDGED = Grounds("质押给某银行", None, "动产融资统一登记 01234567")


def enter(court: Court, kind: RemarkKind, grounds: Grounds, by: str = OFFICER) -> bytes:
    leaf = remarks.enter(court.registry, court.made.number, kind, grounds, actor_of(court.registry, by))
    settle(court.registry)
    return leaf


def lift(court: Court, name: str, grounds: Grounds, by: str = OFFICER) -> bytes:
    leaf = remarks.lift(court.registry, court.made.number, name, grounds, actor_of(court.registry, by))
    settle(court.registry)
    return leaf


def record(court: Court) -> Record:
    with court.registry.store.reading() as session:
        found = court.registry.client.record(registered(session, court.made.number).subject)
    assert found is not None
    return found


def standing(court: Court) -> list[Entered]:
    with court.registry.store.reading() as session:
        row = registered(session, court.made.number)
        return [one for one in remarks.remarks_of(row, statements_of(session, row)) if not one.lifted_at]


def refused(court: Court, act: Any, code: str) -> None:
    with unchanged(court.registry), pytest.raises(YinzhengError) as raised:
        act()
    assert raised.value.code == code


def test_from_statement_to_bit_and_back(court: Court) -> None:
    number = court.made.number
    pledge = enter(court, K.PLEDGE, PLEDGED)
    first, second = enter(court, K.SEIZURE, SEIZED), enter(court, K.SEIZURE, SEIZED)
    assert record(court).remarks == REMARK_BITS[K.PLEDGE] | REMARK_BITS[K.SEIZURE]
    with court.registry.store.reading() as session:
        row = registered(session, number)
        events = statements_of(session, row)
        prevs = [Statement.from_bytes(event.statement).prev for event in events]
        assert prevs == [deposit_leaf(session, row), pledge, first]
        assert {(event.subject, event.case_id, event.sealed) for event in events} == {
            (row.subject, None, b"")
        }
        body = parse_remark(canonical.loads(events[1].public or b"", max_bytes=MAX_STANDING))
    # What the chain was told follows from the public body.
    on_chain = court.registry.client.remark(first)
    assert on_chain is not None
    assert on_chain.document == JUDGMENT.sha256 == messages.entry(body, first).document

    lift(court, first.hex()[:12], SEIZED)
    assert record(court).remarks & REMARK_BITS[K.SEIZURE]  # another stands
    lift(court, "seizure", SEIZED)
    assert record(court).remarks == REMARK_BITS[K.PLEDGE]
    assert [(one.kind, one.leaf, one.reference) for one in standing(court)] == [
        (K.PLEDGE, pledge, PLEDGED.reference)
    ]
    assert second != first
    with open_reader(court.world.root, court.world.clock) as reader:
        lines = reader.history(number, proofs=True)
        assert len(reader.history(court.made.case)) == len(lines) - 5
    assert [line.type for line in lines[-6:]] == [
        "certificate.deposited", *["remark.entered"] * 3, *["remark.lifted"] * 2
    ]  # fmt: skip
    assert all(line.proof for line in lines)
    assert court.audit() == set()


@pytest.mark.parametrize(
    ("kind", "grounds", "code"),
    [
        (K.SEIZURE, Grounds("查封", None, "某裁定"), "remark-document"),
        (K.SEIZURE, Grounds("查封", JUDGMENT, None), "remark-document"),
        (K.PLEDGE, Grounds("质押", JUDGMENT, None), "remark-document"),
        (K.OTHER, Grounds("长" * 201), "field-value"),
        (K.OTHER, Grounds("data:image/png,x"), "encoded-bytes"),
    ],
)
def test_what_a_remark_must_rest_on(court: Court, kind: RemarkKind, grounds: Grounds, code: str) -> None:
    refused(court, lambda: enter(court, kind, grounds), code)


def test_who_may_not_and_what_is_not_there(court: Court) -> None:
    for by in (MEMBER, AUDITOR, KEEPER):
        refused(court, lambda by=by: enter(court, K.OTHER, Grounds("x"), by), "move-wrong-capacity")
    refused(court, lambda: lift(court, "seizure", SEIZED), "remark-unknown")
    refused(court, lambda: lift(court, "", SEIZED), "remark-unknown")
    officer = actor_of(court.registry, OFFICER)
    unknown = "SJ4412026099999"
    refused(
        court,
        lambda: remarks.enter(court.registry, unknown, K.OTHER, Grounds("x"), officer),
        "certificate-unknown",
    )
    enter(court, K.CONTROL, Grounds("监管"))
    enter(court, K.CONTROL, Grounds("监管之二"))
    refused(court, lambda: lift(court, "control", Grounds("x")), "remark-unknown")  # which of the two?


def test_a_destroyed_dossier_bars_no_public_remark(court: Court) -> None:
    with court.registry.store.transaction() as session:
        case = session.get_one(Case, court.made.case)
        session.get_one(Dossier, case.dossier_id).wrapped_key = None
    with pytest.raises(YinzhengError), court.registry.store.reading() as session:
        dossier_key(court.registry, session, case.dossier_id)
    assert enter(court, K.OTHER, Grounds("x"))


def test_what_came_by_somebody_elses_transaction_is_done(court: Court) -> None:
    """Whoever has the signed call may send it: the registry's own then counts as carried out."""
    registry, number = court.registry, court.made.number
    leaf = remarks.enter(registry, number, K.OTHER, Grounds("x"), actor_of(registry, OFFICER))
    with registry.store.reading() as session:
        (call,) = session.exec(select(ChainCall).where(ChainCall.state == "pending")).all()
    registry.sender.send(Call(call.target, call.data, call.gas), 10)
    settle(registry)
    assert registry.client.remark(leaf) is not None
    with registry.store.reading() as session:
        assert session.get_one(ChainCall, call.id).state == "confirmed"
    assert court.audit() == set()


def test_a_records_proof_is_under_the_newest_head_of_each_moment(court: Court) -> None:
    """The head is looked for once a moment, for all records: never one from before the last commit."""
    with open_reader(court.registry.paths.root, court.registry.clock) as reader:
        sizes = [size_of(reader, court.made.number)]
        for _ in range(2):
            enter(court, K.SEIZURE, SEIZED)
            sizes.append(size_of(reader, court.made.number))
    assert sizes == sorted(set(sizes))


def size_of(reader: Reader, number: str) -> int:
    found = reader.record(number)
    assert found is not None
    return peek_checkpoint(TlogProof.from_text(found.proof).checkpoint).size
