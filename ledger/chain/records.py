"""What the contracts hold, as values: records, cases and their states (S5.3, S5.4)."""

from dataclasses import dataclass
from enum import IntEnum


class Status(IntEnum):
    """Status of a record; all but `IN_FORCE` are final."""

    NONE = 0
    IN_FORCE = 1
    SUPERSEDED = 2
    CANCELLED = 3
    LAPSED = 4


class Procedure(IntEnum):
    """Procedure of a case (R8)."""

    NONE = 0
    ORDINARY = 1
    SIMPLIFIED = 2


class CaseState(IntEnum):
    """State of a case on the chain."""

    NONE = 0
    PUBLICITY = 1
    DEPOSITED = 2
    CLOSED = 3


class ObjectionState(IntEnum):
    """State of one objection to a case (R24)."""

    NONE = 0
    OPEN = 1
    DISMISSED = 2
    UPHELD = 3


@dataclass(frozen=True, slots=True)
class Record:
    """A certificate on the chain (S5.3). Identifiers are 32 bytes, times UTC seconds."""

    id: bytes
    content: bytes
    status: Status
    procedure: Procedure
    remarks: int
    holds: int
    objections: int
    deposited_at: int
    valid_until: int
    changed_at: int
    successor: bytes
    reserved_until: int
    reserved_by: bytes
    case_id: bytes


@dataclass(frozen=True, slots=True)
class CaseOnChain:
    """A case from its publication on (S5.4). `outcome`: the certificate's id, or why it was closed."""

    case_id: bytes
    state: CaseState
    procedure: Procedure
    waived: bool
    objections: int
    published_at: int
    publicity_end: int
    changed_at: int
    profile: str
    notice: bytes
    outcome: bytes
    holds: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """An anchored head of the log (S5.1)."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Amendment:
    """All that a later move may alter of a record (S5.9)."""

    status: Status
    remarks: int
    holds: int
    objections: int
    successor: bytes = bytes(32)
    reserved_until: int = 0
    reserved_by: bytes = bytes(20)


def profile_tag(value: bytes) -> str:
    """Read a profile tag as the contracts hold it; undoes `verifier.statement.profile_bytes` (S2.5)."""
    return value.rstrip(b"\0").decode("ascii")
