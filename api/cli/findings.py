"""How the commands that verify print obligations, and times of the mainland."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from yinzheng.api.cli.output import out
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.judge.report import Finding, Outcome
from yinzheng.verifier.words.phrases import Language, Phrase, cosigned

_MARKS: Final = {
    Outcome.VALID: ("✓", "green"),
    Outcome.INVALID: ("✗", "red"),
    Outcome.SKIPPED: ("·", "dim"),
    Outcome.ERROR: ("?", "yellow"),
}


def print_findings(
    findings: Iterable[Finding],
    titles: Mapping[int, Phrase],
    reason: Callable[[Finding], Phrase],
    language: Language,
) -> None:
    """Print each obligation with its mark and, unless it is met, why."""
    for finding in findings:
        mark, style = _MARKS[finding.outcome]
        title = titles[finding.number].said(language)
        out.print(f" {mark} {finding.number:>2} {title}", style=style, markup=False)
        if finding.outcome is not Outcome.VALID:
            out.print(f"      {reason(finding).said(language)}", markup=False)
        if (said := cosigned(finding)) is not None:
            out.print(f"      {said.said(language)}", markup=False)


def china_time(at: int) -> datetime:
    """UTC seconds as the time at +08:00."""
    return datetime.fromtimestamp(at, CHINA)
