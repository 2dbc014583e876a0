"""Memory for request bodies: so much in all, a share for each client, and a reserve for small ones (R50).

A body begins in the reserve and leaves it once it has grown: forms, QR texts and certificates go on while
large uploads wait for one another. Where there is no room, a body whose sender lags behind gives way to one
that comes. All of it lives in the event loop's thread, so that it needs no lock.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, cast

from starlette.requests import Request

from yinzheng.api.http.bodies import Patience, patience_of
from yinzheng.api.http.guard import client
from yinzheng.api.http.limits import MIB
from yinzheng.verifier.errors import EnvironmentFault, UsageFault

_log = logging.getLogger(__name__)

SMALL: Final = MIB
"""Bytes up to which a body counts as small: every certificate and form, and most pictures of a code."""

SHARES: Final = 4
"""One client has at most one in so many of each part."""


class _Part:
    """A part of the memory: `capacity` bytes, of which one client has at most `share`."""

    def __init__(self, capacity: int, share: int) -> None:
        self._free = capacity
        self._share = share
        self._held: dict[str, int] = {}

    def fits(self, count: int) -> bool:
        return count <= self._free

    def within_share(self, client: str, count: int) -> bool:
        return self._held.get(client, 0) + count <= self._share

    def take(self, client: str, count: int) -> None:
        self._free -= count
        self._held[client] = self._held.get(client, 0) + count

    def give(self, client: str, count: int) -> None:
        self._free += count
        left = self._held.get(client, 0) - count
        if left:
            self._held[client] = left
        else:
            self._held.pop(client, None)


class Memory:
    """The bytes of request bodies held at once: `large` for those beyond `SMALL`, `small` for the rest."""

    def __init__(self, large: int, small: int, *, largest: int = 0) -> None:
        """`largest`: what one body may have; a client's share is never less."""
        self.large = _Part(large, max(large // SHARES, min(large, largest)))
        self.small = _Part(small, small // SHARES)
        self._leases: set[Lease] = set()

    @contextmanager
    def lease(self, request: Request | None = None, holder: str | None = None) -> Iterator[Lease]:
        """A lease that grows as the body of `request` arrives and is given back whole, however it ends.

        It counts for `holder`, by default the client's address: what would count for nobody would be
        everybody's, and the first stranger's.
        """
        if request is None and holder is None:
            raise TypeError("a lease is somebody's")
        counted = holder or client(cast(Request, request))
        lease = Lease(self, counted, None if request is None else patience_of(request.scope))
        self._leases.add(lease)
        try:
            yield lease
        finally:
            self._leases.discard(lease)
            lease.give_back()

    def make_room(self, part: _Part, count: int) -> bool:
        """Have bodies that lag behind give way, the one furthest behind first, until `count` bytes fit."""
        while not part.fits(count):
            lagging = [lease for lease in self._leases if lease.part is part and lease.lags]
            if not lagging:
                return False
            min(lagging, key=lambda lease: lease.spare).give_way()
        return True


class Lease:
    """What one request holds of the memory."""

    def __init__(self, memory: Memory, client: str, patience: Patience | None) -> None:
        self._memory = memory
        self._client = client
        self._patience = patience
        self.part = memory.small
        self.held = 0

    @property
    def spare(self) -> float:
        """Seconds of patience left with its sender."""
        return 0.0 if self._patience is None else self._patience.spare

    @property
    def lags(self) -> bool:
        """Whether its sender is being waited for, and behind."""
        return self.held > 0 and self._patience is not None and self._patience.lags

    def grow(self, count: int) -> None:
        """Hold `count` bytes more. Raises `UsageFault` `rate-limited`; `EnvironmentFault` `server-busy`."""
        wanted, part = count, self.part
        if part is self._memory.small and self.held + count > SMALL:
            wanted, part = self.held + count, self._memory.large
        if not part.within_share(self._client, wanted):
            raise UsageFault(
                "too many uploads at the same moment",
                code="rate-limited",
                hint="Wait until the others are through.",
                retry_after=10,
            )
        if not self._memory.make_room(part, wanted):
            raise EnvironmentFault(
                "too many uploads at the same moment",
                code="server-busy",
                hint="Try again in a minute. Nothing is wrong with the certificate.",
                retry_after=30,
            )
        if part is not self.part:
            self.part.give(self._client, self.held)
            self.part = part
        part.take(self._client, wanted)
        self.held += count

    def give_back(self) -> None:
        """Give everything back."""
        self.part.give(self._client, self.held)
        self.held = 0

    def give_way(self) -> None:
        """Give everything back at once; its sender is waited for no longer."""
        self.give_back()
        assert self._patience is not None
        self._patience.end()
