"""Where the contracts keep what readers prove (S5.1–S5.3, S5.10–S5.15), and how to read records.

The numbers are those of `contracts/artifacts/layout.json`; a test compares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.errors import DataFault

ANCHOR_ROOTS: Final = 1
"""Slot of `mapping(uint64 size => bytes32 root)` in `CheckpointAnchor`."""

ANCHOR_LATEST: Final = 2
"""Slot of the newest head's size there, right after."""

AUTHORITY: Final = 0
"""Slot, of every contract, whose low 20 bytes are the authority that its powers lie with."""

RIGHTS_RECORDS: Final = 3
"""Slot of `mapping(bytes32 id => Record)` in `RightsRegistry`."""

RIGHTS_CASES: Final = 4
"""Slot of `mapping(bytes32 caseId => Case)` in `RightsRegistry`."""

CONSENT_WITHDRAWALS: Final = 1
"""Slot of `mapping(bytes32 id => Withdrawal)` in `ConsentRegistry`."""

CONSENT_RECEIPTS: Final = 2
"""Slot of `mapping(bytes32 id => mapping(bytes32 recipient => Receipt))` in `ConsentRegistry`."""

CONSENT_OPENED: Final = 3
"""Slot of `mapping(bytes32 consent => uint256)` in `ConsentRegistry`: how many withdrawals were opened."""

PRESERVATION_CASES: Final = 3
"""Slot of `mapping(bytes32 caseId => Dispute)` in `Preservation`."""

PRESERVATION_EVIDENCE: Final = 4
"""Slot of `mapping(bytes32 caseId => mapping(bytes32 root => Evidence))` in `Preservation`."""

PRESERVATION_PARTIES: Final = 5
"""Slot of `mapping(bytes32 caseId => address[])` in `Preservation`."""

PRESERVATION_SUBJECTS: Final = 6
"""Slot of `mapping(bytes32 caseId => Subjects)` in `Preservation`."""

HOLDERS_ORGANISATIONS: Final = 3
"""Slot of `mapping(bytes32 organisation => Organisation)` in `Holders`."""

MOVES_LICENCES: Final = 3
"""Slot of `mapping(bytes32 id => Licence)` in `RightsMoves`."""

MOVES_GIVEN: Final = 4
"""Slot of `mapping(bytes32 certificate => bytes32[])` in `RightsMoves`: the licences given under it."""

MOVES_LINES: Final = 5
"""Slot of `mapping(bytes32 certificate => Line)` in `RightsMoves`."""

STANDING_REMARKS: Final = 3
"""Slot of `mapping(bytes32 statement => Remark)` in `Standing`."""

STANDING_MARKS: Final = 4
"""Slot of `mapping(bytes32 certificate => mapping(uint256 kind => Marks))` in `Standing`."""

RECORD_SLOTS: Final = 8

NONE, IN_FORCE, SUPERSEDED, CANCELLED, LAPSED = range(5)
"""Values of a record's `status` (S5.3)."""

REMARK_BITS: Final = {"agreed": 1, "seizure": 2, "control": 4, "other": 8, "pledge": 16}
"""Bits of a record's `remarks` (S5.3, R16)."""


INITIATORS: Final = ("holders", "registry", "forum")
"""Who has a certificate cancelled, in the order of the chain, from 1 (S5.25)."""

GROUNDS: Final = (
    "asked",
    "data_gone",
    "document",
    "rectification_refused",
    "public_interest",
    "law",
)
"""Why a certificate is cancelled (R7), (a) to (f), in the order of the chain, from 1."""


def mapping_slot(key: bytes, slot: int) -> int:
    """First slot of entry ``key`` (32 bytes) of the mapping at ``slot``: keccak256(key || slot)."""
    return int.from_bytes(keccak256(key + slot.to_bytes(32, "big")), "big")


def root_slot(size: int) -> bytes:
    """Slot (32 bytes) that holds the anchored root of the log's first ``size`` entries."""
    return mapping_slot(size.to_bytes(32, "big"), ANCHOR_ROOTS).to_bytes(32, "big")


def record_slots(subject: bytes) -> list[bytes]:
    """The eight slots (32 bytes each) of the record of a certificate's subject (S2.4)."""
    return slots_from(mapping_slot(subject, RIGHTS_RECORDS), RECORD_SLOTS)


