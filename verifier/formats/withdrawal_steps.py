"""Private bodies of a withdrawal after its request (S10.6): from the check of identity to the end (R35)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeAlias

from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    boolean,
    constant,
    dumps,
    hex_bytes,
    integer,
    made_of,
    nullable,
    one_of,
    read_object,
    tuple_of,
)
from yinzheng.verifier.bytes.wording import check_words, set_of
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import check_credit_code
from yinzheng.verifier.formats.consent import IDENTITY_PROOFS
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
class Verified:
    """Body of `withdrawal.verified`: how it was checked who withdraws. No more than for consenting (R31)."""

    withdrawal: bytes
    """32 bytes: identifier on chain; as in all bodies below."""
    way: str
    document: str | None
    """Kind of document that was compared; None where the receipt was enough."""
    acting: str
    checked_by: str
    """Credit code of the organisation that checked."""
    checked_at: int

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.6."""
        return {
            "v": 1,
            "withdrawal": self.withdrawal.hex(),
            "way": self.way,
            "document": self.document,
            "acting": self.acting,
            "checked_by": self.checked_by,
            "checked_at": self.checked_at,
        }


@dataclass(frozen=True, slots=True)
class Frozen:
    """Body of `withdrawal.frozen`: the controller's data interfaces are shut (R33)."""

    withdrawal: bytes
    controller: str
    frozen_at: int

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.6."""
        return {
            "v": 1,
            "withdrawal": self.withdrawal.hex(),
            "controller": self.controller,
            "frozen_at": self.frozen_at,
        }


@dataclass(frozen=True, slots=True)
class Notified:
    """Body of `withdrawal.notified`: which recipients were told, and if an ethics committee was (R34)."""

    withdrawal: bytes
    recipients: tuple[str, ...]
    ethics_told: bool
    ethics_at: int | None
    """When; None exactly if it was not told."""
    notified_at: int

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.6."""
        return {
            "v": 1,
            "withdrawal": self.withdrawal.hex(),
            "recipients": list(self.recipients),
            "ethics_told": self.ethics_told,
            "ethics_at": self.ethics_at,
            "notified_at": self.notified_at,
        }


