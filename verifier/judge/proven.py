"""What was proved before, so that the same bytes need not be proved again: signatures, seals of blocks, nodes
of a sealed block's state; and what a ledger answered before, as it was read, for it to be read once.

A reader who checks much hands one in with the policy (`TrustPolicy.remembering`): the same head of the log,
the same block and the same code come again and again. Without one nothing differs but the time it takes.

What holds is kept, never what was said or what failed. A fact's name is a digest of all that it rests on,
each key and each byte that was checked, so it answers for nothing else; what depends on a time, a ledger or
the rest of a policy is judged anew each time. Nothing can be read back out of a name.
"""

from __future__ import annotations

import marshal
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, cast

from yinzheng.verifier.bytes.algorithms import Ed25519PublicKey, Sm2PublicKey, sha256
from yinzheng.verifier.chain.mpt import Nodes

T = TypeVar("T")

MOST: Final = 16_384
"""Facts kept for sure, some 150 bytes each; up to twice as many may be there."""

MOST_READ: Final = 128
"""Answers kept for sure as they were read, some 100 kB each; up to twice as many may be there."""


STATES: Final = 4
"""States of which nodes are kept, the latest."""

MOST_NODES: Final = 2_048
"""Nodes of one state, some 2 kB each; with more it is begun anew."""


class Proven:
    """Facts that held. Safe to share between threads.

    Kept in two halves: the older goes when the newer is full, but for what was asked again meanwhile. Only
    who holds a pinned key can add to it, so that a flood of inventions displaces nothing.
    """

    def __init__(self, most: int = MOST, most_read: int = MOST_READ) -> None:
        self._facts = _Halves(most)
        self._read = _Halves(most_read)
        self._states: dict[bytes, Nodes] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._facts)

    def once(self, parts: Sequence[bytes], find: Callable[[], T | None]) -> T | None:
        """What ``find`` found once from ``parts``, all that it rests on, the first naming what is asked.

        None, and whatever it raises, is not kept.
        """
        name = sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts))
        return self._facts.once(name, find)

    def verified(self, key: Sm2PublicKey | Ed25519PublicKey, message: bytes, signature: bytes) -> bool:
        """Whether the signature is the key's over the message, as its own `verify` says."""
        kind, public = (b"sm2", key.point) if isinstance(key, Sm2PublicKey) else (b"ed25519", key.raw)
        parts = (kind, public, message, signature)
        return self.once(parts, lambda: key.verify(message, signature) or None) is not None

    def read(self, what: str, answer: object, find: Callable[[], T], *, keep: bool = True) -> T:
        """What ``find`` reads in an answer of plain values, which it must rest on alone, read once.

        It is known by a digest of the whole answer: another one is read anew. What ``find`` raises is not
        kept; nor is, without ``keep``, anything new: for what strangers hand over.
        """
        try:
            # The one form (version 2 knows no references) that keeps apart what differs in any way.
            exact = marshal.dumps((what, cast(Any, answer)), 2)
        except ValueError:
            return find()  # not plain values: whoever reads them says what is wrong
        return cast(T, self._read.once(sha256(exact), find, keep=keep))

    def nodes_of(self, state: bytes) -> Nodes | None:
        """Nodes under that state root that were hashed before, for more to be added; None where none were."""
        return self._states.get(state)

    def keep_nodes(self, state: bytes, nodes: Nodes) -> None:
        """Keep nodes that hang by their hashes on the state root of a block that pinned validators sealed."""
        with self._lock:
            while len(self._states) >= STATES and state not in self._states:
                del self._states[next(iter(self._states))]
            self._states[state] = nodes if len(nodes) <= MOST_NODES else {}


class _Halves:
    """Values by digest, of which the older half goes when the newer is full."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._newer: dict[bytes, object] = {}
        self._older: dict[bytes, object] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)

    def once(self, name: bytes, find: Callable[[], T | None], *, keep: bool = True) -> T | None:
        """The value of that name, found where it is not kept; None is not kept, nor anything unless asked."""
        known = self._newer.get(name)
        if known is not None:
            return cast(T, known)
        known = self._older.get(name)
        found = find() if known is None else cast(T, known)
        if found is not None and (keep or known is not None):
            with self._lock:
                if len(self._newer) >= self._most:
                    self._older, self._newer = self._newer, {}
                self._newer[name] = found
        return found
