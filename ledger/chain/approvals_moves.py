"""What is signed for a move of rights (S5.23, S5.25), in the domains of `RightsMoves` and `Standing`.

The registry signs first, the committee second where the procedure is ordinary, then the holders concerned,
each with the current account of its organisation (S5.18), last the exchange that reserved the certificate.
`statement` is the leaf hash of the statement that decided it, `content` that of a deposit (S3.4).
"""

from dataclasses import dataclass
from typing import ClassVar

from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.records_moves import CancellationGround, Initiator

MOVES_NAME, STANDING_NAME = "Yinzheng RightsMoves", "Yinzheng Standing"

NOBODY = bytes(20)
"""The exchange of a move whose certificate is not reserved."""

NOTHING = bytes(32)
"""The second certificate of a transfer after which nothing stays, and what there is none of."""


@dataclass(frozen=True, slots=True)
class Licence(Message):
    """Give a licence (R4). Signed by licensor and licensee.

    `rights`, `acts` and `territory` are bits (S5.21); both ends of the term are included.
    """

    FIELDS: ClassVar = (
        "bytes32 id,bytes32 certificate,bytes32 licensor,bytes32 licensee,uint8 rights,uint8 acts,"
        "uint40 territory,uint64 validFrom,uint64 validUntil,bool exclusive,address exchange,"
        "bytes32 statement"
    )
    id: bytes
    certificate: bytes
    licensor: bytes
    licensee: bytes
    rights: int
    acts: int
    territory: int
    valid_from: int
    valid_until: int
    exclusive: bool
    statement: bytes
    exchange: bytes = NOBODY


@dataclass(frozen=True, slots=True)
class LicenceEnd(Message):
    """End a licence before its term. Signed by both parties, or by a forum alone."""

    FIELDS: ClassVar = "bytes32 id,bytes32 statement"
    id: bytes
    statement: bytes


@dataclass(frozen=True, slots=True)
class Transfer(Message):
    """Transfer rights of a holder (R4). Signed by transferor and transferee.

    `successor` is the transferee's certificate, `remainder` that of what stays, `NOTHING` if nothing does.
    """

    FIELDS: ClassVar = (
        "bytes32 predecessor,bytes32 caseId,bytes32 transferor,bytes32 transferee,uint8 rights,"
        "bytes32 successor,bytes32 content,bytes32 remainder,bytes32 remainderContent,uint64 registeredAt,"
        "uint64 validUntil,uint8 remarks,address exchange,bytes32 statement"
    )
    predecessor: bytes
    case_id: bytes
    transferor: bytes
    transferee: bytes
    rights: int
    successor: bytes
    content: bytes
    registered_at: int
    valid_until: int
    statement: bytes
    remainder: bytes = NOTHING
    remainder_content: bytes = NOTHING
    remarks: int = 0
    exchange: bytes = NOBODY


@dataclass(frozen=True, slots=True)
class SuccessionMessage(Message):
    """A certificate that takes the place of another. Signed by every holder, in the order of the holdings."""

    FIELDS: ClassVar = (
        "bytes32 predecessor,bytes32 caseId,bytes32 successor,bytes32 content,uint64 registeredAt,"
        "uint64 validUntil,uint8 remarks,bytes32 statement"
    )
    predecessor: bytes
    case_id: bytes
    successor: bytes
    content: bytes
    registered_at: int
    valid_until: int
    statement: bytes
    remarks: int = 0


@dataclass(frozen=True, slots=True)
class Change(SuccessionMessage):
    """Replace a certificate after a change (R6); its validity ends as before."""


@dataclass(frozen=True, slots=True)
class Renewal(SuccessionMessage):
    """Replace a certificate by one for a further term (R10)."""


@dataclass(frozen=True, slots=True)
class RemarkEntry(Message):
    """Enter a remark (R16, R55). Signed by the registry; a seizure by a forum, or with its document."""

    FIELDS: ClassVar = "bytes32 id,uint8 kind,bytes32 document,bytes32 statement"
    id: bytes
    kind: int
    statement: bytes
    document: bytes = NOTHING


@dataclass(frozen=True, slots=True)
class RemarkLifting(Message):
    """Lift the remark entered on the statement `remark`, or, `NOTHING`, that came with the certificate."""

    FIELDS: ClassVar = "bytes32 id,uint8 kind,bytes32 remark,bytes32 document,bytes32 statement"
    id: bytes
    kind: int
    remark: bytes
    statement: bytes
    document: bytes = NOTHING


@dataclass(frozen=True, slots=True)
class LaterConclusion(Message):
    """Conclude an objection to a registered certificate (R25). Signed by the registry."""

    FIELDS: ClassVar = "bytes32 id,bytes32 objection,bytes32 conclusion,bool upheld"
    id: bytes
    objection: bytes
    conclusion: bytes
    upheld: bool


@dataclass(frozen=True, slots=True)
class Reservation(Message):
    """Reserve a certificate for a trade (R46). Signed by an exchange alone."""

    FIELDS: ClassVar = "bytes32 id,uint64 until,bytes32 statement"
    id: bytes
    until: int
    statement: bytes


@dataclass(frozen=True, slots=True)
class ReservationRelease(Message):
    """End a reservation before its time. Signed by the exchange that reserved, or a forum."""

    FIELDS: ClassVar = "bytes32 id,bytes32 statement"
    id: bytes
    statement: bytes


@dataclass(frozen=True, slots=True)
class Cancellation(Message):
    """Cancel a certificate for good (R7).

    Signed by every holder, by registry and committee, or by a forum alone, which has no case.
    """

    FIELDS: ClassVar = "bytes32 id,uint8 ground,uint8 initiator,bytes32 caseId,bytes32 statement"
    id: bytes
    ground: CancellationGround
    initiator: Initiator
    statement: bytes
    case_id: bytes = NOTHING
