"""Opening a dispute (R37, R38): drafted, given its first evidence, prepared, signed, on the chain at once.

Who opens signs exactly what goes to the chain (S5.14), so the statements are composed first and kept, sealed,
until the signature comes. Only then is anything recorded, and held.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import Session, col, select

from yinzheng.ledger.cases.intake import DOSSIER_ID_BYTES, DOSSIER_KEY_BYTES, SUBJECT_BYTES
from yinzheng.ledger.chain.approvals import Opening as Decision
from yinzheng.ledger.chain.approvals import recover
from yinzheng.ledger.chain.contracts import FORUM
from yinzheng.ledger.chain.records import OpeningKind
from yinzheng.ledger.disputes import evidence
from yinzheng.ledger.disputes.calls import OPENING, by_statement
from yinzheng.ledger.disputes.evidence import Offered
from yinzheng.ledger.disputes.hold_notices import HOLD, tell
from yinzheng.ledger.disputes.plans import Concerned, Plan, parse_plan, require_impartial
from yinzheng.ledger.disputes.work import (
    DRAFT,
    DisputeThread,
    dispute_thread,
    enter_subjects,
    from_json,
    next_reference,
    to_json,
    work_on,
)
from yinzheng.ledger.flow.recording import Recorded
from yinzheng.ledger.flow.threads import find_organisation
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules import disputes as rules
from yinzheng.ledger.rules.disputes import Move, check_opening
from yinzheng.ledger.rules.events import DisputeStatement
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.states import State as CaseState
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate, Dossier
from yinzheng.ledger.store.models_consents import Consent, Withdrawal
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.dispute import Opening, Subjects, evidence_root, parse_opening

SIGN_WITHIN = 86_400
"""Seconds between preparing and signing; what the signer saw must not be old."""

MAX_DRAFTS = 8
"""Drafts of one opener at a time: nobody fills the disk with disputes that are never opened."""

MAX_DRAFT_ITEMS = 16 * 1024 * 1024
"""Canonical bytes of a draft's items together, their contents not counted; far more than people write."""

_MOVES = {"forum": (Move.OPEN, Capacity.FORUM), "party": (Move.OPEN_WITH_EVIDENCE, Capacity.PARTY)}
_KINDS = {"forum": OpeningKind.FORUM, "party": OpeningKind.PARTY}


def draft(registry: Registry, opener: str, plan: Plan) -> str:
    """Begin a dispute as the enrolled organisation `opener`; returns its reference. Nothing is held yet.

    Raises `UsageFault`: `organisation-unknown`, `organisation-role`, `drafts-too-many`, `dispute-opener`,
    `dispute-forum-is-party`, `dispute-…` (`check_opening`).
    """
    move, capacity = _MOVES[plan.kind]
    with registry.store.transaction() as session:
        organisation = find_organisation(session, opener)
        if capacity.value not in organisation.roles.split():
            raise UsageFault(
                f"this organisation is not enrolled as {capacity.value}",
                code="organisation-role",
                hint="An officer of the registry enrols it in that role.",
            )
        require_impartial(plan, opener)
        _require_few(session, opener)
        now = registry.clock()
        subjects = _find(session, plan.concerned)
        # Evidence may still come: one item is assumed until the draft is prepared.
        check_opening(_rules_case(plan, subjects, items=1, now=now), move, _all(subjects))
        dossier_id, key = secrets.token_bytes(DOSSIER_ID_BYTES), secrets.token_bytes(DOSSIER_KEY_BYTES)
        wrapped = registry.keys.wrapper().wrap(key, dossier_id)
        session.add(Dossier(id=dossier_id, wrapped_key=wrapped, created_at=now))
        session.flush()
        dispute = Dispute(
            id=next_reference(session, now),
            subject=secrets.token_bytes(SUBJECT_BYTES),
            state=DRAFT,
            kind=plan.kind,
            opener=opener,
            dossier_id=dossier_id,
            created_at=now,
        )
        work = dispute_thread(registry, session, dispute, key, now)
        work.keep_draft({"plan": plan.to_json(), "items": [], "prepared": None})
        return dispute.id


def add_to_draft(registry: Registry, dispute_id: str, offered: Sequence[Offered]) -> int:
    """Add items to a draft; returns how many it has now. Raises as `evidence.add_items`."""
    with work_on(registry, dispute_id) as work:
        value = _draft_of(work)
        first = evidence.require_room(len(value["items"]), len(offered))
        key, dossier = work.key, work.dispute.dossier_id
    kept = evidence.keep(registry, key, dossier, first, offered, registry.clock())
    try:
        with work_on(registry, dispute_id) as work:
            value = _draft_of(work)
            evidence.require_same(len(value["items"]), first)
            evidence.add_files(work, first, kept)
            items = [*value["items"], *(one.item.to_json() for one in kept)]
            _require_bounded(items)
            work.keep_draft({**value, "items": items, "prepared": None})
            return len(items)
    except BaseException:
        evidence.drop(registry, kept)
        raise


