"""What the rest of the program may ask of a private key: to sign, to wrap, and what its public half is.

A key in a hardware module can do all of this except `EthereumKey.secret_bytes`, which only the embedded
chain's own sealer asks for.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from coincurve import PrivateKey

from yinzheng.ledger.keys import sm4
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey, Sm2PrivateKey, keccak256
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.log.note import NoteSigner

if TYPE_CHECKING:
    from eth_account.signers.base import BaseAccount

ISSUER = "issuer"
LOG_ED25519 = "log-ed25519"
LOG_SM2 = "log-sm2"
VALIDATOR = "validator"
RELAY = "relay"
KEK = "kek"


class Kind(StrEnum):
    """What a key is for a mathematician."""

    SM2 = "sm2"
    ED25519 = "ed25519"
    SECP256K1 = "secp256k1"
    SM4 = "sm4"


TOKEN_WRAPPED = b"YZW\x02"
"""How a key wrapped with AES-256-GCM inside a token begins (`token_keys.py`)."""

KINDS = {
    ISSUER: Kind.SM2,
    LOG_ED25519: Kind.ED25519,
    LOG_SM2: Kind.SM2,
    VALIDATOR: Kind.SECP256K1,
    RELAY: Kind.SECP256K1,
    KEK: Kind.SM4,
}
"""The keys of an instance. Those of people are no part of it (`personal.py`)."""


def is_token_wrapped(wrapped: bytes) -> bool:
    """Whether a wrapped key was wrapped inside a token.

    A 16-byte key wrapped with SM4 has 44 bytes and no header; inside a token it has at least 48 and one.
    (Of longer secrets wrapped with SM4, such as import seeds, one in 2^32 begins like the header by chance.)
    """
    return wrapped.startswith(TOKEN_WRAPPED) and len(wrapped) >= len(TOKEN_WRAPPED) + 12 + 16 + 16


class EthereumKey:
    """A secp256k1 key. Its representation never shows the secret."""

    __slots__ = ("_key", "address")

    address: bytes
    """20 bytes."""

    def __init__(self, secret: bytes) -> None:
        """Raises `DataFault` (`secp256k1-key`) unless `secret` is 32 bytes in 1…n-1."""
        try:
            # coincurve itself would pad a shorter secret.
            self._key = PrivateKey(secret if len(secret) == 32 else bytes(32))
        except ValueError:
            raise DataFault("a secp256k1 key is 32 bytes in 1…n-1", code="secp256k1-key") from None
        self.address = keccak256(self._key.public_key.format(compressed=False)[1:])[12:]

    @classmethod
    def generate(cls) -> EthereumKey:
        """A fresh key from the operating system's randomness."""
        return cls(PrivateKey().secret)

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign 32 bytes: `r || s || v`, 65 bytes, v 0 or 1, low s, nonce of RFC 6979."""
        return self._key.sign_recoverable(digest, hasher=None)

    def account(self) -> BaseAccount:
        """The same key as eth_account knows it, for transactions: the registry alone sends any."""
        from yinzheng.ledger.keys.accounts import KeyAccount

        return KeyAccount(self)

    def secret_bytes(self) -> bytes:
        """The secret, 32 bytes. For the keystore and the embedded chain's sealer, for nothing else."""
        return self._key.secret

    def __repr__(self) -> str:
        return f"EthereumKey(address={self.address.hex()})"


class KeyWrapper:
    """The key-encryption key: wraps the keys of dossiers, which lie wrapped in the database (D10).

    Wrapped form: nonce (12) || SM4-GCM of the key || tag. `associated` names what the key is for, so that
    a wrapped key copied to another dossier's row does not open.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        """`key` is 16 bytes."""
        if len(key) != sm4.KEY_BYTES:
            raise DataFault("an SM4 key has 16 bytes", code="sm4-key")
        self._key = key

    def wrap(self, key: bytes, associated: bytes) -> bytes:
        """Seal `key` under a fresh random nonce."""
        nonce = secrets.token_bytes(sm4.NONCE_BYTES)
        return nonce + sm4.encrypt(self._key, nonce, key, associated)

    def unwrap(self, wrapped: bytes, associated: bytes) -> bytes:
        """The key again; `DataFault` `seal-broken` under another key, for another name, or altered."""
        if is_token_wrapped(wrapped):
            raise EnvironmentFault(
                "this key is wrapped by a key in a token, and no token is configured",
                code="key-in-token",
                hint="restore pkcs11.json to the key folder, and connect the token it names",
            )
        nonce, sealed = wrapped[: sm4.NONCE_BYTES], wrapped[sm4.NONCE_BYTES :]
        if len(nonce) != sm4.NONCE_BYTES:
            raise DataFault("a wrapped key is truncated", code="seal-broken", hint="restore it from a backup")
        return sm4.decrypt(self._key, nonce, sealed, associated)

    def secret_bytes(self) -> bytes:
        """The key, 16 bytes. For a keystore that seals it at once, for nothing else."""
        return self._key

    def __repr__(self) -> str:
        return "KeyWrapper()"


class KeyProvider(Protocol):
    """Where keys live. Asking for a key may take a while the first time; the answer is kept.

    Each method raises `EnvironmentFault` `key-missing` for a name that has no key, `DataFault`
    `key-kind` where it is of another kind, and whatever unlocking raises.
    """

    def names(self) -> Sequence[str]:
        """The names of all keys, sorted."""

    def sm2(self, name: str) -> Sm2PrivateKey:
        """Signs with SM2."""

    def ed25519(self, name: str) -> Ed25519PrivateKey:
        """Signs with Ed25519."""

    def ethereum(self, name: str) -> EthereumKey:
        """Signs transactions, approvals and blocks."""

    def wrapper(self, name: str = KEK) -> KeyWrapper:
        """Wraps other keys."""

    def account(self, name: str) -> BaseAccount:
        """The key of `ethereum(name)` as eth_account knows it."""

    def log_signers(self, origin: str) -> list[NoteSigner]:
        """The two keys that sign checkpoints, Ed25519 first, under the name of the origin (S4.2)."""
