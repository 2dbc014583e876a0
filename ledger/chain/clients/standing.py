"""How a certificate stands on chain: remarks, later objections, reservations, ends (S5.24, S5.25)."""

from collections.abc import Sequence

from yinzheng.ledger.chain.approvals_moves import (
    Cancellation,
    LaterConclusion,
    RemarkEntry,
    RemarkLifting,
    Reservation,
    ReservationRelease,
)
from yinzheng.ledger.chain.clients.calling import CALL_GAS, Block, Calling
from yinzheng.ledger.chain.clients.moves import HOLDER_GAS
from yinzheng.ledger.chain.events import told
from yinzheng.ledger.chain.records import ObjectionState
from yinzheng.ledger.chain.records_moves import Holdings, MarksOnChain, RemarkOnChain
from yinzheng.ledger.chain.sender import Call, checksummed


class StandingCalls(Calling):
    """What is asked of `Standing`. Anyone may send all but objections and lapses, which are the relay's."""

    # ---------------------------------------------------------------- reads

    def remark(self, statement: bytes, block: Block = "latest") -> RemarkOnChain | None:
        """Read the remark entered on a statement, None if none was."""
        (values,) = self._read("standing", "remarkOf", [statement], block)
        certificate, document, kind, *rest = values
        return RemarkOnChain(statement, certificate, document, kind, *rest) if kind else None

    def marks(self, id_: bytes, kind: int, block: Block = "latest") -> MarksOnChain:
        """Read why one kind of remark stands; not `known` before the first was entered or lifted."""
        (values,) = self._read("standing", "marksOf", [id_, kind], block)
        return MarksOnChain(*values)

    def later_objection(self, id_: bytes, objection: bytes, block: Block = "latest") -> ObjectionState:
        """Read the state of one objection to a registered certificate."""
        (state,) = self._read("standing", "objectionOf", [id_, objection], block)
        return ObjectionState(state)

    def released_at(self, id_: bytes, exchange: bytes, block: Block = "latest") -> int:
        """Read when an exchange (20 bytes) last released a reservation of a certificate; 0: never."""
        (instant,) = self._read("standing", "releasedAt", [id_, checksummed(exchange)], block)
        return int(instant)

    def cancellation(self, id_: bytes) -> bytes | None:
        """Read the leaf hash of the statement that cancelled a certificate, None if none did."""
        return self._ended(id_, "CertificateCancelled")

    def lapse(self, id_: bytes) -> bytes | None:
        """Read the leaf hash of the statement on which a lapse was recorded, None if none was."""
        return self._ended(id_, "LapseRecorded")

    def _ended(self, id_: bytes, event: str) -> bytes | None:
        """A certificate ends once, and what ended it stands in the event alone."""
        found = next(told(self._w3, self._addresses["standing"], "standing", event, about=id_), None)
        return None if found is None else bytes(found["statement"])

    # ---------------------------------------------------------------- writes

    def enter_remark(self, decision: RemarkEntry, approval: bytes) -> Call:
        """Enter a remark. `approval`: registry; of a seizure a forum, or registry with the document."""
        return self._call("standing", "remark", [decision.values(), [approval]])

    def lift_remark(self, decision: RemarkLifting, approval: bytes) -> Call:
        """Lift a remark. `approval`: as for entering it; what a forum seized, a forum."""
        return self._call("standing", "lift", [decision.values(), [approval]])

    def raise_later_objection(self, id_: bytes, objection: bytes) -> Call:
        """Record an objection to a registered certificate."""
        return self._call("standing", "raiseObjection", [id_, objection])

    def conclude_later_objection(self, decision: LaterConclusion, approval: bytes) -> Call:
        """Conclude an objection. `approval`: registry."""
        return self._call("standing", "concludeObjection", [*decision.values(), [approval]])

    def reserve(self, decision: Reservation, approval: bytes) -> Call:
        """Reserve a certificate. `approval`: an exchange."""
        return self._call("standing", "reserve", [*decision.values(), [approval]])

    def release_reservation(self, decision: ReservationRelease, approval: bytes) -> Call:
        """End a reservation. `approval`: the exchange that reserved, or a forum."""
        return self._call("standing", "release", [*decision.values(), [approval]])

    def record_lapse(self, id_: bytes, statement: bytes) -> Call:
        """Record that a certificate lapsed when its validity ended."""
        return self._call("standing", "lapse", [id_, statement])

    def cancel(self, decision: Cancellation, listed: Holdings, approvals: Sequence[bytes]) -> Call:
        """Cancel a certificate.

        `approvals`, with the holdings `listed`: registry, committee where the procedure is ordinary, every
        holder; with none: registry, committee; or a forum's alone.
        """
        gas = CALL_GAS + len(listed) * HOLDER_GAS
        return self._call("standing", "cancel", [decision.values(), list(listed), list(approvals)], gas)
