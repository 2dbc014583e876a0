"""Issuing: numbers, final bodies, the approvals over them, and what follows (R9, R13, R14, D5, D16).

The registry's `issue` allocates the numbers and fixes the bodies; everyone signs the message that follows
from them, so what was approved and what is deposited cannot differ (docs/adr/0004, 0047). With the last
approval that is needed, the statements are recorded together with the call; nothing remains to be decided
after that. Until then a person's approval counts only while who gave it may act (R47).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.cases.asked import request_of
from yinzheng.ledger.cases.bearing import require_grantable, use_up
from yinzheng.ledger.cases.deciders import Prepared, Signer, record_of
from yinzheng.ledger.cases.handing_out import content_for
from yinzheng.ledger.cases.numbering import running_out
from yinzheng.ledger.cases.preparing import prepare
from yinzheng.ledger.cases.standing_drafts import keep_drafts, state_drafts
from yinzheng.ledger.cases.work import CaseThread, approve, work_on
from yinzheng.ledger.chain.approvals import digest, recover
from yinzheng.ledger.disputes.work import holds_on
from yinzheng.ledger.notify.queue import queue_recorded
from yinzheng.ledger.people.acting import Actor, gone
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.disputes import Act, check_hold
from yinzheng.ledger.rules.states import Capacity, Move, Rule, State, before_issuing
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.ledger.store.models import Approval, Person
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log.statement import CERTIFICATE_DEPOSITED, certificate_subject

DRAFT_SECONDS: Final = 86_400 - 600
"""How long approvals may be collected: the contract refuses dates a day old (S5.8); ten minutes spare."""

_OFFICIALS: Final = (Capacity.REGISTRY, Capacity.COMMITTEE)


@dataclass(frozen=True, slots=True)
class Issued:
    """Where issuing stands: the numbers, who still has to approve, whether numbers run short (R14)."""

    numbers: tuple[str, ...]
    """Of certificates, or of a licence; of an end, none."""
    missing: tuple[str, ...]
    """Capacities, an organisation's with its credit code."""
    running_out: bool = False
    by_letter: tuple[str, ...] = ()
    """Credit codes of holders to be told of it otherwise, for they are not enrolled (R7)."""

    @property
    def number(self) -> str:
        """The first of the numbers; empty if there is none."""
        return next(iter(self.numbers), "")


def issue(registry: Registry, case_id: str, by: Actor) -> Issued:
    """Approve what a case is decided by as `by`; with the last approval it is recorded.

    Raises `UsageFault`: `move-…` (publicity running, objection open, wrong capacity), `approval-twice`,
    `held-waits` (a dispute holds the case, R38), and of a move as `require_grantable`;
    `DataFault` from the contracts' simulation. Nothing is written then.
    """
    with work_on(registry, case_id) as work:
        _require_unheld(work)
        begun = _begin(work, by)
        prepared = prepare(work)
        keep_drafts(work, prepared)
        capacity = Capacity(by.capacity)  # whom the table let issue or cosign
        _forget(work, prepared)
        if any(signer.capacity is capacity for signer in prepared.signers):
            _refuse_second(work, by.person, capacity)
            told = content_for(work, prepared)
            approve(work, prepared.message, _kind(work), by, capacity, told, prepared.domain)
        return _continue(work, prepared, begun and running_out(work))


def sign(registry: Registry, case_id: str, code: str, signature: bytes) -> Issued:
    """Take the signature (65 bytes) of an organisation's account under what is prepared.

    It replaces an earlier one of the same organisation. Nothing is written where it is refused.

    Raises `UsageFault`: `nothing-prepared`, `approval-stranger`, `approval-order`, `approval-account` (it has
    none that signs now), `approval-settles` (an exchange's, which reports instead: `trades/settling.py`),
    `held-waits`, and as `require_grantable`; `DataFault`: `approval-malformed`,
    `signer-not-holder`; and what the contracts say.
    """
    with work_on(registry, case_id) as work:
        return sign_in(work, code, signature, settles=False)


