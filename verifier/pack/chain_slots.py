"""What chain evidence a pack needs (S14.3): which slots of which contracts, so that a writer asks for all."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from yinzheng.verifier.chain.layout import record_slots, root_slot
from yinzheng.verifier.chain.layout_consents import withdrawal_slots
from yinzheng.verifier.chain.layout_disputes import (
    SUBJECT_KINDS,
    dispute_slots,
    evidence_slots,
    party_slots,
    subject_slots,
)
from yinzheng.verifier.chain.layout_moves import licence_slots
from yinzheng.verifier.formats.dispute import Subjects
from yinzheng.verifier.judge.pack.holds import case_slot


def anchor_slots(sizes: Collection[int]) -> list[bytes]:
    """Slots of the anchor contract for checkpoints of these sizes."""
    return [root_slot(size) for size in sorted(set(sizes))]


def preservation_slots(
    dispute: bytes, parties: int, subjects: Subjects, roots: Sequence[bytes]
) -> list[bytes]:
    """Slots of the contract of disputes: the dispute, its lists, and the entry of every root."""
    slots = [*dispute_slots(dispute), *party_slots(dispute, parties)]
    for kind in SUBJECT_KINDS:
        slots += subject_slots(dispute, kind, len(getattr(subjects, kind)))
    for root in roots:
        slots += evidence_slots(dispute, root)
    return slots


def rights_slots(subjects: Subjects) -> list[bytes]:
    """Slots of the registry of rights: held certificates and cases."""
    records = [slot for subject in subjects.records for slot in record_slots(subject)]
    return records + [case_slot(subject) for subject in subjects.cases]


def moves_slots(licences: Collection[bytes]) -> list[bytes]:
    """Slots of the contract of moves: licences of which the pack shows a statement, by identifier."""
    return [slot for subject in sorted(set(licences)) for slot in licence_slots(subject)]


def consents_slots(subjects: Subjects) -> list[bytes]:
    """Slots of the registry of withdrawals: held consents."""
    return [slot for subject in subjects.consents for slot in withdrawal_slots(subject)]
