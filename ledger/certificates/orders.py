"""Orders (S16.8, S20.5): a forum seizes, lifts and cancels, an exchange reserves, on its own signature alone.

The statement is that of who orders; here it is only asked whether it is the next of its certificate, and
whether who signed decides on the chain. No officer adds anything, and none can stop them from sending the
call themselves: then the statement is taken in afterwards.
"""

from __future__ import annotations

from yinzheng.ledger.certificates.calls import FORUM_CANCELLATION, LIFTING, REMARK
from yinzheng.ledger.certificates.messages import Decided, message_of
from yinzheng.ledger.certificates.reserving import keep
from yinzheng.ledger.certificates.telling import tell_holders
from yinzheng.ledger.certificates.work import CertificateThread, work_on
from yinzheng.ledger.chain.approvals import recover
from yinzheng.ledger.chain.approvals_moves import Cancellation, RemarkEntry, RemarkLifting
from yinzheng.ledger.organisations.appointing import require_appointed
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.rules.standing import Move, Over
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store import repository
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.order import Order
from yinzheng.verifier.formats.reservation import Released, Reserved

_MOVES = {
    "remark.entered": Move.REMARK,
    "remark.lifted": Move.LIFT,
    "certificate.cancelled": Move.CANCEL,
    "reservation.made": Move.RESERVE,
    "reservation.released": Move.RELEASE,
}


def execute(registry: Registry, order: Order) -> bytes:
    """Record a forum's or exchange's order and let the chain follow; gives the leaf hash of its statement.

    The same order handed in again is what it was. Raises `UsageFault`: `certificate-…`, `order-forum`,
    `order-exchange` (who signed is none here), `reservation-unknown`, `order-moved` (something was recorded
    since: it is made anew), `decision-date`; `DataFault`: `approval-malformed`; and what `Standing` says.
    """
    leaf = order.statement.leaf_hash
    with work_on(registry, order.body.certificate) as work:
        if repository.event_by_leaf(work.session, leaf) is not None:
            return leaf
        message = message_of(order.body, leaf)
        signer = recover(message, registry.client.standing_domain, order.signature)
        by = Capacity(order.statement.by)
        require_appointed(registry, work.session, Role(by), signer, order.body.by)
        rule = work.allow(_MOVES[order.statement.type], by)
        recorded = work.compose(rule, order.body.to_json(), at=order.statement.at)
        if recorded.leaf_hash != leaf:
            raise UsageFault(
                "something was recorded about the certificate since the order was made",
                code="order-moved",
                hint="Have the forum make the order anew; nothing was recorded.",
            )
        if isinstance(order.body, Reserved | Released):
            keep(work, order.body, leaf, signer, order.signature, by)
        else:
            _call(work, message, order.signature, leaf)
        if isinstance(message, Cancellation):
            work.end(Over.CANCELLED)
        work.write(rule, recorded)
        tell_holders(work, recorded)
        return leaf


def _call(
    work: CertificateThread,
    message: Decided,
    signature: bytes,
    leaf: bytes,
) -> None:
    client = work.registry.client
    match message:
        case RemarkEntry():
            work.call(REMARK, leaf.hex(), client.enter_remark(message, signature), binds=work.subject)
        case Cancellation():
            made = client.cancel(message, (), [signature])
            ended = work.subject
            work.call(FORUM_CANCELLATION, leaf.hex(), made, part=ended.hex(), binds=ended)
        case RemarkLifting():
            part = message.remark.hex() if any(message.remark) else ""
            work.call(LIFTING, leaf.hex(), client.lift_remark(message, signature), part=part)