def sign_in(work: CaseThread, code: str, signature: bytes, *, settles: bool = True) -> Issued:
    """The same in the caller's transaction; `settles`: an exchange's, whose contract was compared (S20.6)."""
    _require_unheld(work)
    prepared = standing(work)
    signer = _signer_of(prepared, code, signature)
    if signer.capacity is Capacity.EXCHANGE and not settles:
        raise UsageFault(
            "an exchange signs by its report on the trade, which names the contract",
            code="approval-settles",
            hint="Report it: `yinzheng org trade settle`. Nothing was recorded.",
        )
    work.allow(Move.SIGN, signer.capacity)
    _forget(work, prepared)
    if any(one.capacity in _OFFICIALS for one in _missing(work, prepared)):
        raise UsageFault(
            "the registry and its committee approve first",
            code="approval-order",
            hint="Wait until it is prepared and approved there.",
        )
    earlier = select(Approval).where(Approval.case_id == work.case.id, Approval.organisation == code)
    for row in work.session.exec(earlier):
        work.session.delete(row)
    work.session.flush()
    work.session.add(
        Approval(
            case_id=work.case.id,
            kind=_kind(work),
            digest=digest(prepared.message, prepared.domain),
            organisation=code,
            address=signer.account,
            signature=signature,
            at=work.now,
        )
    )
    return _continue(work, prepared, False)


def standing(work: CaseThread) -> Prepared:
    """What is prepared and may still be signed.

    Raises `UsageFault`: `nothing-prepared`, and as `require_grantable`.
    """
    if work.situation.state is not State.ISSUING or not _fresh(work):
        raise UsageFault(
            "nothing of this case is prepared to be signed, or it is over a day old",
            code="nothing-prepared",
            hint="An officer of the registry prepares it: `yinzheng issue`.",
        )
    _require_grantable(work)
    return prepare(work)


def missing_of(work: CaseThread, prepared: Prepared) -> tuple[str, ...]:
    """Who is still to approve what is prepared."""
    return tuple(signer.name for signer in _missing(work, prepared))


def _begin(work: CaseThread, by: Actor) -> bool:
    """Let issuing begin, or go on with a draft that is fresh; tells whether it begins."""
    if work.situation.state is State.ISSUING:
        if _fresh(work):
            if work.capacity(by) is not Capacity.REGISTRY:
                work.allow(Move.COSIGN, by)
            _require_grantable(work)
            return False
        work.move_to(before_issuing(work.kind, Procedure(work.case.procedure)))
    rule = work.allow(Move.ISSUE, by)
    _require_grantable(work)
    for row in _approvals(work):
        work.session.delete(row)
    work.case.prepared_at = work.now
    work.move_to(rule.to)
    return True


def _fresh(work: CaseThread) -> bool:
    at = work.case.prepared_at
    return at is not None and work.now - at <= DRAFT_SECONDS


_ACTS: Final = {kind: Act(kind.value) for kind in CaseType if kind.value in {*Act}}
"""What a case does, as who has to wait is told."""


def _require_unheld(work: CaseThread) -> None:
    """Nothing is decided while a dispute holds the case, or the certificate it is about (R38)."""
    held = [work.case.subject]
    if work.case.certificate is not None and work.kind is not CaseType.LICENCE_END:
        held.append(certificate_subject(work.case.certificate))
    check_hold(_ACTS.get(work.kind, Act.DEPOSIT), sum(holds_on(work.session, subject) for subject in held))


def _require_grantable(work: CaseThread) -> None:
    if work.kind is not CaseType.FIRST:
        request = request_of(work).request
        require_grantable(work.session, work.registry.client, request, work.now)


def _signer_of(prepared: Prepared, code: str, signature: bytes) -> Signer:
    """The signer that an organisation is, whose account made the signature."""
    found = next((one for one in prepared.signers if one.code == code), None)
    signed = recover(prepared.message, prepared.domain, signature)
    if found is None:
        found = next((one for one in prepared.signers if one.account == signed and not one.code), None)
    if found is None:
        raise UsageFault(
            f"{code} has nothing to sign here", code="approval-stranger", hint="Check the case's reference."
        )
    if not found.account:
        raise UsageFault(
            f"{code} has no account that signs now",
            code="approval-account",
            hint="A lost one is replaced first: `yinzheng holder key rotate`.",
        )
    if signed != found.account:
        raise DataFault(
            "the organisation's current account did not sign this, but something else or somebody else",
            code="signer-not-holder",
            hint="Make the signature anew from what is prepared now: `yinzheng holder sign`.",
        )
    return found


