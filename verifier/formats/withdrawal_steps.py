"""Private bodies of a withdrawal after its request (S10.6): from the check of identity to the end (R35)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, TypeAlias

from yinzheng.verifier.bytes.canonical import (
    Check,
    boolean,
    dumps,
    hex_bytes,
    integer,
    nullable,
    one_of,
    tuple_of,
)
from yinzheng.verifier.bytes.shape import Shaped, Versioned, read_shape, shape
from yinzheng.verifier.bytes.wording import check_words, set_of
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import check_credit_code
from yinzheng.verifier.formats.consent import (
    IDENTITY_PROOFS,
    RELATIONS,
    LiveFace,
    Proof,
    check_guardianship,
    check_identity,
)
from yinzheng.verifier.formats.destruction import SignedReceipt, check_receipt
from yinzheng.verifier.formats.notice import MAX_RECIPIENTS
from yinzheng.verifier.formats.withdrawal import ANONYMISED, Requested, parse_requested

WAYS: Final = ("receipt", "document")
"""How who withdraws was checked: by the patient's receipt and the date of birth, or by a document."""

ACTING: Final = ("subject", "guardian")

GROUNDS: Final = ("retention", "hold")
"""Why data is restricted and not destroyed: a statutory retention, or a dispute's hold [P47] (R35)."""

LONGEST_RESTRICTION: Final = 50 * 366 * 86_400
"""Seconds, as the contract allows (S5.10)."""

MAX_STEP: Final = 32_768
"""Canonical bytes of a body; bounded by its fields."""


@dataclass(frozen=True, slots=True)
class GuardianProof(Shaped):
    """What showed that who acts is the guardian (R33): results and digests; no name, and never the face."""

    relation: Annotated[str, one_of(*RELATIONS)]
    identity: Annotated[Proof, check_identity]
    live_face: Annotated[LiveFace, shape(LiveFace)]
    guardianship: Annotated[Proof, check_guardianship]

    @property
    def checked_at(self) -> tuple[int, ...]:
        """When each of the three was checked."""
        return self.identity.checked_at, self.live_face.checked_at, self.guardianship.checked_at


check_proof: Final[Check[GuardianProof]] = shape(GuardianProof)
"""Check for a guardian's proof."""


@dataclass(frozen=True, slots=True)
class Verified(Versioned):
    """Body of `withdrawal.verified`: how it was checked who withdraws. No more than for consenting (R31)."""

    withdrawal: Annotated[bytes, hex_bytes(32)]
    """32 bytes: identifier on chain; as in all bodies below."""
    way: Annotated[str, one_of(*WAYS)]
    document: Annotated[str | None, nullable(one_of(*IDENTITY_PROOFS))]
    """Kind of document that was compared; None where the receipt was enough."""
    acting: Annotated[str, one_of(*ACTING)]
    guardian: Annotated[GuardianProof | None, nullable(check_proof)]
    """None exactly where the subject acts."""
    checked_by: Annotated[str, check_credit_code]
    """Credit code of the organisation that checked."""
    checked_at: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class Frozen(Versioned):
    """Body of `withdrawal.frozen`: the controller's data interfaces are shut (R33)."""

    withdrawal: Annotated[bytes, hex_bytes(32)]
    controller: Annotated[str, check_credit_code]
    frozen_at: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class Notified(Versioned):
    """Body of `withdrawal.notified`: which recipients were told, and if an ethics committee was (R34)."""

    withdrawal: Annotated[bytes, hex_bytes(32)]
    recipients: Annotated[tuple[str, ...], set_of(check_credit_code, 0, MAX_RECIPIENTS + 1)]
    ethics_told: Annotated[bool, boolean]
    ethics_at: Annotated[int | None, nullable(integer())]
    """When; None exactly if it was not told."""
    notified_at: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class Received(Versioned):
    """Body of `withdrawal.receipt`: a destruction receipt, whole, and when it came."""

    signed: Annotated[SignedReceipt, check_receipt]
    received_at: Annotated[int, integer()]
    late: Annotated[bool, boolean]
    """Whether the deadline had passed; it is recorded all the same (S5.11)."""

    @property
    def withdrawal(self) -> bytes:
        """The receipt's."""
        return self.signed.receipt.withdrawal


@dataclass(frozen=True, slots=True)
class Exempt(Shaped):
    """A recipient that need not destroy, for the one reason there is: it has only anonymised data (R32)."""

    CONSTANTS: ClassVar = {"reason": ANONYMISED}

    code: Annotated[str, check_credit_code]


def _exempt(value: object, path: str) -> tuple[Exempt, ...]:
    found: tuple[Exempt, ...] = _EXEMPT(value, path)
    codes = [exempt.code for exempt in found]
    if codes != sorted(set(codes)):
        raise DataFault(f"{path} is not in ascending order, each once", code="field-value", path=path)
    return found


