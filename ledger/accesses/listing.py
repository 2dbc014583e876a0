"""What an auditor asks of the access lines (R47, D19): who opened what, whose, when, on which basis.

Asking is itself a line, written before the answer is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.committed import seals
from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.opening import Lines, OpenedLine
from yinzheng.ledger.accesses.periods import numbers_between, rows_between
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.store.models_accesses import AccessBatch
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.access import Words

MAX_LISTED: Final = 100_000
"""Lines given in one answer …"""

MAX_LOOKED: Final = 1_000_000
"""… and looked through for it: whose a line is stands in it; what its row says of that is not believed."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which lines: all that match everything that is named."""

    since: int
    until: int
    """Noted in between, both included; UTC seconds."""
    consent: bytes | None = None
    """Subject of a consent, whose person's lines they are."""
    organisation: str | None = None
    person: str | None = None
    """Short name, or key id of an organisation's request."""
    outside: bool = False
    """Uses that were said to rest on consent, and that none covered."""


@dataclass(frozen=True, slots=True)
class ListedLine:
    """A line as an auditor sees it."""

    opened: OpenedLine
    words: Words | None
    """None: nothing was said, or it is destroyed with the record it spoke of."""
    batch: bytes | None
    """Leaf hash of the statement that commits to it; None while it waits for one."""


def list_lines(registry: Registry, question: Question, by: Actor) -> list[ListedLine]:
    """The lines that match, oldest first, for an auditor: nobody else reads who saw what.

    Raises `UsageFault`: as `admit`; `access-range` (more than `MAX_LISTED` match, or `MAX_LOOKED` lie in that
    time); `DataFault` as `periods.numbers_between`: where a line of the time is gone, nothing is answered.
    """
    with registry.store.transaction() as session:
        admit(session, by, Office.AUDITOR)
        found = _matching(registry, session, question)
        asked = Access("list", "lines", str(len(found)), "audit", consent=question.consent)
        note(registry, session, Reader.of_actor(registry, by), asked)
    return found


def _matching(registry: Registry, session: Session, question: Question) -> list[ListedLine]:
    lines, seal_of = Lines(session, registry.keys), seals(registry, session)
    found: list[ListedLine] = []
    since, until = question.since, question.until
    numbers = numbers_between(session, lines, since, until)
    if len(numbers) > MAX_LOOKED:
        raise _too_many()
    for row in rows_between(session, lines, since, until, numbers):
        if question.consent not in (None, row.consent):
            continue
        opened = lines.open(row)
        if _matches(question, opened):
            if len(found) == MAX_LISTED:
                raise _too_many()
            said = lines.words(row, opened.line, seal_of)
            found.append(ListedLine(opened, said and said[0], _batch(session, row.number)))
    return found


def _too_many() -> UsageFault:
    return UsageFault(
        f"there are more than {MAX_LISTED} access lines to list then, or {MAX_LOOKED} to look through",
        code="access-range",
        hint="Name a shorter time.",
    )


def _matches(question: Question, opened: OpenedLine) -> bool:
    line = opened.line
    return (
        question.organisation in (None, line.organisation)
        and question.person in (None, opened.who.person)
        and (not question.outside or line.covered is False)
    )


def _batch(session: Session, number: int) -> bytes | None:
    query = select(AccessBatch).where(AccessBatch.first <= number).order_by(col(AccessBatch.first).desc())
    found = session.exec(query.limit(1)).first()
    return found.leaf if found is not None and number < found.first + found.count else None