def prepare(registry: Registry, dispute_id: str, account: bytes) -> Decision:
    """Compose the opening that `account` (20 bytes) is to sign; repeated, it is composed anew.

    Raises `UsageFault`: `dispute-…`, `dispute-opener` (a party's opening by a stranger, or a forum's by a
    party, or by an account that is no forum on the chain).
    """
    with work_on(registry, dispute_id) as work:
        value = _draft_of(work)
        plan = parse_plan(value["plan"])
        subjects = _find(work.session, plan.concerned)
        move, capacity = _MOVES[plan.kind]
        rule = work.allow(move, capacity)
        check_opening(_rules_case(plan, subjects, len(value["items"]), work.now), move, _all(subjects))
        _require_opener(registry, plan, account)
        # The evidence that comes with an opening is its opener's.
        brought = replace(rule, statement=DisputeStatement.EVIDENCE)
        statements = evidence.compose_items(work, brought, value["items"])
        root = evidence_root([one.leaf_hash for one in statements]) if statements else None
        opening = Opening(
            dispute=work.dispute.subject,
            forum=plan.forum,
            number=plan.number,
            kind=plan.kind,
            opened_by=account,
            parties=tuple(sorted(plan.parties, key=lambda party: party.account)),
            subjects=subjects,
            opened_at=work.now,
            evidence_root=root,
        )
        parse_opening(opening.to_json())  # what could not be read back must not be signed
        opened = work.compose(rule, opening.to_json(), after=statements[-1] if statements else None)
        prepared: dict[str, JSON] = {
            "opening": opening.to_json(),
            "rows": [to_json(one) for one in (*statements, opened)],
            "at": work.now,
        }
        work.keep_draft({**value, "prepared": prepared})
        return _decision(opening, opened.leaf_hash)


def open_dispute(registry: Registry, dispute_id: str, signature: bytes) -> None:
    """Record the opening that was prepared, and hold its subjects: the call leaves with the next `settle`.

    Raises `UsageFault`: `dispute-unprepared`, `dispute-stale`, `dispute-opener` (signed by another account
    than it was prepared for), `dispute-moved` (what it concerns is not what it was); `DataFault`
    `approval-malformed`; what the contracts would refuse (`record-not-in`, `case-…`), before it is recorded.
    """
    with work_on(registry, dispute_id) as work:
        value = _draft_of(work)
        prepared = value["prepared"]
        if prepared is None:
            raise UsageFault(
                "the opening is not prepared",
                code="dispute-unprepared",
                hint="Prepare it, then sign what it says.",
            )
        if work.now - prepared["at"] > SIGN_WITHIN:
            raise UsageFault(
                "the opening was prepared over a day ago",
                code="dispute-stale",
                hint="Prepare and sign it anew.",
            )
        opening = parse_opening(prepared["opening"])
        if _find(work.session, parse_plan(value["plan"]).concerned) != opening.subjects:
            raise UsageFault(
                "what the dispute concerns changed after it was prepared",
                code="dispute-moved",
                hint="Prepare and sign it anew.",
            )
        rule = work.allow(*_MOVES[opening.kind])
        recorded = [from_json(row, work.dispute.subject, work.now) for row in prepared["rows"]]
        leaves = [one.leaf_hash for one in recorded]
        decision = _decision(opening, leaves[-1])
        if recover(decision, registry.client.preservation_domain, signature) != opening.opened_by:
            raise UsageFault(
                "the signature is not of the account the opening was prepared for",
                code="dispute-opener",
                hint="Sign the prepared message, unchanged, with the account it names.",
            )
        call = registry.client.open_dispute(decision, signature)
        # A dispute that the contracts refuse must not be in the log as if it held anything.
        work.call(OPENING, work.dispute.id, call, part=by_statement(opening.dispute, leaves[-1]))
        _enter(work, rule, opening, recorded)


def enter_prepared(work: DisputeThread, statement: bytes) -> bool:
    """Record the opening of a draft that its signer sent to the chain, naming the leaf hash `statement`.

    False, and nothing happens, where something else was prepared.
    """
    prepared = work.read_draft()["prepared"]
    if prepared is None or prepared["rows"][-1]["leaf_hash"] != statement.hex():
        return False
    opening = parse_opening(prepared["opening"])
    recorded = [from_json(row, work.dispute.subject, work.now) for row in prepared["rows"]]
    _enter(work, work.allow(*_MOVES[opening.kind]), opening, recorded)
    return True


