"""Publishing versions of a notice, and what consents are held against (R28).

A notice's versions are one thread of public statements with one subject. Which version a consent names must
have stood when it was given: neither before it was published nor after another replaced it.
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Final

from sqlalchemy import bindparam
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from yinzheng.ledger.consents.book import KnownNotice, NoticeBook
from yinzheng.ledger.consents.uncovered import tell_controller
from yinzheng.ledger.consents.versions import against_the_one_before
from yinzheng.ledger.flow.recording import Occurrence, compose, record
from yinzheng.ledger.organisations.keys import require
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.consent import Terms
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store.models import Event, table_of
from yinzheng.ledger.store.models_consents import Notice as NoticeRow
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.bytes.naming import spell_names
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.notice import MAX_NOTICE, Notice, parse_notice

_NOTICES: Final = table_of(NoticeRow)
_EVENTS: Final = table_of(Event)
_VERSIONS: Final = Prepared(
    rows_of(_NOTICES.c.id, _NOTICES.c.leaf, _EVENTS.c.public)
    .join(_EVENTS, _EVENTS.c.leaf_hash == _NOTICES.c.leaf)
    .where(_NOTICES.c.controller == bindparam("code"))
)
_OTHERS: Final = Prepared(rows_of(_NOTICES.c.leaf).where(_NOTICES.c.controller != bindparam("code")))

HOUR = 3600


def hour_of(instant: int) -> int:
    """Round down to the full hour: what a statement of a consent's thread tells of its time (R49)."""
    return instant - instant % HOUR


def book_of(session: Session, code: str) -> NoticeBook:
    """Read the notices of the controller `code`."""
    versions = _VERSIONS.all(session, code=code)
    found = [(id_ or 0, leaf, _terms(public or b"")) for id_, leaf, public in versions]
    replaced = {terms.notice.replaces: terms.notice.published_at for _, _, terms in found}
    known = {leaf: KnownNotice(id_, leaf, terms, replaced.get(leaf)) for id_, leaf, terms in found}
    return NoticeBook(code, known, frozenset(leaf for (leaf,) in _OTHERS.all(session, code=code)))


@lru_cache(maxsize=256)
def _terms(public: bytes) -> Terms:
    """The terms of a notice by its body's bytes: every grant needs those of all versions."""
    return Terms.of(parse_notice(canonical.loads(public, max_bytes=MAX_NOTICE)))


def publish_notice(registry: Registry, body: JSON, by_code: str) -> NoticeRow:
    """Publish one version of a notice of the controller `by_code`, durably.

    Versions have no gaps: version 1 begins a thread, each later one names the latest of its thread. One that
    is wider than that tells the controller whose consent does not cover it (`uncovered`), in the same
    transaction; one that lies within it tells nobody. Raises `DataFault` as `parse_notice`, and
    `notice-controller`, `notice-future`, `notice-version`; `UsageFault` where `by_code` is no enrolled
    controller.
    """
    notice = parse_notice(spell_names(body))
    now = registry.clock()
    if notice.controller.code != by_code:
        raise DataFault("the notice is another controller's", code="notice-controller")
    if notice.published_at > now:
        raise DataFault("the notice would be published in the future", code="notice-future")
    with registry.store.transaction() as session:
        require(session, by_code, Role.CONTROLLER)
        before = _before(session, notice, by_code)
        subject = secrets.token_bytes(32) if before is None else before.subject
        recorded = compose(
            Occurrence(
                type="notice.published",
                profile=registry.instance.profile,
                subject=subject,
                at=now,
                by="controller",
                body=notice.to_json(),
                prev=notice.replaces,
            ),
            None,
            now=now,
        )
        record(session, [recorded])
        row = NoticeRow(
            leaf=recorded.leaf_hash,
            subject=subject,
            controller=by_code,
            version=notice.version,
            published_at=notice.published_at,
        )
        session.add(row)
        session.flush()
        if found := against_the_one_before(session, notice):
            tell_controller(registry, session, row, found)
        return row


def _before(session: Session, notice: Notice, code: str) -> NoticeRow | None:
    """Find the version that `notice` replaces, which must be the latest of its thread."""
    if notice.replaces is None:
        return None
    before = session.exec(select(NoticeRow).where(NoticeRow.leaf == notice.replaces)).first()
    if before is None or before.controller != code:
        raise DataFault("the notice replaces none of this controller's", code="notice-version")
    latest = session.exec(
        select(NoticeRow).where(NoticeRow.subject == before.subject).order_by(col(NoticeRow.version).desc())
    ).first()
    if latest is None or latest.leaf != before.leaf or notice.version != before.version + 1:
        raise DataFault(
            "a notice replaces the latest version and has the number after it",
            code="notice-version",
            hint="`yinzheng notices` lists the versions.",
        )
    if notice.published_at < before.published_at:
        raise DataFault("a notice is not published before the one it replaces", code="notice-version")
    return before
