"""Access lines of a time, for an auditor or as evidence; looking at them is a line itself (R47)."""

from __future__ import annotations

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.checking import faults_of
from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.opening import Lines, OpenedLine
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.keys.provider import KeyProvider
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.verifier.errors import UsageFault

MAX_RANGE = 100_000
"""Lines handed out at once."""


def between(session: Session, keys: KeyProvider, since: int, until: int) -> list[OpenedLine]:
    """The lines written from `since` to `until` (UTC seconds, both included), in order.

    Raises `UsageFault` `access-range` where there are none, or more than `MAX_RANGE`; and as `Lines.open`.
    """
    query = select(AccessRow).where(col(AccessRow.at).between(since, until)).order_by(col(AccessRow.number))
    rows = session.exec(query.limit(MAX_RANGE + 1)).all()
    if not 1 <= len(rows) <= MAX_RANGE:
        raise UsageFault(
            f"there are no accesses then, or more than {MAX_RANGE}",
            code="access-range",
            hint="Name another, or a shorter, time.",
        )
    lines = Lines(session, keys)
    return [lines.open(row) for row in rows]


def read_lines(registry: Registry, since: int, until: int, by: Actor) -> list[OpenedLine]:
    """The lines of a time for `by`, an auditor, once all lines are checked.

    Raises `DataFault` as `checking.faults_of` finds the first, and as `between`
    and `admit`.
    """
    with registry.store.transaction() as session:
        admit(session, by, Office.AUDITOR)
        for fault in faults_of(session, registry.keys, registry.instance.origin):
            raise fault
        found = between(session, registry.keys, since, until)
        reader = Reader.of_actor(registry, by)
        note(registry, session, reader, Access("list", "lines", str(len(found)), "audit"))
    return found
