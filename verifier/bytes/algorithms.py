"""The one module that owns algorithms (D11): every hash, signature and comparison goes through here.

SM2 and the digests have files of their own, for length alone; the rest of the program imports all of it
from this one, so that what the project uses can be read off one list.
"""

import functools
import hmac
from collections.abc import Callable

from coincurve import PublicKey
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

from yinzheng.verifier.bytes.digests import (
    COMMITMENT_KEY_BYTES,
    DigestPair,
    KeyedSha256,
    PairHasher,
    digest_pair,
    hmac_pair,
    sha256,
    sm3,
)
from yinzheng.verifier.bytes.sm2 import (
    GmsslBackend,
    Sm2Backend,
    Sm2PrivateKey,
    Sm2PublicKey,
    TongsuoBackend,
    decode_der,
    default_backend,
    encode_der,
)
from yinzheng.verifier.errors import DataFault, UsageFault

__all__ = [
    "COMMITMENT_KEY_BYTES",
    "DigestPair",
    "Ed25519PrivateKey",
    "Ed25519PublicKey",
    "GmsslBackend",
    "KeyedSha256",
    "PairHasher",
    "Sm2Backend",
    "Sm2PrivateKey",
    "Sm2PublicKey",
    "TongsuoBackend",
    "Verified",
    "constant_time_equal",
    "decode_der",
    "default_backend",
    "digest_pair",
    "encode_der",
    "hmac_pair",
    "keccak256",
    "recover_address",
    "sha256",
    "sm3",
    "verified",
]

_SECP256K1_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def constant_time_equal(left: bytes, right: bytes) -> bool:
    """Whether two byte strings are equal, in time that tells nothing about where they differ."""
    return hmac.compare_digest(left, right)


class Ed25519PublicKey:
    """An Ed25519 public key (RFC 8032), 32 bytes. Immutable, hashable."""

    __slots__ = ("_key", "raw")

    raw: bytes

    def __init__(self, raw: bytes) -> None:
        """Raises `DataFault` (`ed25519-key`) unless `raw` has 32 bytes."""
        if len(raw) != 32:
            raise DataFault("an Ed25519 public key has 32 bytes", code="ed25519-key")
        self.raw = bytes(raw)
        self._key = ed25519.Ed25519PublicKey.from_public_bytes(self.raw)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature`, 64 bytes, signs `message`. A key that is no point verifies nothing."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ed25519PublicKey) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __reduce__(self) -> "tuple[type[Ed25519PublicKey], tuple[bytes]]":
        return Ed25519PublicKey, (self.raw,)

    def __repr__(self) -> str:
        return f"Ed25519PublicKey({self.raw.hex()})"


Verified = Callable[[Ed25519PublicKey | Sm2PublicKey, bytes, bytes], bool]
"""Tells whether a key signed a message: key, message and signature in."""


def verified(key: Ed25519PublicKey | Sm2PublicKey, message: bytes, signature: bytes) -> bool:
    """Whether the signature is the key's over the message."""
    return key.verify(message, signature)


class Ed25519PrivateKey:
    """An Ed25519 private key (RFC 8032), a seed of 32 bytes. Its representation never shows the seed."""

    __slots__ = ("_key", "public_key")

    public_key: Ed25519PublicKey

    def __init__(self, seed: bytes) -> None:
        """Raises `UsageFault` (`ed25519-seed`) unless `seed` has 32 bytes."""
        if len(seed) != 32:
            raise UsageFault("an Ed25519 private key has 32 bytes", code="ed25519-seed")
        self._key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = Ed25519PublicKey(self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> "Ed25519PrivateKey":
        """A fresh key from the operating system's randomness."""
        return cls(ed25519.Ed25519PrivateKey.generate().private_bytes_raw())

    def secret_bytes(self) -> bytes:
        """The seed, 32 bytes. For a keystore that seals it at once, for nothing else."""
        return self._key.private_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """A signature of `message`, 64 bytes."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"Ed25519PrivateKey(public_key={self.public_key.raw.hex()})"


@functools.cache
def _keccak() -> Callable[[bytes], bytes]:
    """The library, loaded when something is first hashed: it takes as long to load as all the rest here."""
    try:
        from sha3 import keccak_256
    except ImportError:  # where it has no wheel
        from eth_hash.backends.pycryptodome import keccak256

        return keccak256
    return lambda data: keccak_256(data).digest()


def keccak256(data: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it (not SHA3-256), 32 bytes."""
    return _keccak()(data)


def recover_address(digest: bytes, signature: bytes, *, low_s: bool = False) -> bytes:
    """The 20-byte Ethereum address whose key signed `digest` (32 bytes).

    `signature` is `r || s || v`, 65 bytes, r and s in 1…n-1, v 0 or 1; with `low_s` s is at most n/2, so that
    a signature has one form. Raises `DataFault` (`secp256k1-signature`) if it is malformed or no key could
    have made it. As every signature recovers
    to some address, the caller must compare the address with one it expects.
    """
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    well_formed = len(digest) == 32 and len(signature) == 65 and signature[64] in (0, 1)
    most = _SECP256K1_N // 2 if low_s else _SECP256K1_N - 1
    if not (well_formed and 0 < r < _SECP256K1_N and 0 < s <= most):
        raise DataFault("not a recoverable secp256k1 signature", code="secp256k1-signature")
    try:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except ValueError:
        raise DataFault("no key made this secp256k1 signature", code="secp256k1-signature") from None
    return keccak256(key.format(compressed=False)[1:])[12:]
