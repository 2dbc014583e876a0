"""What is asked of `Standing` about a registered certificate (S5.24, S5.25).

A forum may send its own call past the registry. What the chain has by the very statement counts as done.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, select

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.refusals import WrongState
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Certificate, ChainCall
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.log.statement import Statement


def _entered(client: ContractsClient, about: str, _part: str) -> bool:
    return client.remark(bytes.fromhex(about)) is not None


def _lifted(client: ContractsClient, about: str, part: str) -> bool:
    found = client.remark(bytes.fromhex(part)) if part else None
    return found is not None and found.lifting == bytes.fromhex(about)


def _cancelled(client: ContractsClient, about: str, part: str) -> bool:
    return client.cancellation(bytes.fromhex(part)) == bytes.fromhex(about)


def about_reservation(certificate: bytes, until: int, exchange: bytes) -> str:
    """Name a reservation for the outbox: certificate, its end, the exchange's account."""
    return f"{certificate.hex()} {until} {exchange.hex()}"


def _stands(client: ContractsClient, part: str) -> bool:
    certificate, until, exchange = part.split()
    record = client.record(bytes.fromhex(certificate))
    return record is not None and (record.reserved_until, record.reserved_by.hex()) == (int(until), exchange)


def _reserved(client: ContractsClient, _about: str, part: str) -> bool:
    return _stands(client, part)


def _released(client: ContractsClient, _about: str, part: str) -> bool:
    return not _stands(client, part)


def _not_over(session: Session, call: ChainCall, refusal: YinzhengError) -> YinzhengError:
    """Let the certificate be what it is on chain: an end that the contracts refused took no effect (R9)."""
    event = repository.event_by_leaf(session, bytes.fromhex(call.about))
    assert event is not None  # the call was written with its statement
    subject = Statement.from_bytes(event.statement).subject
    session.exec(select(Certificate).where(Certificate.subject == subject)).one().ended = None
    return refusal


def _not_lapsed(session: Session, call: ChainCall, refusal: YinzhengError) -> YinzhengError | None:
    """The same; nobody asked for a lapse, and whoever settles is not told of what others held or ended."""
    told = _not_over(session, call, refusal)
    return None if isinstance(refusal, WrongState) else told


REMARK: Final = CallKind("remark", done=_entered, binds=True)
"""About a remark, by the hex of its leaf."""
LIFTING: Final = CallKind("lifting", done=_lifted)
"""About a lifting, by the hex of its leaf; its part is the remark's, empty where that was deposited."""
LAPSE: Final = CallKind("lapse", refusal=_not_lapsed, together=True, binds=True)
"""About a lapse, by the hex of its leaf."""
FORUM_CANCELLATION: Final = CallKind("cancellation", done=_cancelled, refusal=_not_over, binds=True)
"""Ordered by a forum, by the hex of its leaf; its part is the certificate's identifier."""

RESERVATION: Final = CallKind("reservation", done=_reserved, binds=True)
"""About a reservation, by the hex of its leaf; its part is `about_reservation`."""
RELEASE: Final = CallKind("reservation-release", done=_released)
"""About a release, by the hex of its leaf; its part is that of the reservation."""

LATER_OBJECTION: Final = CallKind("later-objection", binds=True)
"""About an objection to a registered certificate, by the hex of its leaf."""
LATER_CONCLUSION: Final = CallKind("later-conclusion")
"""About the conclusion on one, by the hex of its leaf."""

KINDS: Final = (
    REMARK,
    LIFTING,
    LAPSE,
    FORUM_CANCELLATION,
    RESERVATION,
    RELEASE,
    LATER_OBJECTION,
    LATER_CONCLUSION,
)
