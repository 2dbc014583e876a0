"""The contracts as the ledger calls them: typed reads, and writes as `Call`s that a `Sender` signs."""

from collections.abc import Sequence
from typing import Any, Literal

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError
from hexbytes import HexBytes
from web3 import Web3
from web3.types import TxParams

from yinzheng.contracts import artifact
from yinzheng.ledger.chain.approvals import Closure, Conclusion, Deposit, Domain, Publication
from yinzheng.ledger.chain.deployment import Deployment, canonical_type
from yinzheng.ledger.chain.records import (
    Amendment,
    CaseOnChain,
    CaseState,
    Head,
    ObjectionState,
    Procedure,
    Record,
    Status,
    profile_tag,
    unreadable,
)
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import Call, checksummed
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.log.statement import profile_bytes

CALL_GAS = 600_000
"""Limit of every call: at least twice what the dearest takes (docs/gas.md), and many still fit in a block."""

Block = int | Literal["latest"]


class RegistryClient:
    """Reads and writes of one deployment. Identifiers, hashes and roots are 32 bytes, addresses 20.

    Reads raise `ChainUnreachable` or `NodeRefused`; `block` is the number whose state they show.
    """

    def __init__(self, w3: Web3, deployment: Deployment) -> None:
        """Use `deployment` as given; `check_deployment` says whether it is on this chain."""
        self._w3 = w3
        self.deployment = deployment
        self._abi = {
            deployment.anchor: functions("CheckpointAnchor"),
            deployment.rights: functions("RightsRegistry"),
            deployment.manager: functions("AccessManager"),
        }

    @property
    def domain(self) -> Domain:
        """Where approvals for this deployment hold."""
        return Domain(self.deployment.chain_id, self.deployment.rights)

    # ---------------------------------------------------------------- reads

    def record(self, id_: bytes, block: Block = "latest") -> Record | None:
        """Read the record of a certificate, None if there is none."""
        (values,) = self._read(self.deployment.rights, "recordOf", [id_], block)
        content, status, procedure, remarks, _, holds, objections, *rest = values
        deposited, valid_until, changed, successor, until, by, case_id = rest
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
        )

    def case(self, case_id: bytes, block: Block = "latest") -> CaseOnChain | None:
        """Read a case, None if it was never published."""
        (values,) = self._read(self.deployment.rights, "caseOf", [case_id], block)
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
        (state,) = self._read(self.deployment.rights, "objectionOf", [case_id, objection], block)
        return ObjectionState(state)

    def anchored_root(self, size: int, block: Block = "latest") -> bytes | None:
        """Read the root anchored for a tree of `size` leaves, None if none is."""
        (root,) = self._read(self.deployment.anchor, "rootAt", [size], block)
        return root if any(root) else None

    def latest_anchor(self, block: Block = "latest") -> Head | None:
        """Read the latest anchored head, None before the first."""
        size, root = self._read(self.deployment.anchor, "latest", [], block)
        return Head(size, root) if size else None

    def profile(self, tag: str, block: Block = "latest") -> tuple[int, int] | None:
        """Read a profile's publicity as (working days, seconds), None if it is not defined."""
        (values,) = self._read(self.deployment.rights, "profileOf", [profile_bytes(tag)], block)
        return (values[0], values[1]) if any(values) else None

    def calendar_range(self, block: Block = "latest") -> tuple[int, int]:
        """Read the days the calendar knows: from the first to before the second (S5.7)."""
        first, end = self._read(self.deployment.rights, "calendarRange", [], block)
        return first, end

    def is_working_day(self, day: int, block: Block = "latest") -> bool:
        """Read one day of the calendar. Raises `CalendarShort` for a day it does not know."""
        (working,) = self._read(self.deployment.rights, "isWorkingDay", [day], block)
        return bool(working)

    def publicity_end_at(self, tag: str, instant: int, block: Block = "latest") -> int:
        """Ask when publicity opened at `instant` would end. Raises `CalendarShort`, `WrongState`."""
        arguments = [profile_bytes(tag), instant]
        (end,) = self._read(self.deployment.rights, "publicityEndAt", arguments, block)
        return int(end)

    def has_role(self, role: int, account: bytes, block: Block = "latest") -> bool:
        """Read whether `account` holds `role`."""
        member, _ = self._read(self.deployment.manager, "hasRole", [role, checksummed(account)], block)
        return bool(member)

    # ---------------------------------------------------------------- writes

    def anchor(self, head: Head, proof: Sequence[bytes]) -> Call:
        """Anchor a head with its consistency proof from the latest one."""
        return self._call(self.deployment.anchor, "anchor", [head.size, head.root, list(proof)])

    def open_publicity(self, decision: Publication, approvals: Sequence[bytes]) -> Call:
        """Publish a case. `approvals`: registry; if waived, registry and committee, in this order."""
        return self._call(self.deployment.rights, "openPublicity", [*decision.values(), list(approvals)])

    def raise_objection(self, case_id: bytes, objection: bytes) -> Call:
        """Record an objection to a published case."""
        return self._call(self.deployment.rights, "raiseObjection", [case_id, objection])

    def conclude_objection(self, decision: Conclusion, approvals: Sequence[bytes]) -> Call:
        """Conclude an objection. `approvals`: registry."""
        return self._call(self.deployment.rights, "concludeObjection", [*decision.values(), list(approvals)])

    def close_case(self, decision: Closure, approvals: Sequence[bytes]) -> Call:
        """Close a case without a certificate. `approvals`: registry."""
        return self._call(self.deployment.rights, "closeCase", [*decision.values(), list(approvals)])

    def deposit(self, decision: Deposit, approvals: Sequence[bytes]) -> Call:
        """Deposit a certificate. `approvals`: registry; in the ordinary procedure registry, committee."""
        return self._call(self.deployment.rights, "deposit", [decision.values(), list(approvals)])

    def amend(self, id_: bytes, next_: Amendment, ground: bytes) -> Call:
        """Alter a record; for accounts and contracts that hold MOVES."""
        values = (
            int(next_.status),
            next_.remarks,
            next_.holds,
            next_.objections,
            next_.successor,
            next_.reserved_until,
            checksummed(next_.reserved_by),
        )
        return self._call(self.deployment.rights, "amend", [id_, values, ground])

    def hold_case(self, case_id: bytes, holds: int, ground: bytes) -> Call:
        """Hold a published case, or release it; for accounts and contracts that hold MOVES."""
        return self._call(self.deployment.rights, "holdCase", [case_id, holds, ground])

    def define_profile(self, tag: str, working_days: int, seconds: int) -> Call:
        """Define a profile, once; exactly one of the durations is not zero."""
        return self._call(
            self.deployment.rights, "defineProfile", [profile_bytes(tag), working_days, seconds]
        )

    def extend_calendar(self, first_day: int, count: int, bits: int) -> Call:
        """Append 1 to 256 days to the calendar; bit i of `bits` is day `first_day + i`."""
        return self._call(self.deployment.rights, "extendCalendar", [first_day, count, bits])

    def correct_calendar(self, day: int, *, working: bool) -> Call:
        """Correct a known day that has not begun."""
        return self._call(self.deployment.rights, "correctCalendar", [day, working])

    def grant_role(self, role: int, account: bytes) -> Call:
        """Give `account` a role, at once; the administrator's."""
        return self._call(self.deployment.manager, "grantRole", [role, checksummed(account), 0])

    def revoke_role(self, role: int, account: bytes) -> Call:
        """Take a role from `account`, at once; the administrator's."""
        return self._call(self.deployment.manager, "revokeRole", [role, checksummed(account)])

    def simulate(self, call: Call, sender: bytes) -> None:
        """Make `call` as `sender` in the block to come, without sending it.

        Not in the latest block: where blocks are sealed only when there is something to seal, its time may
        be days old.

        Raises:
            ContractRefused, HeadRefused, CalendarShort, RevertUnknown: it would be refused.
            ChainUnreachable, NodeRefused: the node.
        """
        transaction: TxParams = {"from": checksummed(sender), "data": call.data, "gas": call.gas}
        if call.to is not None:
            transaction["to"] = checksummed(call.to)
        with translated():
            self._w3.eth.call(transaction, "pending")

    # ---------------------------------------------------------------- plumbing

    def _read(self, address: bytes, name: str, arguments: list[Any], block: Block) -> tuple[Any, ...]:
        function = self._abi[address][name]
        call: TxParams = {"to": checksummed(address), "data": HexBytes(_encode(function, arguments))}
        with translated():
            answer = self._w3.eth.call(call, block)
        try:
            return abi_decode([canonical_type(item) for item in function["outputs"]], answer)
        except (DecodingError, UnicodeDecodeError) as error:
            raise unreadable(name) from error

    def _call(self, address: bytes, name: str, arguments: list[Any]) -> Call:
        return Call(address, _encode(self._abi[address][name], arguments), CALL_GAS)


def functions(name: str) -> dict[str, Any]:
    """Give the functions of one of our contracts by name, as its ABI tells them."""
    return {item["name"]: item for item in artifact(name).abi if item["type"] == "function"}


def _encode(function: Any, arguments: Sequence[Any]) -> bytes:
    types = [canonical_type(item) for item in function["inputs"]]
    return keccak256(f"{function['name']}({','.join(types)})".encode())[:4] + abi_encode(types, arguments)