def nested_slot(outer: bytes, inner: bytes, slot: int) -> int:
    """First slot of entry ``inner`` of the mapping that is entry ``outer`` of the one at ``slot`` (S5.2)."""
    return mapping_slot(inner, mapping_slot(outer, slot))


def array_slots(slot: int, count: int) -> list[bytes]:
    """Slots of a list at ``slot``: its length, then its first ``count`` entries of one slot each (S5.2)."""
    first = int.from_bytes(keccak256(slot.to_bytes(32, "big")), "big")
    return [slot.to_bytes(32, "big"), *slots_from(first, count)]


def slots_from(first: int, count: int) -> list[bytes]:
    """``count`` consecutive slots (32 bytes each); storage wraps around at 2^256."""
    return [((first + at) % 2**256).to_bytes(32, "big") for at in range(count)]


class Ending(NamedTuple):
    """Who had a certificate cancelled, and on which ground (R7), as `INITIATORS` and `GROUNDS` name them."""

    initiator: str
    ground: str


@dataclass(frozen=True, slots=True)
class ChainRecord:
    """A certificate's record on the chain (S5.3). Times are UTC seconds of block time."""

    content: bytes
    """Leaf hash of the deposit statement."""
    status: int
    procedure: int
    """1 ordinary, 2 simplified."""
    remarks: frozenset[str]
    holds: int
    objections: int
    deposited_at: int
    valid_until: int
    changed_at: int
    """Block time of the last write to any field."""
    successor: bytes | None
    """Subject of the certificate that replaced this one."""
    reserved_until: int
    reserved_by: bytes
    """Address, 20 bytes."""
    case_id: bytes
    holdings: bytes
    """Digest of who holds what (S5.17)."""
    predecessor: bytes | None
    """Subject of the certificate that this one replaced."""
    remainder: bytes | None
    """Subject of the second certificate that replaced this one, for what stayed of a transfer (R4)."""
    ending: Ending | None
    """Exactly of a cancelled one."""


def decode_record(words: Sequence[int]) -> ChainRecord | None:
    """Read a record from its eight words; None when there is none.

    Raises ``DataFault`` `record-layout` for words that the pinned contract cannot have written,
    `record-earlier` for a cancellation of which a contract of before ADR 56 kept neither who nor why.
    """
    content, packed, successor, reservation, case_id, holdings, predecessor, remainder = words
    status, procedure, remarks, ending, holds, objections, deposited, valid, changed = unpack_word(
        packed, 1, 1, 1, 1, 2, 2, 8, 8, 8
    )
    if status == NONE:
        if any(words):
            raise DataFault("a record without status has content", code="record-layout")
        return None
    reserved_until, reserved_by, rest = unpack_word(reservation, 8, 20, 4)
    if status > LAPSED or procedure not in (1, 2) or remarks >= 32 or rest:
        raise DataFault("a record holds values the contract does not know", code="record-layout")
    return ChainRecord(
        content=content.to_bytes(32, "big"),
        status=status,
        procedure=procedure,
        remarks=frozenset(kind for kind, bit in REMARK_BITS.items() if remarks & bit),
        holds=holds,
        objections=objections,
        deposited_at=deposited,
        valid_until=valid,
        changed_at=changed,
        successor=_subject(successor),
        reserved_until=reserved_until,
        reserved_by=reserved_by.to_bytes(20, "big"),
        case_id=case_id.to_bytes(32, "big"),
        holdings=holdings.to_bytes(32, "big"),
        predecessor=_subject(predecessor),
        remainder=_subject(remainder),
        ending=_ending(status, ending),
    )


def _ending(status: int, packed: int) -> Ending | None:
    if status == CANCELLED and not packed:
        raise DataFault(
            "an earlier version of the contract made the record, and kept no reason of a cancellation",
            code="record-earlier",
        )
    by, ground = divmod(packed, 16)
    named = 1 <= by <= len(INITIATORS) and 1 <= ground <= len(GROUNDS)
    if named != (status == CANCELLED) or (packed and not named):
        raise DataFault("a record is cancelled by nobody, on no ground or not at all", code="record-layout")
    return Ending(INITIATORS[by - 1], GROUNDS[ground - 1]) if named else None


def _subject(word: int) -> bytes | None:
    return word.to_bytes(32, "big") if word else None


def unpack_word(word: int, *sizes: int) -> list[int]:
    """Split a word into integers of these sizes in bytes, from the least significant on."""
    parts = []
    for size in sizes:
        parts.append(word & ((1 << 8 * size) - 1))
        word >>= 8 * size
    return parts
