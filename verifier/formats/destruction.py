"""The destruction receipt (S10.6): what a recipient signs when its copies are destroyed (R32, R43).

The controller signs one too, once its links are cleared. Each is bound to one withdrawal, one request and one
organisation, and signed after a prefix that no other signed object begins with.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PrivateKey, Sm2PublicKey
from yinzheng.verifier.bytes.canonical import (
    Check,
    hex_bytes,
    integer,
    loads,
    nullable,
    one_of,
    read_object,
)
from yinzheng.verifier.bytes.shape import Shaped, Versioned, names_of, shape
from yinzheng.verifier.bytes.wording import check_words
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import check_credit_code
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.request import Keys
from yinzheng.verifier.formats.tombstone import METHODS

MAX_RECEIPT: Final = 4096
"""Canonical bytes of a signed receipt; the fields' sizes keep it below."""

MAX_COPIES: Final = 10**9

CLOCK_SKEW: Final = 300
"""Seconds by which the signer's clock may be ahead of the reader's."""

_PREFIX: Final = b"yinzheng/destruction-receipt/1\n"


@dataclass(frozen=True, slots=True)
class DestructionReceipt(Versioned):
    """What is signed (S10.6a). Raises `DataFault` (`field-…`, `credit-code`, `encoded-bytes`)."""

    withdrawal: Annotated[bytes, hex_bytes(32)]
    """32 bytes: identifier of the withdrawal on chain."""
    request: Annotated[bytes, hex_bytes(32)]
    """Leaf hash of `withdrawal.requested`: what was to be destroyed."""
    recipient: Annotated[str, check_credit_code]
    """Credit code of who destroyed."""
    kid: Annotated[bytes, hex_bytes(8)]
    """8 bytes: `kid` of the signing key (S6.2)."""
    method: Annotated[str, one_of(*METHODS)]
    """One of `METHODS` (R43)."""
    copies: Annotated[int, integer(0, MAX_COPIES)]
    """How many copies, backups included, were destroyed; for a controller, links cleared."""
    operator: Annotated[str, check_words(1, 100)]
    """Who did it, in the recipient's own words."""
    evidence: Annotated[DigestPair | None, nullable(DigestPair.from_json)]
    """Of a photograph, a log or a certificate of destruction that the recipient keeps."""
    destroyed_at: Annotated[int, integer()]

    def __post_init__(self) -> None:
        read_object(self.to_json(), names_of(DestructionReceipt))

    def message(self) -> bytes:
        """The bytes that are signed."""
        return _PREFIX + self.canonical()


@dataclass(frozen=True, slots=True)
class SignedReceipt(Shaped):
    """A receipt and its signature, raw `r || s`. Nothing is verified yet."""

    receipt: DestructionReceipt
    signature: Annotated[bytes, hex_bytes(64)]

    def signed_by(self, key: Sm2PublicKey) -> bool:
        """Whether `key` is the one the receipt names, and signed it."""
        return key_id(key.point) == self.receipt.kid and key.verify(self.receipt.message(), self.signature)


@dataclass(frozen=True, slots=True)
class Awaited:
    """Whose receipt is awaited, for what; `now` is the reader's clock."""

    withdrawal: bytes
    request: bytes
    recipient: str
    now: int


def sign_receipt(receipt: DestructionReceipt, key: Sm2PrivateKey) -> SignedReceipt:
    """Sign a receipt. Raises `UsageFault` (`receipt-key`) if it names another key."""
    if receipt.kid != key_id(key.public_key.point):
        raise UsageFault("the receipt names another key than the one that signs it", code="receipt-key")
    return SignedReceipt(receipt, key.sign(receipt.message()))


def parse_receipt(data: bytes) -> SignedReceipt:
    """Read a signed receipt, which must be canonical; nothing is checked against anything.

    Raises `DataFault`: `json-…`, a code of `canonical.read_object`, `credit-code` or `encoded-bytes`.
    """
    return check_receipt(loads(data, max_bytes=MAX_RECEIPT, canonical=True), "$")


def verify_receipt(signed: SignedReceipt, awaited: Awaited, keys: Keys) -> DestructionReceipt:
    """Check that the organisation awaited confirms the destruction of what was asked, with a key in force.

    Lateness is no ground for refusal (S5.11). Raises `DataFault`: `receipt-withdrawal` (of another
    withdrawal), `receipt-bytes` (another request: it confirms the destruction of other bytes),
    `receipt-recipient` (of another organisation), `receipt-time` (destroyed in the future),
    `receipt-key-unknown`, `receipt-signature`.
    """
    receipt = signed.receipt
    for same, code, what, hint in (
        (receipt.withdrawal == awaited.withdrawal, "receipt-withdrawal", "another withdrawal", _NAMES),
        (
            receipt.request == awaited.request,
            "receipt-bytes",
            "other bytes than were to be destroyed",
            _NAMES,
        ),
        (receipt.recipient == awaited.recipient, "receipt-recipient", "another organisation", _OWN),
        (
            receipt.destroyed_at <= awaited.now + CLOCK_SKEW,
            "receipt-time",
            "a time that is yet to come",
            "Set the clock, then sign when it is destroyed.",
        ),
    ):
        if not same:
            raise DataFault(f"the receipt is of {what}", code=code, hint=hint)
    key = keys.find(receipt.recipient, receipt.kid, awaited.now)
    if key is None:
        raise DataFault(
            "this organisation has no such key in force",
            code="receipt-key-unknown",
            hint="Enrol the key, or sign with the one that replaced it.",
        )
    if not signed.signed_by(key):
        raise DataFault(
            "the receipt's signature is wrong",
            code="receipt-signature",
            hint="Sign it anew with the key it names, and send it unchanged (S10.6a).",
        )
    return receipt


_NAMES: Final = "Name the withdrawal and the request as the notice of it does, and sign anew (S10.6a)."
_OWN: Final = "Each confirms for itself alone (R32)."


check_receipt: Final[Check[SignedReceipt]] = shape(SignedReceipt)
"""Check for a signed receipt inside another object."""
