"""What the contracts hold of a right's history in one block: which slots, and what they say (S23)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.chain.evidence import Contract, Evidence, NotGiven
from yinzheng.verifier.chain.layout import REMARK_BITS, ChainRecord, decode_record, record_slots
from yinzheng.verifier.chain.layout_disputes import (
    MAX_SUBJECTS,
    ChainDispute,
    decode_dispute,
    decode_subjects,
    dispute_slots,
    subject_slots,
)
from yinzheng.verifier.chain.layout_moves import (
    ChainLicence,
    ChainMarks,
    ChainRemark,
    decode_given,
    decode_licence,
    decode_marks,
    decode_remark,
    given_slot,
    given_slots,
    licence_slots,
    marks_slot,
    remark_slots,
)
from yinzheng.verifier.judge.trust import TrustPolicy

MOST_LICENCES: Final = 128
"""Of each certificate, the latest, whose words are shown; how many there are is always proved."""

REMARK_ENTERED: Final = "remark.entered"
REMARK_LIFTED: Final = "remark.lifted"
DISPUTE_OPENED: Final = "dispute.opened"


@dataclass(frozen=True, slots=True)
class Listed:
    """The licences of one certificate: how many were given, and the latest of them."""

    count: int
    ids: tuple[bytes, ...]

    @property
    def all(self) -> bool:
        """Whether they are all there are."""
        return self.count == len(self.ids)


def licences_listed(count: int) -> tuple[int, int]:
    """Number of the first licence shown, and how many are."""
    most = min(count, MOST_LICENCES)
    return count - most, most


class ChainWords:
    """What evidence proves of the pinned contracts. Raises as `Evidence.words`, and the layouts' faults."""

    def __init__(self, evidence: Evidence, trust: TrustPolicy) -> None:
        self._evidence, self._trust = evidence, trust

    def record(self, subject: bytes) -> ChainRecord | None:
        """The record of a certificate."""
        return decode_record(self._words(self._trust.rights, record_slots(subject)))

    def listed(self, subject: bytes) -> Listed:
        """The licences given under a certificate."""
        (count,) = self._words(self._trust.moves, [given_slot(subject)])
        first, most = licences_listed(count)
        words = self._words(self._trust.moves, given_slots(subject, first, most)) if most else []
        return Listed(count, decode_given(words))

    def licence(self, id_: bytes) -> ChainLicence | None:
        """A licence."""
        return decode_licence(self._words(self._trust.moves, licence_slots(id_)))

    def remark(self, statement: bytes) -> ChainRemark | None:
        """The remark entered on a statement, or whose lifting stands under its own (S5.24)."""
        return decode_remark(self._words(self._trust.standing, remark_slots(statement)))

    def marks(self, subject: bytes) -> Mapping[str, ChainMarks]:
        """Why remarks stand on a certificate, by kind."""
        words = self._words(self._trust.standing, marks_of(subject))
        return {kind: decode_marks(word) for kind, word in zip(REMARK_BITS, words, strict=True)}

    def dispute(self, id_: bytes) -> tuple[ChainDispute | None, tuple[bytes, ...]]:
        """A dispute, and the certificates it holds or held."""
        found = decode_dispute(self._words(self._trust.preservation, dispute_slots(id_)))
        (count,) = self._words(self._trust.preservation, subject_slots(id_, "records", 0))
        slots = subject_slots(id_, "records", min(count, MAX_SUBJECTS))
        return found, decode_subjects(self._words(self._trust.preservation, slots))

    def _words(self, contract: Contract | None, slots: Sequence[bytes]) -> list[int]:
        if contract is None:
            raise NotGiven("the policy does not pin the contracts of moves", code="moves-not-pinned")
        return self._evidence.words(contract, slots)


def marks_of(subject: bytes) -> list[bytes]:
    """The slots that say why each kind of remark stands."""
    return [marks_slot(subject, kind) for kind in REMARK_BITS]


def slots_of(
    trust: TrustPolicy,
    listed: Mapping[bytes, Listed],
    remarks: Iterable[bytes],
    disputes: Mapping[bytes, int],
) -> dict[bytes, list[bytes]]:
    """All that proves a history, by contract: ``listed`` by certificate, the statements of remarks, and how
    many certificates each dispute holds.

    Raises `NotGiven` (`moves-not-pinned`) for a policy without the contracts of moves.
    """
    if trust.moves is None or trust.standing is None:
        raise NotGiven("the policy does not pin the contracts of moves", code="moves-not-pinned")
    wanted = {
        trust.rights.address: [slot for subject in listed for slot in record_slots(subject)],
        trust.moves.address: [slot for subject, found in listed.items() for slot in _moves(subject, found)],
        trust.standing.address: [
            *(slot for subject in listed for slot in marks_of(subject)),
            *(slot for statement in remarks for slot in remark_slots(statement)),
        ],
    }
    if trust.preservation is not None and disputes:
        wanted[trust.preservation.address] = [
            slot
            for id_, count in disputes.items()
            for slot in (*dispute_slots(id_), *subject_slots(id_, "records", count))
        ]
    return wanted


def _moves(subject: bytes, found: Listed) -> list[bytes]:
    first, most = licences_listed(found.count)
    licences = [slot for id_ in found.ids for slot in licence_slots(id_)]
    return [given_slot(subject), *given_slots(subject, first, most), *licences]
