"""Signed cores (S6.2) and the texts of QR codes that carry them (S6.3): what certificate and receipt share.

One encoding alone is accepted of everything here, so that no two texts stand for the same core.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Protocol

import cbor2

from yinzheng.verifier.bytes.algorithms import Sm2PublicKey, sha256
from yinzheng.verifier.errors import DataFault, UsageFault

MAX_QR: Final = 4096
"""Characters of a QR text."""

_ALGORITHM: Final = -70001
_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")
_FROM_BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghijklmnopqrstuv")
_TO_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class IssuerSigner(Protocol):
    """The issuer's private key, wherever it is kept."""

    @property
    def public_key(self) -> Sm2PublicKey:
        """The key its signatures verify under."""

    def sign(self, message: bytes) -> bytes:
        """SM2 with SM3 over `message`: raw `r || s`, 64 bytes."""


class SignedCore(Protocol):
    """A core that was read: who is said to have signed what."""

    @property
    def kid(self) -> bytes:
        """First 8 bytes of SHA-256 of the issuer's public key."""

    @property
    def signed(self) -> bytes:
        """The bytes the signature covers (RFC 9052 section 4.4)."""

    @property
    def signature(self) -> bytes:
        """Raw `r || s`, 64 bytes."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A `COSE_Sign1` as read: a `SignedCore` whose payload is still CBOR bytes."""

    kid: bytes
    payload: bytes
    signed: bytes
    signature: bytes


def key_id(point: bytes) -> bytes:
    """The `kid` of a public key `04 || x || y` (S6.2)."""
    return sha256(point)[:8]


# Writing


def protected_header(kid: bytes) -> bytes:
    """The protected header, encoded: the algorithm and the key."""
    return cbor2.dumps({1: _ALGORITHM, 4: kid}, canonical=True)


