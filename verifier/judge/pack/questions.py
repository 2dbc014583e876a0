"""The court's questions (R40, C16–C19) and what the findings answer to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final, Protocol

from yinzheng.verifier.formats.evidence_items import Item
from yinzheng.verifier.judge.pack.report import (
    Answer,
    ItemReport,
    Operator,
    QuestionAnswer,
    Reason,
    TimestampReport,
    WitnessCheck,
)
from yinzheng.verifier.judge.report import Finding, Outcome
from yinzheng.verifier.judge.verdict import ISSUER_UNKNOWN, NOT_COVERED
from yinzheng.verifier.pack.contents import PackedStatement
from yinzheng.verifier.pack.manifest import REFERENCE, Manifest

PACK: Final = "pack"
_REFERENCE: Final = re.compile(REFERENCE, re.IGNORECASE)
_ON_CHAIN: Final = (7, 9)
_UNVOUCHED: Final = (Outcome.SKIPPED, Outcome.ERROR)
_INTEGRITY: Final = range(1, 10)


class Place(Protocol):
    """A part of the pack with findings of its own."""

    @property
    def where(self) -> str:
        """Its name in reasons."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found about it."""


def reasons_of(where: str, findings: Iterable[Finding], *, failed: bool) -> list[Reason]:
    """The findings that failed, or those that could not be settled, as reasons."""
    return [
        Reason(
            finding.data.get("entry", where),
            finding.number,
            finding.code,
            finding.message,
            finding.data,
            failed,
        )
        for finding in findings
        if finding.outcome is not Outcome.VALID and fails(finding) is failed
    ]


def fails(finding: Finding) -> bool:
    """Whether a proof, a signature or a comparison failed, and not the policy to cover it (D14)."""
    return finding.outcome is Outcome.INVALID and finding.code not in (*NOT_COVERED, ISSUER_UNKNOWN)


def counted(findings: Sequence[Finding]) -> list[Finding]:
    """Those of 1–9 that count: a block nobody vouches for proves nothing wrong (S9.2)."""
    vouched = all(f.outcome not in _UNVOUCHED for f in findings if f.number == 8)
    return [f for f in findings if f.number in _INTEGRITY and (vouched or f.number not in _ON_CHAIN)]


def unchanged(findings: Sequence[Finding]) -> Answer:
    """C16 for one part: `consistent` takes every obligation from 1 to 9."""
    if any(fails(finding) for finding in counted(findings)):
        return Answer.INCONSISTENT
    whole = all(finding.outcome is Outcome.VALID for finding in findings if finding.number in _INTEGRITY)
    return Answer.CONSISTENT if whole else Answer.UNDETERMINED


def provenance(item: Item, packed: PackedStatement, witnesses: Sequence[WitnessCheck]) -> tuple[Answer, str]:
    """C18 for one item: whether what is claimed agrees with itself and its witnesses, never that it is so."""
    if not all(witness.holds for witness in witnesses):
        return Answer.INCONSISTENT, "witness-wrong"
    last = item.custody[-1].at if item.custody else item.captured_at
    if last > packed.statement.at:
        return Answer.INCONSISTENT, "item-time"
    return (Answer.CONSISTENT, "witnessed") if item.witnesses else (Answer.UNDETERMINED, "claims-only")


_NO_HINDRANCE: Final = frozenset(
    {
        "as-of-block",
        "time-authorities-none",
        "timestamp-algorithm",
        "timestamp-authority",
        "timestamp-earlier",
        "timestamp-malformed",
        "timestamp-refused",
        "timestamp-support",
        "timestamp-unlinked",
        "operators-unknown",
        "single-operator",
        "parties-unknown",
        "operator-is-party",
        "thread-gap",
        "name-differs",
        "report-not-compared",
        "report-other-edition",
    }
)
"""Limits of what a pack says that keep nobody from repeating the steps."""

_PROVENANCE: Final = {
    "witness-wrong": "a witness's signature does not hold",
    "item-time": "captured or handed over after its deposit",
    "claims-only": "what came before the deposit is the collector's claim alone",
    "withheld": "the item is withheld",
    "unreadable": "what is claimed cannot be read",
}


_NOTHING: Final = {
    True: ("nothing-shown", "all evidence is withheld: nothing was shown that could be unchanged"),
    False: ("no-evidence", "there is no evidence: nothing was shown that could be unchanged"),
}


