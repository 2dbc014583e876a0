"""A withdrawal verified, and everyone told in that moment (R35); what a guardian proves before it (R33).

A guardian's withdrawal is received as everyone's is, and its clocks run from then. It is verified once
someone has looked at identity, live face and guardianship, at a counter or as uploaded. Nobody can be told
before: a stranger with a child's receipt would have data destroyed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import bindparam

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.rules.extent import Extent
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.withdrawal import Move, State
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_consents import Withdrawal
from yinzheng.ledger.store.session import Objects
from yinzheng.ledger.withdrawals import duty_notices as notices
from yinzheng.ledger.withdrawals.uploads import forget
from yinzheng.ledger.withdrawals.work import ConsentThread
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.withdrawal import Portion, Requested
from yinzheng.verifier.formats.withdrawal_steps import GuardianProof, Notified, Verified

FRESH: Final = 24 * 3600
"""Seconds before receipt from when on a check counts: it is made for this withdrawal."""


def verify(work: ConsentThread, body: Verified) -> None:
    """Record who withdraws, and tell everyone concerned. Raises `UsageFault` `move-not-allowed`."""
    work.move(Move.VERIFY, Capacity.REGISTRY, body)
    told = notices.tell_everyone(work)
    genetic = work.row.genetic
    notified = Notified(work.row.id, told, genetic, work.now if genetic else None, work.now)
    work.move(Move.NOTIFY, Capacity.REGISTRY, notified, ethics_told=genetic)


def verify_guardian(
    work: ConsentThread, proof: GuardianProof, *, officer: Actor | None = None, org: str = ""
) -> None:
    """Record what a guardian proved, to an `officer` or to the controller `org` (its credit code).

    The same proof once more changes nothing. Raises `UsageFault`: `person-…`, `withdrawal-actor` (another
    controller), `guardian-proof-time` (a check yet to come, or made for something else), `move-not-allowed`
    (nobody waits for a guardian's proof here).
    """
    registry = work.registry
    if officer is not None:
        admit(work.session, officer, Capacity.REGISTRY)
    elif org != work.row.controller:
        raise UsageFault(
            "This consent was given to another controller.",
            code="withdrawal-actor",
            hint="A guardian goes to the registry or to the controller of the consent.",
        )
    if _proved_before(work, proof):
        return
    _, request = work.request
    earliest = request.received_at - FRESH
    if not all(earliest <= at <= work.now for at in proof.checked_at):
        raise UsageFault(
            "A guardian's proofs are looked at for this withdrawal: not a day before it came, and not later.",
            code="guardian-proof-time",
            hint="Say when they were checked, or check them anew.",
        )
    by_receipt = request.channel in ("receipt", "guardian")
    body = Verified(
        withdrawal=work.row.id,
        way="receipt" if by_receipt else "document",
        document=None if by_receipt else proof.identity.kind,
        acting="guardian",
        guardian=proof,
        checked_by=org or registry.instance.registry_code,
        checked_at=work.now,
    )
    verify(work, body)
    forget(work)
    if officer is not None:
        access = Access("process", "withdrawal", work.row.id.hex(), "withdrawal", consent=work.subject)
        note(registry, work.session, Reader.of_actor(registry, officer), access)


def confirm(
    thread: ConsentThread, extent: Extent, said: Callable[[Requested], Verified]
) -> tuple[ConsentThread, ...]:
    """Verify what waits for a guardian and took part of `extent`, which the person withdraws: their own word.

    Whoever holds a youth's receipt can say to be the guardian, and never prove it; that keeps no one from
    withdrawing. `said` is who withdraws, of a request. Gives those verified, each for its own steps.
    """
    confirmed = []
    for row in _OF_CONSENT.all(thread.session, consent=thread.subject):
        if row.state != State.REQUESTED.value:
            continue
        work = thread.about(row)
        _, request = work.request
        if _meets(extent, request.taken):
            verify(work, said(request))
            forget(work)
            confirmed.append(work)
    return tuple(confirmed)


_ROWS: Final = table_of(Withdrawal)
_OF_CONSENT: Final = Objects(Withdrawal, _ROWS.c.consent == bindparam("consent"), order_by=[_ROWS.c.serial])


def _meets(extent: Extent, taken: Portion) -> bool:
    scopes = {scope.value for scope in extent.scopes}
    return (
        extent.everything
        or not scopes.isdisjoint(taken.scopes)
        or any(grant.code in extent.recipients or grant.scope in scopes for grant in taken.grants)
    )


def _proved_before(work: ConsentThread, proof: GuardianProof) -> bool:
    if work.situation.state is State.REQUESTED:
        return False
    return any(isinstance(one.body, Verified) and one.body.guardian == proof for one in work.said)
