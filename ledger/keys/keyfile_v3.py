"""Ethereum keystore files, version 3 (Web3 Secret Storage), which every wallet reads.

AES-128-CTR under the first half of a key derived by scrypt or PBKDF2; Keccak-256 of the other half and the
ciphertext authenticates.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from yinzheng.ledger.keys.derivation import Derivation
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.errors import DataFault, EnvironmentFault

KEY_BYTES: Final = 32
_SALT_BYTES: Final = 16
MAX_COSTS: Final = {"n": 2**20, "r": 16, "p": 16, "c": 10_000_000, "dklen": 64}
"""Greatest costs accepted: `n`, `r`, `p` of scrypt, `c` of PBKDF2. More would take gigabytes or days."""


def encode(key: EthereumKey, derivation: Derivation, *, scrypt_n: int) -> bytes:
    """The file of a key, as it is stored."""
    document = seal(key.secret_bytes(), key.address, derivation, scrypt_n=scrypt_n)
    return json.dumps(document, sort_keys=True).encode() + b"\n"


def decode(name: str, document: Mapping[str, Any], derivation: Derivation) -> EthereumKey:
    """The key `name` of a file that was read; its address, which nothing authenticates, is compared.

    Raises `EnvironmentFault` (`wrong-passphrase`), `DataFault` (`key-malformed`, `key-swapped`).
    """
    try:
        secret = unseal(document, derivation) if is_bearable(document) else b""
    except (KeyError, TypeError, ValueError, AttributeError):
        raise malformed(name) from None
    if secret is None:
        raise wrong_passphrase(name)
    try:
        key = EthereumKey(secret)
    except DataFault:
        raise malformed(name) from None
    if str(document.get("address", "")).lower().removeprefix("0x") != key.address.hex():
        raise DataFault(f"the file of the key {name} names another address", code="key-swapped")
    return key


def wrong_passphrase(name: str) -> EnvironmentFault:
    """What is raised where a key does not open."""
    return EnvironmentFault(
        f"the key {name} does not open: the passphrase is wrong, or the file was altered",
        code="wrong-passphrase",
        hint="give the passphrase the key was made with",
        name=name,
    )


def malformed(name: str) -> DataFault:
    """What is raised for a file that is none."""
    return DataFault(f"the file of the key {name} is malformed", code="key-malformed", name=name)


def seal(secret: bytes, address: bytes, derivation: Derivation, *, scrypt_n: int) -> dict[str, Any]:
    """The file of a key of 32 bytes with its address of 20."""
    costs = {"n": scrypt_n, "r": 8, "p": 1, "dklen": KEY_BYTES}
    salt, nonce = derivation.salt(_SALT_BYTES), secrets.token_bytes(16)
    derived = _derive("scrypt", {**costs, "salt": salt.hex()}, derivation)
    sealed = _cipher(derived, nonce, secret)
    return {
        "version": 3,
        "id": str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)),
        "address": address.hex(),
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": nonce.hex()},
            "ciphertext": sealed.hex(),
            "kdf": "scrypt",
            "kdfparams": {**costs, "salt": salt.hex()},
            "mac": keccak256(derived[16:KEY_BYTES] + sealed).hex(),
        },
    }


def is_bearable(document: Mapping[str, Any]) -> bool:
    """Whether a file's costs are such that it may be opened."""
    crypto = document.get("crypto")
    costs = crypto.get("kdfparams") if isinstance(crypto, dict) else None
    if not isinstance(costs, dict):
        return False
    return all(
        type(cost := costs.get(field, 1)) is int and 1 <= cost <= most for field, most in MAX_COSTS.items()
    )


def unseal(document: Mapping[str, Any], derivation: Derivation) -> bytes | None:
    """The key, not checked to be one; None under another passphrase, or if the file was altered.

    Raises `KeyError`, `TypeError`, `ValueError` for what is no such file.
    """
    crypto = document["crypto"]
    if crypto["cipher"] != "aes-128-ctr":
        raise ValueError(crypto["cipher"])
    nonce, sealed = bytes.fromhex(crypto["cipherparams"]["iv"]), bytes.fromhex(crypto["ciphertext"])
    derived = _derive(crypto["kdf"], crypto["kdfparams"], derivation)
    if not hmac.compare_digest(keccak256(derived[16:KEY_BYTES] + sealed), bytes.fromhex(crypto["mac"])):
        return None
    return _cipher(derived, nonce, sealed)


def _derive(name: str, costs: Mapping[str, Any], derivation: Derivation) -> bytes:
    salt, length = bytes.fromhex(costs["salt"]), costs["dklen"]
    if name == "scrypt":
        return derivation.scrypt(salt, n=costs["n"], r=costs["r"], p=costs["p"], length=length)
    if (name, costs.get("prf")) == ("pbkdf2", "hmac-sha256"):
        return hashlib.pbkdf2_hmac("sha256", derivation.passphrase, salt, costs["c"], dklen=length)
    raise ValueError(name)


def _cipher(derived: bytes, nonce: bytes, data: bytes) -> bytes:
    return Cipher(algorithms.AES(derived[:16]), modes.CTR(nonce)).encryptor().update(data)
