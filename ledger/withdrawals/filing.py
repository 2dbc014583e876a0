"""Receiving a withdrawal (R31): who may file it, what it takes, who then owes what until when (R32, R33).

Request and check stand in the log together: a withdrawal is as easy as consenting, and nothing is asked for
that consenting did not ask for. A guardian's is received alike, and verified with its proofs (`verifying`).
Its clocks start at receipt, on chain at the full hour before it (R49).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.consents.reading import OpenedConsent, require_controller
from yinzheng.ledger.people.acting import Actor, admit, require
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.consent import AgeGroup, Scope, age_group_of, is_in_term
from yinzheng.ledger.rules.extent import (
    Cut,
    Extent,
    Filing,
    Grant,
    InForce,
    Way,
    check_filing,
    check_guardian,
    check_identity,
    duties,
    owing,
    withdraw,
)
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.terms import InformationRoute
from yinzheng.ledger.rules.withdrawal import Move, State, begin
from yinzheng.ledger.store.models_consents import Withdrawal, WithdrawalRecipient
from yinzheng.ledger.withdrawals import calls
from yinzheng.ledger.withdrawals.claims import (
    Claim,
    DocumentClaim,
    ReceiptClaim,
    admitted,
    leave_pool,
    require_receipt,
)
from yinzheng.ledger.withdrawals.reach import reached
from yinzheng.ledger.withdrawals.verifying import confirm, verify
from yinzheng.ledger.withdrawals.work import EXEMPT, ConsentThread, open_thread
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats import withdrawal as bodies
from yinzheng.verifier.formats.withdrawal_steps import Verified

LONGEST_WAY = 22 * 3600
"""Seconds from a receipt elsewhere until it is filed here: the chain takes none that is over a day old."""

_BY = {
    Way.RECEIPT: (Move.REQUEST, Capacity.SUBJECT),
    Way.GUARDIAN: (Move.REQUEST, Capacity.SUBJECT),
    Way.COUNTER: (Move.FILE_AT_COUNTER, Capacity.REGISTRY),
    Way.CONTROLLER: (Move.FORWARD, Capacity.CONTROLLER),
}


@dataclass(frozen=True, slots=True)
class _Filed:
    """What was established before anything is written."""

    channel: Way
    claim: Claim
    officer: Actor | None
    controller: str
    received_at: int


def file(
    registry: Registry,
    subject: bytes,
    extent: Extent,
    *,
    channel: Way,
    claim: Claim,
    officer: Actor | None = None,
    controller: str | None = None,
    received_at: int | None = None,
) -> bytes:
    """Receive a withdrawal of the consent `subject`; gives its identifier, 32 bytes (S5.10).

    In what capacity it is filed follows from the channel. By `receipt` or by a `guardian` the claim is a
    receipt's; at a `counter` it is a document that the `officer` saw, through the `controller` (by its credit
    code) one that the controller saw. `received_at` is when it came, if it did not come here.

    A hold does not hinder it (R36). Raises `UsageFault`: as `admitted`; `withdrawal-claim` (the wrong kind of
    proof for this channel), `withdrawal-identity`, `withdrawal-guardian`, `withdrawal-controller`,
    `person-…`, `officer-needed`, `withdrawal-received`, `consent-expired`, `withdrawal-empty`,
    `withdrawal-not-in-force` (never granted, or withdrawn before).
    """
    with filed(
        registry,
        subject,
        extent,
        channel=channel,
        claim=claim,
        officer=officer,
        controller=controller,
        received_at=received_at,
    ) as work:
        return work.row.id


@contextmanager
def filed(
    registry: Registry,
    subject: bytes,
    extent: Extent,
    *,
    channel: Way,
    claim: Claim,
    officer: Actor | None = None,
    controller: str | None = None,
    received_at: int | None = None,
    by: Reader | None = None,
) -> Iterator[ConsentThread]:
    """Receive a withdrawal as `file`, and hand on its thread in the transaction that records it.

    `by` is the organisation that passes it on, for the access lines (R47); else it is the officer, or the
    holder of the receipt.
    """
    filing = _Filed(channel, claim, officer, controller or "", _received(received_at, registry.clock()))
    _before_opening(registry, subject, filing)
    with _opened(registry, subject, filing) as thread:
        checked_by = _check(thread, filing)
        confirmed = () if _guardian_acts(thread, filing) else _confirm(thread, filing, extent, checked_by)
        left = _left(extent, in_force(thread), confirmed)
        if left is None:
            work = confirmed[-1]
        else:
            work = _write(thread, filing, left, withdraw(in_force(thread), left), checked_by)
        own = by is None and officer is None
        reader = by or (Reader.of_bearer() if officer is None else Reader.of_actor(registry, officer))
        access = Access(
            "process",
            "withdrawal",
            work.row.id.hex(),
            "own" if own else "withdrawal",
            consent=subject,
            basis="own" if own else "registration",
        )
        note(registry, thread.session, reader, access)
        yield work


def _before_opening(registry: Registry, subject: bytes, filed: _Filed) -> None:
    """Take the consent out of the pool, but for nobody who may not: strangers shall not part the company."""
    if isinstance(filed.claim, ReceiptClaim):
        require_receipt(registry, subject, filed.claim)
    elif filed.channel is Way.CONTROLLER:
        with registry.store.reading() as session:
            require_controller(session, subject, filed.controller)
    elif filed.officer is not None:
        require(registry, filed.officer, Capacity.REGISTRY)
    leave_pool(registry, subject)


@contextmanager
def _opened(registry: Registry, subject: bytes, filed: _Filed) -> Iterator[ConsentThread]:
    """The thread, opened once: to its receipt's holder, or for who saw a document."""
    claim = filed.claim
    if isinstance(claim, ReceiptClaim) and filed.channel in (Way.RECEIPT, Way.GUARDIAN):
        with admitted(registry, subject, claim, signed=True) as thread:
            yield thread
    else:
        with registry.store.transaction() as session:
            yield open_thread(registry, session, subject)