def since_deposit(
    pack: Sequence[Finding],
    items: Sequence[ItemReport],
    others: Sequence[Place],
    timestamps: Sequence[TimestampReport],
) -> QuestionAnswer:
    """C16: unchanged since the deposit. `others`: files, statements, files of dossiers."""
    vouched = all(f.outcome not in _UNVOUCHED for f in pack if f.number == 8)
    faults = reasons_of(PACK, counted(pack), failed=True)
    for place in chain(items, others):
        found = [f for f in place.findings if f.number not in (2, 3, 8, 10)]
        judged = [f for f in found if vouched or f.number not in _ON_CHAIN]
        faults += reasons_of(place.where, judged, failed=True)
    faults += stamp_reasons(timestamps, failed=True)
    if faults:
        return QuestionAnswer("C16", Answer.INCONSISTENT, tuple(faults))
    shown = [item for item in items if item.disclosed]
    if not shown and not any(place.where.startswith("dossier/") for place in others):
        code, message = _NOTHING[bool(items)]
        reasons = [Reason(PACK, None, code, message), *reasons_of(PACK, counted(pack), failed=False)]
        return QuestionAnswer("C16", Answer.UNDETERMINED, tuple(reasons))
    whole = unchanged(pack) is Answer.CONSISTENT
    if whole and all(item.unchanged is Answer.CONSISTENT for item in shown):
        return QuestionAnswer("C16", Answer.CONSISTENT, ())
    return QuestionAnswer("C16", Answer.UNDETERMINED, tuple(reasons_of(PACK, counted(pack), failed=False)))


_COMPARED: Final = frozenset(
    {
        "pack-extra-file",
        "pack-missing-file",
        "pack-size-differs",
        "manifest-items",
        "manifest-roots",
        "manifest-files",
    }
)
"""Ways in which what an issuer signed does not fit the file, or itself. Another form is merely not known."""


def of_no_pack(pack: Sequence[Finding]) -> tuple[QuestionAnswer, ...]:
    """All four, where form or signature ended the verification: `inconsistent` only if a signature does not
    hold, or the file is not what was signed. What nobody recognises is none of ours, or damaged.
    """
    form, signature = pack[:2]
    if signature.outcome is Outcome.VALID:
        wrong, failed = form, form.code in _COMPARED
    elif signature.outcome is Outcome.INVALID:
        wrong, failed = signature, fails(signature)
    else:
        wrong, failed = form, False
    reasons = tuple(replace(one, failed=failed) for one in reasons_of(PACK, [wrong], failed=fails(wrong)))
    answer = Answer.INCONSISTENT if failed else Answer.UNDETERMINED
    return (
        QuestionAnswer("C16", answer, reasons),
        QuestionAnswer("C17", answer if wrong is signature else Answer.UNDETERMINED, reasons),
        QuestionAnswer("C18", Answer.UNDETERMINED, ()),
        QuestionAnswer("C19", Answer.UNDETERMINED, tuple(replace(one, failed=False) for one in reasons)),
    )


def platform(
    pack: Sequence[Finding],
    subjects: Sequence[Place],
    operators: Sequence[Operator],
    reports: Sequence[Reason],
    *,
    parties_known: bool,
) -> QuestionAnswer:
    """C17, the platform: whose log and chain it is, whether they kept their rules, who has an interest.

    `reports`: what is wrong with the registry's own reports inside.
    """
    asked = [f for f in pack if f.number in (2, 3, 6, 7, 8)]
    vouched = all(f.outcome not in _UNVOUCHED for f in pack if f.number == 8)
    faults = reasons_of(PACK, [f for f in counted(pack) if f in asked], failed=True)
    for subject in subjects:
        faults += reasons_of(subject.where, subject.findings if vouched else (), failed=True)
    faults += reports
    if faults:
        return QuestionAnswer("C17", Answer.INCONSISTENT, tuple(faults))
    future = [f for f in pack if f.number == 10]  # perhaps the reader's own clock is wrong
    open_points = reasons_of(PACK, asked, failed=False) + operator_reasons(operators, parties_known)
    open_points += [replace(reason, failed=False) for reason in reasons_of(PACK, future, failed=True)]
    open_points += [one for one in reasons_of(PACK, future, failed=False) if one.code == "pack-after-block"]
    blocking = [reason for reason in open_points if reason.code != "single-operator"]
    answer = Answer.UNDETERMINED if blocking else Answer.CONSISTENT
    return QuestionAnswer("C17", answer, tuple(open_points))


