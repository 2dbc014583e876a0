"""A dispute that a forum opened, or ended, by telling the contracts itself (R37, R39, S24.4).

What the chain has holds, whatever is known of it here: the dispute is one of ours from then on, with its
subjects, and evidence is preserved for it. Forum, number and parties are the forum's to hand in, and are
taken in only if they are what the chain was told.
"""

from __future__ import annotations

import secrets
from typing import Any

from sqlmodel import Session, select

from yinzheng.ledger.cases.intake import DOSSIER_ID_BYTES, DOSSIER_KEY_BYTES
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.chain.announced import Announced
from yinzheng.ledger.chain.records import DisputeState
from yinzheng.ledger.disputes.hold_notices import HOLD, tell
from yinzheng.ledger.disputes.hold_notices import RELEASED as TOLD_RELEASED
from yinzheng.ledger.disputes.opening import enter_prepared
from yinzheng.ledger.disputes.work import (
    DRAFT,
    DisputeThread,
    dispute_thread,
    enter_subjects,
    next_reference,
    work_on,
)
from yinzheng.ledger.flow.recording import Occurrence, Recorded, compose, record
from yinzheng.ledger.organisations.whose import whose
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.disputes import State
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Dossier
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.dispute import Opening, Release, Subjects
from yinzheng.verifier.formats.dispute_paper import DisputePaper


def follow_opening(registry: Registry, session: Session, one: Announced, at: int) -> None:
    """Have the dispute that was found, opened in a block of `at`; nothing where nobody could work on it.

    That is so of one whose opener is not enrolled here, that brought evidence of which only the root is
    known, or whose identifier or statement is another's here. One that was prepared here is opened by it.
    """
    now = registry.clock()
    known = session.exec(select(Dispute).where(Dispute.subject == one.about)).first()
    if known is not None:
        if known.state == DRAFT:
            key = dossier_key(registry, session, known.dossier_id)
            enter_prepared(dispute_thread(registry, session, known, key, now), one.name)
        return
    who = whose(session, bytes.fromhex(one.arguments["openedBy"][2:]))
    found = registry.client.dispute(one.about)
    taken = repository.event_by_leaf(session, one.name)
    if who is None or found is None or found.roots or taken is not None:
        return
    dossier, key = secrets.token_bytes(DOSSIER_ID_BYTES), secrets.token_bytes(DOSSIER_KEY_BYTES)
    session.add(Dossier(id=dossier, wrapped_key=registry.keys.wrapper().wrap(key, dossier), created_at=now))
    session.flush()
    dispute = Dispute(
        id=next_reference(session, now),
        subject=one.about,
        state=State.OPEN.value,
        kind="forum",
        opener=who.code,
        dossier_id=dossier,
        head=one.name,
        created_at=now,
        opened_at=at,
    )
    session.add(dispute)
    session.flush()
    work = dispute_thread(registry, session, dispute, key, now)
    held = one.arguments["subjects"]
    enter_subjects(
        work, Subjects(*(tuple(map(bytes, held[name])) for name in ("records", "cases", "consents")))
    )
    tell(work, HOLD, one.name)


def follow_release(registry: Registry, session: Session, one: Announced, at: int) -> None:
    """End the dispute whose release was found, in a block of `at`; the next round lets go on what waited."""
    dispute = session.exec(select(Dispute).where(Dispute.subject == one.about)).first()
    if dispute is None or dispute.state != State.OPEN.value:
        return
    dispute.state, dispute.released_at, dispute.draft = State.RELEASED.value, at, None
    session.add(dispute)
    key = dossier_key(registry, session, dispute.dossier_id)
    tell(dispute_thread(registry, session, dispute, key, registry.clock()), TOLD_RELEASED, one.name)


def take_in(registry: Registry, paper: DisputePaper) -> str:
    """Take in what a forum told the contracts itself; gives the dispute's reference. Again, nothing happens.

    Raises `UsageFault` `dispute-unknown` (nothing of it was found on the chain yet); `DataFault`
    `paper-differs` (the chain was told something else), `paper-moved` (a release that follows another
    statement than the dispute's last: evidence was added after it was made), `dossier-destroyed`.
    """
    leaf = paper.statement.leaf_hash
    with registry.store.reading() as session:
        row = session.exec(select(Dispute).where(Dispute.subject == paper.body.dispute)).first()
    if row is None:
        raise UsageFault(
            "no dispute of that identifier was found on the chain",
            code="dispute-unknown",
            hint="It is found once its block is final: hand it in again then.",
        )
    with work_on(registry, row.id) as work:
        if repository.event_by_leaf(work.session, leaf) is not None:
            return row.id
        _require_told(registry, paper)
        if isinstance(paper.body, Release):
            if paper.statement.prev != work.head:
                raise DataFault(
                    "this release follows another statement than the dispute's last",
                    code="paper-moved",
                    hint="The dispute is released all the same; keep the file, which proves the document.",
                )
            work.move_on(leaf)
        record(work.session, [_again(paper, work)])
        return row.id


def _again(paper: DisputePaper, work: DisputeThread) -> Recorded:
    """The row of the forum's own statement, its body sealed here."""
    statement = paper.statement
    happened = Occurrence(
        type=statement.type,
        profile=statement.profile,
        subject=statement.subject,
        at=statement.at,
        by=statement.by,
        body=paper.body.to_json(),
        prev=statement.prev,
    )
    made = compose(happened, work.seal, now=work.now, random=lambda _: paper.secret)
    assert made.statement == statement  # of the same fields, under the same secret
    return made


def _require_told(registry: Registry, paper: DisputePaper) -> None:
    """The chain has exactly this statement, by exactly these accounts, on exactly these subjects."""
    case_id, leaf = paper.body.dispute, paper.statement.leaf_hash
    found = registry.client.dispute(case_id)
    told: tuple[Any, ...] = ()
    said: tuple[Any, ...]
    if isinstance(paper.body, Opening):
        body = paper.body
        said = (leaf, body.opened_by, tuple(one.account for one in body.parties), body.subjects)
        if found is not None:
            held = registry.client.subjects(case_id)
            lists = Subjects(held.records, held.cases, held.consents)
            told = (found.statement, found.opened_by, registry.client.parties(case_id), lists)
    else:
        said = (leaf, paper.body.signers[0])
        if found is not None and found.state is DisputeState.RELEASED:
            told = (found.outcome, found.released_by)
    if said != told:
        raise DataFault(
            "the chain was told something else than this paper says",
            code="paper-differs",
            hint="Hand in the very file that was written when the contracts were told.",
        )