def _enter(work: DisputeThread, rule: rules.Rule, opening: Opening, recorded: Sequence[Recorded]) -> None:
    leaves = [one.leaf_hash for one in recorded]
    work.write(rule, *recorded)
    evidence.list_items(work, 0, leaves[:-1], 0)
    enter_subjects(work, opening.subjects)
    work.dispute.opened_at = opening.opened_at
    work.keep_draft(None)
    tell(work, HOLD, leaves[-1])


def discard(registry: Registry, dispute_id: str) -> None:
    """Drop a draft with its evidence and its key. Raises `UsageFault` `dispute-opened`, `dispute-unknown`."""
    with work_on(registry, dispute_id) as work:
        _draft_of(work)
        dossier = work.session.get_one(Dossier, work.dispute.dossier_id)
        files = repository.files_of(work.session, dossier.id)
        blobs = [file.blob for file in files]
        for row in (*files, work.dispute):
            work.session.delete(row)
        work.session.flush()
        work.session.delete(dossier)
    for blob in blobs:
        registry.blobs.delete(blob)


def _require_few(session: Session, opener: str) -> None:
    query = select(Dispute.id).where(Dispute.opener == opener, Dispute.state == DRAFT)
    if len(session.exec(query).all()) >= MAX_DRAFTS:
        raise UsageFault(
            f"this organisation has {MAX_DRAFTS} drafts already",
            code="drafts-too-many",
            hint="Open them or discard them.",
        )


def _require_bounded(items: Sequence[JSON]) -> None:
    if sum(len(canonical.dumps(item)) for item in items) > MAX_DRAFT_ITEMS:
        raise UsageFault(
            "the descriptions of a draft's items are too long together",
            code="items-too-many",
            hint="Open the dispute, then add the rest.",
        )


def _draft_of(work: DisputeThread) -> dict[str, Any]:
    if work.dispute.state != DRAFT:
        raise UsageFault("this dispute was opened already", code="dispute-opened", hint="Add evidence to it.")
    return work.read_draft()


def _require_opener(registry: Registry, plan: Plan, account: bytes) -> None:
    party = any(account == one.account for one in plan.parties)
    if plan.kind == "party" and not party:
        raise UsageFault("who opens as a party is named as one", code="dispute-opener")
    if plan.kind == "forum" and (party or not registry.client.has_role(FORUM, account)):
        raise UsageFault(
            "this account is no forum on the chain, or a party to its own case",
            code="dispute-opener",
            hint="An officer enrols a forum with its account.",
        )


def _decision(opening: Opening, statement: bytes) -> Decision:
    return Decision(
        case_id=opening.dispute,
        root=opening.evidence_root or bytes(32),
        kind=_KINDS[opening.kind],
        parties=tuple(party.account for party in opening.parties),
        statement=statement,
        records=opening.subjects.records,
        cases=opening.subjects.cases,
        consents=opening.subjects.consents,
    )


def _find(session: Session, concerned: Concerned) -> Subjects:
    """The identifiers on chain of what is concerned; `UsageFault` `dispute-subject-unknown`."""
    records = [_record(session, number) for number in concerned.certificates]
    cases = [_case(session, reference) for reference in concerned.cases]
    consents = [entry for subject in concerned.consents for entry in _consent(session, subject)]
    return Subjects(*(tuple(sorted(set(entries))) for entries in (records, cases, consents)))


def _record(session: Session, number: str) -> bytes:
    certificate = session.get(Certificate, number)
    if certificate is None or certificate.state != "deposited":
        raise _unknown(f"certificate {number}")
    return certificate.subject


def _case(session: Session, reference: str) -> bytes:
    case = session.get(Case, reference)
    if case is None or case.state not in (CaseState.PUBLICITY, CaseState.ISSUING):
        raise _unknown(f"published case {reference}")
    return case.subject


def _consent(session: Session, subject: bytes) -> list[bytes]:
    """The consent and its later withdrawals that are not completed, which the chain knows by other names."""
    if session.get(Consent, subject) is None:
        raise _unknown("consent of that subject")
    query = select(Withdrawal.id).where(
        Withdrawal.consent == subject, Withdrawal.id != subject, col(Withdrawal.ended_at).is_(None)
    )
    return [subject, *session.exec(query).all()]


def _unknown(what: str) -> UsageFault:
    return UsageFault(
        f"there is no {what} here",
        code="dispute-subject-unknown",
        hint="A dispute concerns deposited certificates, published cases, and consents of this registry.",
    )


def _all(subjects: Subjects) -> frozenset[bytes]:
    return frozenset((*subjects.records, *subjects.cases, *subjects.consents))


def _rules_case(plan: Plan, subjects: Subjects, items: int, now: int) -> rules.Case:
    parties = tuple(rules.Party(party.name, party.account.hex()) for party in plan.parties)
    return rules.Case(plan.forum.name, plan.number, parties, _all(subjects), items, now)
