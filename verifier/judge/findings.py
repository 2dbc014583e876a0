"""Where outcomes of obligations (S9.1) are collected, and the only place where a failed check is caught."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, TypeVarTuple

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.errors import DataFault, EnvironmentFault, YinzhengError
from yinzheng.verifier.judge.report import Finding, Outcome

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

OBLIGATIONS: Final = range(1, 11)

_ON_CHAIN: Final = (7, 9)
"""Obligations judged against a block. Where nobody vouches for that block, INVALID proves no forgery."""


OFFLINE: Final = "offline"
NOBODY_ASKED: Final = "this was not given, and no ledger was asked"
"""Code and message of what was neither shown nor asked for."""

Placed: TypeAlias = tuple[str, Sequence[Finding]]
"""Findings and where they were made."""


@dataclass(frozen=True, slots=True)
class Established:
    """What a report tells of an obligation that holds, as JSON values."""

    data: Mapping[str, Any]


class Lacking(NamedTuple):
    """What a check gives that has nothing to look into: as `Findings.lack`, of that obligation."""

    why: YinzhengError | None


class Findings:
    """The findings of one verification, by obligation."""

    def __init__(self) -> None:
        self._found: dict[int, Finding] = {}
        self._any_failed = False
        """Whether any was INVALID when it was settled."""

    def settle(self, number: int, check: Callable[[*Ts], T], *given: *Ts) -> T | None:
        """Run a check of what is given, note its outcome, and return what it established, if it holds."""
        try:
            value = check(*given)
        except (NotGiven, DataFault, EnvironmentFault) as fault:
            # Its traceback leads back to what was exhibited, and so to itself: a cycle for the collector.
            fault.__traceback__ = None
            self._fail(number, fault)
            return None
        if isinstance(value, Lacking):
            self.lack((number,), value.why)
            return None
        if isinstance(value, Established):
            self._found[number] = Finding(number, Outcome.VALID, "ok", "", value.data)
        else:
            self._found[number] = _plain(number, Outcome.VALID, "ok", "")
        return value

    def lack(self, numbers: tuple[int, ...], why: YinzhengError | None) -> None:
        """Note why obligations were not looked into; None: what they need was not given, and nobody asked."""
        if why is None:
            self._found.update(_offline(numbers))
        else:
            for number in numbers:
                self._fail(number, why)

    def _fail(self, number: int, why: YinzhengError) -> None:
        if isinstance(why, DataFault):
            outcome, self._any_failed = Outcome.INVALID, True
        else:
            outcome = Outcome.SKIPPED if isinstance(why, NotGiven) else Outcome.ERROR
        self._found[number] = Finding(number, outcome, why.code, why.message, why.data)

    def skip_rest(self, code: str, *, after: int = 1) -> None:
        """What has no form, or no issuer that counts, has nothing else to check."""
        for number in OBLIGATIONS[after:]:
            self._found[number] = _plain(number, Outcome.SKIPPED, code, "what came before is wrong already")

    def outcome(self, number: int) -> Outcome:
        """Of an obligation that is settled."""
        return self._found[number].outcome

    def found(self, number: int) -> Finding:
        """The finding of an obligation that is settled."""
        return self._found[number]

    def all_are(self, outcome: Outcome, numbers: Iterable[int]) -> bool:
        """Whether these obligations, which are settled, all came to that."""
        for number in numbers:  # noqa: SIM110 - sooner than a generator
            if self._found[number].outcome is not outcome:
                return False
        return True

    def in_order(self) -> tuple[Finding, ...]:
        """All that are settled."""
        return tuple(map(self._found.__getitem__, sorted(self._found)))

    def failed(self) -> tuple[Finding, ...]:
        """Those of 1–9 that are INVALID and count (S9.2)."""
        if not self._any_failed:
            return ()
        wrong = [
            finding
            for number, finding in self._found.items()
            if finding.outcome is Outcome.INVALID and number < 10
        ]
        if wrong and self.outcome(8) in (Outcome.SKIPPED, Outcome.ERROR):
            wrong = [finding for finding in wrong if finding.number not in _ON_CHAIN]
        return tuple(sorted(wrong, key=lambda finding: finding.number))


def all_hold(number: int, places: Iterable[Placed]) -> Established:
    """For a document of many parts as a whole: the obligation holds wherever it was asked.

    Gives what all tell alike. Raises the first failure with the `where` of all.
    """
    found = [
        (where, finding) for where, findings in places for finding in findings if finding.number == number
    ]
    for outcome, fault in ((Outcome.INVALID, DataFault), (Outcome.SKIPPED, NotGiven)):
        failed = [
            (where, finding)
            for where, finding in found
            if finding.outcome is outcome and finding.code != "withheld"
        ]
        if failed:
            where = [place for place, _ in failed]
            raise fault(failed[0][1].message, code=failed[0][1].code, where=where)
    told = [finding.data for _, finding in found if finding.outcome is Outcome.VALID]
    if not told:
        raise NotGiven("nothing is shown of which this could be asked", code="nothing-asked")
    return Established(told[0] if all(one == told[0] for one in told) else {})


@cache
def _plain(number: int, outcome: Outcome, code: str, message: str) -> Finding:
    """A finding that tells nothing of what was shown: made once."""
    return Finding(number, outcome, code, message)


@cache
def _offline(numbers: tuple[int, ...]) -> Mapping[int, Finding]:
    return {number: _plain(number, Outcome.SKIPPED, OFFLINE, NOBODY_ASKED) for number in numbers}
