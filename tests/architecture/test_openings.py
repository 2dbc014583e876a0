"""Whoever opens what is kept about a person writes an access line (R30, R47): read off the sources.

Each function that calls one of `OPENERS` either notes it itself, or stands below with the reason why nobody
is shown anything there, or with who notes it. A new caller is in neither, and fails here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from tests.architecture.imports import modules

OPENERS: Final = {
    "admitted", "conclusion", "dossier_key", "find_thread", "make_receipt", "open_consent", "open_event",
    "open_file", "open_sample", "open_thread", "open_work", "plan_pack", "progress", "rewrap", "uses_of",
    "work_on",
}  # fmt: skip
"""What gives the content of a consent, case, dispute or dossier, or a document or new key made of it."""

NOTING: Final = {"_admitted", "acted", "allowed", "note", "note_many", "note_pack", "opening"}
"""What writes a line; `_admitted` of the patients' routes does it for each."""

DECISION: Final = "a decision: its statement tells of it, its approvals or the line of its actor who made it"
OWNER: Final = "brought by whom it is about, or recorded, and shown to nobody"
HELPER: Final = "opens for the use cases that call it, which are looked at here by themselves"
MACHINE: Final = "done when its time has come; nobody is shown anything"
COMPARED: Final = "compared, and nothing of it shown"

APART: Final[dict[str, str]] = {
    "api.cli.registry.withdrawals.restrict": "noted by `ledger.withdrawals.ending.restrict`, in whose answer "
    "it is",
    "api.cli.registry.withdrawals.verify_guardian": "noted by `ledger.withdrawals.verifying.verify_guardian`",
    "api.desk.withdrawals._part": HELPER,
    "ledger.cases.asked._opened": HELPER,
    "ledger.cases.deciding.accept": DECISION,
    "ledger.cases.deciding.decide": DECISION,
    "ledger.cases.deciding.refuse": DECISION,
    "ledger.cases.deciding.request_supplement": DECISION,
    "ledger.cases.deciding.review": DECISION,
    "ledger.cases.deciding.to_ordinary": DECISION,
    "ledger.cases.deeming._deem": MACHINE,
    "ledger.cases.dossier_opening._inspections": HELPER,
    "ledger.cases.dossier_opening._submissions": HELPER,
    "ledger.cases.inspecting.inspect": DECISION,
    "ledger.cases.intake.go_on": OWNER,
    "ledger.cases.intake.supplement": OWNER,
    "ledger.cases.issuing.issue": DECISION,
    "ledger.cases.issuing.sign": DECISION,
    "ledger.cases.objections._reasons": HELPER,
    "ledger.cases.objections.object_to": OWNER,
    "ledger.cases.objections.take_in": OWNER,
    "ledger.cases.objections.resolve": DECISION,
    "ledger.cases.publicity.publish": DECISION,
    "ledger.cases.requesting.supplement": OWNER,
    "ledger.cases.showing.prepared_file": "what becomes public, for the parties that sign it",
    "ledger.cases.showing.shown_move": "likewise, to whom it concerns",
    "ledger.cases.work.bodies": HELPER,
    "ledger.cases.work.content_of": DECISION,
    "ledger.cases.work.work_on": HELPER,
    "ledger.certificates.lapsing._lapse": MACHINE,
    "ledger.certificates.following._opened": HELPER,
    "ledger.certificates.following._seal": HELPER,
    "ledger.certificates.objecting.answer": DECISION,
    "ledger.certificates.objecting.conclude": DECISION,
    "ledger.certificates.objecting.object_to_certificate": OWNER,
    "ledger.certificates.objecting.tell": DECISION,
    "ledger.certificates.work.content": DECISION,
    "ledger.certificates.orders.execute": DECISION,
    "ledger.certificates.remarks.enter": DECISION,
    "ledger.certificates.remarks.lift": DECISION,
    "ledger.certificates.work.certificate_thread": HELPER,
    "ledger.consents.reading._open": HELPER,
    "ledger.consents.receipts.make_receipt": HELPER,
    "ledger.trades.contracts.said_of": HELPER,
    "ledger.trades.contracts.shown": "about organisations, and to those that have a part in it",
    "ledger.trades.settling.settle_trade": DECISION,
    "ledger.trades.proving.proof_of": "about organisations, and to those that have a part in it",
    "ledger.trades.listing._listed": "about organisations, and to the one that asked",
    "ledger.trades.receipts.receipt_of": "about organisations, and to the one that asked",
    "ledger.consents.uncovered._in_force": "identifiers alone are shown, noted by its `uncovered_of`",
    "ledger.disputes.direct.follow_opening": MACHINE,
    "ledger.disputes.direct.follow_release": MACHINE,
    "ledger.disputes.direct.take_in": OWNER,
    "ledger.disputes.collecting._of_case": HELPER,
    "ledger.disputes.collecting.as_of_item": "noted by `ledger.disputes.preserving.preserve`",
    "ledger.disputes.collecting.consent_item": "noted by `ledger.disputes.preserving.preserve`",
    "ledger.disputes.collecting.find_thread": HELPER,
    "ledger.disputes.collecting.opened": HELPER,
    "ledger.disputes.evidence.add_items": OWNER,
    "ledger.disputes.hold_notices._applicant": MACHINE,
    "ledger.disputes.numbered_items._look": COMPARED,
    "ledger.disputes.opening.add_to_draft": OWNER,
    "ledger.disputes.opening.discard": OWNER,
    "ledger.disputes.opening.open_dispute": OWNER,
    "ledger.disputes.opening.prepare": OWNER,
    "ledger.disputes.packing._content": HELPER,
    "ledger.disputes.packing._dossier_file": HELPER,
    "ledger.disputes.packing._gather": HELPER,
    "ledger.disputes.packing._items": HELPER,
    "ledger.disputes.packing._referred": HELPER,
    "ledger.disputes.release.prepare_release": DECISION,
    "ledger.disputes.release.release": DECISION,
    "ledger.disputes.showing._body": HELPER,
    "ledger.disputes.showing.standing": COMPARED,
    "ledger.disputes.spool.open": "the bytes that are just being sent, before they are kept",
    "ledger.disputes.work.work_on": HELPER,
    "ledger.erasure.grounds._check_consent": COMPARED,
    "ledger.erasure.grounds.evidence_of": COMPARED,
    "ledger.erasure.overview._candidates": "noted by whoever is shown the list (`retention`)",
    "ledger.state.sample._open": COMPARED,
    "ledger.store.sealed.check_file": COMPARED,
    "ledger.supervision.showing._files": HELPER,
    "ledger.supervision.showing._steps": HELPER,
    "ledger.supervision.steps._step": DECISION,
    "ledger.supervision.steps.close": DECISION,
    "ledger.supervision.work.work_on": HELPER,
    "ledger.withdrawals.announced.take_in": OWNER,
    "ledger.withdrawals.claims.admitted": HELPER,
    "ledger.withdrawals.concluding.conclusion": HELPER,
    "ledger.withdrawals.ending._resume": MACHINE,
    "ledger.withdrawals.ending._tick_one": MACHINE,
    "ledger.withdrawals.filing._opened": HELPER,
    "ledger.withdrawals.looking.conclude_to": "noted by its own `_open`",
    "ledger.withdrawals.looking.look_at": "noted by its own `_open`",
    "ledger.withdrawals.progress.progress": HELPER,
    "ledger.withdrawals.reminding.remind": MACHINE,
    "ledger.withdrawals.work.open_thread": HELPER,
    "ledger.withdrawals.work.open_work": HELPER,
    "ledger.withdrawals.work.work_on": HELPER,
}
"""Functions that open and do not note, and why."""

