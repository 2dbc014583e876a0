"""SM3 and SHA-256, always in pairs (D2): if one of them falls, the other still holds.

Other modules import these names from `verifier.algorithms`.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed

from yinzheng.verifier.bytes.canonical import Check, hex_bytes, read_object

COMMITMENT_KEY_BYTES = 32
"""Length of the key of a private commitment (S2.3)."""


class _Hasher(Protocol):
    def update(self, data: bytes, /) -> object: ...

    def digest(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class DigestPair:
    """Two digests of the same bytes (S2.1), or two commitments to them under the same key (S2.3)."""

    sm3: bytes
    sha256: bytes

    def to_json(self) -> dict[str, str]:
        """`{"sm3": 64 hex, "sha256": 64 hex}`."""
        return {"sm3": self.sm3.hex(), "sha256": self.sha256.hex()}

    def matches(self, other: "DigestPair") -> bool:
        """Whether both digests are equal, in time that tells nothing about where they differ."""
        # `&`, not `and`: the second comparison must not depend on the first.
        return hmac.compare_digest(self.sm3, other.sm3) & hmac.compare_digest(self.sha256, other.sha256)

    @staticmethod
    def from_json(value: object, path: str = "$") -> "DigestPair":
        """Strict reading; usable as a `Check`. Raises `DataFault` (`field-…`)."""
        return DigestPair(**read_object(value, _PAIR, path))


_PAIR: dict[str, Check[Any]] = {"sm3": hex_bytes(32), "sha256": hex_bytes(32)}


@cache
def _begun_sm3() -> "hashlib._Hash":
    """SM3 of this Python's own OpenSSL, of nothing yet."""
    return hashlib.new("sm3")


@cache
def hashlib_has_sm3() -> bool:
    """Whether this Python's own OpenSSL offers SM3. Some builds leave it out; `cryptography` never does."""
    try:
        hashlib.new("sm3")
    except ValueError:
        return False
    return True


def sm3(data: bytes) -> bytes:
    """SM3 (GB/T 32905) of `data`, 32 bytes."""
    return _sm3_hasher(data).digest()


def sha256(data: bytes) -> bytes:
    """SHA-256 (FIPS 180-4) of `data`, 32 bytes."""
    return hashlib.sha256(data).digest()


def digest_pair(data: bytes) -> DigestPair:
    """Plain digests of `data` (S2.1)."""
    return DigestPair(_sm3_hasher(data).digest(), hashlib.sha256(data).digest())


_BLOCK: Final = 64
"""Bytes of a block of either hash."""

_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


def hmac_pair(key: bytes, data: bytes) -> DigestPair:
    """`HMAC-SM3` and `HMAC-SHA-256` of `data` under `key` (S2.3, RFC 2104).

    Written out as the RFC has it for a key of a block at most: the libraries take longer to make an HMAC
    ready than to hash the body of a statement. A longer one they hash first, each with its own hash.
    """
    if len(key) > _BLOCK:
        return DigestPair(_hmac_sm3()(key, data), hmac.digest(key, data, "sha256"))
    block = key.ljust(_BLOCK, b"\0")
    inner, outer = block.translate(_INNER) + data, block.translate(_OUTER)
    return DigestPair(
        _sm3_hasher(outer + _sm3_hasher(inner).digest()).digest(),
        hashlib.sha256(outer + hashlib.sha256(inner).digest()).digest(),
    )


class KeyedSha256:
    """HMAC-SHA-256 under one key (RFC 2104), made ready once for many short texts."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = (sha256(key) if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def __call__(self, data: bytes) -> bytes:
        """The HMAC of `data`, 32 bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(data)
        outer.update(inner.digest())
        return outer.digest()

    def __repr__(self) -> str:
        return "KeyedSha256()"


class PairHasher:
    """Digests of a stream, fed piece by piece. Both hashes let other threads run while they work."""

    __slots__ = ("_sha256", "_sm3")

    def __init__(self) -> None:
        self._sm3 = _sm3_hasher(b"")
        self._sha256 = hashlib.sha256()

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take in the next piece."""
        self._sm3.update(data)  # type: ignore[arg-type]  # any contiguous buffer will do
        self._sha256.update(data)

    def digest(self) -> DigestPair:
        """The digests of everything taken in; call it once, at the end."""
        return DigestPair(self._sm3.digest(), self._sha256.digest())


class _CryptographySm3:
    """SM3 by `cryptography`, with the methods of a `hashlib` hash."""

    __slots__ = ("_hash",)

    def __init__(self) -> None:
        self._hash = hashes.Hash(hashes.SM3())

    def update(self, data: bytes, /) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        return self._hash.finalize()


def _sm3_hasher(data: bytes) -> _Hasher:
    if hashlib_has_sm3():
        begun = _begun_sm3().copy()  # a third faster than to have it looked up by its name
        begun.update(data)
        return begun
    hasher = _CryptographySm3()
    hasher.update(data)
    return hasher


def _hmac_sm3() -> Callable[[bytes, bytes], bytes]:
    return _hmac_sm3_hashlib if hashlib_has_sm3() else _hmac_sm3_cryptography


def _hmac_sm3_hashlib(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sm3")


def _hmac_sm3_cryptography(key: bytes, data: bytes) -> bytes:
    mac = keyed.HMAC(key, hashes.SM3())
    mac.update(data)
    return mac.finalize()
