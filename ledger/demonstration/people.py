"""The demonstration's people: each has a key of their own, and their passphrases lie beside the keys.

A demonstration alone does that: elsewhere everyone types their own, and no program knows it.
"""

from __future__ import annotations

from yinzheng.ledger.keys.personal import open_key
from yinzheng.ledger.people import keyring
from yinzheng.ledger.people.acting import Actor, authenticate, enrolled
from yinzheng.ledger.registry import Registry


def acting_as(registry: Registry, name: str) -> Actor:
    """Somebody of the demonstration, acting. Raises as `authenticate` and `open_key`."""
    with registry.store.reading() as session:
        enrolled(session, name)
    paths = registry.paths
    secret = keyring.make_demonstration_passphrase(paths, name)
    return authenticate(registry.store, name, open_key(keyring.key_file(paths, name), lambda: secret))