def in_force(thread: ConsentThread) -> InForce:
    """What of a consent holds after everything that was taken back."""
    return _in_force(bodies.remaining(thread.opened.consent, thread.requests()))


def _received(given: int | None, now: int) -> int:
    received = now if given is None else given
    if not now - LONGEST_WAY <= received <= now:
        raise UsageFault(
            "A withdrawal is filed within 22 hours of its receipt, and not before it.",
            code="withdrawal-received",
            hint="Receive it anew and say in writing why it was late: its clock has been running (R35).",
        )
    return received


def _check(thread: ConsentThread, filed: _Filed) -> str:
    """Check that who files may; gives the credit code of who checked it."""
    claim, opened = filed.claim, thread.opened
    at_counter = filed.channel in (Way.COUNTER, Way.CONTROLLER)
    if isinstance(claim, DocumentClaim) != at_counter:
        raise UsageFault(
            "A receipt is shown by who withdraws; at a counter a document is looked at.",
            code="withdrawal-claim",
        )
    if isinstance(claim, DocumentClaim):
        check_identity(claim.document)
        if claim.guardian:
            check_guardian(opened.consent, thread.now)
    if filed.channel is Way.COUNTER:
        if filed.officer is None:
            raise UsageFault("An officer looks at the document.", code="officer-needed")
        admit(thread.session, filed.officer, Capacity.REGISTRY)
    filing = Filing(filed.channel, isinstance(claim, ReceiptClaim), at_counter, filed.controller)
    check_filing(filing, opened.consent, thread.now)
    if not is_in_term(opened.consent, thread.now):
        raise UsageFault(
            "This consent ended by itself: there is nothing left to take back.",
            code="consent-expired",
            hint="What may be done with the data after its end is a matter of retention, not of consent.",
        )
    controller = filed.channel is Way.CONTROLLER
    return opened.consent.controller.code if controller else thread.registry.instance.registry_code


def _write(thread: ConsentThread, filed: _Filed, extent: Extent, cut: Cut, checked_by: str) -> ConsentThread:
    requested = _request(thread, filed, extent, cut)
    move, by = _BY[filed.channel]
    rule, _ = begin(
        thread.situation,
        move,
        by,
        requested.chain_received_at,
        minor=requested.minor,
        genetic=requested.genetic,
        controller=requested.controller,
        owing=owing(cut),
    )
    work = _entered(thread, requested)
    leaf = work.say(rule, requested)
    if not _guardian_acts(thread, filed):
        verify(work, _verified(filed, requested, checked_by))
    work.ask(
        calls.OPENING,
        thread.registry.client.open_withdrawal(
            work.row.id,
            work.row.consent,
            work.row.received_at,
            leaf,
            requested.owing.values(),
            minor=requested.minor,
        ),
    )
    if filed.channel is Way.CONTROLLER:  # who brings it knows of it
        reached(work.session, work.row.id, work.row.controller, work.now)
    return work


def _confirm(
    thread: ConsentThread, filed: _Filed, extent: Extent, checked_by: str
) -> tuple[ConsentThread, ...]:
    return confirm(thread, extent, lambda request: _verified(filed, request, checked_by))


