"""The few queries that more than one use case needs; everything else is plain SQLModel in the use case.

Each function works inside the caller's transaction (`Store.transaction()`), so that what it does happens
together with the decision that asked for it, or not at all (D9).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, func, insert, update
from sqlalchemy import select as rows_of
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from yinzheng.ledger.store.models import (
    Case,
    Certificate,
    ChainCall,
    Checkpoint,
    Counter,
    DossierFile,
    Event,
    Meta,
    table_of,
)
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.ledger.store.session import Objects
from yinzheng.verifier.errors import DataFault, UsageFault

EventRow = Mapping[str, Any]
"""A row for the table of events, by the names of its columns."""

BATCH = 50_000
"""Events sequenced, or appended to the log, in one step."""

_EVENTS: Final = table_of(Event)
_ADD: Final = Prepared(insert(_EVENTS).inline(), [name for name in Event.model_fields if name != "id"])
_OF_CASE: Final = Objects(Event, _EVENTS.c.case_id == bindparam("of"), order_by=[_EVENTS.c.id])
_BY_LEAF: Final = Objects(Event, _EVENTS.c.leaf_hash == bindparam("leaf"))
_LAST: Final = Prepared(
    rows_of(_EVENTS.c.leaf_hash)
    .where(_EVENTS.c.case_id == bindparam("of"))
    .order_by(_EVENTS.c.id.desc())
    .limit(1)
)
_SEALED: Final = Prepared(
    rows_of(_EVENTS.c.sealed, _EVENTS.c.leaf_hash)
    .where(_EVENTS.c.case_id == bindparam("of"), _EVENTS.c.type == bindparam("named"))
    .order_by(_EVENTS.c.id)
)
_STATEMENTS: Final = Prepared(
    rows_of(_EVENTS.c.log_index, _EVENTS.c.statement)
    .where(_EVENTS.c.log_index >= bindparam("first"), _EVENTS.c.log_index < bindparam("end"))
    .order_by(_EVENTS.c.log_index)
)

_OF_DOSSIERS: Final = table_of(DossierFile)
_FILES: Final = Objects(
    DossierFile, _OF_DOSSIERS.c.dossier_id == bindparam("of"), order_by=[_OF_DOSSIERS.c.number]
)
_MADE: Final = table_of(Certificate)
_CERTIFICATES: Final = Objects(Certificate, _MADE.c.case_id == bindparam("of"), order_by=[_MADE.c.number])

_HEADS: Final = table_of(Checkpoint)
_LATEST: Final = Prepared(rows_of(_HEADS.c.size).order_by(_HEADS.c.size.desc()).limit(1))
_ANCHORED: Final = Prepared(
    rows_of(_HEADS.c.size).where(_HEADS.c.anchored_block.is_not(None)).order_by(_HEADS.c.size.desc()).limit(1)
)
_CALLS: Final = table_of(ChainCall)
_CALL: Final = Objects(
    ChainCall,
    _CALLS.c.kind == bindparam("of"),
    _CALLS.c.about == bindparam("on"),
    _CALLS.c.part == bindparam("in_part"),
)

_STREAMED: Final = 4096
"""Statements that are in memory at a time."""

SERIAL_MAX = 9999
"""Most certificates of one month (R14)."""


def read_meta(session: Session) -> dict[str, str]:
    """Every fact about this instance."""
    return {row.key: row.value for row in session.exec(select(Meta))}


def meta_of(session: Session, key: str) -> str | None:
    """One fact about this instance."""
    row = session.get(Meta, key)
    return None if row is None else row.value


def write_meta(session: Session, facts: Mapping[str, str]) -> None:
    """Set facts, replacing older values of the same keys."""
    for key, value in facts.items():
        session.merge(Meta(key=key, value=value))


def next_serial(session: Session, scope: str, *, most: int) -> int:
    """The next serial of `scope`, from 1, without gaps or doubles under concurrency.

    The counter moves in the caller's transaction: a rollback gives the serial back, and a second writer
    waits on the row (PostgreSQL) or the file (SQLite) until the first has ended.

    Raises:
        UsageFault: `serials-exhausted` after `most`; the counter does not move.
    """
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(Counter).values(scope=scope, last=1)
    statement = statement.on_conflict_do_update(
        index_elements=["scope"], set_={"last": Counter.last + 1}, where=col(Counter.last) < most
    )
    serial = session.execute(statement.returning(col(Counter.last))).scalar_one_or_none()
    if serial is None:
        raise UsageFault(
            f"all {most} serials of {scope} are used",
            code="serials-exhausted",
            hint="wait for the next period",
            scope=scope,
        )
    return int(serial)


def next_certificate_serial(session: Session, year_month: str) -> int:
    """The next serial of certificates of `year_month` (`YYYYMM`), 1–9999 (R14)."""
    return next_serial(session, f"certificate:{year_month}", most=SERIAL_MAX)


def serials_used(session: Session, year_month: str) -> int:
    """How many certificate numbers of `year_month` are given out, to warn before a month runs out (R14)."""
    row = session.get(Counter, f"certificate:{year_month}")
    return row.last if row else 0


def next_case_id(session: Session, year: int) -> str:
    """A new reference for a case, such as `A-2026-000123`."""
    return f"A-{year}-{next_serial(session, f'case:{year}', most=999_999):06d}"


def find_case(session: Session, case_id: str) -> Case:
    """The case of that reference; `UsageFault` `case-unknown`."""
    case = session.get(Case, case_id)
    if case is None:
        raise UsageFault(f"there is no case {case_id}", code="case-unknown", hint="list the cases to find it")
    return case


def find_certificate(session: Session, number: str) -> Certificate:
    """The certificate of that number; `UsageFault` `certificate-unknown`."""
    certificate = session.get(Certificate, number)
    if certificate is None:
        raise unknown_certificate(number)
    return certificate


def unknown_certificate(number: str) -> UsageFault:
    """What is told of a number under which there is no certificate."""
    return UsageFault(
        f"there is no certificate {number} here",
        code="certificate-unknown",
        hint="Check the number; another registry's certificate is for that registry, which it names.",
    )


def add_events(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert events in bulk, in order. Each row names every column of `Event` but `id`."""
    if rows:
        _ADD.run(session, rows)