_EXEMPT: Final = tuple_of(shape(Exempt), 0, MAX_RECIPIENTS)


@dataclass(frozen=True, slots=True)
class Completed(Versioned):
    """Body of `withdrawal.completed`: every receipt is there, so all that was taken back is destroyed."""

    withdrawal: Annotated[bytes, hex_bytes(32)]
    request: Annotated[bytes, hex_bytes(32)]
    """Leaf hash of `withdrawal.requested`."""
    law: Annotated[str, check_words(1, 200)]
    """The legal ground of the destruction."""
    receipts: Annotated[tuple[bytes, ...], set_of(hex_bytes(32), 1, MAX_RECIPIENTS + 1)]
    """Leaf hashes of the receipts' statements, ascending: one of each organisation that owed one."""
    exempt: Annotated[tuple[Exempt, ...], _exempt]
    late: Annotated[bool, boolean]
    """Whether a duty was overdue by the time of stating; of the block that records it the chain tells."""
    completed_at: Annotated[int, integer()]
    """The end date."""

    TYPE: ClassVar = "withdrawal.completed"


@dataclass(frozen=True, slots=True)
class Kept(Shaped):
    """What is stored and protected, and no more, instead of being destroyed, and why (R35)."""

    what: Annotated[str, check_words(1, 200)]
    why: Annotated[str, check_words(1, 200)]


@dataclass(frozen=True, slots=True)
class Restricted(Versioned):
    """Body of `withdrawal.restricted`: until when, on which legal ground, what is kept (R35, P47)."""

    withdrawal: Annotated[bytes, hex_bytes(32)]
    request: Annotated[bytes, hex_bytes(32)]
    ground: Annotated[str, one_of(*GROUNDS)]
    law: Annotated[str, check_words(1, 200)]
    """The provision, or the forum's order."""
    reference: Annotated[str | None, nullable(check_words(1, 200))]
    """What identifies the retention or the dispute, if anything does."""
    kept: Annotated[tuple[Kept, ...], tuple_of(shape(Kept), 1, 16)]
    exempt: Annotated[tuple[Exempt, ...], _exempt]
    restricted_at: Annotated[int, integer()]
    until: Annotated[int, integer()]
    """The end date; destruction is due 72 h later (S5.12)."""

    TYPE: ClassVar = "withdrawal.restricted"


Step: TypeAlias = Requested | Verified | Frozen | Notified | Received | Completed | Restricted
"""The body of any `withdrawal.…` statement."""


def step_bytes(step: Step) -> bytes:
    """The canonical bytes (S1.1) that are committed to (S2.3)."""
    return dumps(step.to_json())


def parse_step(statement_type: str, value: object) -> Step:
    """Read the body of a statement of that type (S3.2) from its JSON value.

    Raises `DataFault`: `withdrawal-type` for a type that is none of a withdrawal's, a code of
    `canonical.read_object`, `credit-code`, `encoded-bytes`, as `parse_requested`, or `withdrawal-identity`,
    `withdrawal-guardian`, `withdrawal-ethics`, `withdrawal-end` where two fields contradict each other.
    """
    if statement_type not in _PARSERS:
        raise DataFault("this is no statement of a withdrawal", code="withdrawal-type", type=statement_type)
    step: Step = _PARSERS[statement_type](value, "$")
    return step


def _verified(value: object, path: str) -> Verified:
    body = read_shape(Verified, value, path)
    if (body.way == "document") != (body.document is not None):
        raise DataFault("a check by document names its kind, and no other does", code="withdrawal-identity")
    if (body.acting == "guardian") != (body.guardian is not None):
        raise DataFault("a guardian has proofs, and nobody else does", code="withdrawal-guardian")
    return body


def _notified(value: object, path: str) -> Notified:
    body = read_shape(Notified, value, path)
    if body.ethics_told != (body.ethics_at is not None):
        raise DataFault("an ethics committee that was told has a time", code="withdrawal-ethics")
    return body


def _restricted(value: object, path: str) -> Restricted:
    body = read_shape(Restricted, value, path)
    if not body.restricted_at < body.until <= body.restricted_at + LONGEST_RESTRICTION:
        raise DataFault("a restriction ends later, and within 50 years", code="withdrawal-end")
    return body


_PARSERS: Final[Mapping[str, Check[Any]]] = MappingProxyType(
    {
        "withdrawal.requested": lambda value, _path: parse_requested(value),
        "withdrawal.verified": _verified,
        "withdrawal.frozen": shape(Frozen),
        "withdrawal.notified": _notified,
        "withdrawal.receipt": shape(Received),
        Completed.TYPE: shape(Completed),
        Restricted.TYPE: _restricted,
    }
)
