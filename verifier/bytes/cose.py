"""Signed cores (S6.2) and the texts of QR codes that carry them (S6.3): what certificate and receipt share.

One encoding alone is accepted of everything here, so that no two texts stand for the same core.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple, Protocol

from yinzheng.verifier.bytes.algorithms import Sm2PublicKey, sha256
from yinzheng.verifier.bytes.cbor import Foreign, byte_string, load_map
from yinzheng.verifier.errors import DataFault, UsageFault

MAX_QR: Final = 4096
"""Characters of a QR text."""

_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")
_TO_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE32: Final = (_TO_BASE32 + _TO_BASE32[:26].lower()).encode()
_OTHERS: Final = bytes(byte for byte in range(256) if byte not in _BASE32)
_FROM_BASE32: Final = bytes.maketrans(
    _BASE32 + _OTHERS, b"0123456789abcdefghijklmnopqrstuv0123456789abcdefghijklmnop" + b"!" * len(_OTHERS)
)
"""To the digits that Python has in base 32; whatever base32 does not have, to what no number has."""

_PROTECTED: Final = bytes.fromhex("a2013a000111700448")
"""The protected header but for the `kid`, its last eight bytes: `{1: -70001, 4: kid}`, SM2 with SM3."""

_HEADER_BYTES: Final = len(_PROTECTED) + 8


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


class Envelope(NamedTuple):
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
    """The protected header, encoded: the algorithm and the key, 8 bytes."""
    return _PROTECTED + kid


def envelope(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    """The core: the four-element array of RFC 9052 section 4.2, untagged."""
    return _envelope(protected, byte_string(payload), signature)


def to_sign(protected: bytes, payload: bytes, aad: bytes) -> bytes:
    """The `Sig_structure` of RFC 9052 section 4.4."""
    return _to_sign(protected, byte_string(payload), aad)


def _envelope(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    """As `envelope`, of an encoded payload; the other two have one length, and so one head."""
    return b"\x84\x51" + protected + b"\xa0" + payload + b"\x58\x40" + signature


def _to_sign(protected: bytes, payload: bytes, aad: bytes) -> bytes:
    return b"\x84\x6aSignature1\x51" + protected + byte_string(aad) + payload


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
    """The pattern of a QR text, or of the path of its address, whose path and fragment match ``rest``.

    Letters in ``rest`` stand for themselves: matching a thousand characters of either case as one takes
    longer than all else that is done with them.
    """
    return re.compile(rf"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://[^/?#\s]{{1,255}})?{rest}", re.A)


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
    # (signs, underscores, blanks), of which the translation leaves none. What is not ASCII becomes `?` first.
    try:
        value = int(digits.encode("ascii", "replace").translate(_FROM_BASE32), 32)
    except ValueError:
        raise DataFault("a QR text holds a character that base32 does not have", code="qr-alphabet") from None
    size, spare = divmod(len(digits) * 5, 8)
    if spare > 4 or value & ((1 << spare) - 1):
        raise DataFault(
            "a QR text is cut off or has bits left over", code="qr-bits", hint="Scan the whole code again."
        )
    return (value >> spare).to_bytes(size, "big")


def open_core(core: bytes, aad: bytes) -> Envelope:
    """Read a core strictly. The signature is not verified.

    Raises `DataFault` `core-malformed`: not the COSE structure, or not deterministic CBOR.
    """
    # Of its bytes all but key, payload and signature are told by the form, so that one comparison with what
    # they would be written as shows all of it: RFC 9052 section 4.2, and the one encoding of each length.
    protected, payload, signature = core[2 : 2 + _HEADER_BYTES], _payload(core), core[-64:]
    encoded = byte_string(payload)
    if not protected.startswith(_PROTECTED) or _envelope(protected, encoded, signature) != core:
        raise DataFault(
            "the core is not a COSE_Sign1 in its one encoding, with the header that names algorithm and key",
            code="core-malformed",
        )
    return Envelope(protected[-8:], payload, _to_sign(protected, encoded, aad), signature)


def _payload(core: bytes) -> bytes:
    """What would be the payload in a core of this form: what lies between header and signature."""
    begin, end = 3 + _HEADER_BYTES, len(core) - 66
    size = end - begin  # with the payload's own head: one byte, or that and its length in one or two
    return core[begin + (1 if size < 25 else 2 if size < 258 else 3) : end]


def load_fields(payload: bytes) -> dict[int, Any]:
    """The map in a payload, its names numbers below 24.

    Raises `DataFault`: `core-malformed` (not deterministic CBOR), `core-payload`.
    """
    try:
        return load_map(payload)
    except Foreign:
        raise payload_fault("is not a map by numbers of what our formats have") from None
    except ValueError:
        raise DataFault("the payload is not deterministic CBOR", code="core-malformed") from None


def payload_fault(what: str) -> DataFault:
    """The fault of a payload that ``what``."""
    return DataFault(f"the payload {what}", code="core-payload")
