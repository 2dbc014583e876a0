"""The versions of a notice as they were published, and what each takes beyond another (R28)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import exists
from sqlmodel import Session, col, select

from yinzheng.ledger.rules.notices import Wider, wider
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.ledger.store.models_consents import Notice as NoticeRow
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.notice import MAX_NOTICE, Notice, parse_notice

NEWEST: Final = 64
"""Later versions of a notice that are looked at for whoever agreed to an earlier one."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version, held against another."""

    row: NoticeRow
    notice: Notice
    wider: tuple[Wider, ...]
    """Of the later of the two against the earlier."""


def notice_at(session: Session, leaf: bytes) -> Notice:
    """Read the notice whose statement has that leaf hash. Raises `UsageFault` (`notice-unknown`)."""
    event = repository.event_by_leaf(session, leaf)
    if event is None or event.public is None:
        raise unknown_notice()
    return _read(event.public)


@lru_cache(maxsize=256)
def _read(body: bytes) -> Notice:
    """Every consent is held against its notice, which is public and never changes."""
    return parse_notice(canonical.loads(body, max_bytes=MAX_NOTICE))


def row_at(session: Session, leaf: bytes) -> NoticeRow:
    """Find the row of the version of that leaf hash. Raises `UsageFault` (`notice-unknown`)."""
    row = session.exec(select(NoticeRow).where(NoticeRow.leaf == leaf)).first()
    if row is None:
        raise unknown_notice()
    return row


def unknown_notice() -> UsageFault:
    """What is answered about a notice that is not there, or is not for whoever asks."""
    return UsageFault("there is no such notice", code="notice-unknown", hint="`yinzheng notices` lists them.")


def narrower_than(session: Session, row: NoticeRow) -> Iterator[Version]:
    """The earlier versions that do not cover this one and to which consents are kept, the latest first.

    No other is read: a notice may have thousands of versions, and whoever reads holds up everyone.
    """
    notice = notice_at(session, row.leaf)
    kept = exists().where(col(Consent.notice_id) == NoticeRow.id, col(Consent.wrapped_key).is_not(None))
    query = select(NoticeRow).where(NoticeRow.subject == row.subject, NoticeRow.version < row.version, kept)
    for earlier in session.exec(query.order_by(col(NoticeRow.version).desc())).all():
        said = notice_at(session, earlier.leaf)
        if found := wider(said, notice):
            yield Version(earlier, said, found)


def wider_than(
    session: Session, row: NoticeRow, notice: Notice, named: Collection[bytes]
) -> Iterator[Version]:
    """The later versions of a notice that this one, `notice`, does not cover, the newest first.

    Looked at are those of the leaf hashes `named`, and the `NEWEST`: a notice may have thousands.
    """
    query = select(NoticeRow).where(NoticeRow.subject == row.subject, NoticeRow.version > row.version)
    rows = session.exec(query.order_by(col(NoticeRow.version).desc())).all()
    for later in (one for at, one in enumerate(rows) if at < NEWEST or one.leaf in named):
        said = notice_at(session, later.leaf)
        if found := wider(notice, said):
            yield Version(later, said, found)


def naming(session: Session, own: NoticeRow, words: str) -> Iterator[tuple[NoticeRow, Notice]]:
    """The other notices of a controller, all versions of each, in which a text has these very words.

    Those of `own`'s thread first, then the earliest. Only what has them is read: a controller may have
    thousands.
    """
    query = (
        select(NoticeRow, Event.public)
        .join(Event, Event.leaf_hash == NoticeRow.leaf)  # type: ignore[arg-type]
        .where(NoticeRow.controller == own.controller, NoticeRow.id != own.id)
        .order_by(col(NoticeRow.subject) != own.subject, col(NoticeRow.id))
        .execution_options(yield_per=64)
    )
    text = canonical.dumps(words)
    with session.exec(query) as rows:
        for row, body in rows:
            if body is not None and text in body:
                yield row, _read(body)


def against_the_one_before(session: Session, notice: Notice) -> tuple[Wider, ...]:
    """What a version takes beyond the one it replaces; empty for a first version."""
    return () if notice.replaces is None else wider(notice_at(session, notice.replaces), notice)
