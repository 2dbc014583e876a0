"""What one organisation may learn by guessing numbers, and have recorded by trade checks (R14, R50).

Numbers of certificates can be guessed, and an enrolled organisation is no exception: what tells whether one
exists is counted for it as for anybody on the pages. Lives in the event loop's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from yinzheng.api.http.limits import Buckets, Rate, Refusals
from yinzheng.api.http.shared import OwnLevels
from yinzheng.verifier.errors import YinzhengError

MAX_CHECKS: Final = 10_000
"""Lines of a batch of trade checks."""

MISSES: Final = frozenset(
    {
        "certificate-unknown",
        "certificate-draft",
        "certificate-altered",
        "certificate-leaf",
        "request-certificate",
        "dispute-subject-unknown",
        "holder-other",
        "order-moved",
    }
)
"""Codes by which whoever named a number without having the certificate learns whether there is one."""

_HINT: Final = "Wait, sign again, and name certificates that you were shown, by their QR text or leaf hash."
_CHECKS_HINT: Final = "Wait, sign again, and send what you need to know: every line of a batch counts."


@dataclass(frozen=True, slots=True)
class Quota:
    """What the desk grants each organisation."""

    lookups: Rate = field(default_factory=lambda: Rate(5, 100))
    """Requests that name a certificate by its number, but for trade checks."""
    miss: int = 25
    """What one of these, or a line of trade checks, costs that found no such certificate: a guess in five
    seconds, as for anybody on the pages."""
    checks: Rate = field(default_factory=lambda: Rate(50, MAX_CHECKS))
    """Trade checks, each a statement, alone or as lines: one whole batch, and then as they flow in."""


class Quotas:
    """Counts by organisation, named by its credit code. `monotonic` gives seconds."""

    def __init__(self, quota: Quota, clients: int, monotonic: Callable[[], float]) -> None:
        self._lookups = Buckets(quota.lookups, OwnLevels(clients), monotonic)
        self._checks = Buckets(quota.checks, OwnLevels(clients), monotonic)
        self._miss = quota.miss
        self._refusals = Refusals(clients, monotonic)

    @contextmanager
    def by_number(self, org: str) -> Iterator[None]:
        """Do in the block what names a certificate by its number; what raises as for a guess costs as one.

        Raises `UsageFault` `rate-limited`, and what the block raises.
        """
        self._require(self._lookups.take(org), org)
        try:
            yield
        except YinzhengError as fault:
            if not MISSES.isdisjoint({fault.code, *fault.data.get("codes", ())}):
                self._lookups.charge(org, self._miss - 1)
            raise

    def missed(self, org: str, times: int) -> None:
        """Count trade checks that found no such certificate, or none of that seller's."""
        if times:
            self._lookups.charge(org, self._miss * times)

    def may_guess(self, org: str) -> None:
        """Go on unless too many guesses are to be paid for. Raises `UsageFault` `rate-limited`."""
        self._require(self._lookups.wait(org), org)

    def may_check(self, org: str) -> None:
        """Go on if one trade check could be asked for. Raises `UsageFault` `rate-limited`."""
        self.may_guess(org)
        self._refusals.check(self._checks.wait(org), "trade checks", org, _CHECKS_HINT)

    def check(self, org: str, checks: int = 1) -> None:
        """Count so many trade checks, all or none. Raises `UsageFault` `rate-limited`."""
        self.may_guess(org)
        self._refusals.check(self._checks.take(org, checks), "trade checks", org, _CHECKS_HINT)

    def _require(self, wait: float, org: str) -> None:
        self._refusals.check(wait, "look-ups by number", org, _HINT)
