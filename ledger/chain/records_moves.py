"""Licences, remarks and how certificates end, as `RightsMoves` and `Standing` keep them (S5.21, S5.24)."""

from dataclasses import dataclass

from yinzheng.ledger.chain.records import Told

Holdings = tuple[tuple[bytes, int], ...]
"""Who holds what under a certificate: organisations, ascending, and the bits of their rights (S5.17)."""


class LicenceState(Told):
    """State of a licence; one that has run out stays `GIVEN`."""

    NONE = 0
    GIVEN = 1
    ENDED = 2


class LicenceEnding(Told):
    """Who ended a licence before its term."""

    NONE = 0
    PARTIES = 1
    FORUM = 2


class CancellationGround(Told):
    """Why a certificate is cancelled: the grounds of R7, (a) to (f)."""

    NONE = 0
    ASKED = 1
    DATA_GONE = 2
    DOCUMENT = 3
    RECTIFICATION_REFUSED = 4
    PUBLIC_INTEREST = 5
    LAW = 6


class Initiator(Told):
    """Who has a certificate cancelled."""

    NONE = 0
    HOLDERS = 1
    REGISTRY = 2
    FORUM = 3


@dataclass(frozen=True, slots=True)
class LicenceOnChain:
    """A licence (S5.21). Identifiers are 32 bytes, times UTC seconds, both ends of the term included."""

    id: bytes
    certificate: bytes
    licensor: bytes
    licensee: bytes
    state: LicenceState
    exclusive: bool
    rights: int
    acts: int
    territory: int
    valid_from: int
    valid_until: int
    ending: LicenceEnding
    statement: bytes
    outcome: bytes
    """Leaf hash of the statement that ended it; zero before."""
    given_at: int
    ended_at: int


@dataclass(frozen=True, slots=True)
class RemarkOnChain:
    """A remark entered after the deposit, or, `set_at` zero, the lifting of one that came with it (S5.24)."""

    statement: bytes
    certificate: bytes
    document: bytes
    kind: int
    """One bit of S5.3."""
    by_forum: bool
    set_at: int
    lifted_at: int
    """Zero while it stands."""
    lifted_by_forum: bool
    lifting: bytes


@dataclass(frozen=True, slots=True)
class MarksOnChain:
    """Why a kind of remark stands on a certificate: by how many entries, and whether it came with it."""

    entered: int
    deposited: bool
    known: bool
