"""A withdrawal carried out by who was told: frozen, destruction confirmed by signed receipts (R32 to R35)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from yinzheng.ledger.organisations.keys import find_key
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.withdrawal import Move
from yinzheng.ledger.withdrawals import calls
from yinzheng.ledger.withdrawals import duty_notices as notices
from yinzheng.ledger.withdrawals.ending import conclude, restrict, resume, tick
from yinzheng.ledger.withdrawals.reach import reached
from yinzheng.ledger.withdrawals.work import ConsentThread
from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.destruction import Awaited, SignedReceipt, verify_receipt
from yinzheng.verifier.formats.withdrawal_steps import Frozen, Received

__all__ = ["freeze", "receipt", "restrict", "resume", "tick"]


def freeze(work: ConsentThread, org: str) -> None:
    """Record that the controller `org` (credit code) shut its data interfaces (R33).

    While a dispute holds the consent it is restricted at once: destruction waits (R36). Told again, nothing
    happens.

    Raises `UsageFault`: `withdrawal-actor` (another controller), `move-not-allowed`.
    """
    if org == work.row.controller and work.situation.is_frozen:
        return
    frozen = work.move(Move.FREEZE, Capacity.CONTROLLER, Frozen(work.row.id, org, work.now), actor=org)
    work.ask(calls.FROZEN, work.registry.client.frozen(work.row.id, frozen))
    notices.withhold(work, org, (notices.FREEZE,))
    reached(work.session, work.row.id, org, work.now)
    conclude(work)


@dataclass(frozen=True, slots=True)
class Announced:
    """How a receipt was announced on the chain itself."""

    name: bytes
    """What the contracts call it, 32 bytes."""
    at: int
    """Time of the block, UTC seconds."""


def receipt(
    work: ConsentThread, signed: SignedReceipt, org: str | None = None, *, announced: Announced | None = None
) -> bytes:
    """Record a destruction receipt in an opened withdrawal; gives the leaf hash of its statement.

    The controller's says that its links are cleared, a recipient's that its copies are destroyed. One after
    the deadline is recorded as late. When it was the last one the withdrawal is completed, unless something
    holds it. The same receipt once more changes nothing and gets the same answer.

    `org` is the credit code of who brings it, where that is known: each confirms for itself alone. One that
    was `announced` on the chain came in that block.

    Raises `UsageFault`: `withdrawal-actor` (nobody waits for it from there), `move-not-allowed`;
    `DataFault` as `verify_receipt`.
    """
    code = signed.receipt.recipient
    given = _given_before(work, signed)
    if given is not None:
        return given
    if org is not None and org != code:
        raise UsageFault(
            "The receipt is another organisation's.",
            code="withdrawal-actor",
            hint="Each confirms for itself alone (R32).",
        )
    controller = code == work.row.controller
    move, capacity = (
        (Move.CLEAR_LINKS, Capacity.CONTROLLER)
        if controller
        else (Move.CONFIRM_DESTRUCTION, Capacity.RECIPIENT)
    )
    work.check(move, capacity, actor=code)
    request, _ = work.request
    came = work.now if announced is None else announced.at
    verify_receipt(signed, Awaited(work.row.id, request, code, came), _Keys(work.session))
    late = work.situation.is_late(came)
    leaf = work.move(move, capacity, Received(signed, came, late), actor=code)
    row = work.recipients[code]
    row.receipt, row.given_at, row.late = leaf, came, late
    work.session.add(row)
    notices.withhold(work, code, (notices.DESTROY, notices.HELD))
    reached(work.session, work.row.id, code, work.now)
    client = work.registry.client
    call = (
        client.receipt(work.row.id, row.name, leaf)
        if announced is None
        else client.announced_receipt(work.row.id, row.name, leaf, announced.name)
    )
    work.ask(calls.RECEIPT, call, row.name.hex())
    if work.situation.is_frozen:
        conclude(work)
    return leaf


def _given_before(work: ConsentThread, signed: SignedReceipt) -> bytes | None:
    """Leaf hash of the statement of exactly this receipt, if it was recorded."""
    for one in work.said:
        if isinstance(one.body, Received) and one.body.signed == signed:
            return one.leaf
    return None


class _Keys:
    """The keys of enrolled organisations, as they held when something arrived (R41)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, org: str, key: bytes, at: int) -> Sm2PublicKey | None:
        """The key `key` of `org` if it held at `at`."""
        held = find_key(self._session, org, key, at)
        return None if held is None else Sm2PublicKey(held.grant.key)
