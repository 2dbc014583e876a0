"""Answers of one moment, for all who ask the same in it: a busy address is verified once, not once a reader.

A moment is all that an answer rests on beside what was asked: the ledger's state, and the second of the
clock where that matters. With the next moment all answers go, so none is told later than it was true.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOST: Final = 256
"""Answers of a moment; more are found and not kept. A page takes some 30 kB."""


class Kept:
    """Answers by what was asked, of the newest moment that was asked about. Safe to share between threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._moment: Hashable = None
        self._slots: dict[Hashable, _Slot[object]] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def answer(self, moment: Hashable, asked: Hashable, find: Callable[[], T]) -> T:
        """What `find` finds, found once in a moment: who asks while it is being found waits for it.

        What it raises is nobody else's: the next who asks finds it anew.
        """
        with self._lock:
            if moment != self._moment:
                self._moment, self._slots = moment, {}
            slot = self._slots.get(asked)
            if slot is None and len(self._slots) < self._most:
                slot = self._slots[asked] = _Slot()
        return find() if slot is None else slot.get(find)  # type: ignore[return-value]  # by `asked`


class _Slot(Generic[T]):
    """Room for one answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: list[T] = []

    def get(self, find: Callable[[], T]) -> T:
        with self._lock:
            if not self._found:
                self._found.append(find())
            return self._found[0]