def _kind(work: CaseThread) -> str:
    return "deposit" if work.kind is CaseType.FIRST else "move"


def _approvals(work: CaseThread) -> list[Approval]:
    query = select(Approval).where(Approval.case_id == work.case.id, Approval.kind == _kind(work))
    return list(work.session.exec(query.order_by(col(Approval.id))).all())


def _forget(work: CaseThread, prepared: Prepared) -> None:
    """Take back the approvals of those who act no more (ADR 42), and of what reads otherwise by now."""
    given, due = _approvals(work), digest(prepared.message, prepared.domain)
    left = gone(work.session, (row.person for row in given if row.person is not None))
    for row in given:
        if row.person in left or row.digest != due:
            work.session.delete(row)
    work.session.flush()


def _refuse_second(work: CaseThread, person: str, capacity: Capacity) -> None:
    """One approval a person and a capacity: a second of one capacity could never be deposited (S5.6)."""
    for row in _approvals(work):
        if row.person is None:
            continue
        given = _capacity(work.session, row.person)
        if row.person == person or given is capacity:
            raise UsageFault(
                f"{row.person} has approved this for the {given} already",
                code="approval-twice",
                hint="The registry's and the committee's approvals must come from two persons.",
            )


def _capacity(session: Session, person: str) -> Capacity:
    return Capacity(session.get_one(Person, person).role)


def _given(work: CaseThread, prepared: Prepared) -> dict[Signer, bytes]:
    """The signature of each signer that has given one."""
    found: dict[Signer, bytes] = {}
    for row in _approvals(work):
        for signer in prepared.signers:
            theirs = (
                _capacity(work.session, row.person) is signer.capacity
                if row.person is not None
                else signer.account == row.address and signer.capacity not in _OFFICIALS
            )
            if theirs:
                found[signer] = row.signature
    return found


def _missing(work: CaseThread, prepared: Prepared) -> tuple[Signer, ...]:
    given = _given(work, prepared)
    return tuple(signer for signer in prepared.signers if signer not in given)


def _continue(work: CaseThread, prepared: Prepared, short: bool) -> Issued:
    work.session.flush()
    missing = _missing(work, prepared)
    by_letter = () if missing else _complete(work, prepared)
    numbers = tuple(one.body.number for one in prepared.stated if hasattr(one.body, "holders"))
    if work.kind is CaseType.LICENCE:
        numbers = (prepared.decision.body.number,)
    return Issued(numbers, tuple(one.name for one in missing), short, by_letter)


def _complete(work: CaseThread, prepared: Prepared) -> tuple[str, ...]:
    """Write the statements that were approved, and the call; gives whom nobody has told of it."""
    given = _given(work, prepared)
    call = prepared.call([given[signer] for signer in prepared.signers])
    recorded, after = [], None
    for one in prepared.stated:
        after = work.compose(
            _rule(work, one.statement.type, one.statement.by),
            one.body.to_json(),
            after=after,
            subject=one.statement.subject,
            at=one.statement.at,
        )
        if after.leaf_hash != one.statement.leaf_hash:
            raise DataFault("the statement is not the one approved", code="statement-differs")
        recorded.append(after)
    binds = certificate_subject(work.case.certificate or "") if prepared.kind.binds else None
    work.call(prepared.kind, prepared.about, call, part=prepared.part, binds=binds)
    if any(signer.capacity is Capacity.EXCHANGE for signer in prepared.signers):
        use_up(work.session, work.case.certificate or "", record_of(work), bytes.fromhex(prepared.part))
    work.write(_rule(work, prepared.decision.statement.type, prepared.decision.statement.by), *recorded)
    work.session.flush()
    state_drafts(work, prepared)
    return queue_recorded(work.session, prepared.tell, work.case.certificate or "", recorded[-1], work.now)


def _rule(work: CaseThread, statement: str, by: str) -> Rule:
    """The line of the table that writes this statement."""
    follows = statement == CERTIFICATE_DEPOSITED and work.kind is not CaseType.FIRST
    return work.allow(Move.SUCCEED if follows else Move.DEPOSIT, Capacity(by))