def stamp_reasons(timestamps: Sequence[TimestampReport], *, failed: bool) -> list[Reason]:
    """Tokens that are wrong, or those that could not be checked."""
    wanted = (Outcome.INVALID,) if failed else _UNVOUCHED
    return [
        Reason(stamp.where, None, stamp.finding.code, stamp.finding.message, failed=failed)
        for stamp in timestamps
        if stamp.finding.outcome in wanted
    ]


def earlier_stamps(timestamps: Sequence[TimestampReport], statements: int) -> list[Reason]:
    """Tokens that hold and were made before some of the pack's statements were in the log."""
    message = "some of the pack's statements came into the log after this time stamp"
    return [
        Reason(stamp.where, None, "timestamp-earlier", message, {"covered": stamp.covered, "of": statements})
        for stamp in timestamps
        if stamp.finding.outcome is Outcome.VALID and stamp.covered < statements
    ]


def operator_reasons(operators: Sequence[Operator], parties_known: bool) -> list[Reason]:
    """What is to be said of those who operate the nodes (R40)."""
    said: list[tuple[str, str, dict[str, Any]]] = []
    if not operators:
        said.append(("operators-unknown", "the policy does not name who operates the nodes", {}))
    if len(operators) == 1:
        said.append(("single-operator", "one operator runs the whole chain", {}))
    if not parties_known:
        said.append(("parties-unknown", "the parties are withheld: none can be told from an operator", {}))
    if interested := [operator.name for operator in operators if operator.is_party]:
        said.append(("operator-is-party", "an operator of the chain is a party", {"operators": interested}))
    return [Reason(PACK, None, code, message, data) for code, message, data in said]


def before_deposit(items: Sequence[ItemReport]) -> QuestionAnswer:
    """C18, before the deposit: claims, and whether they agree with themselves."""
    reasons = [
        Reason(
            item.where,
            None,
            item.provenance_code,
            _PROVENANCE[item.provenance_code],
            failed=item.provenance is Answer.INCONSISTENT,
        )
        for item in items
        if item.provenance is not Answer.CONSISTENT
    ]
    if any(reason.failed for reason in reasons):
        answer = Answer.INCONSISTENT
    else:
        shown = [item for item in items if item.disclosed]
        witnessed = bool(shown) and all(item.provenance is Answer.CONSISTENT for item in shown)
        answer = Answer.CONSISTENT if witnessed else Answer.UNDETERMINED
    return QuestionAnswer("C18", answer, tuple(reasons))


def repeatable(limits: Sequence[Reason]) -> QuestionAnswer:
    """C19: whether an expert finds in the pack all that is needed to repeat every step."""
    wanting = tuple(reason for reason in limits if reason.code not in _NO_HINDRANCE)
    return QuestionAnswer("C19", Answer.UNDETERMINED if wanting else Answer.CONSISTENT, wanting)


def named_otherwise(manifest: Manifest, name: str) -> list[Reason]:
    """What is to be said of a file whose name has the reference of another dispute."""
    others = {found.upper() for found in _REFERENCE.findall(name)} - {manifest.reference}
    message = "the file is named after another dispute than it is about"
    return [
        Reason(PACK, None, "name-differs", message, {"name": other, "reference": manifest.reference})
        for other in sorted(others)
    ]


def gaps(manifest: Manifest, statements: Sequence[PackedStatement]) -> list[Reason]:
    """Statements that those in the pack build on and that it does not show."""
    known = {packed.statement.leaf_hash for packed in statements} | {item.leaf for item in manifest.items}
    return [
        Reason(
            f"statements/{packed.statement.leaf_hash.hex()}",
            None,
            "thread-gap",
            "the statement before it is not in the pack",
            {"prev": packed.statement.prev.hex()},
        )
        for packed in statements
        if packed.statement.prev is not None and packed.statement.prev not in known
    ]


def not_shown(items: Sequence[ItemReport], statements: Sequence[PackedStatement]) -> list[Reason]:
    """Statements that an item is about and that the pack does not show."""
    known = {packed.statement.leaf_hash.hex() for packed in statements}
    found = []
    for item in items:
        named = item.item.about.get("statements", ()) if item.item else ()
        missing = [leaf for leaf in named if leaf not in known] if isinstance(named, list) else []
        if missing:
            message = "the pack does not show all statements the item is about"
            found.append(Reason(item.where, None, "statements-not-shown", message, {"leaves": missing}))
    return found
