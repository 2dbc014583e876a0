"""Cases, records, profiles and the working-day calendar on chain (S5.2 to S5.9)."""

from collections.abc import Sequence

from yinzheng.ledger.chain.approvals import Closure, Conclusion, Deposit, Publication
from yinzheng.ledger.chain.clients.calling import CALL_GAS, Block, Calling
from yinzheng.ledger.chain.records import (
    Amendment,
    CaseOnChain,
    CaseState,
    ObjectionState,
    Procedure,
    Record,
    Status,
    profile_tag,
)
from yinzheng.ledger.chain.sender import Call, checksummed
from yinzheng.verifier.log.statement import profile_bytes


class RightsCalls(Calling):
    """What is asked of `RightsRegistry`."""

    # ---------------------------------------------------------------- reads

    def record(self, id_: bytes, block: Block = "latest") -> Record | None:
        """Read the record of a certificate, None if there is none."""
        (values,) = self._read("rights", "recordOf", [id_], block)
        content, status, procedure, remarks, ending, holds, objections, *rest = values
        deposited, valid_until, changed, successor, until, by, case_id, holdings, predecessor, remainder = (
            rest
        )
        if not status:
            return None
        return Record(
            id=id_,
            content=content,
            status=Status(status),
            procedure=Procedure(procedure),
            remarks=remarks,
            holds=holds,
            objections=objections,
            deposited_at=deposited,
            valid_until=valid_until,
            changed_at=changed,
            successor=successor,
            reserved_until=until,
            reserved_by=bytes.fromhex(by[2:]),
            case_id=case_id,
            holdings=holdings,
            predecessor=predecessor,
            remainder=remainder,
            ending=ending,
        )

    def case(self, case_id: bytes, block: Block = "latest") -> CaseOnChain | None:
        """Read a case, None if it was never published."""
        (values,) = self._read("rights", "caseOf", [case_id], block)
        state, procedure, waived, holds, objections, published, end, changed, *hashes = values
        profile, notice, outcome = hashes
        if not state:
            return None
        return CaseOnChain(
            case_id=case_id,
            state=CaseState(state),
            procedure=Procedure(procedure),
            waived=waived,
            objections=objections,
            published_at=published,
            publicity_end=end,
            changed_at=changed,
            profile=profile_tag(profile),
            notice=notice,
            outcome=outcome,
            holds=holds,
        )

    def objection(self, case_id: bytes, objection: bytes, block: Block = "latest") -> ObjectionState:
        """Read the state of one objection to a case."""
        (state,) = self._read("rights", "objectionOf", [case_id, objection], block)
        return ObjectionState(state)

    def profile(self, tag: str, block: Block = "latest") -> tuple[int, int] | None:
        """Read a profile's publicity as (working days, seconds), None if it is not defined."""
        (values,) = self._read("rights", "profileOf", [profile_bytes(tag)], block)
        return (values[0], values[1]) if any(values) else None

    def calendar_range(self, block: Block = "latest") -> tuple[int, int]:
        """Read the days the calendar knows: from the first to before the second (S5.7)."""
        first, end = self._read("rights", "calendarRange", [], block)
        return first, end

    def is_working_day(self, day: int, block: Block = "latest") -> bool:
        """Read one day of the calendar. Raises `CalendarShort` for a day it does not know."""
        (working,) = self._read("rights", "isWorkingDay", [day], block)
        return bool(working)

    def publicity_end_at(self, tag: str, instant: int, block: Block = "latest") -> int:
        """Ask when publicity opened at `instant` would end. Raises `CalendarShort`, `WrongState`."""
        arguments = [profile_bytes(tag), instant]
        (end,) = self._read("rights", "publicityEndAt", arguments, block)
        return int(end)

    # ---------------------------------------------------------------- writes

    def open_publicity(self, decision: Publication, approvals: Sequence[bytes]) -> Call:
        """Publish a case. `approvals`: registry; if waived, registry and committee, in this order."""
        return self._call("rights", "openPublicity", [*decision.values(), list(approvals)])

    def raise_objection(self, case_id: bytes, objection: bytes) -> Call:
        """Record an objection to a published case."""
        return self._call("rights", "raiseObjection", [case_id, objection])

    def conclude_objection(self, decision: Conclusion, approvals: Sequence[bytes]) -> Call:
        """Conclude an objection. `approvals`: registry."""
        return self._call("rights", "concludeObjection", [*decision.values(), list(approvals)])

    def close_case(self, decision: Closure, approvals: Sequence[bytes]) -> Call:
        """Close a case without a certificate. `approvals`: registry."""
        return self._call("rights", "closeCase", [*decision.values(), list(approvals)])

    def deposit(self, decision: Deposit, approvals: Sequence[bytes]) -> Call:
        """Deposit a certificate. `approvals`: registry; in the ordinary procedure registry, committee."""
        return self._call("rights", "deposit", [decision.values(), list(approvals)])

    def amend(self, id_: bytes, next_: Amendment, ground: bytes) -> Call:
        """Alter a record; for accounts and contracts that hold MOVES."""
        values = (
            int(next_.status),
            next_.remarks,
            next_.holds,
            next_.objections,
            next_.reserved_until,
            checksummed(next_.reserved_by),
            next_.ending,
        )
        return self._call("rights", "amend", [id_, values, ground])

    def succeed(self, id_: bytes, orders: Sequence[Deposit], ground: bytes, *, published: bool) -> Call:
        """Replace a record by one or two that follow it; for accounts and contracts that hold MOVES.

        `published` says that their case must have had its publicity.
        """
        values = [order.values() for order in orders]
        return self._call("rights", "succeed", [id_, values, published, ground], 2 * CALL_GAS)

    def conclude_case(self, case_id: bytes, outcome: bytes) -> Call:
        """Close a published case that was about a cancellation; as above."""
        return self._call("rights", "concludeCase", [case_id, outcome])

    def hold_case(self, case_id: bytes, holds: int, ground: bytes) -> Call:
        """Hold a published case, or release it; for accounts and contracts that hold MOVES."""
        return self._call("rights", "holdCase", [case_id, holds, ground])

    def define_profile(self, tag: str, working_days: int, seconds: int) -> Call:
        """Define a profile, once; exactly one of the durations is not zero."""
        return self._call("rights", "defineProfile", [profile_bytes(tag), working_days, seconds])

    def extend_calendar(self, first_day: int, count: int, bits: int) -> Call:
        """Append 1 to 256 days to the calendar; bit i of `bits` is day `first_day + i`."""
        return self._call("rights", "extendCalendar", [first_day, count, bits])

    def correct_calendar(self, day: int, *, working: bool) -> Call:
        """Correct a known day that has not begun."""
        return self._call("rights", "correctCalendar", [day, working])