class Placed(NamedTuple):
    """Statements that have places in the log, one after the other."""

    first: int
    statements: list[bytes]


def add_sequenced(session: Session, rows: Iterable[EventRow]) -> Placed:
    """Insert events in bulk, in order, each with its place in the log already, whatever its row says.

    Those that wait get theirs first. Giving places afterwards would write every row twice.
    """
    while sequence(session, BATCH):
        pass
    placed = Placed(sequenced(session), [])

    def place(row: EventRow) -> dict[str, Any]:
        index = placed.first + len(placed.statements)
        placed.statements.append(row["statement"])
        return {**row, "log_index": index}

    _ADD.run_each(session, map(place, rows))
    return placed


def events_of_case(session: Session, case_id: str) -> Sequence[Event]:
    """The case's events, oldest first."""
    return _OF_CASE.all(session, of=case_id)


def sealed_of_case(session: Session, case_id: str, event_type: str) -> list[tuple[bytes, bytes]]:
    """What is sealed of the case's events of one type and their leaf hashes, oldest first."""
    return [(row[0], row[1]) for row in _SEALED.all(session, of=case_id, named=event_type)]


def last_leaf(session: Session, case_id: str) -> bytes | None:
    """Leaf hash of the case's latest statement: what the next one's `prev` must be (S3.1)."""
    leaf: bytes | None = _LAST.scalar(session, of=case_id)
    return leaf


def event_by_leaf(session: Session, leaf_hash: bytes) -> Event | None:
    """The event whose statement has that leaf hash."""
    return _BY_LEAF.first(session, leaf=leaf_hash)


def sequenced(session: Session) -> int:
    """How many events have a position in the log: the size the log must reach."""
    # Not max(): the index leaves out what has no position, and SQLite would read the whole table instead.
    placed = select(Event.log_index).where(col(Event.log_index).is_not(None))
    last = session.exec(placed.order_by(col(Event.log_index).desc()).limit(1)).first()
    return 0 if last is None else last + 1


def sequence(session: Session, most: int = 100_000) -> int:
    """Give the oldest events without one a position in the log, at most `most`; returns how many got one.

    Positions follow the order of insertion. Only one writer may sequence at a time (D9).
    """
    waiting = (
        select(col(Event.id), func.row_number().over(order_by=col(Event.id)).label("rank"))
        .where(col(Event.log_index).is_(None))
        .order_by(col(Event.id))
        .limit(most)
        .subquery()
    )
    first = sequenced(session)
    result = session.execute(
        update(Event)
        .where(col(Event.id) == waiting.c.id)
        .values(log_index=first - 1 + waiting.c.rank)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def statements(session: Session, first: int, end: int) -> Iterator[bytes]:
    """The canonical statements at log positions `first` … `end` - 1, in order, streamed.

    Raises:
        DataFault: `event-missing`, naming the first position the database does not hold.
    """
    expected = first
    while expected < end:
        rows = _STATEMENTS.all(session, first=expected, end=min(expected + _STREAMED, end))
        for position, statement in rows:
            if position != expected:
                break
            yield statement
            expected += 1
        if not rows or rows[-1][0] != expected - 1:
            break
    if expected != end:
        raise DataFault(
            f"the database holds no event for position {expected} of the log",
            code="event-missing",
            hint="restore the last backup of the database",
            position=expected,
        )


def latest_checkpoint(session: Session, *, anchored: bool = False) -> Checkpoint | None:
    """The checkpoint of greatest size; with `anchored`, the greatest that the chain holds."""
    size = (_ANCHORED if anchored else _LATEST).scalar(session)
    return None if size is None else session.get(Checkpoint, size)


def files_of(session: Session, dossier_id: bytes) -> Sequence[DossierFile]:
    """The dossier's files in order."""
    return _FILES.all(session, of=dossier_id)


def find_call(session: Session, kind: str, about: str, part: str = "") -> ChainCall | None:
    """The outbox's one call of that kind about that."""
    return _CALL.first(session, of=kind, on=about, in_part=part)


def anchoring_block(session: Session, index: int) -> int | None:
    """Block of the first anchored head that covers log position `index`; None while there is none."""
    query = select(Checkpoint.anchored_block).where(
        col(Checkpoint.size) > index, col(Checkpoint.anchored_block).is_not(None)
    )
    return session.exec(query.order_by(col(Checkpoint.size)).limit(1)).first()


def certificates_of_case(session: Session, case_id: str) -> Sequence[Certificate]:
    """The certificates, and drafts, that came of a case, by number."""
    return _CERTIFICATES.all(session, of=case_id)


def licence_of_case(session: Session, case_id: str) -> Licence | None:
    """The licence, or draft of one, that came of a case."""
    return session.exec(select(Licence).where(Licence.case_id == case_id)).first()


def account_of(session: Session, code: str) -> bytes | None:
    """An organisation's account, 20 bytes, as its row has it."""
    found = session.get(Organisation, code)
    return None if found is None else found.account
