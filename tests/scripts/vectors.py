"""What the tests of the worked vectors share: their files, and hashes by other means than ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed
from eth_utils.crypto import keccak as eth_keccak

from tests.scripts.spec_vectors import FOLDER


def pair_of(data: bytes) -> dict[str, str]:
    """A digest pair (S2.1)."""
    return {"sm3": sm3(data), "sha256": hashlib.sha256(data).hexdigest()}


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def sm3(data: bytes) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


def rfc9162_root(leaf: bytes, index: int, size: int, hashes: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.3.2, literally."""
    first, last, root = index, size - 1, leaf
    for one in hashes:
        if first % 2 or first == last:
            root = hashlib.sha256(b"\1" + one + root).digest()
            while not first % 2 and first:
                first, last = first >> 1, last >> 1
        else:
            root = hashlib.sha256(b"\1" + root + one).digest()
        first, last = first >> 1, last >> 1
    assert last == 0
    return root


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, literally."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def keccak(data: bytes) -> bytes:
    return bytes(eth_keccak(data))


def committed(secret: str, body: Any) -> dict[str, str]:
    """S2.3, by `cryptography` and `hmac`."""
    key, canonical = bytes.fromhex(secret), rfc8785.dumps(body)
    mac = keyed.HMAC(key, hashes.SM3())
    mac.update(canonical)
    return {"sm3": mac.finalize().hex(), "sha256": hmac.new(key, canonical, hashlib.sha256).hexdigest()}


def leaf_of(statement: Any) -> str:
    return hashlib.sha256(b"\0" + rfc8785.dumps(statement)).hexdigest()


def unbased32(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))
