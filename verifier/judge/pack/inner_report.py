"""The registry's own report inside a pack, held against what the pack's data give (S14.6).

`report.html` follows from everything else in the pack: a reader makes it anew, under the policy and the time
it was made with, and compares. `report.pdf` is set with a program and fonts that a verifier does not have: it
is not compared, and that is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.pack.exhibits import Ground
from yinzheng.verifier.judge.pack.report import PackReport, Reason
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.pack.manifest import PackFile

Render: TypeAlias = Callable[[PackReport], str]
"""Sets a report as `report.html`."""

Written: TypeAlias = Callable[[Ground], PackReport]
"""What the registry found when it wrote the pack."""

_GENERATOR: Final = re.compile(r'<meta name="generator" content="([^" ]{1,100}) ([0-9A-Za-z.+-]{1,40})">')
"""Edition of the page, and version of the program that set it."""

_MESSAGES: Final = {
    "report-differs": "the report inside is not the one that the pack's own data give",
    "report-not-compared": "the report inside was not compared with the data",
    "report-other-edition": "the report inside is of another edition than this verifier writes",
}


def compare_reports(ground: Ground, written: Written, render: Render | None) -> list[Reason]:
    """What is to be said of each report inside; nothing of one that is what the data give."""
    found = []
    for file in ground.manifest.of_role("report"):
        code = _html(ground, file, written, render) if file.path == "report.html" else "report-not-compared"
        if code is not None:
            found.append(Reason(file.path, None, code, _MESSAGES[code], failed=code == "report-differs"))
    return found


def _html(ground: Ground, file: PackFile, written: Written, render: Render | None) -> str | None:
    whole = all(finding.outcome is Outcome.VALID for one in ground.contents.files for finding in one.findings)
    if render is None or not whole:  # what is wrong with a file is said of that file
        return "report-not-compared"
    try:
        report = written(_as_written(ground))
    except DataFault:
        return "report-not-compared"
    if any(stamp.finding.code == "timestamp-support" for stamp in report.timestamps):
        return "report-not-compared"
    inside = _made_by(ground.contents.heads.get(file.path, b"").decode("utf-8", "replace"))
    made = render(replace(report, inputs=replace(report.inputs, program=inside[1])) if inside[1] else report)
    if digest_pair(made.encode()).matches(file.digest):
        return None
    return "report-differs" if inside[0] == _made_by(made)[0] else "report-other-edition"


def _made_by(page: str) -> tuple[str, str]:
    """Edition and version; empty where the page does not say."""
    found = _GENERATOR.search(page)
    return (found[1], found[2]) if found else ("", "")


def _as_written(ground: Ground) -> Ground:
    """The pack as it was before the reports were made, under the policy it was made with."""
    files = tuple(file for file in ground.manifest.files if file.role != "report")
    reports = [one for one in ground.contents.files if one.file.role != "report"]
    trust = parse_trust(ground.contents.raw["trust.json"])
    return Ground(replace(ground.manifest, files=files), replace(ground.contents, files=reports), trust)
