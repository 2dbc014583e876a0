"""What a receipt file tells of the withdrawals of its consent (S13.3), and what binds it to that.

Each event names the one before it by hash. So the last one's leaf hash, which the registry signed, binds all
of them, and its place in the log proves them: none can be invented, changed, or left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from yinzheng.verifier.containers.receiptfile import ReceiptEvent, ReceiptFile
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.receipt import ReceiptCore
from yinzheng.verifier.formats.withdrawal import Requested, parse_requested, remaining
from yinzheng.verifier.log.tlogproof import TlogProof

REQUESTED_TYPE = "withdrawal.requested"


@dataclass(frozen=True, slots=True)
class Request:
    """A withdrawal that the file tells of, and the leaf hash of its request, as the chain holds it."""

    leaf: bytes
    body: Requested

    @property
    def id(self) -> bytes:
        """Its identifier on the chain."""
        return self.body.withdrawal

    @property
    def at(self) -> int:
        """From when on it narrows what may be done: when it was received."""
        return self.body.received_at


def requests_of(file: ReceiptFile, core: ReceiptCore) -> tuple[Request, ...]:
    """The withdrawals the file tells of, oldest first, their bodies opened.

    Raises `DataFault`: `thread-broken` (an event is not of this consent, or does not follow the one before
    it), `events-cut` (the receipt was signed for others), `commitment` (a body is not what its statement
    commits to), `withdrawal-course` (what a withdrawal takes does not follow from what was in force), or a
    code of `parse_requested`.
    """
    granted = core.statement().leaf_hash
    for event in _in_thread(file.events, core.subject, granted):
        event.check()
    last = file.events[-1].statement.leaf_hash if file.events else None
    if last != core.head:
        raise DataFault("the receipt was signed for other events than the file tells", code="events-cut")
    found = tuple(
        Request(event.statement.leaf_hash, parse_requested(dict(event.body)))
        for event in file.events
        if event.statement.type == REQUESTED_TYPE
    )
    ids = [request.id for request in found]
    own = all(request.body.consent == granted for request in found)
    if not own or ids[:1] not in ([], [core.subject]) or len(set(ids)) != len(ids):
        raise _broken("a withdrawal is of another consent, or stands there twice")
    remaining(file.body, (request.body for request in found))
    return found


def events_in_log(file: ReceiptFile | None, proof: TlogProof) -> None:
    """That the last event is in the log that ``proof`` is to, and with it all that it follows.

    Raises `DataFault` `event-not-in-log`.
    """
    if file is None or file.last is None:
        return
    last = TlogProof(file.last.index, file.last.hashes, proof.checkpoint)
    try:
        last.verify_inclusion(file.events[-1].statement.leaf_hash)
    except DataFault as fault:
        raise DataFault(
            "the events are not in the log that the checkpoint is the head of",
            code="event-not-in-log",
            reason=fault.code,
        ) from fault


def _in_thread(events: Iterable[ReceiptEvent], subject: bytes, first: bytes) -> Iterator[ReceiptEvent]:
    before = first
    for event in events:
        if event.statement.subject != subject or event.statement.prev != before:
            raise _broken("an event does not follow the one before it")
        before = event.statement.leaf_hash
        yield event


def _broken(what: str) -> DataFault:
    return DataFault(f"in the file, {what}", code="thread-broken")