COMMON: Final = {"conclusion": "withdrawals.concluding", "progress": "withdrawals.progress"}
"""Names that mean something else elsewhere, with the module whose they are."""


_INSIDE: Final = ("ledger.demonstration", "ledger.audit")
"""The audit compares everything and shows findings alone; the demonstration's people are invented."""


def _calls(node: ast.AST) -> set[str]:
    """Names that a function calls, its inner functions' among them."""
    found = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            if isinstance(one.func, ast.Name):
                found.add(one.func.id)
            elif isinstance(one.func, ast.Attribute):
                found.add(one.func.attr)
    return found


def _functions() -> Iterator[tuple[str, ast.AST, frozenset[str]]]:
    """Every function with its name, and what opens something where it stands."""
    for name, path in modules().items():
        if not name.startswith(("ledger.", "api.")) or name.startswith(
            ("ledger.demonstration", "ledger.audit")
        ):
            continue
        source = path.read_text(encoding="utf-8")
        other = {word for word, home in COMMON.items() if f"from yinzheng.ledger.{home} import" not in source}
        meant = frozenset(OPENERS - other)
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}.{node.name}", node, meant
            elif isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                        yield f"{name}.{method.name}", method, meant


def opening() -> dict[str, set[str]]:
    """Functions that open something and write no line, with what they call."""
    found = {}
    for name, node, openers in _functions():
        calls = _calls(node)
        if calls & openers and not calls & NOTING:
            found[name] = calls & openers
    return found


def test_whoever_opens_a_record_writes_a_line() -> None:
    found = opening()
    assert {name: calls for name, calls in found.items() if name not in APART} == {}
    assert sorted(set(APART) - set(found)) == [], (
        "it notes, or opens nothing any more: strike it from the list"
    )


def test_the_search_sees_who_notes_and_who_does_not() -> None:
    found = opening()
    assert "ledger.cases.dossier_opening.open_dossier_to" not in found, "it notes"
    assert "ledger.cases.work.bodies" in found, "it does not"
