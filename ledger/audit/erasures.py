"""Was everything destroyed lawfully, and is everything that is destroyed really gone (R43, R44)?

A key that is gone needs a tombstone that names each private statement of its record; a tombstone needs that
the key is gone; an erasure that is carried out needs its approvals, witnesses and operator.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, select

from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.erasure.order import signer
from yinzheng.ledger.erasure.proposing import (
    DESTROYED,
    DROPPED,
    OPERATOR,
    PROPOSED,
    read_signed,
    signatures_of,
)
from yinzheng.ledger.erasure.tombstones import named_by
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event, Person
from yinzheng.ledger.store.models_disputes import Erasure, ErasureSignature
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.tombstone import TOMBSTONE


def check_remains(events: Sequence[Event], *, alive: bool) -> None:
    """Check the events of one record whose key is there (`alive`) or gone.

    Raises `DataFault`: `erasure-undone` (a tombstone, and the key is there), `erasure-unproved` (the key is
    gone without a tombstone that names every private statement, or something sealed is left).
    """
    stones = [event for event in events if event.type == TOMBSTONE]
    if alive:
        if stones:
            raise DataFault("a tombstone stands on a record whose key is still there", code="erasure-undone")
        return
    gone = named_by(stones)
    for event in events:
        private = event.public is None
        if event.sealed or (private and event.leaf_hash not in gone):
            raise DataFault("a record was destroyed without its tombstone", code="erasure-unproved")


def check_erasures(audit: Audit) -> None:
    """Check every erasure's order and signatures, and that what is carried out has its tombstone."""
    with audit.store.reading() as session:
        for row in session.exec(select(Erasure).order_by(Erasure.id)):
            with audit.finding(erasure=row.id):
                _check_erasure(session, row)


def _check_erasure(session: Session, row: Erasure) -> None:
    signed = read_signed(session, row)
    if row.state not in (PROPOSED, DROPPED) and signed.next:
        raise DataFault("an erasure lacks an approval or a witness", code="erasure-unsigned")
    if row.tombstone is None:
        if row.state == DESTROYED:
            raise DataFault("an erasure is called done without a tombstone", code="erasure-unproved")
        return
    operators = [one for one in signatures_of(session, row.id) if one.role == OPERATOR]
    if len(operators) != 1 or signer(row.wording, operators[0].signature) != _address(session, operators[0]):
        raise DataFault("nobody answers for carrying out an erasure", code="erasure-unsigned")
    stone = repository.event_by_leaf(session, row.tombstone)
    if stone is None or (stone.type, stone.subject) != (TOMBSTONE, row.subject):
        raise DataFault("an erasure names a tombstone that is none", code="erasure-unproved")


def _address(session: Session, one: ErasureSignature) -> bytes:
    return session.get_one(Person, one.person).address
