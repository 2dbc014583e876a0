"""Which consents a version of a notice is no longer covered by (R28): counted, listed in pages, told.

A consent rests on the version it names. Where a later one takes more, the controller learns by identifier
whose consent does not reach that far, so that it asks them anew; what they agreed to, it may go on doing.
Identifiers are the controller's own already: nothing about a person is shown.

The count is of consents that are kept: which of them have ended or were withdrawn is sealed in each. The list
opens them, and leaves those out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from sqlalchemy import and_, func, tuple_
from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.consents.reading import force_at, open_consent
from yinzheng.ledger.consents.versions import Version, narrower_than, row_at, unknown_notice
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.notify.queue import queue
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.consent import is_in_term
from yinzheng.ledger.rules.notices import Wider
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_consents import Consent as ConsentRow
from yinzheng.ledger.store.models_consents import Notice as NoticeRow
from yinzheng.ledger.store.models_consents import Pooled
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.consent import check_consent
from yinzheng.verifier.formats.receipt import CONSENT_GRANTED
from yinzheng.verifier.formats.webhook import MAX_UNCOVERED, MAX_UNCOVERED_VERSIONS, PLACE

WIDENED: Final = "notice.widened"

PAGE: Final = MAX_UNCOVERED
"""Consents that are looked at for one page; of those, what is in force is listed."""

_PLACE: Final = re.compile(PLACE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: after this consent among those to this version."""

    version: int
    recorded_at: int = 0
    """UTC seconds."""
    subject: bytes = bytes(32)

    def __str__(self) -> str:
        return f"{self.version}-{self.recorded_at}-{self.subject.hex()}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read it from an address. Raises `UsageFault` `query`."""
        found = _PLACE.fullmatch(text)
        if found is None:
            raise UsageFault(
                "this is no place in the list",
                code="query",
                hint="Give the `next` of the page before, or nothing for the first.",
            )
        return cls(int(found[1]), int(found[2]), bytes.fromhex(found[3]))


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Consents in force to one earlier version, and what of the later one lies beyond it."""

    version: Version
    subjects: tuple[bytes, ...]
    """In the order in which they were recorded."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the list: consents to the latest of the earlier versions first, as they were recorded."""

    row: NoticeRow
    """Of the version that is not covered."""
    groups: tuple[Uncovered, ...]
    next: Place | None
    """Where it goes on; None: that was all."""


def at_most(session: Session, rows: Iterable[NoticeRow]) -> int:
    """How many consents to these versions are kept; ended and withdrawn ones are among them."""
    ids = [row.id for row in rows]
    living = col(ConsentRow.wrapped_key).is_not(None)
    query = select(func.count()).select_from(ConsentRow).where(col(ConsentRow.notice_id).in_(ids), living)
    return session.exec(query).one()


def kept_earlier(session: Session, row: NoticeRow) -> Iterator[Version]:
    """The earlier versions that do not cover this one and to which consents are kept, the latest first."""
    return narrower_than(session, row)


def uncovered_of(registry: Registry, leaf: bytes, by: Reader, after: Place | None) -> Page:
    """Show a controller which consents one of its versions is not covered by; written down.

    Raises `UsageFault` `notice-unknown` also where it is another's.
    """
    with registry.store.transaction() as session:
        row = row_at(session, leaf)
        if row.controller != by.organisation:
            raise unknown_notice()
        page = _page(registry, session, row, narrower_than(session, row), after)
        listed = sum(len(group.subjects) for group in page.groups)
        access = Access("list", "notices", str(listed), "work")
        note(registry, session, by.acting_as(Role.CONTROLLER.value), access)
        return page


