"""What the contracts hold, as values: records, cases, withdrawals, disputes, and their states (S5)."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NoReturn

from yinzheng.verifier.errors import DataFault


class Told(IntEnum):
    """What a contract tells by number. One it does not have is an answer that cannot be read."""

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        raise unreadable(f"{cls.__name__} {value}")


def unreadable(what: str) -> DataFault:
    """A node's answer in a contract's name that no contract of ours gives: `contract-answer`."""
    return DataFault(
        f"The contract's answer to {what} cannot be read.",
        code="contract-answer",
        hint="Check that the node is on the right chain and the contracts are there.",
    )


class Status(Told):
    """Status of a record; all but `IN_FORCE` are final."""

    NONE = 0
    IN_FORCE = 1
    SUPERSEDED = 2
    CANCELLED = 3
    LAPSED = 4


class Procedure(Told):
    """Procedure of a case (R8)."""

    NONE = 0
    ORDINARY = 1
    SIMPLIFIED = 2


class CaseState(Told):
    """State of a case on the chain."""

    NONE = 0
    PUBLICITY = 1
    DEPOSITED = 2
    CLOSED = 3


class ObjectionState(Told):
    """State of one objection to a case (R24)."""

    NONE = 0
    OPEN = 1
    DISMISSED = 2
    UPHELD = 3


class WithdrawalState(Told):
    """State of the withdrawal of one consent; only `COMPLETED` is final."""

    NONE = 0
    REQUESTED = 1
    FROZEN = 2
    COMPLETED = 3
    RESTRICTED = 4


class ReceiptState(Told):
    """What a recipient owes a withdrawal."""

    NONE = 0
    EXPECTED = 1
    GIVEN = 2


class OpeningKind(Told):
    """Who opened a dispute."""

    NONE = 0
    FORUM = 1
    PARTY = 2


class DisputeState(Told):
    """State of a dispute; `RELEASED` is final."""

    NONE = 0
    OPEN = 1
    RELEASED = 2


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
    holdings: bytes
    """Digest of who holds what (S5.17)."""
    predecessor: bytes
    """What it follows; zero for a first registration."""
    remainder: bytes
    """The second certificate that replaced it, for what stayed; zero without one."""
    ending: int = 0
    """16 times who had it cancelled and the ground (S5.3); zero unless it is cancelled."""


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
class Withdrawal:
    """The withdrawal of one consent (S5.10). Times are UTC seconds, zero for what has not happened.

    A consent that is held and that nobody withdrew shows as state `NONE` with `holds`.
    """

    id: bytes
    state: WithdrawalState
    minor: bool
    recipients: int
    receipts: int
    holds: int
    late: bool
    """Whether some duty was met only after its deadline."""
    received_at: int
    frozen_at: int
    restricted_at: int
    """Time of the latest restriction."""
    opened_at: int
    restricted_until: int
    completed_at: int
    changed_at: int
    request: bytes
    outcome: bytes
    """Leaf hash of the completion or of the latest restriction; zero before."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one recipient owes a withdrawal, or gave (S5.11)."""

    state: ReceiptState
    late: bool
    given_at: int
    statement: bytes


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute (S5.13). Addresses are 20 bytes; `root` is the latest of its evidence, zero without any."""

    case_id: bytes
    state: DisputeState
    kind: OpeningKind
    parties: int
    subjects: int
    roots: int
    opened_at: int
    released_at: int
    changed_at: int
    statement: bytes
    root: bytes
    outcome: bytes
    opened_by: bytes
    released_by: bytes
    """The forum that released; zero if the parties settled."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """What a dispute holds, or held: identifiers of certificates, of cases before deposit, of consents."""

    records: tuple[bytes, ...]
    cases: tuple[bytes, ...]
    consents: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """When a root of evidence reached the chain, as the how-manieth from zero, on which statement."""

    added_at: int
    index: int
    statement: bytes


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
    reserved_until: int = 0
    reserved_by: bytes = bytes(20)
    ending: int = 0


def profile_tag(value: bytes) -> str:
    """Read a profile tag as the contracts hold it; undoes `verifier.statement.profile_bytes` (S2.5)."""
    try:
        return value.rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError:
        raise unreadable("a profile's tag") from None
