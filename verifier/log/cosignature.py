"""Cosignatures of witnesses on a checkpoint (C2SP tlog-cosignature, `cosignature/v1`; S4.6).

A witness says that at a time of its own clock this is the largest consistent head of the log it has seen.
Its line stands beside the log's own in the signed note:

    — key name base64(4 bytes key ID || 8 bytes time, big-endian || 64 bytes Ed25519 signature)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.bytes.algorithms import Ed25519PublicKey, Verified, verified
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.note import (
    SignatureLine,
    is_key_name,
    key_id_of,
    require_key_id,
    split_note,
    split_vkey,
    write_vkey,
)

COSIGNATURE_TYPE: Final = b"\x04"
MAX_TIME: Final = 2**63 - 1

_TIME: Final = 8
_SIGNATURE: Final = 64


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """A witness's public key and the name it cosigns under. Raises `DataFault` (`note-key`)."""

    name: str
    key: Ed25519PublicKey

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise DataFault("a witness's name is empty or holds a space or plus", code="note-key")

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of `SHA-256(name || 0x0A || 0x04 || public key)`."""
        return key_id_of(self.name, self._encoded)

    @property
    def vkey(self) -> str:
        """`name+hex(key ID)+base64(0x04 || public key)`."""
        return write_vkey(self.name, self._encoded)

    @property
    def _encoded(self) -> bytes:
        return COSIGNATURE_TYPE + self.key.raw

    def is_of(self, line: SignatureLine) -> bool:
        """Whether a line of a note claims to be this key's: name and ID are."""
        return (line.name, line.key_id) == (self.name, self.key_id)

    def time_of(self, text: str, line: SignatureLine, check: Verified = verified) -> int:
        """When this key cosigned `text`, in UTC seconds, as it says itself.

        Raises `DataFault` (`cosignature-wrong`) where the line is not its cosignature of that text.
        """
        at = int.from_bytes(line.signature[:_TIME], "big")
        whole = len(line.signature) == _TIME + _SIGNATURE and at <= MAX_TIME
        if not whole or not check(self.key, cosigned_message(text, at), line.signature[_TIME:]):
            raise DataFault(
                f"the cosignature of {self.vkey} is wrong", code="cosignature-wrong", key=self.vkey
            )
        return at


def parse_cosigner(vkey: str) -> CosignerKey:
    """The witness's key that a vkey of type 0x04 describes.

    Raises `DataFault`: `cosigner-key` for a key of another type; `note-key`; `ed25519-key`.
    """
    name, id_, encoded = split_vkey(vkey)
    if not encoded.startswith(COSIGNATURE_TYPE):
        raise DataFault("this is not a witness's Ed25519 key (type 0x04)", code="cosigner-key")
    key = CosignerKey(name, Ed25519PublicKey(encoded[1:]))
    require_key_id(key.key_id, id_)
    return key


def cosigned_message(text: str, at: int) -> bytes:
    """What is signed: two lines of its own, and the whole text of the note."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def cosignatures(
    note: str | bytes, keys: Iterable[CosignerKey], check: Verified = verified
) -> dict[CosignerKey, int]:
    """Which of these keys cosigned a note, and when at the latest.

    Lines of other keys are ignored. Raises `DataFault`: `note-malformed`, `cosignature-wrong`.
    """
    text, lines = split_note(note)
    found: dict[CosignerKey, int] = {}
    for key in keys:
        for line in filter(key.is_of, lines):
            found[key] = max(found.get(key, 0), key.time_of(text, line, check))
    return found
