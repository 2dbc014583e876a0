"""C2SP signed notes, and checkpoints as notes (S4.2, S4.3).

Sources: c2sp.org/signed-note, c2sp.org/tlog-checkpoint.

A note is a text, an empty line, and one line per signature:

    — key name base64(4 bytes key ID || signature)

Two kinds of keys are known: Ed25519 (type 0x01), which every client of such logs can read, and SM2.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from yinzheng.verifier.bytes.algorithms import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
    Sm2PrivateKey,
    Sm2PublicKey,
    Verified,
    verified,
)
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log.merkle import HASH_BYTES, MAX_SIZE

ED25519_TYPE = b"\x01"
SM2_TYPE = b"\xffyinzheng.sm2-sm3.v1"

MAX_SIGNATURES = 32
"""The standard asks for at least 16."""

MAX_NOTE_BYTES = 256 * 1024
"""Room for a text and 32 post-quantum signatures."""

_READ = 8
"""Notes kept as they were read: each proof in a file leads to one, which is asked for it at every step."""

_MARK = "— "
_VKEY = re.compile(r"(?P<name>[^+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>.+)")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_FORBIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f]")

PublicKey: TypeAlias = Ed25519PublicKey | Sm2PublicKey
PrivateKey: TypeAlias = Ed25519PrivateKey | Sm2PrivateKey


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key and the name it signs under. Raises `DataFault` (`note-key`) for an impossible name."""

    name: str
    key: PublicKey
    key_id: bytes = field(init=False, repr=False, compare=False)
    """The first 4 bytes of `SHA-256(name || 0x0A || type || public key)`."""

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise DataFault("a note key's name is empty or holds a space or plus", code="note-key")
        object.__setattr__(self, "key_id", key_id_of(self.name, self.encoded))

    @property
    def encoded(self) -> bytes:
        """Signature type and public key, as hashed and as written in a vkey."""
        if isinstance(self.key, Sm2PublicKey):
            return SM2_TYPE + self.key.point
        return ED25519_TYPE + self.key.raw

    @property
    def vkey(self) -> str:
        """`name+hex(key ID)+base64(type || public key)`."""
        return write_vkey(self.name, self.encoded)


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A private key and the name it signs under."""

    name: str
    private_key: PrivateKey

    @property
    def key(self) -> NoteKey:
        """The public half, for readers to pin."""
        return NoteKey(self.name, self.private_key.public_key)

    def sign_line(self, text: str) -> str:
        """The signature line over `text`, with its newline."""
        return SignatureLine(self.name, self.key.key_id, self.private_key.sign(text.encode())).text


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature of a note, not yet verified."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def text(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_MARK}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note's text and the known keys whose signatures were verified, at least one."""

    text: str
    signers: frozenset[NoteKey]


def is_key_name(name: str) -> bool:
    """Whether a key may have this name: not empty, no plus, no Unicode space, no control character."""
    return bool(name) and "+" not in name and not _FORBIDDEN.search(name) and not any(map(str.isspace, name))


def parse_vkey(vkey: str) -> NoteKey:
    """The key a vkey describes.

    Raises `DataFault`: `note-key`, also where the key ID is not the key's; `sm2-key`; `ed25519-key`.
    """
    name, id_, encoded = split_vkey(vkey)
    if encoded.startswith(SM2_TYPE):
        key = NoteKey(name, Sm2PublicKey(encoded[len(SM2_TYPE) :]))
    elif encoded.startswith(ED25519_TYPE):
        key = NoteKey(name, Ed25519PublicKey(encoded[1:]))
    else:
        raise DataFault("a note key of a type this program does not know", code="note-key")
    require_key_id(key.key_id, id_)
    return key


def key_id_of(name: str, encoded: bytes) -> bytes:
    """The first 4 bytes of `SHA-256(name || 0x0A || type || public key)`."""
    return hashlib.sha256(name.encode() + b"\n" + encoded).digest()[:4]


def write_vkey(name: str, encoded: bytes) -> str:
    """`name+hex(key ID)+base64(type || public key)`."""
    return f"{name}+{key_id_of(name, encoded).hex()}+{base64.b64encode(encoded).decode()}"


def split_vkey(vkey: str) -> tuple[str, str, bytes]:
    """Name, key ID in hex, and type with public key, of a vkey of whatever type, nothing compared.

    Raises `DataFault` `note-key`.
    """
    match = _VKEY.fullmatch(vkey)
    if match is None:
        raise DataFault("not a note key: name+id+key expected", code="note-key")
    return match["name"], match["id"], strict_base64(match["key"], "note-key")


def require_key_id(id_: bytes, shown: str) -> None:
    """Check the key ID that a vkey shows, in hex, against the key's. Raises `DataFault` `note-key`."""
    if id_.hex() != shown:
        raise DataFault("a note key whose ID is not that of its name and key", code="note-key")


def sign_note(text: str, signers: Iterable[NoteSigner]) -> str:
    """The note of `text`, signed by each of `signers` in order.

    Raises `UsageFault` (`note-text`) if `text` does not end in a newline or holds control characters.
    """
    if not text.endswith("\n") or _FORBIDDEN.search(text):
        raise UsageFault("a note's text ends in a newline and holds no control characters", code="note-text")
    return text + "\n" + "".join(signer.sign_line(text) for signer in signers)


