"""Events of the contracts, and where each has the leaf hash of the statement that decided it (S5).

A leaf hash is topic 1 to 3, or a word of the data, counted from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.algorithms import keccak256


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event."""

    contract: str
    """As a policy names it (S8.1)."""
    signature: str
    topic: int | None = None
    """Which topic is the leaf hash; None: it names none, or the word of `data`."""
    word: int | None = None

    @property
    def name(self) -> str:
        """Its name alone."""
        return self.signature.partition("(")[0]

    def leaf(self, log: Mapping[str, Any]) -> bytes | None:
        """The leaf hash that an event of this kind names; None if it names none."""
        if self.topic is not None:
            return bytes.fromhex(log["topics"][self.topic][2:])
        return None if self.word is None else word(log, self.word)


def word(log: Mapping[str, Any], number: int) -> bytes:
    """A word, 32 bytes, of an event's data; zeros where the data end before."""
    data = bytes.fromhex(log["data"][2:])
    return data[32 * number : 32 * number + 32].ljust(32, b"\0")


DEPOSITED: Final = Kind(
    "rights", "Deposited(bytes32,bytes32,bytes32,uint64,uint64,uint8,bytes32,bytes32)", topic=3
)
SUCCEEDED: Final = Kind("rights", "Succeeded(bytes32,bytes32,bytes32,bytes32,address)", topic=3)
AMENDED: Final = Kind(
    "rights",
    "Amended(bytes32,bytes32,address,uint8,(uint8,uint8,uint16,uint16,uint64,address,uint8))",
    topic=2,
)
GRANTED: Final = Kind("authority", "RoleGranted(uint64,address,uint32,uint48,bool)")
REVOKED: Final = Kind("authority", "RoleRevoked(uint64,address)")
RULES: Final = (
    Kind("authority", "RoleAdminChanged(uint64,uint64)"),
    Kind("authority", "RoleGuardianChanged(uint64,uint64)"),
    Kind("authority", "RoleGrantDelayChanged(uint64,uint32,uint48)"),
    Kind("authority", "TargetClosed(address,bool)"),
    Kind("authority", "TargetFunctionRoleUpdated(address,bytes4,uint64)"),
    Kind("authority", "TargetAdminDelayUpdated(address,uint32,uint48)"),
)
"""What a role may do, or who gives it, is changed: as good as giving one."""

_KINDS: Final = (
    DEPOSITED,
    SUCCEEDED,
    AMENDED,
    GRANTED,
    REVOKED,
    *RULES,
    Kind("rights", "PublicityOpened(bytes32,bytes32,bytes32,uint8,bool,uint64)", topic=2),
    Kind("rights", "ObjectionRaised(bytes32,bytes32,uint32)", topic=2),
    Kind("rights", "ObjectionConcluded(bytes32,bytes32,bytes32,bool,uint32)", topic=3),
    Kind("moves", "LicenceGiven(bytes32,bytes32,bytes32,bytes32,bool,bytes32)", word=2),
    Kind("moves", "LicenceEnded(bytes32,bytes32,address)", topic=2),
    Kind("moves", "Transferred(bytes32,bytes32,bytes32,uint8,bytes32,bytes32,bytes32)", word=3),
    Kind("moves", "Changed(bytes32,bytes32,bytes32)", topic=3),
    Kind("moves", "Renewed(bytes32,bytes32,bytes32)", topic=3),
    Kind("standing", "RemarkEntered(bytes32,uint8,bytes32,bytes32,bool)", topic=3),
    Kind("standing", "RemarkLifted(bytes32,uint8,bytes32,bytes32,bytes32,bool)", topic=3),
    Kind("standing", "LaterObjectionRaised(bytes32,bytes32,uint16)", topic=2),
    Kind("standing", "LaterObjectionConcluded(bytes32,bytes32,bytes32,bool,uint16)", topic=3),
    Kind("standing", "Reserved(bytes32,address,bytes32,uint64)", topic=3),
    Kind("standing", "LapseRecorded(bytes32,bytes32)", topic=2),
    Kind("standing", "CertificateCancelled(bytes32,bytes32,uint8,uint8)", topic=2),
    Kind(
        "preservation",
        "DisputeOpened(bytes32,bytes32,address,uint8,address[],(bytes32[],bytes32[],bytes32[]))",
        topic=2,
    ),
    Kind("preservation", "DisputeReleased(bytes32,bytes32,address)", topic=2),
    Kind("preservation", "EvidenceAdded(bytes32,bytes32,bytes32,uint32)", topic=3),
    Kind("consents", "WithdrawalOpened(bytes32,bytes32,bytes32,uint64,bool,bytes32[])", topic=3),
    Kind("consents", "WithdrawalFrozen(bytes32,bytes32,bool)", topic=2),
    Kind("consents", "ReceiptGiven(bytes32,bytes32,bytes32,uint8,bool)", topic=3),
    Kind("consents", "ReceiptAnnounced(bytes32,bytes32)", topic=2),
    Kind("consents", "WithdrawalCompleted(bytes32,bytes32,bool)", topic=2),
    Kind("consents", "WithdrawalRestricted(bytes32,bytes32,uint64,bool)", topic=2),
)
KINDS: Final[Mapping[bytes, Kind]] = {keccak256(kind.signature.encode()): kind for kind in _KINDS}
"""By first topic."""
