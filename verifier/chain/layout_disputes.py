"""Disputes, their evidence, parties and subjects, as `Preservation` keeps them (S5.13–S5.15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from yinzheng.verifier.chain.layout import (
    PRESERVATION_CASES,
    PRESERVATION_EVIDENCE,
    PRESERVATION_PARTIES,
    PRESERVATION_SUBJECTS,
    array_slots,
    mapping_slot,
    nested_slot,
    slots_from,
    unpack_word,
)
from yinzheng.verifier.errors import DataFault

DISPUTE_SLOTS: Final = 6
EVIDENCE_SLOTS: Final = 2
MAX_PARTIES: Final = 16
MAX_SUBJECTS: Final = 64

NONE, OPEN, RELEASED = range(3)
"""Values of a dispute's `state` (S5.13)."""

BY_FORUM, BY_PARTY = 1, 2
"""Values of a dispute's `kind` (S5.13)."""

SubjectKind: TypeAlias = Literal["records", "cases", "consents"]
SUBJECT_KINDS: Final[tuple[SubjectKind, ...]] = ("records", "cases", "consents")
"""The three lists of what a dispute holds, in the order of storage (S5.13)."""


@dataclass(frozen=True, slots=True)
class ChainDispute:
    """A dispute on the chain (S5.13). Times are UTC seconds of block time; 0 where nothing happened yet."""

    state: int
    kind: int
    parties: int
    """How many."""
    subjects: int
    """How many, of all three kinds."""
    roots: int
    """How many roots of evidence were added."""
    opened_at: int
    released_at: int
    changed_at: int
    statement: bytes
    """Leaf hash of the opening."""
    root: bytes | None
    """Latest root of evidence."""
    outcome: bytes | None
    """Leaf hash of the statement on the settlement or effective document."""
    opened_by: bytes
    """Address, 20 bytes."""
    released_by: bytes | None
    """Address of the forum; None while open, and for a settlement."""


@dataclass(frozen=True, slots=True)
class ChainEvidence:
    """When a root of evidence reached the chain (S5.15)."""

    index: int
    """From zero, in the order of adding."""
    added_at: int
    statement: bytes
    """Leaf hash."""


def dispute_slots(case_id: bytes) -> list[bytes]:
    """The six slots (32 bytes each) of a dispute."""
    return slots_from(mapping_slot(case_id, PRESERVATION_CASES), DISPUTE_SLOTS)


def evidence_slots(case_id: bytes, root: bytes) -> list[bytes]:
    """The two slots of a root of evidence."""
    return slots_from(nested_slot(case_id, root, PRESERVATION_EVIDENCE), EVIDENCE_SLOTS)


def party_slots(case_id: bytes, count: int) -> list[bytes]:
    """The slots of the list of ``count`` parties: the length first, then one each."""
    return array_slots(mapping_slot(case_id, PRESERVATION_PARTIES), count)


def subject_slots(case_id: bytes, kind: SubjectKind, count: int) -> list[bytes]:
    """The slots of the list of ``count`` subjects of a kind: the length first, then one each."""
    first = mapping_slot(case_id, PRESERVATION_SUBJECTS)
    return array_slots((first + SUBJECT_KINDS.index(kind)) % 2**256, count)


def decode_dispute(words: Sequence[int]) -> ChainDispute | None:
    """Read a dispute from its six words; None when there is none.

    Raises `DataFault` `dispute-layout` for words that the pinned contract cannot have written.
    """
    if not any(words):
        return None
    packed, statement, root, outcome, opened_by, released_by = words
    state, kind, parties, subjects, roots, opened, released, changed = unpack_word(
        packed, 1, 1, 1, 1, 4, 8, 8, 8
    )
    if max(opened_by, released_by) >= 2**160 or not opened_by or not statement:
        raise _malformed("a dispute names no opener, or addresses that are none")
    found = ChainDispute(
        state=state,
        kind=kind,
        parties=parties,
        subjects=subjects,
        roots=roots,
        opened_at=opened,
        released_at=released,
        changed_at=changed,
        statement=statement.to_bytes(32, "big"),
        root=root.to_bytes(32, "big") if root else None,
        outcome=outcome.to_bytes(32, "big") if outcome else None,
        opened_by=opened_by.to_bytes(20, "big"),
        released_by=released_by.to_bytes(20, "big") if released_by else None,
    )
    if not _is_coherent(found):
        raise _malformed("a dispute contradicts itself")
    return found


def decode_evidence(words: Sequence[int]) -> ChainEvidence | None:
    """Read a root's entry from its two words; None if the root was not added to that dispute.

    Raises `DataFault` `dispute-layout`.
    """
    if not any(words):
        return None
    packed, statement = words
    added_at, index, rest = unpack_word(packed, 8, 4, 20)
    if not added_at or not statement or rest:
        raise _malformed("a root of evidence holds values the contract does not know")
    return ChainEvidence(index, added_at, statement.to_bytes(32, "big"))


def decode_parties(words: Sequence[int]) -> tuple[bytes, ...]:
    """Read the parties (addresses, 20 bytes each) from the words of `party_slots`; none without a dispute.

    Raises `DataFault` `dispute-layout`, also where the length is not the count asked for.
    """
    return _ascending(words, 20)


def decode_subjects(words: Sequence[int]) -> tuple[bytes, ...]:
    """Read the subjects of a kind (identifiers, 32 bytes each) from the words of `subject_slots`.

    Raises `DataFault` `dispute-layout`, also where the length is not the count asked for.
    """
    return _ascending(words, 32)


def _ascending(words: Sequence[int], size: int) -> tuple[bytes, ...]:
    length, *entries = words
    if length != len(entries):
        raise _malformed("a list has another length than was asked for")
    if any(entry >= 256**size for entry in entries) or any(a >= b for a, b in pairwise((0, *entries))):
        raise _malformed("a list does not ascend, each entry once")
    return tuple(entry.to_bytes(size, "big") for entry in entries)


def _is_coherent(found: ChainDispute) -> bool:
    """Whether state and fields agree with the moves of S5.13–S5.15, each of which writes its own."""
    released = found.state == RELEASED
    return all(
        (
            found.state in (OPEN, RELEASED),
            found.kind in (BY_FORUM, BY_PARTY),
            2 <= found.parties <= MAX_PARTIES,
            1 <= found.subjects <= MAX_SUBJECTS,
            (found.root is not None) == (found.roots > 0),
            found.kind == BY_FORUM or found.roots > 0,
            0 < found.opened_at <= found.changed_at,
            found.released_at == (found.changed_at if released else 0),
            (found.outcome is not None) == released,
            released or found.released_by is None,
        )
    )


def _malformed(problem: str) -> DataFault:
    return DataFault(problem, code="dispute-layout")
