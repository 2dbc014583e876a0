"""The demonstration's people: each has a key of their own, and their passphrases lie beside the keys.

A demonstration alone does that: elsewhere everyone types their own, and no program knows it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from yinzheng.ledger.keys.personal import open_key
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.people import keyring
from yinzheng.ledger.people.acting import Actor, authenticate, enrolled
from yinzheng.ledger.registry import Registry


def acting_as(registry: Registry, name: str) -> Actor:
    """Somebody of the demonstration, acting. Raises as `authenticate` and `open_key`."""
    with registry.store.reading() as session:
        enrolled(session, name)
    paths = registry.paths
    secret = keyring.make_demonstration_passphrase(paths, name)
    file = keyring.key_file(paths, name)
    return authenticate(
        registry.store, name, _opened(file, file.read_bytes() if file.exists() else b"", secret)
    )


@lru_cache(maxsize=32)
def _opened(file: Path, _content: bytes, secret: bytes) -> EthereumKey:
    """The key in a file of that content: each acts many times, and opening takes 0.1 s."""
    return open_key(file, lambda: secret)