def _left(extent: Extent, left: InForce, confirmed: Sequence[ConsentThread]) -> Extent | None:
    """What of `extent` is still to be taken, where `confirmed` took some of it before; None if nothing is."""
    taken = [work.request[1].taken for work in confirmed]
    if not taken:
        return extent
    if extent.everything:
        return extent if left.scopes or left.grants else None
    codes = {grant.code for grant in left.grants}
    gone = {grant.code for one in taken for grant in one.grants} - codes
    scopes = extent.scopes - {Scope(scope) for one in taken for scope in one.scopes}
    recipients = extent.recipients - gone
    return Extent(False, scopes, recipients) if scopes or recipients else None


def _guardian_acts(thread: ConsentThread, filed: _Filed) -> bool:
    """Whether a guardian files it, who has to prove that first, while the clocks run (R33).

    Up to and including 14 it is the guardian who acts, whatever the form says (R29).
    """
    if age_group_of(thread.opened.consent, thread.now) is AgeGroup.UP_TO_14:
        return True
    if isinstance(filed.claim, DocumentClaim):
        return filed.claim.guardian
    return filed.channel is Way.GUARDIAN


def _entered(thread: ConsentThread, requested: bodies.Requested) -> ConsentThread:
    """The rows of a new withdrawal, and the thread for its steps."""
    row = Withdrawal(
        id=requested.withdrawal,
        consent=thread.subject,
        serial=requested.serial,
        notice_id=thread.opened.row.notice_id,
        controller=requested.controller,
        state=State.NEW.value,
        minor=requested.minor,
        genetic=requested.genetic,
        received_at=requested.chain_received_at,
    )
    thread.session.add(row)
    thread.session.flush()  # the rows below refer to it
    recipients = {duty.code: _recipient(requested, duty) for duty in requested.recipients}
    thread.session.add_all(recipients.values())
    return thread.about(row, recipients)


def _request(thread: ConsentThread, filed: _Filed, extent: Extent, cut: Cut) -> bodies.Requested:
    opened, serial = thread.opened, len(thread.requests()) + 1
    minor = age_group_of(opened.consent, filed.received_at).is_minor
    destroy_by, freeze_by = bodies.deadlines(filed.received_at, minor=minor)
    return bodies.Requested(
        consent=opened.granted.statement.leaf_hash,
        withdrawal=thread.subject if serial == 1 else secrets.token_bytes(32),
        serial=serial,
        channel=filed.channel.value,
        extent=_extent(extent),
        taken=_portion(cut.taken),
        remains=_portion(cut.remains),
        minor=minor,
        genetic=opened.consent.genetic,
        received_at=filed.received_at,
        destroy_by=destroy_by,
        freeze_by=freeze_by,
        recipients=_duties(opened, cut),
    )


def _duties(opened: OpenedConsent, cut: Cut) -> tuple[bodies.Duty, ...]:
    """Who owes what. A controller that is its own recipient clears its links, and with them its copies."""
    controller = opened.consent.controller
    names = {answer.code: answer.name for answer in opened.consent.recipients}
    found = {
        duty.code: bodies.Duty(duty.code, names[duty.code], "destroy", secrets.token_bytes(32))
        if duty.owes_receipt
        else bodies.Duty(duty.code, names[duty.code], EXEMPT, None)
        for duty in duties(cut)
    }
    found[controller.code] = bodies.Duty(
        controller.code, controller.name, "clear_links", secrets.token_bytes(32)
    )
    return tuple(found[code] for code in sorted(found))


def _verified(filed: _Filed, requested: bodies.Requested, checked_by: str) -> Verified:
    claim = filed.claim
    document = claim.document if isinstance(claim, DocumentClaim) else None
    return Verified(
        withdrawal=requested.withdrawal,
        way="receipt" if document is None else "document",
        document=document,
        acting="subject",
        guardian=None,
        checked_by=checked_by,
        checked_at=filed.received_at,
    )


def _recipient(requested: bodies.Requested, duty: bodies.Duty) -> WithdrawalRecipient:
    return WithdrawalRecipient(
        withdrawal_id=requested.withdrawal, code=duty.code, name=duty.on_chain or b"", duty=duty.duty
    )


def _portion(part: InForce) -> bodies.Portion:
    grants = (bodies.Grant(g.code, g.scope.value, g.route.value) for g in part.grants)
    return bodies.portion((scope.value for scope in part.scopes), grants)


def _in_force(part: bodies.Portion) -> InForce:
    grants = frozenset(Grant(g.code, Scope(g.scope), InformationRoute(g.route)) for g in part.grants)
    return InForce(frozenset(map(Scope, part.scopes)), grants)


def _extent(extent: Extent) -> bodies.Extent:
    scopes = tuple(sorted(scope.value for scope in extent.scopes))
    return bodies.Extent(extent.everything, scopes, tuple(sorted(extent.recipients)))
