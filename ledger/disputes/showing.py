"""A dispute as those entitled to it see it: its words, its evidence, its end; and who is entitled (R37)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.disputes.plans import parse_plan
from yinzheng.ledger.disputes.work import DRAFT, DisputeThread, opening_in, work_on
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.threads import find_dispute, find_organisation, thread
from yinzheng.ledger.organisations.keys import public_key
from yinzheng.ledger.people.acting import Actor, admit, require
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store.database import open_store_read_only
from yinzheng.ledger.store.models import Dossier, Event
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject, EvidenceItem
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.dispute import (
    Disputant,
    Opening,
    Release,
    Subjects,
    parse_opening,
    parse_release,
)
from yinzheng.verifier.formats.evidence_items import Item, parse_item

UNSTATED: Final = "—"
"""Stands for each name that a forum, which told the contracts itself, has not handed in yet."""


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One evidence item. `number` counts from 1; `leaf` is None in a draft."""

    number: int
    leaf: bytes | None
    item: Item
    deposited_at: int | None
    """Its instant on the ledger, UTC seconds; None in a draft."""

    def to_json(self) -> dict[str, JSON]:
        """As in S16.5."""
        return {
            "number": self.number,
            "leaf": None if self.leaf is None else self.leaf.hex(),
            "deposited_at": self.deposited_at,
            "item": self.item.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Shown:
    """A whole dispute. Times are UTC seconds."""

    id: str
    subject: bytes
    state: str
    kind: str
    opener: str
    forum: Party
    number: str
    parties: tuple[Disputant, ...]
    subjects: tuple[tuple[str, bytes], ...]
    """Kind (`record`, `case`, `consent`) and identifier on chain; empty in a draft."""
    items: tuple[ShownItem, ...]
    opened_at: int | None
    opening: bytes | None
    """Leaf hash of the opening's statement."""
    release: Release | None
    prepared: tuple[tuple[bytes, Release], ...] = ()
    """Releases that wait for signatures, with the outcome to be signed: the leaf hash of their statement."""

    def to_json(self) -> dict[str, JSON]:
        """The object of S16.5."""
        return {
            "dispute": self.id,
            "subject": self.subject.hex(),
            "state": self.state,
            "kind": self.kind,
            "opener": self.opener,
            "forum": self.forum.to_json(),
            "number": self.number,
            "parties": [party.to_json() for party in self.parties],
            "subjects": [{"kind": kind, "subject": subject.hex()} for kind, subject in self.subjects],
            "items": [one.to_json() for one in self.items],
            "opened_at": self.opened_at,
            "opening": None if self.opening is None else self.opening.hex(),
            "release": None if self.release is None else self.release.to_json(),
            "prepared": [
                {"outcome": outcome.hex(), "release": release.to_json()} for outcome, release in self.prepared
            ],
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list of disputes."""

    id: str
    state: str
    kind: str
    opener: str
    subjects: int
    items: int
    opened_at: int | None
    released_at: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What an organisation is in a dispute; at least one of the three."""

    opener: bool
    party: bool
    forum: bool

    def require(self, capacity: Capacity, *, opener: bool = False) -> None:
        """Check that it acts in a capacity it has here, or is the opener where that is enough.

        Raises `UsageFault` `dispute-standing`.
        """
        held = {Capacity.PARTY: self.party, Capacity.FORUM: self.forum}.get(capacity, False)
        if not (held or (opener and self.opener)):
            raise UsageFault(
                f"this organisation is no {capacity.value} of this dispute",
                code="dispute-standing",
                hint="Evidence and settlements come from the parties, effective documents from the forum.",
            )


def show(registry: Registry, dispute_id: str, by: Actor | Reader) -> Shown:
    """Everything about a dispute but the contents of its items; that `by` saw it is written down (R47).

    `by` is an officer, or an organisation whose signed request this answers. Raises as `work_on` and `admit`.
    """
    if isinstance(by, Actor):
        require(registry, by, Capacity.REGISTRY)
    with work_on(registry, dispute_id) as work:
        if isinstance(by, Actor):
            admit(work.session, by, Capacity.REGISTRY)
            by = Reader.of_actor(registry, by)
        note(registry, work.session, by, Access("see", "dispute", dispute_id, "dispute"))
        return look(work)


def is_draft(registry: Registry, dispute_id: str) -> bool:
    """Whether a dispute is still a draft. Raises `UsageFault` `dispute-unknown`."""
    with registry.store.reading() as session:
        return find_dispute(session, dispute_id).state == DRAFT


def look(work: DisputeThread) -> Shown:
    """An opened dispute as its own use cases see it; nobody is shown it."""
    return _draft(work) if work.dispute.state == DRAFT else _opened(work)


def list_disputes(root: Path) -> list[Line]:
    """All disputes of a state folder, without what lies sealed; needs neither keys nor the writer's lock."""
    paths, instance = read_instance(root)
    with closing(open_store_read_only(instance.store_url(paths))) as store, store.reading() as session:
        return listed(session)


def listed(session: Session) -> list[Line]:
    """All disputes, oldest first, without what lies sealed."""
    return [
        Line(
            id=row.id,
            state=row.state,
            kind=row.kind,
            opener=row.opener,
            subjects=_count(session, DisputeSubject, row.id),
            items=_count(session, EvidenceItem, row.id),
            opened_at=row.opened_at,
            released_at=row.released_at,
        )
        for row in session.exec(select(Dispute).order_by(col(Dispute.id))).all()
    ]


def standing(registry: Registry, dispute_id: str, code: str, kid: bytes) -> Standing:
    """What the organisation `code` is that signed with its key `kid` (8 bytes).

    A party is known by its credit code or by the SM2 key the opening names. Whoever has no part in a dispute
    is told the same as if there were none: `UsageFault` `dispute-unknown`. Raises `DataFault`
    `dossier-destroyed` to who opened it.
    """
    with registry.store.reading() as session:
        row = session.get(Dispute, dispute_id)
        destroyed = row is not None and session.get_one(Dossier, row.dossier_id).wrapped_key is None
    # A draft is its opener's alone: a forum learns of a case once it is opened. Of a dispute whose dossier
    # was destroyed the registry itself knows no more than who opened it.
    if row is None or (row.opener != code and (row.state == DRAFT or destroyed)):
        raise _unknown(dispute_id)
    with work_on(registry, dispute_id) as work:
        if work.dispute.state == DRAFT:
            plan = parse_plan(work.read_draft()["plan"])
            forum, parties = plan.forum.code, plan.parties
        else:
            forum, parties = _named(work)
        point = public_key(work.session, code, kid, work.now).point
        found = Standing(
            opener=work.dispute.opener == code,
            party=any(party.code == code or party.key == point for party in parties),
            forum=forum == code,
        )
    if not (found.opener or found.party or found.forum):
        raise _unknown(dispute_id)
    return found


def opening_of(work: DisputeThread) -> Opening:
    """The opening as it was recorded. The dispute is no draft. Raises `UsageFault` `dispute-unstated`."""
    assert work.dispute.head is not None
    events = thread(work.session, work.dispute.head)
    return _read_opening(work, opening_in(events))


def _named(work: DisputeThread) -> tuple[str, tuple[Disputant, ...]]:
    """Credit code of the forum, and the parties; until the forum has handed them in, it alone is known."""
    try:
        opening = opening_of(work)
    except UsageFault as fault:
        if fault.code != "dispute-unstated":
            raise
        return work.dispute.opener, ()
    return opening.forum.code, opening.parties


def _unknown(dispute_id: str) -> UsageFault:
    return UsageFault(
        f"there is no dispute {dispute_id}",
        code="dispute-unknown",
        hint="Check its reference; only its forum and its parties are told of it.",
    )


def _count(session: Session, table: type[DisputeSubject | EvidenceItem], dispute_id: str) -> int:
    return len(session.exec(select(table).where(table.dispute_id == dispute_id)).all())


def _draft(work: DisputeThread) -> Shown:
    value = work.read_draft()
    plan = parse_plan(value["plan"])
    items = (parse_item(item) for item in value["items"])
    return Shown(
        id=work.dispute.id,
        subject=work.dispute.subject,
        state=DRAFT,
        kind=plan.kind,
        opener=work.dispute.opener,
        forum=plan.forum,
        number=plan.number,
        parties=plan.parties,
        subjects=(),
        items=tuple(ShownItem(number, None, item, None) for number, item in enumerate(items, 1)),
        opened_at=None,
        opening=None,
        release=None,
    )


def _opened(work: DisputeThread) -> Shown:
    assert work.dispute.head is not None  # no draft
    events = thread(work.session, work.dispute.head)
    stated = next((event for event in events if event.type == "dispute.opened"), None)
    if stated is None:
        leaf, opening = _unstated(work)
    else:
        leaf, opening = stated.leaf_hash, _read_opening(work, stated)
    ends = [event for event in events if event.type == "dispute.released"]
    query = select(DisputeSubject).where(DisputeSubject.dispute_id == work.dispute.id)
    held = work.session.exec(query.order_by(col(DisputeSubject.kind), col(DisputeSubject.subject))).all()
    return Shown(
        id=work.dispute.id,
        subject=work.dispute.subject,
        state=work.dispute.state,
        kind=opening.kind,
        opener=work.dispute.opener,
        forum=opening.forum,
        number=opening.number,
        parties=opening.parties,
        subjects=tuple((entry.kind, entry.subject) for entry in held),
        items=_items(work, events),
        opened_at=opening.opened_at,
        opening=leaf,
        release=parse_release(_body(work, ends[0])) if ends else None,
        prepared=_prepared(work),
    )


def _unstated(work: DisputeThread) -> tuple[bytes, Opening]:
    """What the chain tells of an opening that its forum has not handed in: nobody's name but its own."""
    subject = work.dispute.subject
    found = work.registry.client.dispute(subject)
    assert found is not None  # it was found there
    held = work.registry.client.subjects(subject)
    accounts = work.registry.client.parties(subject)
    who = find_organisation(work.session, work.dispute.opener)
    opening = Opening(
        dispute=subject,
        forum=Party(who.name, who.code),
        number=UNSTATED,
        kind=work.dispute.kind,
        opened_by=found.opened_by,
        parties=tuple(Disputant(UNSTATED, None, account, None) for account in accounts),
        subjects=Subjects(held.records, held.cases, held.consents),
        opened_at=found.opened_at,
        evidence_root=None,
    )
    return found.statement, opening


def _prepared(work: DisputeThread) -> tuple[tuple[bytes, Release], ...]:
    if work.dispute.draft is None:
        return ()
    drafts = work.read_draft().values()
    return tuple(
        (bytes.fromhex(draft["row"]["leaf_hash"]), parse_release(draft["release"])) for draft in drafts
    )


def _items(work: DisputeThread, events: Sequence[Event]) -> tuple[ShownItem, ...]:
    given = {event.leaf_hash: event for event in events}
    return tuple(
        ShownItem(row.number + 1, row.leaf, parse_item(_body(work, given[row.leaf])), given[row.leaf].at)
        for row in work.items()
    )


def _read_opening(work: DisputeThread, event: Event) -> Opening:
    return parse_opening(_body(work, event))


def _body(work: DisputeThread, event: Event) -> object:
    return open_event(work.seal, event.sealed, event.leaf_hash)[0]