@lru_cache(maxsize=_READ)
def split_note(note: str | bytes) -> tuple[str, tuple[SignatureLine, ...]]:
    """Text and signature lines of a note, nothing verified.

    Raises `DataFault` (`note-malformed`): not UTF-8, control characters, over `MAX_NOTE_BYTES`, no
    signatures or over `MAX_SIGNATURES`, a malformed line.
    """
    whole = decode_text(note, MAX_NOTE_BYTES, "note-malformed")
    if _FORBIDDEN.search(whole):
        raise DataFault("a note holds control characters", code="note-malformed")
    text, separator, signatures = whole.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise DataFault("a note ends in an empty line and signature lines", code="note-malformed")
    lines = signatures[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise DataFault(f"a note has more than {MAX_SIGNATURES} signatures", code="note-malformed")
    return text + "\n", tuple(_parse_line(line) for line in lines)


def _parse_line(line: str) -> SignatureLine:
    name, space, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not space or not is_key_name(name):
        raise DataFault("a note has a malformed signature line", code="note-malformed")
    signature = strict_base64(encoded, "note-malformed")
    if len(signature) < 5:
        raise DataFault("a note has a signature too short to be one", code="note-malformed")
    return SignatureLine(name, signature[:4], signature[4:])


def open_note(note: str | bytes, keys: Collection[NoteKey], check: Verified = verified) -> OpenedNote:
    """The text of a note that at least one of `keys` signed, each signature told by `check`.

    Signatures by other keys are ignored; a wrong one by a key of `keys` condemns the note. Raises
    `DataFault`: `note-malformed`, `note-signature` (wrong) or `note-unsigned` (none).
    """
    text, lines = split_note(note)
    known = {(key.name, key.key_id): key for key in keys}
    if len(known) != len(set(keys)):
        raise UsageFault("two note keys share name and ID", code="note-key", hint="pin one of them")
    signed = text.encode()
    signers: set[NoteKey] = set()
    for line in lines:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        if not check(key.key, signed, line.signature):
            raise DataFault(f"the signature of {key.vkey} is wrong", code="note-signature", key=key.vkey)
        signers.add(key)
    if not signers:
        raise DataFault("no known key has signed the note", code="note-unsigned")
    return OpenedNote(text, frozenset(signers))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Head of a log: `size` leaves with this `root`. Raises `DataFault` (`checkpoint-malformed`)."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        # S4.2 signs under the origin's name, so what may be a key's name may be an origin.
        if not is_key_name(self.origin) or not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_BYTES:
            raise DataFault(
                "a checkpoint has an impossible origin, size or root", code="checkpoint-malformed"
            )

    @property
    def text(self) -> str:
        """The note text: origin, size and root in base64, a line each."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @staticmethod
    def from_text(text: str) -> "Checkpoint":
        """Read a note text of exactly three lines (S4.2). Raises `DataFault` (`checkpoint-malformed`)."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or _DECIMAL.fullmatch(lines[1]) is None:
            raise DataFault("a checkpoint is origin, size and root, a line each", code="checkpoint-malformed")
        return Checkpoint(lines[0], int(lines[1]), strict_base64(lines[2], "checkpoint-malformed"))


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[NoteSigner]) -> str:
    """The checkpoint as a note. Raises `UsageFault` (`note-key`) if a signer's name is not the origin."""
    if any(signer.name != checkpoint.origin for signer in signers):
        raise UsageFault("a checkpoint is signed under the name of its origin", code="note-key")
    return sign_note(checkpoint.text, signers)


@lru_cache(maxsize=_READ)
def peek_checkpoint(note: str | bytes) -> Checkpoint:
    """What a checkpoint says, whoever signed it. Raises `DataFault` (`note-…`, `checkpoint-malformed`)."""
    return Checkpoint.from_text(split_note(note)[0])


def open_checkpoint(
    note: str | bytes, origin: str, keys: Collection[NoteKey], check: Verified = verified
) -> Checkpoint:
    """The checkpoint of `origin` that **every** one of `keys` has signed (S9.1, obligation 6).

    Raises `DataFault`: as `open_note`, `checkpoint-malformed`, `checkpoint-origin`, or
    `checkpoint-signature-missing` with `missing`, the vkeys that have not signed.
    """
    opened = open_note(note, keys, check)
    checkpoint = Checkpoint.from_text(opened.text)
    if checkpoint.origin != origin:
        raise DataFault(
            "the checkpoint is of another log", code="checkpoint-origin", origin=checkpoint.origin
        )
    missing = sorted(key.vkey for key in set(keys) - opened.signers)
    if missing:
        raise DataFault(
            "a pinned key has not signed the checkpoint", code="checkpoint-signature-missing", missing=missing
        )
    return checkpoint


def decode_text(data: str | bytes, max_bytes: int, code: str) -> str:
    """`data` as text, if it is UTF-8 of at most `max_bytes` bytes. Raises `DataFault` (`code`)."""
    try:
        raw = data.encode() if isinstance(data, str) else data
        if len(raw) > max_bytes:
            raise DataFault(f"text of {len(raw)} bytes exceeds {max_bytes}", code=code)
        return raw.decode()
    except UnicodeError:
        raise DataFault("not UTF-8 text", code=code) from None


def strict_base64(text: str, code: str) -> bytes:
    """The bytes `text` encodes (RFC 4648 section 4), in the one spelling. Raises `DataFault` (`code`)."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DataFault("malformed base64", code=code) from None
    if base64.b64encode(data).decode() != text:
        raise DataFault("base64 with stray bits", code=code)
    return data
