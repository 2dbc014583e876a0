"""Are the access lines those that were written: all of them, none added, none changed (R30, R47)?

Numbers, links, seals and commitments are derived again, and the batches compared with their statements in the
log's thread. Without the access keys nobody makes a line, or a link, that fits. With them, what a batch has
committed to is held against its root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.noting import GENESIS
from yinzheng.ledger.accesses.opening import Lines, OpenedLine, altered
from yinzheng.ledger.keys.provider import KeyProvider
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_accesses import AccessBatch, AccessRow
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access import NOTED, AccessLine, Batch, accesses_subject, parse_batch
from yinzheng.verifier.log.merkle import root_from_leaves
from yinzheng.verifier.log.statement import Statement, verify_body

MAX_BODY = 4096
"""Bytes of a batch's body."""


def faults_of(
    session: Session, keys: KeyProvider, origin: str, seen: Callable[[OpenedLine], None]
) -> Iterator[DataFault]:
    """Everything that is wrong with the lines and their batches; each fault names lines by their numbers.

    `seen` is given each line that opens, in order.

    `access-missing` (`first`, `last`), `access-added`, `access-altered` (`line`), `access-batch`: the lines
    `first` … `last` are not those that were committed, or their statement is not the thread's next.
    """
    batches, troubles = _batches(session, origin)
    yield from troubles
    yield from _lines(session, keys, batches, seen)


def _batches(session: Session, origin: str) -> tuple[list[Batch], list[DataFault]]:
    """What the statements of the thread say, in order, and what is wrong with them."""
    found: list[Batch] = []
    troubles: list[DataFault] = []
    prev, leaves = None, set()
    for row in session.exec(select(AccessBatch).order_by(col(AccessBatch.first))):
        leaves.add(row.leaf)
        event = repository.event_by_leaf(session, row.leaf)
        try:
            batch = _stated(event, prev, origin)
            if (batch.first, batch.count) != (row.first, row.count):
                raise _other_batch(row.first, row.first + row.count - 1)
            found.append(batch)
        except DataFault as fault:
            troubles.append(DataFault(fault.message, code="access-batch", first=row.first, count=row.count))
        prev = row.leaf
    stated = session.exec(select(Event.leaf_hash).where(Event.type == NOTED)).all()
    troubles += [
        DataFault("a batch of access lines is stated and not known", code="access-batch", leaf=leaf.hex())
        for leaf in stated
        if leaf not in leaves
    ]
    return found, troubles


def _stated(event: Event | None, prev: bytes | None, origin: str) -> Batch:
    if event is None or event.public is None:
        raise DataFault("the statement of a batch of access lines is not there", code="event-missing")
    statement = Statement.from_bytes(event.statement)
    of_row = (event.type, event.subject, event.at, event.leaf_hash)
    if of_row != (statement.type, statement.subject, statement.at, statement.leaf_hash):
        raise DataFault("an event's columns are not those of its statement", code="event-altered")
    if (statement.type, statement.prev, statement.subject) != (NOTED, prev, accesses_subject(origin)):
        raise DataFault("a batch of access lines is not the next of its thread", code="event-unlinked")
    verify_body(statement, event.public)
    return parse_batch(canonical.loads(event.public, max_bytes=MAX_BODY))


def _lines(
    session: Session, keys: KeyProvider, batches: list[Batch], seen: Callable[[OpenedLine], None]
) -> Iterator[DataFault]:
    lines = Lines(session, keys)
    committed = batches[-1].first + batches[-1].count - 1 if batches else 0
    waiting, leaves = iter(batches), list[bytes]()
    batch = next(waiting, None)
    before, link = 0, GENESIS
    for row in _rows(session):
        if row.number != before + 1:
            yield _missing(before + 1, row.number - 1)
        follows = None if row.number != before + 1 else link
        yield from _of_row(session, lines, row, follows, committed, seen)
        while batch is not None and row.number >= batch.first + batch.count:
            yield from _held(batch, leaves)
            batch, leaves = next(waiting, None), []
        if batch is not None and row.number >= batch.first:
            leaves.append(row.leaf)
        before, link = row.number, row.link
    while batch is not None:
        yield from _held(batch, leaves)
        batch, leaves = next(waiting, None), []
    if before < committed:
        yield _missing(before + 1, committed)


def _rows(session: Session) -> Iterator[AccessRow]:
    query = select(AccessRow).order_by(col(AccessRow.number)).execution_options(yield_per=2000)
    for row in session.exec(query):
        yield row
        session.expunge(row)  # millions shall not be held


def _of_row(
    session: Session,
    lines: Lines,
    row: AccessRow,
    before: bytes | None,
    committed: int,
    seen: Callable[[OpenedLine], None],
) -> Iterator[DataFault]:
    """What is wrong with one line; `before` is the link it follows, None where the line before is missing."""
    try:
        opened = lines.open(row)
    except DataFault as fault:
        if fault.code == "access-key-missing":
            yield DataFault(fault.message, code=fault.code, line=row.number)
        elif fault.code == "seal-broken" and row.number > committed:
            yield _added(row.number)
        else:
            yield altered(row.number)
        return
    seen(opened)
    linked = before is None or lines.key(row).link(before, row.number, row.leaf) == row.link
    if not (linked and _has_words(session, lines, row, opened.line)):
        yield altered(row.number)


def _has_words(session: Session, lines: Lines, row: AccessRow, line: AccessLine) -> bool:
    """Whether a line's words are there, and those it commits to; or gone, with the key of its consent."""
    consent = None if line.consent is None else session.get(Consent, line.consent)
    wrapped = None if consent is None else consent.wrapped_key
    erased = consent is not None and wrapped is None
    if line.words is not None and (row.words is None or bool(row.words) is erased):
        return False

    def seal_of(subject: bytes) -> SealedValue | None:
        return None if wrapped is None else SealedValue(lines.keys.wrapper().unwrap(wrapped, subject))

    try:
        lines.words(row, line, seal_of)
    except DataFault:
        return False
    return True


def _added(number: int) -> DataFault:
    return DataFault(
        f"access line {number} was not written by this registry, or was altered",
        code="access-added",
        line=number,
    )


def _held(batch: Batch, leaves: list[bytes]) -> Iterator[DataFault]:
    """Whether the lines of a batch are those its statement committed to; missing ones are named already."""
    if len(leaves) == batch.count and root_from_leaves(leaves) != batch.root:
        yield _other_batch(batch.first, batch.first + batch.count - 1)


def _missing(first: int, last: int) -> DataFault:
    which = f"line {first} is" if first == last else f"lines {first} to {last} are"
    return DataFault(f"access {which} missing", code="access-missing", first=first, last=last)


def _other_batch(first: int, last: int) -> DataFault:
    return DataFault(
        f"access lines {first} to {last} are not those that were committed in the log",
        code="access-batch",
        first=first,
        last=last,
    )