def tell_controller(registry: Registry, session: Session, row: NoticeRow, found: Iterable[Wider]) -> None:
    """Queue the notice that a version was widened, in the transaction that publishes it.

    `found` is what it takes beyond the one it replaces. The first consents are named in the notice; whoever
    has more asks for the pages.
    """
    earlier = list(narrower_than(session, row))
    page = _page(registry, session, row, earlier, None)
    data: dict[str, JSON] = {
        "notice": row.leaf.hex(),
        "version": row.version,
        "wider": fields_of(found),
        "at_most": at_most(session, [one.row for one in earlier]),
        "uncovered": [
            {
                "version": group.version.row.version,
                "wider": fields_of(group.version.wider),
                "consents": [*sorted(subject.hex() for subject in group.subjects)],
            }
            for group in page.groups
        ],
        "next": None if page.next is None else str(page.next),
    }
    queue(session, row.controller, WIDENED, data, registry.clock())


def parts_of(found: Iterable[Wider]) -> list[JSON]:
    """Each thing by itself, in the words of the notice; null for every use, and for everyone."""
    return [
        {
            "change": one.change.value,
            "scope": one.scope or None,
            "words": one.words,
            "code": one.code or None,
        }
        for one in found
    ]


def fields_of(found: Iterable[Wider]) -> list[JSON]:
    """In which fields, and for the uses of which scope, each once; null: for every use."""
    pairs = sorted({(one.change.value, one.scope) for one in found})
    return [{"change": change, "scope": scope or None} for change, scope in pairs]


def _page(
    registry: Registry, session: Session, row: NoticeRow, earlier: Iterable[Version], after: Place | None
) -> Page:
    groups: list[Uncovered] = []
    left, now = PAGE, registry.clock()
    for version in earlier:
        start = Place(version.row.version)
        if after is not None:
            if start.version > after.version:
                continue
            start = after if start.version == after.version else start
        kept = _kept(session, version.row, start, left + 1)
        if kept and (not left or len(groups) == MAX_UNCOVERED_VERSIONS):
            return Page(row, tuple(groups), start)
        seen, more = kept[:left], len(kept) > left
        in_force = _in_force(registry, session, seen, now)
        if in_force:
            groups.append(Uncovered(version, in_force))
        if more:
            return Page(row, tuple(groups), seen[-1])
        left -= len(seen)
    return Page(row, tuple(groups), None)


def _kept(session: Session, row: NoticeRow, after: Place, most: int) -> list[Place]:
    """Consents to that version whose keys are not destroyed, by when they were recorded, then by subject."""
    order = (col(ConsentRow.created_at), col(ConsentRow.subject))
    query = select(*order).where(
        ConsentRow.notice_id == row.id,
        col(ConsentRow.wrapped_key).is_not(None),
        tuple_(*order) > (after.recorded_at, after.subject),
    )
    found = session.exec(query.order_by(*order).limit(most))
    return [Place(row.version, recorded_at, subject) for recorded_at, subject in found]


def _in_force(registry: Registry, session: Session, places: list[Place], now: int) -> tuple[bytes, ...]:
    """Those of the consents that are in force, in their order.

    Of one that nothing happened to, the consent itself is opened and no more: lists are long, and the desk
    waits for them.
    """
    sealed_head = func.coalesce(Event.sealed, Pooled.sealed)
    heads = (
        select(ConsentRow.subject, ConsentRow.head, ConsentRow.wrapped_key, sealed_head)
        .outerjoin(Event, and_(col(Event.leaf_hash) == ConsentRow.head, col(Event.type) == CONSENT_GRANTED))
        .outerjoin(Pooled, col(Pooled.leaf) == ConsentRow.head)
        .where(col(ConsentRow.subject).in_([place.subject for place in places]))
        .order_by(col(ConsentRow.created_at), col(ConsentRow.subject))
    )
    wrapper = registry.keys.wrapper()

    def holds(subject: bytes, head: bytes, wrapped: bytes, sealed: bytes | None) -> bool:
        try:
            if sealed is not None:
                body, _ = open_event(SealedValue(wrapper.unwrap(wrapped, subject)), sealed, head)
                return is_in_term(check_consent(body), now)
            opened = open_consent(registry, session, subject)
            return is_in_term(opened.consent, now) and not force_at(opened, now).is_empty
        except DataFault:
            return True  # nobody can tell that it ended; the audit names it, and nobody waits for it

    found = session.exec(heads).all()
    return tuple(subject for subject, head, key, sealed in found if holds(subject, head, key or b"", sealed))
