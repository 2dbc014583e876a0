"""What several processes of one service know together: how much each client took, and what is used up.

Levels lie in memory that all of them see; a lock that ends with its holder guards them, so that a process
which is killed keeps nobody. Marks are files, made by whoever is first.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final, Protocol

Level = tuple[float, float]
"""Tokens a client had, and when, by the monotonic clock: one clock for all processes of a machine."""

Change = Callable[[Level | None], tuple[Level, float]]
"""From what a client had (None: never seen) to what it has, and what to tell."""

_SLOT: Final = struct.Struct("16sdd")
_WAYS: Final = 8
"""Clients that fall into one row of the table; the one not seen for longest gives way to a ninth."""


class Levels(Protocol):
    """Levels by client."""

    def update(self, client: str, change: Change) -> float:
        """Change a client's level, and tell what `change` tells."""


class OwnLevels:
    """Of one process. Remembers so many clients; the least recently seen is forgotten first."""

    def __init__(self, clients: int) -> None:
        self._clients = clients
        self._levels: OrderedDict[str, Level] = OrderedDict()

    def update(self, client: str, change: Change) -> float:
        """See `Levels`."""
        self._levels[client], told = change(self._levels.pop(client, None))
        if len(self._levels) > self._clients:
            self._levels.popitem(last=False)
        return told


class SharedLevels:
    """Of all processes that open the same file, one part of it for each use.

    A row holds as many clients as `_WAYS`, so that a table of `clients` begins to forget before it is full;
    whoever is forgotten begins anew with a full bucket, as after a restart. Which row is whose nobody can
    tell who has not the file: its first 16 bytes are a key.
    """

    def __init__(self, file: Path, part: int, clients: int) -> None:
        self._descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
        self._map = mmap.mmap(self._descriptor, 0)
        self._key = self._map[:16] + part.to_bytes(2, "big")
        self._rows = rows_for(clients)
        self._begin = 16 + part * self._rows * _WAYS * _SLOT.size
        if self._begin + self._rows * _WAYS * _SLOT.size > len(self._map):
            raise ValueError("the file has no such part")

    def update(self, client: str, change: Change) -> float:
        """See `Levels`."""
        name = blake2b(client.encode(), key=self._key, digest_size=16).digest()
        row = self._begin + int.from_bytes(name[:4], "big") % self._rows * _WAYS * _SLOT.size
        with self._locked(row):
            oldest, when, found = row, float("inf"), None
            for place in range(row, row + _WAYS * _SLOT.size, _SLOT.size):
                kept, tokens, seen = _SLOT.unpack_from(self._map, place)
                if kept == name:
                    oldest, found = place, (tokens, seen)
                    break
                if seen < when:
                    oldest, when = place, seen
            level, told = change(found)
            _SLOT.pack_into(self._map, oldest, name, *level)
        return told

    @contextmanager
    def _locked(self, row: int) -> Iterator[None]:
        fcntl.lockf(self._descriptor, fcntl.LOCK_EX, 1, row)
        try:
            yield
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, row)


def rows_for(clients: int) -> int:
    """Rows of a table that remembers about so many clients."""
    return -(-clients // _WAYS) * 2


def make_file(file: Path, parts: int, clients: int) -> None:
    """Make the file of `SharedLevels`: a fresh key, and `parts` empty tables."""
    size = 16 + parts * rows_for(clients) * _WAYS * _SLOT.size
    with file.open("xb") as new:
        file.chmod(0o600)
        new.write(secrets.token_bytes(16))
        new.truncate(size)


class Once(Protocol):
    """Marks that are set once, and last until a time."""

    def has(self, mark: bytes, now: int) -> bool:
        """Whether it is set."""

    def set(self, mark: bytes, until: int, now: int) -> bool:
        """Set it until `until` (UTC seconds); whether it was not set before."""


class OwnMarks:
    """Of one process."""

    def __init__(self) -> None:
        self._until: dict[bytes, int] = {}

    def has(self, mark: bytes, now: int) -> bool:
        """See `Once`."""
        self._until = {one: until for one, until in self._until.items() if until > now}
        return mark in self._until

    def set(self, mark: bytes, until: int, now: int) -> bool:
        """See `Once`."""
        new = not self.has(mark, now)
        self._until[mark] = until
        return new


class SharedMarks:
    """Of all processes with the same folder: an empty file for each mark, of which the time is its end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, mark: bytes, now: int) -> bool:
        """See `Once`."""
        try:
            return (self._folder / mark.hex()).stat().st_mtime > now
        except FileNotFoundError:
            return False

    def set(self, mark: bytes, until: int, now: int) -> bool:
        """See `Once`."""
        self._forget(now)
        path = self._folder / mark.hex()
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return False
        os.utime(path, (until, until))
        return True

    def _forget(self, now: int) -> None:
        """Take away marks whose time was over a minute ago; one in the making has the time of its making."""
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < now - 60:
                    path.unlink()
