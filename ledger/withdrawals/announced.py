"""A destruction receipt that its signer announced on the chain itself (S24.5, R32).

It is what it would have been, had the registry taken it in that block: by its time, by the keys in force
then, and by the deadline. Whoever hands it in, the receipt's own signature says whose it is.
"""

from __future__ import annotations

from sqlmodel import Session, select

from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models_inlets import Inlet
from yinzheng.ledger.withdrawals.course import Announced, receipt
from yinzheng.ledger.withdrawals.work import work_on
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.inlet import MAX_FOUND, parse_found
from yinzheng.verifier.formats.receipt_paper import ReceiptPaper


def take_in(registry: Registry, paper: ReceiptPaper) -> bytes:
    """Record the receipt that a paper opens; gives the leaf hash of its statement. Again, the same.

    Raises `UsageFault` `receipt-unannounced` (nothing of it was found on the chain yet), and as
    `course.receipt`.
    """
    withdrawal = paper.body.receipt.withdrawal
    with work_on(registry, withdrawal) as work:
        time = _announced_at(work.session, paper)
        if time is None:
            raise UsageFault(
                "no receipt of that name was found on the chain",
                code="receipt-unannounced",
                hint="It is found once its block is final: hand it in again then.",
            )
        return receipt(work, paper.body, announced=Announced(paper.name, time))


def _announced_at(session: Session, paper: ReceiptPaper) -> int | None:
    """Time of the block that has the announcement, as it was found."""
    query = select(Inlet).where(Inlet.inlet == "receipt", Inlet.name == paper.name)
    row = session.exec(query.where(Inlet.about == paper.body.receipt.withdrawal)).first()
    event = None if row is None else repository.event_by_leaf(session, row.leaf)
    if event is None:
        return None
    return parse_found(canonical.loads(event.public or b"", max_bytes=MAX_FOUND)).block.time
