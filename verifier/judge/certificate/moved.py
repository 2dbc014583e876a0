"""What became of a certificate, by words on chain beside its record (S9.2a): what it comes from and what
followed it, each naming the other, how many licences were given under it, why remarks stand.

None of it decides a verdict: what is not shown, or does not prove itself, is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.chain.evidence import Contract, Evidence, NotGiven
from yinzheng.verifier.chain.layout import REMARK_BITS, ChainRecord, record_slots
from yinzheng.verifier.chain.layout_moves import ChainMarks, decode_marks, given_slot, marks_slot
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import certificate_subject

_SUCCESSOR, _PREDECESSOR, _REMAINDER = 2, 6, 7
"""Slots of a record that name other records (S5.3)."""

_KINDS: Final = tuple(REMARK_BITS)


@dataclass(frozen=True, slots=True)
class Linked:
    """Another certificate that a record names."""

    subject: bytes
    number: str | None
    """Where it is known: a number proves itself by the subject that follows from it (S2.4)."""
    mutual: bool | None
    """Whether its own record names this certificate; None where that is not shown."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a certificate. What is None was not shown."""

    predecessor: Linked | None
    """None also for a first registration, as the record tells."""
    successor: Linked | None
    """What it passed to, or was replaced by."""
    remainder: Linked | None
    """What stayed after a transfer of a part (R4)."""
    licences: int | None
    """How many were given under it; there are no others."""
    marks: Mapping[str, ChainMarks] | None
    """Why remarks stand, by kind."""

    @property
    def lifted(self) -> frozenset[str]:
        """Kinds of remarks that came with the certificate, if any did, and stand no more."""
        marks = self.marks or {}
        return frozenset(kind for kind, one in marks.items() if one.known and not one.deposited)


def moved_slots(subject: bytes, record: ChainRecord | None, trust: TrustPolicy) -> dict[bytes, list[bytes]]:
    """The slots that tell it, by address of their contract, beside those of the record itself.

    ``record``: where it is known whom it names, their slots that name it back are among them.
    """
    found: dict[bytes, list[bytes]] = {}
    if trust.moves is not None:
        found[trust.moves.address] = [given_slot(subject)]
    if trust.standing is not None:
        found[trust.standing.address] = [marks_slot(subject, kind) for kind in _KINDS]
    back = [slot for other, names in _links(record) for slot in _back(other, names)]
    return {**found, trust.rights.address: back} if back else found


def read_moved(
    subject: bytes,
    body: Body | None,
    record: ChainRecord,
    evidence: Evidence,
    trust: TrustPolicy,
    number_of: Callable[[bytes], str | None],
) -> Moved:
    """Read it from the evidence that the record was proved with; ``number_of``: a ledger's word for a
    subject.
    """

    def words(contract: Contract | None, slots: Sequence[bytes]) -> list[int] | None:
        try:
            return None if contract is None else evidence.words(contract, slots)
        except (DataFault, NotGiven):
            return None

    def linked(other: bytes | None, names: tuple[int, ...]) -> Linked | None:
        if other is None:
            return None
        named = words(trust.rights, _back(other, names))
        mutual = None if named is None else int.from_bytes(subject, "big") in named
        return Linked(other, _number(other, body, number_of), mutual)

    given = words(trust.moves, [given_slot(subject)])
    marks = words(trust.standing, [marks_slot(subject, kind) for kind in _KINDS])
    return Moved(
        predecessor=linked(record.predecessor, (_SUCCESSOR, _REMAINDER)),
        successor=linked(record.successor, (_PREDECESSOR,)),
        remainder=linked(record.remainder, (_PREDECESSOR,)),
        licences=None if given is None else given[0],
        marks=None if marks is None else _marks(marks),
    )


def moved_json(moved: Moved) -> dict[str, Any]:
    """JSON values."""
    marks = moved.marks
    return {
        "predecessor": _linked_json(moved.predecessor),
        "successor": _linked_json(moved.successor),
        "remainder": _linked_json(moved.remainder),
        "licences": moved.licences,
        "remarks": None
        if marks is None
        else {
            kind: {"entered": one.entered, "deposited": one.deposited}
            for kind, one in marks.items()
            if one.known
        },
    }


def _linked_json(linked: Linked | None) -> dict[str, Any] | None:
    if linked is None:
        return None
    return {"subject": linked.subject.hex(), "number": linked.number, "mutual": linked.mutual}


def _links(record: ChainRecord | None) -> list[tuple[bytes, tuple[int, ...]]]:
    """Whom a record names, with the slots of theirs that may name it back."""
    if record is None:
        return []
    named = (
        (record.predecessor, (_SUCCESSOR, _REMAINDER)),
        (record.successor, (_PREDECESSOR,)),
        (record.remainder, (_PREDECESSOR,)),
    )
    return [(other, names) for other, names in named if other is not None]


def _back(other: bytes, names: tuple[int, ...]) -> list[bytes]:
    slots = record_slots(other)
    return [slots[at] for at in names]


def _number(other: bytes, body: Body | None, number_of: Callable[[bytes], str | None]) -> str | None:
    told = [one.number for one in body.follows] if body else []
    number = next((number for number in told if certificate_subject(number) == other), None)
    number = number or number_of(other)
    return number if number is not None and certificate_subject(number) == other else None


def _marks(words: Sequence[int]) -> Mapping[str, ChainMarks] | None:
    try:
        return {kind: decode_marks(word) for kind, word in zip(_KINDS, words, strict=True)}
    except DataFault:
        return None
