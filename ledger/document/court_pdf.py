"""The report of an evidence pack as a PDF for a court (R40): the content of the HTML report, in its order.

Set by Typst from `court.typ`. Everything variable travels as JSON and is only used as strings. The same
report gives the same bytes: no clock, no random identifiers, no system fonts; the document is dated with the
report's own time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.document.fonts import printable
from yinzheng.ledger.document.typesetting import typeset
from yinzheng.verifier.judge.pack.report import Answer, PackReport
from yinzheng.verifier.words.court.blocks import paper_json
from yinzheng.verifier.words.court.content import court_report
from yinzheng.verifier.words.court.pieces import answered

TEMPLATE: Final = Path(__file__).parent / "court.typ"


def render_court(report: PackReport) -> bytes:
    """The report as PDF/A-3a. Characters the font lacks are printed as 〓 and listed at the end.

    Raises `DataFault` (`document-failed`) if setting the pages failed.
    """
    pages = _set(report)
    assert isinstance(pages, bytes)
    return pages


def _set(report: PackReport, **output: Any) -> Any:
    data, lacking = printable(_data(report))
    return typeset(TEMPLATE, {**data, "lacking": lacking}, what="report", dated=report.checked_at, **output)


def _data(report: PackReport) -> dict[str, Any]:
    paper: dict[str, Any] = paper_json(court_report(report))
    return {
        **paper,
        "author": report.registry.name if report.registry and report.written_with_pack else "",
        "answers": {answer.value: paper_json(answered(answer)) for answer in Answer},
    }
