"""What a dispute holds, as the chain has it at the block (S14.4, obligation 9; R38)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.layout import (
    RIGHTS_CASES,
    Ending,
    decode_record,
    mapping_slot,
    record_slots,
    slots_from,
    unpack_word,
)
from yinzheng.verifier.chain.layout_consents import decode_withdrawal, withdrawal_slots
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.trust import TrustPolicy

PUBLICITY: Final = 1
"""State of a case that can be held (S5.4)."""


def case_slot(subject: bytes) -> bytes:
    """The slot of a case that tells its state and holds (S5.4)."""
    return slots_from(mapping_slot(subject, RIGHTS_CASES), 1)[0]


def holds_on(
    kind: str,
    subject: bytes,
    evidence: Evidence,
    trust: TrustPolicy,
    *,
    is_open: bool,
    leaves: Collection[bytes],
    cancelled: Collection[Ending] = (),
) -> int:
    """(9) How many holds are on a subject; at least one while the dispute `is_open`.

    `kind` is `record`, `case` or `consent`. `leaves`: leaf hashes of the deposits that the pack shows for a
    certificate; if any, its record is one of them. `cancelled`: who had it cancelled and why, as statements
    that the pack shows say. A case that ended meanwhile is held no more (S5.15).
    Raises `DataFault`: `record-absent`, `content-differs`, `ending-differs`, `hold-missing`, `record-layout`,
    `withdrawal-layout` or a code of the proofs; `NotGiven`.
    """
    if kind == "record":
        return _required(_record_holds(subject, evidence, trust, leaves, cancelled), is_open=is_open)
    if kind == "consent":
        return _required(_consent_holds(subject, evidence, trust), is_open=is_open)
    (word,) = evidence.words(trust.rights, [case_slot(subject)])
    state, _, _, holds = unpack_word(word, 1, 1, 1, 1)
    return _required(holds, is_open=is_open and state == PUBLICITY)


def _record_holds(
    subject: bytes,
    evidence: Evidence,
    trust: TrustPolicy,
    leaves: Collection[bytes],
    cancelled: Collection[Ending],
) -> int:
    record = decode_record(evidence.words(trust.rights, record_slots(subject)))
    if record is None:
        raise DataFault("the chain has no such certificate", code="record-absent")
    if leaves and record.content not in leaves:
        raise DataFault("the chain's record is of another certificate", code="content-differs")
    if any(one != record.ending for one in cancelled):
        raise DataFault(
            "the chain has it cancelled by others, on another ground or not at all", code="ending-differs"
        )
    return record.holds


def _consent_holds(subject: bytes, evidence: Evidence, trust: TrustPolicy) -> int:
    if trust.consents is None:
        raise NotGiven("the policy pins no contract of withdrawals", code="contract-not-pinned")
    withdrawal = decode_withdrawal(evidence.words(trust.consents, withdrawal_slots(subject)))
    return 0 if withdrawal is None else withdrawal.holds


def _required(holds: int, *, is_open: bool) -> int:
    if is_open and not holds:
        raise DataFault("nothing holds what an open dispute is about", code="hold-missing")
    return holds
