"""What was found of exported events, one by one and in all (S22.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.formats.watched import WatchedEvent
from yinzheng.verifier.judge.report import Finding, Outcome

PRIVATE = "body-private"
"""Of an event whose body nobody but those concerned may see: its statement is proved all the same."""

FOREIGN: Final = "events-foreign"
"""Of lines before the one that says of a file that it is one of events."""

_UNREAD: Final = frozenset({FOREIGN, "json-malformed", "json-too-large"})
"""Why a line could not be read: cut off, of another encoding, or of something else. Nothing failed (D14)."""


@dataclass(frozen=True, slots=True)
class EventReport:
    """One line of the file."""

    line: int
    """From 1."""
    findings: tuple[Finding, ...]
    """Of obligations 1, 4 to 8."""
    event: WatchedEvent | None = None
    claimed: tuple[str, ...] = ()
    """Certificates of it that nothing in the line ties it to: the registry says so, and the chain can be
    asked."""
    block: int | None = None
    """By which it was anchored, and when that was."""
    time: int | None = None

    @property
    def outcome(self) -> Outcome:
        """INVALID if anything is, SKIPPED if something is missing or damaged, else VALID: it is proved."""
        found = {one.outcome for one in self.findings if one.code != PRIVATE}
        if any(one.outcome is Outcome.INVALID and one.code not in _UNREAD for one in self.findings):
            return Outcome.INVALID
        return Outcome.VALID if found == {Outcome.VALID} else Outcome.SKIPPED

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "line": self.line,
            "event": None if self.event is None else self.event.to_json(),
            "outcome": self.outcome.value,
            "claimed": [*self.claimed],
            "block": self.block,
            "time": self.time,
            "findings": [
                {"number": one.number, "outcome": one.outcome.value, "code": one.code}
                for one in self.findings
            ],
        }


@dataclass(frozen=True, slots=True)
class EventsReport:
    """The file as a whole."""

    proved: int
    failed: int
    undetermined: int
    ours: bool
    """It begins as such a file does."""
    whole: bool
    """It has its first and last line, and as many events as that says."""

    @property
    def exit_code(self) -> int:
        """0 all proved; 1 something is wrong; 3 something is missing."""
        if self.failed:
            return 1
        return 0 if self.whole and not self.undetermined else 3

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "proved": self.proved,
            "failed": self.failed,
            "undetermined": self.undetermined,
            "whole": self.whole,
            "exit_code": self.exit_code,
        }