def envelope(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    """The core: the four-element array of RFC 9052 section 4.2, untagged."""
    return cbor2.dumps([protected, {}, payload, signature], canonical=True)


def to_sign(protected: bytes, payload: bytes, aad: bytes) -> bytes:
    """The `Sig_structure` of RFC 9052 section 4.4."""
    return cbor2.dumps(["Signature1", protected, aad, payload])


def sign_core(payload: bytes, signer: IssuerSigner, aad: bytes) -> bytes:
    """The core of an encoded payload, signed."""
    protected = protected_header(key_id(signer.public_key.point))
    return envelope(protected, payload, signer.sign(to_sign(protected, payload, aad)))


def qr_prefix(host: str, rest: str) -> str:
    """`HTTPS://HOST` and what follows it. Raises `UsageFault` `qr-host` when `host` cannot stand in a URL."""
    if _HOST.fullmatch(host) is None:
        raise UsageFault("the host of a QR text is a name or address, with an optional port", code="qr-host")
    return f"HTTPS://{host.upper()}{rest}"


def to_base32(data: bytes) -> str:
    """RFC 4648 section 6, without padding."""
    bits = len(data) * 8
    count = -(-bits // 5)
    value = int.from_bytes(data, "big") << (count * 5 - bits)
    return "".join(_TO_BASE32[(value >> (5 * at)) & 31] for at in range(count - 1, -1, -1))


# Reading


def qr_form(rest: str) -> re.Pattern[str]:
    """The pattern of a QR text, or of the path of its address, whose path and fragment match ``rest``."""
    return re.compile(rf"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://[^/?#\s]{{1,255}})?{rest}", re.I | re.A)


def is_form(text: str, form: re.Pattern[str]) -> bool:
    """Whether a text has a form, so that among several codes the right one is read."""
    return len(text) <= MAX_QR and form.fullmatch(text.strip()) is not None


def match_qr(qr: str, form: re.Pattern[str], of: str, hint: str) -> re.Match[str]:
    """Hold a QR text against the form of the document it is ``of``. The host means nothing.

    Raises `DataFault`: `qr-too-long`, `qr-foreign` (with the hint), `qr-scheme`.
    """
    if len(qr) > MAX_QR:
        raise DataFault(f"a QR text of {len(qr)} characters, more than {MAX_QR}", code="qr-too-long")
    match = form.fullmatch(qr.strip())
    if match is None:
        raise DataFault(f"this is not the text of a {of}'s QR code", code="qr-foreign", hint=hint)
    if match["scheme"] and match["scheme"].upper() != "HTTPS":
        raise DataFault(f"a {of}'s QR code begins with HTTPS", code="qr-scheme")
    return match


def from_base32(digits: str) -> bytes:
    """Read what `to_base32` writes, in any case.

    Raises `DataFault`: `qr-alphabet`, `qr-bits` (a length or last bits that no encoder gives).
    """
    # Python reads base 32 in one go, in time linear in the length, but with other digits and with liberties
    # (signs, underscores, blanks), so the alphabet is checked first.
    if re.fullmatch(r"[A-Za-z2-7]+", digits) is None:
        raise DataFault("a QR text holds a character that base32 does not have", code="qr-alphabet")
    size, spare = divmod(len(digits) * 5, 8)
    value = int(digits.upper().translate(_FROM_BASE32), 32)
    if spare > 4 or value & ((1 << spare) - 1):
        raise DataFault(
            "a QR text is cut off or has bits left over", code="qr-bits", hint="Scan the whole code again."
        )
    return (value >> spare).to_bytes(size, "big")


def open_core(core: bytes, aad: bytes) -> Envelope:
    """Read a core strictly. The signature is not verified.

    Raises `DataFault` `core-malformed`: not the COSE structure, or not deterministic CBOR.
    """
    parts = load_cbor(core, "the core")
    if type(parts) is not list or len(parts) != 4:
        raise _core_fault("is not a COSE_Sign1 array")
    protected, unprotected, payload, signature = parts
    if type(payload) is not bytes or type(signature) is not bytes or len(signature) != 64:
        raise _core_fault("has no payload or no signature of 64 bytes")
    if type(unprotected) is not dict or unprotected:
        raise _core_fault("has unprotected headers")
    # The protected header is constant but for its last eight bytes, the kid.
    kid = protected[-8:] if type(protected) is bytes else b""
    if len(kid) != 8 or protected != protected_header(kid):
        raise _core_fault("does not name its algorithm and key as it must")
    return Envelope(kid, payload, to_sign(protected, payload, aad), signature)


def load_fields(payload: bytes) -> dict[int, Any]:
    """The map in a payload, its names numbers.

    Raises `DataFault`: `core-malformed` (not deterministic CBOR), `core-payload`.
    """
    fields = load_cbor(payload, "the payload")
    if type(fields) is not dict:
        raise payload_fault("is not a map")
    # 16.0 and 16 are one name to Python, though not to CBOR.
    if any(type(key) is not int for key in fields):
        raise payload_fault("has a field that is not named by a number")
    return fields


def load_cbor(data: bytes, what: str) -> Any:
    """Decode deterministic CBOR (RFC 8949 section 4.2.1): whatever re-encodes otherwise is refused.

    Raises `DataFault` `core-malformed`.
    """
    try:
        value = cbor2.loads(data, max_depth=8, allow_indefinite=False, allow_duplicate_keys=False)
        same = cbor2.dumps(value, canonical=True) == data
    except Exception as error:
        # cbor2 documents its own errors, but the content of tags makes it raise others.
        raise DataFault(f"{what} is not CBOR", code="core-malformed") from error
    if not same:
        raise DataFault(f"{what} is not deterministic CBOR", code="core-malformed")
    return value


def payload_fault(what: str) -> DataFault:
    """The fault of a payload that ``what``."""
    return DataFault(f"the payload {what}", code="core-payload")


def _core_fault(what: str) -> DataFault:
    return DataFault(f"the core {what}", code="core-malformed")
