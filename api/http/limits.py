"""Bounds on what one client, and all together, may take: requests, look-ups, memory (R14, R50).

A gate's levels may be shared by several processes (`api.http.shared`); all else lives in the event loop's
thread, and needs no lock.
"""

from __future__ import annotations

import ipaddress
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from yinzheng.api.http.bodies import BodyPace
from yinzheng.api.http.shared import Levels, OwnLevels
from yinzheng.verifier.errors import UsageFault

_log = logging.getLogger(__name__)

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: `per_second` tokens flow in, and at most `burst` are kept."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What the web server grants. The defaults are R50's, and tighter for look-ups by a guessable number."""

    requests: Rate = Rate(50, 100)
    lookups: Rate = Rate(1, 10)
    """Look-ups by a certificate number, for each client (R14)."""
    miss: int = 5
    """What a look-up of a number that does not exist costs its client: guessing is mostly missing (R14)."""
    all_lookups: Rate = Rate(20, 100)
    """Look-ups by number of all clients together: many addresses do not make enumeration lawful (R50)."""
    patients: Rate = Rate(5, 50)
    """Forms of receipts' holders, for each client; a hospital's guests may share one.

    Wrong dates of birth are counted by the desk, for each receipt."""
    objections: Rate = Rate(1 / 600, 5)
    """Objections through the form, for each client (R24)."""
    body_bytes: int = 64 * MIB
    """The largest request body."""
    bytes_in_flight: int = 256 * MIB
    """Large bodies held in memory at once, of all clients (`api.http.memory`)."""
    small_in_flight: int = 64 * MIB
    """The reserve for small ones."""
    pace: BodyPace = field(default_factory=BodyPace)
    """The slowest a body may come."""
    body_seconds: float = 180
    """How long a client may take to send a body: it comes as slowly as from the client itself, for the proxy
    keeps nothing of it (docs/deploy.md)."""
    verifications: int = max(1, os.cpu_count() or 1)
    """Verifications at once: they are bound by the processor, so more would only wait in threads."""
    files: int = 2
    """Uploaded files read at once, all but one of them at most one client's; a picture of tens of megapixels
    takes hundreds of megabytes."""
    waiting: int = 200
    """Verifications that may wait for their turn, and files; of one client a quarter as many."""
    clients: int = 10_000
    """Clients remembered; the least recently seen is forgotten first."""


GATES: Final = 5
"""Kinds of buckets that a gate has."""

ALARMS: Final = Rate(1 / 60, 2)
"""Lines in the log about one client's refusals."""


class Buckets:
    """Token buckets by client. `monotonic` gives seconds; `levels` keeps what each has left."""

    def __init__(self, rate: Rate, levels: Levels, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._levels = levels

    def take(self, client: str, tokens: int = 1) -> float:
        """Take tokens, all or none. Gives 0, or the seconds until there will be so many."""

        def taken(level: float) -> tuple[float, float]:
            wait = self._until(level, tokens)
            return (level if wait else level - tokens), wait

        return self._change(client, taken)

    def wait(self, client: str) -> float:
        """Give the seconds until there will be a token, and take none."""
        return self._change(client, lambda level: (level, self._until(level, 1)))

    def charge(self, client: str, tokens: int) -> None:
        """Take tokens whether they are there or not: what was granted turned out dearer."""
        self._change(client, lambda level: (level - tokens, 0.0))

    def _change(self, client: str, change: Callable[[float], tuple[float, float]]) -> float:
        now, most = self._monotonic(), float(self._rate.burst)

        def of(known: tuple[float, float] | None) -> tuple[tuple[float, float], float]:
            tokens, then = (most, now) if known is None else known
            level, told = change(min(most, tokens + max(0.0, now - then) * self._rate.per_second))
            return (level, now), told

        return self._levels.update(client, of)

    def _until(self, level: float, tokens: int) -> float:
        return 0.0 if level >= tokens else (tokens - level) / self._rate.per_second


class Refusals:
    """Refuses in words, and tells the operator."""

    def __init__(self, clients: int, monotonic: Callable[[], float]) -> None:
        self._alarms = Buckets(ALARMS, OwnLevels(clients), monotonic)

    def check(self, wait: float, what: str, client: str, hint: str = "Wait a little and try again.") -> None:
        """Go on where nothing is to be waited for. Raises `UsageFault` `rate-limited`."""
        if not wait:
            return
        # The alarm of R50; who is alarmed by what is the operator's logging configuration. One line for many
        # refusals: whoever is refused must not fill the disk.
        if not self._alarms.take(client):
            _log.warning("rate limit on %s exceeded by %s", what, client)
        raise UsageFault(
            f"too many {what}",
            code="rate-limited",
            hint=hint,
            retry_after=max(1, int(wait + 0.999)),
        )


class Gate:
    """Refuses whoever asks too often."""

    def __init__(
        self,
        limits: Limits,
        monotonic: Callable[[], float],
        levels: Callable[[int], Levels] | None = None,
    ) -> None:
        """`levels` gives what keeps the buckets of each of `GATES`; by default this process alone."""
        levels = levels or (lambda _part: OwnLevels(limits.clients))
        rates = (limits.requests, limits.lookups, limits.all_lookups, limits.patients, limits.objections)
        made = (Buckets(rate, levels(part), monotonic) for part, rate in enumerate(rates))
        self._requests, self._lookups, self._together, self._patients, self._objections = made
        self._miss = limits.miss
        self._check = Refusals(limits.clients, monotonic).check

    def request(self, client: str) -> None:
        """Count a request. Raises `UsageFault` `rate-limited`."""
        self._check(self._requests.take(client), "requests", client)

    def lookup(self, client: str) -> None:
        """Count a look-up by number. Raises `UsageFault` `rate-limited`."""
        self._check(self._lookups.take(client), "look-ups by number", client)
        self._check(self._together.take(""), "look-ups by number, of all clients together", client)

    def may_guess(self, client: str) -> None:
        """Go on unless a client's look-ups are used up; count none. Raises `UsageFault` `rate-limited`."""
        self._check(self._lookups.wait(client), "look-ups by number", client)

    def guessed(self, client: str) -> None:
        """Count a look-up by number in full that turned out to be one. Raises as `lookup`."""
        self.lookup(client)
        self.missed(client)

    def missed(self, client: str) -> None:
        """A look-up that `lookup` granted found nothing: count the rest of its cost."""
        self._lookups.charge(client, self._miss - 1)

    def patient(self, client: str) -> None:
        """Count a form of a receipt's holder. Raises `UsageFault` `rate-limited`."""
        self._check(self._patients.take(client), "forms of patients", client)

    def objection(self, client: str) -> None:
        """Count an objection. Raises `UsageFault` `rate-limited`."""
        self._check(self._objections.take(client), "objections", client)


@lru_cache(maxsize=4096)
def client_of(host: str | None) -> str:
    """The client an address stands for: an IPv4 address, or the /64 an IPv6 address lies in.

    One subscriber is commonly given a whole /64, and would otherwise have 2^64 buckets.
    """
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
