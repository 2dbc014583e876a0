"""Who holds the data a dispute is about is told that it is held, and when it no longer is (S11.4).

Each organisation learns of its own subjects alone: the controllers of consents, the holders of certificates,
who applied for what is registered or under way, and the parties of moves. A notice names the dispute by its
identifier on chain, and neither forum nor parties.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import select

from yinzheng.ledger.cases.asked import body_of
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.disputes.work import DisputeThread
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.notify.queue import queue
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.states import State
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate
from yinzheng.ledger.store.models_consents import Consent, Notice, Withdrawal
from yinzheng.ledger.store.models_disputes import DisputeSubject
from yinzheng.ledger.store.models_moves import MoveParty
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault

HOLD: Final = "dispute.hold"
RELEASED: Final = "dispute.released"

_LISTS: Final = {"record": "records", "case": "cases", "consent": "consents"}


def tell(work: DisputeThread, kind: str, statement: bytes) -> None:
    """Queue the notices of a hold or its end, in the transaction of the decision."""
    work.session.flush()
    query = select(DisputeSubject).where(DisputeSubject.dispute_id == work.dispute.id)
    concerned: dict[str, dict[str, list[str]]] = {}
    for entry in work.session.exec(query).all():
        for code in keepers(work, entry):
            lists = concerned.setdefault(code, {name: [] for name in _LISTS.values()})
            lists[_LISTS[entry.kind]].append(entry.subject.hex())
    for code, lists in sorted(concerned.items()):
        data: dict[str, JSON] = {"dispute": work.dispute.subject.hex(), "statement": statement.hex()}
        data |= {name: [*sorted(subjects)] for name, subjects in lists.items()}
        queue(work.session, code, kind, data, work.now)


def keepers(work: DisputeThread, entry: DisputeSubject) -> set[str]:
    """Credit codes of who answers for a subject; none where nobody can be told any more."""
    session = work.session
    if entry.kind == "consent":
        withdrawal = session.get(Withdrawal, entry.subject)
        consent = session.get(Consent, entry.subject if withdrawal is None else withdrawal.consent)
        return set() if consent is None else {session.get_one(Notice, consent.notice_id).controller}
    if entry.kind == "record":
        certificate = session.exec(select(Certificate).where(Certificate.subject == entry.subject)).one()
        holders = {holder.code for holder in body_of(session, certificate.number).holders}
        return holders | _asked(work, session.get_one(Case, certificate.case_id))
    return _asked(work, session.exec(select(Case).where(Case.subject == entry.subject)).one())


def _asked(work: DisputeThread, case: Case) -> set[str]:
    """Who applied; of a move its parties while it is under way: what came of it is its holders'."""
    if case.type == CaseType.FIRST.value:
        applicant = _applicant(work, case)
        return set() if applicant is None else {applicant}
    if case.state == State.DEPOSITED:
        return set()
    return {*work.session.exec(select(MoveParty.organisation).where(MoveParty.case_id == case.id))}


def _applicant(work: DisputeThread, case: Case) -> str | None:
    try:
        seal = SealedValue(dossier_key(work.registry, work.session, case.dossier_id))
    except DataFault:
        return None  # its dossier was erased; nothing is left to be kept
    received = repository.events_of_case(work.session, case.id)[0]
    body, _ = open_event(seal, received.sealed, received.leaf_hash)
    match body:
        case {"application": {"applicant": {"code": str(code)}}}:
            return code
    return None