@dataclass(frozen=True, slots=True)
class Received:
    """Body of `withdrawal.receipt`: a destruction receipt, whole, and when it came."""

    signed: SignedReceipt
    received_at: int
    late: bool
    """Whether the deadline had passed; it is recorded all the same (S5.11)."""

    @property
    def withdrawal(self) -> bytes:
        """The receipt's."""
        return self.signed.receipt.withdrawal

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.6."""
        return {"v": 1, "signed": self.signed.to_json(), "received_at": self.received_at, "late": self.late}


@dataclass(frozen=True, slots=True)
class Exempt:
    """A recipient that need not destroy, for the one reason there is: it has only anonymised data (R32)."""

    code: str

    def to_json(self) -> dict[str, JSON]:
        """As in S10.6."""
        return {"code": self.code, "reason": ANONYMISED}


@dataclass(frozen=True, slots=True)
class Completed:
    """Body of `withdrawal.completed`: every receipt is there, so all that was taken back is destroyed."""

    withdrawal: bytes
    request: bytes
    """Leaf hash of `withdrawal.requested`."""
    law: str
    """The legal ground of the destruction."""
    receipts: tuple[bytes, ...]
    """Leaf hashes of the receipts' statements, ascending: one of each organisation that owed one."""
    exempt: tuple[Exempt, ...]
    late: bool
    """Whether a duty was overdue by the time of stating; of the block that records it the chain tells."""
    completed_at: int
    """The end date."""

    TYPE: ClassVar = "withdrawal.completed"

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.6."""
        return {
            "v": 1,
            "withdrawal": self.withdrawal.hex(),
            "request": self.request.hex(),
            "law": self.law,
            "receipts": [leaf.hex() for leaf in self.receipts],
            "exempt": [exempt.to_json() for exempt in self.exempt],
            "late": self.late,
            "completed_at": self.completed_at,
        }


@dataclass(frozen=True, slots=True)
class Kept:
    """What is stored and protected, and no more, instead of being destroyed, and why (R35)."""

    what: str
    why: str

    def to_json(self) -> dict[str, JSON]:
        """As in S10.6."""
        return {"what": self.what, "why": self.why}


@dataclass(frozen=True, slots=True)
class Restricted:
    """Body of `withdrawal.restricted`: until when, on which legal ground, what is kept (R35, P47)."""

    withdrawal: bytes
    request: bytes
    ground: str
    law: str
    """The provision, or the forum's order."""
    reference: str | None
    """What identifies the retention or the dispute, if anything does."""
    kept: tuple[Kept, ...]
    exempt: tuple[Exempt, ...]
    restricted_at: int
    until: int
    """The end date; destruction is due 72 h later (S5.12)."""

    TYPE: ClassVar = "withdrawal.restricted"

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.6."""
        return {
            "v": 1,
            "withdrawal": self.withdrawal.hex(),
            "request": self.request.hex(),
            "ground": self.ground,
            "law": self.law,
            "reference": self.reference,
            "kept": [kept.to_json() for kept in self.kept],
            "exempt": [exempt.to_json() for exempt in self.exempt],
            "restricted_at": self.restricted_at,
            "until": self.until,
        }


Step: TypeAlias = Requested | Verified | Frozen | Notified | Received | Completed | Restricted
"""The body of any `withdrawal.…` statement."""


def step_bytes(step: Step) -> bytes:
    """The canonical bytes (S1.1) that are committed to (S2.3)."""
    return dumps(step.to_json())


def parse_step(statement_type: str, value: object) -> Step:
    """Read the body of a statement of that type (S3.2) from its JSON value.

    Raises `DataFault`: `withdrawal-type` for a type that is none of a withdrawal's, a code of
    `canonical.read_object`, `credit-code`, `encoded-bytes`, as `parse_requested`, or `withdrawal-identity`,
    `withdrawal-ethics`, `withdrawal-end` where two fields contradict each other.
    """
    if statement_type not in _PARSERS:
        raise DataFault("this is no statement of a withdrawal", code="withdrawal-type", type=statement_type)
    step: Step = _PARSERS[statement_type](value, "$")
    return step


def _reader(kind: type[Any], fields: Mapping[str, Check[Any]]) -> Check[Any]:
    def read(value: object, path: str) -> Any:
        found = read_object(value, {"v": constant(1), **fields}, path)
        del found["v"]
        return kind(**found)

    return read


def _verified(value: object, path: str) -> Verified:
    body: Verified = _VERIFIED(value, path)
    if (body.way == "document") != (body.document is not None):
        raise DataFault("a check by document names its kind, and no other does", code="withdrawal-identity")
    return body


def _notified(value: object, path: str) -> Notified:
    body: Notified = _NOTIFIED(value, path)
    if body.ethics_told != (body.ethics_at is not None):
        raise DataFault("an ethics committee that was told has a time", code="withdrawal-ethics")
    return body


def _restricted(value: object, path: str) -> Restricted:
    body: Restricted = _RESTRICTED(value, path)
    if not body.restricted_at < body.until <= body.restricted_at + LONGEST_RESTRICTION:
        raise DataFault("a restriction ends later, and within 50 years", code="withdrawal-end")
    return body


def _leaves(value: object, path: str) -> tuple[bytes, ...]:
    leaves: tuple[bytes, ...] = _LEAVES(value, path)
    if list(leaves) != sorted(set(leaves)):
        raise DataFault(f"{path} is not in ascending order, each once", code="field-value", path=path)
    return leaves


def _exempt(value: object, path: str) -> tuple[Exempt, ...]:
    found = tuple(Exempt(item["code"]) for item in _EXEMPT(value, path))
    codes = [exempt.code for exempt in found]
    if codes != sorted(set(codes)):
        raise DataFault(f"{path} is not in ascending order, each once", code="field-value", path=path)
    return found


def _exempt_item(value: object, path: str) -> dict[str, Any]:
    return read_object(value, {"code": check_credit_code, "reason": constant(ANONYMISED)}, path)


_ID: Final[dict[str, Check[Any]]] = {"withdrawal": hex_bytes(32)}
_LEAVES: Final = tuple_of(hex_bytes(32), 1, MAX_RECIPIENTS + 1)
_EXEMPT: Final = tuple_of(_exempt_item, 0, MAX_RECIPIENTS)
_END: Final[dict[str, Check[Any]]] = {
    **_ID,
    "request": hex_bytes(32),
    "law": check_words(1, 200),
    "exempt": _exempt,
}
_VERIFIED: Final = _reader(
    Verified,
    {
        **_ID,
        "way": one_of(*WAYS),
        "document": nullable(one_of(*IDENTITY_PROOFS)),
        "acting": one_of(*ACTING),
        "checked_by": check_credit_code,
        "checked_at": integer(),
    },
)
_NOTIFIED: Final = _reader(
    Notified,
    {
        **_ID,
        "recipients": set_of(check_credit_code, 0, MAX_RECIPIENTS + 1),
        "ethics_told": boolean,
        "ethics_at": nullable(integer()),
        "notified_at": integer(),
    },
)
_RESTRICTED: Final = _reader(
    Restricted,
    {
        **_END,
        "ground": one_of(*GROUNDS),
        "reference": nullable(check_words(1, 200)),
        "kept": tuple_of(made_of(Kept, {"what": check_words(1, 200), "why": check_words(1, 200)}), 1, 16),
        "restricted_at": integer(),
        "until": integer(),
    },
)
_PARSERS: Final[Mapping[str, Check[Any]]] = MappingProxyType(
    {
        "withdrawal.requested": lambda value, _path: parse_requested(value),
        "withdrawal.verified": _verified,
        "withdrawal.frozen": _reader(
            Frozen, {**_ID, "controller": check_credit_code, "frozen_at": integer()}
        ),
        "withdrawal.notified": _notified,
        "withdrawal.receipt": _reader(
            Received, {"signed": check_receipt, "received_at": integer(), "late": boolean}
        ),
        Completed.TYPE: _reader(
            Completed, {**_END, "receipts": _leaves, "late": boolean, "completed_at": integer()}
        ),
        Restricted.TYPE: _restricted,
    }
)
