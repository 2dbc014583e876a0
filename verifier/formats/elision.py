"""Texts that give way to their digests where a QR code would grow too large to be read (S6.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import cbor2

from yinzheng.verifier.bytes.algorithms import DigestPair, digest_pair
from yinzheng.verifier.bytes.cose import envelope

COMFORTABLE_QR: Final = 1400
"""Characters up to which nothing gives way to its digest (S6.4)."""

ELIDED: Final = "…"
"""What stands in a core's body for a text of which the QR carries only the digest."""

_SHORTEST: Final = 64
"""Bytes of UTF-8 up to which a digest is no shorter than its text."""


def fit(
    fields: dict[int, Any],
    texts: Iterable[tuple[str, str]],
    give_way: Callable[[dict[int, Any], str, bytes], None],
    *,
    whole: tuple[int, DigestPair],
    protected: bytes,
    room: int,
) -> bytes:
    """The payload of a core, with as many texts given way to their digests as fit ``room`` characters.

    ``texts`` are paths and texts; the longest gives way first, equals in this order. ``give_way`` puts the 64
    bytes of a digest in the place of a path's text. ``whole``: under which key then stands the digest of the
    whole body.
    """
    payload = cbor2.dumps(fields, canonical=True)
    long = [(path, text.encode()) for path, text in texts if len(text.encode()) > _SHORTEST]
    for path, text in sorted(long, key=lambda item: -len(item[1])):
        if len(envelope(protected, payload, bytes(64))) * 8 <= room * 5:
            break
        give_way(fields, path, pair_bytes(digest_pair(text)))
        key, commitment = whole
        fields[key] = pair_bytes(commitment)
        payload = cbor2.dumps(fields, canonical=True)
    return payload


def pair_bytes(pair: DigestPair) -> bytes:
    """A digest pair as a core has it: `SM3 || SHA-256`, 64 bytes."""
    return pair.sm3 + pair.sha256


def is_pair(value: object) -> bool:
    """Whether a field of a core holds a digest pair."""
    return type(value) is bytes and len(value) == 64


def read_pair(value: bytes) -> DigestPair:
    """The digest pair in the 64 bytes of `pair_bytes`."""
    return DigestPair(value[:32], value[32:])
