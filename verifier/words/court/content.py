"""The report of a pack as a court reads it (R40): cover, conclusion, C16 to C19, what is open, how to repeat.

Content alone: `html` sets it for a browser, the registry's PDF from the same blocks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.formats.receipt import CONSENT_GRANTED
from yinzheng.verifier.judge.pack.report import Inputs, PackReport, QuestionAnswer, Reason, StatementReport
from yinzheng.verifier.judge.report import Finding, Outcome
from yinzheng.verifier.pack.howto import STEPS
from yinzheng.verifier.words import pack as phrases
from yinzheng.verifier.words.court import words
from yinzheng.verifier.words.court.blocks import (
    Block,
    Cell,
    Facts,
    Line,
    Look,
    Notice,
    Paper,
    Section,
    Step,
    Table,
)
from yinzheng.verifier.words.court.items import claims, deposits
from yinzheng.verifier.words.court.pieces import answered, head, instant, mono, party_cell, place, strong
from yinzheng.verifier.words.fingerprint import COMPARE, FROM_PACK, fingerprint
from yinzheng.verifier.words.phrases import OUTCOMES, Phrase, sealed_by
from yinzheng.verifier.words.phrases import cosigned as cosigned_by
from yinzheng.verifier.words.speaker import ways
from yinzheng.verifier.words.verdict import verdict

MAX_STATEMENTS: Final = 500
"""Statements listed; those with a fault always are."""

_PLACES: Final = 12
"""Places named of one reason."""

_DATA: Final = 200
"""Characters of what a reason adds in data."""

_OUTCOME_LOOKS: Final = {
    Outcome.VALID: Look.GOOD,
    Outcome.INVALID: Look.BAD,
    Outcome.SKIPPED: Look.OPEN,
    Outcome.ERROR: Look.OPEN,
}


def court_report(report: PackReport) -> Paper:
    """Put a report in the order of the court's questions. The same report gives the same paper."""
    opening, manifest = report.opening, report.manifest
    dispute = manifest.dispute.hex() if manifest else ""
    return Paper(
        title=words.TITLE,
        reference=opening.number if opening else dispute,
        demonstration=report.demonstration,
        origin=words.WITH_PACK if report.written_with_pack else words.CHECKED,
        verdict=verdict(report).headline,
        answer=report.verdict,
        dated=report.checked_at,
        cover=_cover(report),
        sections=(
            _summary(report),
            _section(report, "C16", (*_integrity(report), *deposits(report), *_ledger(report))),
            _section(report, "C17", _platform(report), before=_operators(report)),
            _section(report, "C18", claims(report)),
            _section(report, "C19", (Notice(words.C19_SAYS),)),
            _limits(report),
            Section("", words.SECTIONS["howto"], None, tuple(_steps())),
        ),
    )


def _cover(report: PackReport) -> Facts:
    opening, manifest, block = report.opening, report.manifest, report.block
    rows: list[tuple[str, Cell]] = []
    if opening is not None:
        rows += [("number", strong(opening.number)), ("forum", party_cell(opening.forum))]
        rows.append(("parties", tuple(_parties(report))))
        opened = (Line(instant(opening.opened_at)), Line(words.OPENINGS[opening.kind], Look.SOFT))
        rows.append(("opened", opened))
    elif manifest is not None:
        rows += [(name, (Line(words.WITHHELD, Look.OPEN),)) for name in ("number", "forum", "parties")]
    if report.dispute is not None:
        rows.append(("state", (Line(words.STATES[report.dispute.state]),)))
    rows += _released(report)
    if manifest is not None:
        shown = len(report.items) - report.withheld
        counted = Phrase(
            f"共 {len(report.items)} 项：披露 {shown} 项，未披露 {report.withheld} 项",
            f"{len(report.items)} in all: {shown} disclosed, {report.withheld} withheld",
        )
        rows += [
            ("items", (Line(counted),)),
            ("registry", (*party_cell(manifest.registry), *_reached(report))),
        ]
        rows.append(("dispute", (Line(manifest.dispute.hex(), Look.MONO),)))
    if block is not None:
        where = Phrase(f"第 {block.number} 号，{instant(block.time)}", f"number {block.number}")
        sealed = (Line(sealed_by(block.sealed_by)),) if block.sealed_by else ()
        rows.append(("block", (Line(where), *sealed, Line(block.hash.hex(), Look.MONO))))
    if manifest is not None:
        rows.append(("made", (Line(instant(manifest.made_at)),)))
    if not report.written_with_pack:
        rows.append(("checked", (Line(instant(report.checked_at)),)))
    rows += _inputs(report.inputs)
    return Facts(tuple((words.LABELS[name], cell) for name, cell in rows))


def _reached(report: PackReport) -> Cell:
    """How the registry is reached, where the policy is one that names it."""
    trust, registry = report.inputs.trust, report.registry
    told = ways(trust.contact) if registry is not None and trust.names(registry) else []
    return tuple(Line(f"{label.zh} {label.en}: {value}", Look.SOFT) for label, value in told)


def _inputs(inputs: Inputs) -> list[tuple[str, Cell]]:
    """What the report was made from, so that another can tell whether it has the same."""
    policy, known = inputs.trust.digest, fingerprint(inputs.trust)
    advice = Line(FROM_PACK, Look.BAD) if inputs.from_pack else Line(COMPARE, Look.SOFT)
    rows: list[tuple[str, Cell]] = [
        ("fingerprint", (Line(known.said, Look.STRONG), advice)),
        ("policy", _digests(policy)),
        ("program", (Line(f"yinzheng {inputs.program}"),)),
    ]
    if inputs.pack is not None:
        rows.insert(0, ("pack_file", _digests(inputs.pack)))
    return rows


def _digests(digest: DigestPair | None) -> Cell:
    if digest is None:
        return (Line(words.UNKNOWN),)
    return (mono(f"SHA-256 {digest.sha256.hex()}"), mono(f"SM3 {digest.sm3.hex()}"))


def _released(report: PackReport) -> list[tuple[str, Cell]]:
    release = report.release
    if release is None:
        return []
    how = Line(words.RELEASES[release.kind], Look.SOFT)
    digest = release.document
    rows: list[tuple[str, Cell]] = [
        ("released", (Line(instant(release.released_at)), how, Line(release.reference))),
        ("document", _digests(digest)),
    ]
    if release.resumed:
        lines = [(Line(words.RESUMED[one.what]), mono(one.subject.hex())) for one in release.resumed]
        rows.append(("resumed", tuple(line for pair in lines for line in pair)))
    return rows


def _parties(report: PackReport) -> Iterable[Line]:
    operators = {operator.code for operator in report.operators}
    for party in report.opening.parties if report.opening else ():
        yield Line(party.name, Look.STRONG)
        yield Line(party.code or words.NATURAL, Look.SOFT)
        if party.code in operators:
            yield Line(words.OPERATES, Look.BAD)


def _summary(report: PackReport) -> Section:
    rows = tuple(
        ((Line(question.rule, Look.STRONG),), (Line(phrases.QUESTIONS[question.rule]),), _answer(question))
        for question in report.questions
    )
    table = Table(head("no", "question", "answer"), (8, 62, 30), rows)
    said = (table, Notice(words.RULES_SAYS), Notice(words.NEVER_TRUE, boxed=True))
    return Section("", words.SECTIONS["summary"], None, said)


def _section(report: PackReport, rule: str, blocks: Iterable[Block], before: Iterable[Block] = ()) -> Section:
    question = report.question(rule)
    said = [_reasons(question.reasons)] if question.reasons else []
    return Section(rule, phrases.QUESTIONS[rule], question.answer, (*said, *blocks), tuple(before))


def _answer(question: QuestionAnswer) -> Cell:
    return (answered(question.answer),)


def _reasons(reasons: Sequence[Reason]) -> Table:
    """Reasons, those that are alike together: a thousand items without witnesses are one line."""
    groups: dict[tuple[str, int | None, str, bool], list[Reason]] = {}
    for reason in reasons:
        groups.setdefault((reason.code, reason.obligation, reason.message, reason.failed), []).append(reason)
    rows = tuple((_places(group), _said(group)) for group in groups.values())
    return Table(head("where", "reason"), (34, 66), rows)


def _places(group: Sequence[Reason]) -> Cell:
    named = list(dict.fromkeys(reason.where for reason in group))
    lines = tuple(line for where in named[:_PLACES] for line in place(where))
    left = len(named) - _PLACES
    if left <= 0:
        return lines
    return (*lines, Line(Phrase(f"以及另外 {left} 处", f"and {left} more"), Look.SOFT))


def _said(group: Sequence[Reason]) -> Cell:
    # What the pack as a whole says repeats what a part of it said; the part names the access lines.
    first = next((reason for reason in group if reason.data.get("lines")), group[0])
    lines = [Line(phrases.reason(first), Look.BAD if first.failed else Look.PLAIN)]
    if first.obligation is not None:
        title = phrases.OBLIGATIONS[first.obligation]
        lines.append(Line(Phrase(f"核验项 {first.obligation}：{title.zh}", title.en), Look.SOFT))
    data = {name: value for name, value in first.data.items() if name not in ("where", "entry")}
    if data and len(group) == 1:
        lines.append(mono(json.dumps(data, ensure_ascii=False, sort_keys=True)[:_DATA]))
    return tuple(lines)


def _integrity(report: PackReport) -> Iterable[Block]:
    yield Notice(words.C16_SAYS)
    rows = tuple((strong(str(finding.number)), *_finding(finding)) for finding in report.findings)
    yield Table(head("no", "obligation", "outcome"), (8, 70, 22), rows)


def _finding(finding: Finding) -> tuple[Cell, Cell]:
    outcome = (Line(OUTCOMES[finding.outcome], _OUTCOME_LOOKS[finding.outcome]),)
    title = Line(phrases.OBLIGATIONS[finding.number])
    if finding.outcome is Outcome.VALID:
        return (title,), outcome
    return (title, Line(phrases.reason(finding), Look.SOFT)), outcome


def _ledger(report: PackReport) -> Iterable[Block]:
    """Statements, files of dossiers, and time stamps."""
    if report.statements:
        listed = [one for at, one in enumerate(report.statements) if at < MAX_STATEMENTS or _faulty(one)]
        rows = tuple(_statement_row(one) for one in listed)
        yield Table(head("statement", "time", "outcome"), (48, 32, 20), rows)
        if any(one.packed.statement.type == CONSENT_GRANTED for one in listed):
            yield Notice(words.WHOLE_HOURS)
        left = len(report.statements) - len(listed)
        if left:
            yield Notice(Phrase(words.MORE.format(left), words.MORE_EN.format(left)))
    if report.dossier_files:
        files = tuple(
            (
                (Line(file.entry.title), mono(file.entry.path)) if file.entry else (Line(words.UNKNOWN),),
                (mono(file.where),),
                _outcomes(file.findings),
            )
            for file in report.dossier_files
        )
        yield Table(head("file", "where", "outcome"), (48, 32, 20), files)
    if report.timestamps:
        stamps = []
        for stamp in report.timestamps:
            finding, found = stamp.finding, stamp.finding.stamp
            when: Cell = (Line(instant(found.at)), Line(found.authority, Look.SOFT)) if found else ()
            if found and stamp.size is not None:
                when = (*when, Line(_stamped(stamp.size, stamp.covered), Look.SOFT))
            outcome = Line(OUTCOMES[finding.outcome], _OUTCOME_LOOKS[finding.outcome])
            stamps.append(((mono(stamp.where),), when, (outcome,)))
        yield Table(head("stamp", "time", "outcome"), (48, 32, 20), tuple(stamps))


def _stamped(size: int, covered: int) -> Phrase:
    return Phrase(
        f"盖于日志前 {size} 条，涵盖本包的 {covered} 条陈述",
        f"over the first {size} entries of the log; {covered} statements of this pack are among them",
    )


def _faulty(report: StatementReport) -> bool:
    return any(finding.outcome is Outcome.INVALID for finding in report.findings)


def _statement_row(report: StatementReport) -> tuple[Cell, ...]:
    statement = report.packed.statement
    by = words.CAPACITIES[statement.by]
    what = (
        Line(words.STATEMENTS[statement.type], Look.STRONG),
        Line(by, Look.SOFT),
        mono(statement.leaf_hash.hex()),
    )
    index = report.packed.proof.index
    place = Line(Phrase(f"日志序号 {index}", f"index {index}"), Look.SOFT)
    return (what, (Line(instant(statement.at)), place), _outcomes(report.findings))


def _outcomes(findings: Sequence[Finding]) -> Cell:
    """One word for several obligations: what went wrong, else what is open, else valid."""
    for outcome in (Outcome.INVALID, Outcome.ERROR, Outcome.SKIPPED):
        found = [finding for finding in findings if finding.outcome is outcome]
        if found:
            said = Line(phrases.reason(found[0]), Look.SOFT)
            return (Line(OUTCOMES[outcome], _OUTCOME_LOOKS[outcome]), said)
    return (Line(OUTCOMES[Outcome.VALID], Look.GOOD),)


def _operators(report: PackReport) -> Iterable[Block]:
    """Who runs the nodes, which is to be known before it is said that they kept the rules."""
    yield Notice(words.C17_SAYS)
    if report.operators:
        known = report.opening is not None
        rows = tuple(
            (
                (Line(operator.name, Look.STRONG), Line(operator.code, Look.SOFT)),
                (_interest(operator.is_party, known=known),),
            )
            for operator in report.operators
        )
        yield Table(head("operator", "interest"), (64, 36), rows)
    else:
        yield Notice(words.NO_OPERATORS, boxed=True)


def _platform(report: PackReport) -> Iterable[Block]:
    platform = report.platform
    count = Line(str(platform.validators)) if platform.validators is not None else Line(words.UNKNOWN)
    contracts = [(Line(words.CONTRACTS[name]), mono(at.address.hex())) for name, at in platform.contracts]
    said = cosigned_by(report.finding(6))
    cosigned = () if said is None else (Line(said),)
    facts: list[tuple[str, Cell]] = [
        ("log", (Line(platform.origin), *(mono(key) for key in platform.log_keys), *cosigned)),
        ("chain", (Line(f"{platform.consensus}, {platform.chain_id}"), mono(platform.genesis.hex()))),
        ("validators", (count,)),
        ("contracts", tuple(line for pair in contracts for line in pair)),
    ]
    yield Facts(tuple((words.LABELS[name], cell) for name, cell in facts))
    if report.subjects:
        held = tuple(
            (
                (Line(phrases.KINDS[subject.kind]), mono(subject.subject.hex())),
                (Line("–" if subject.holds is None else str(subject.holds)),),
                _outcomes(subject.findings),
            )
            for subject in report.subjects
        )
        yield Table(head("held", "holds", "outcome"), (60, 14, 26), held)


def _interest(is_party: bool, *, known: bool) -> Line:
    if not known:
        return Line(words.NOT_KNOWN, Look.OPEN)
    return Line(words.IS_PARTY, Look.BAD) if is_party else Line(words.NO_PARTY, Look.GOOD)


def _limits(report: PackReport) -> Section:
    blocks = (_reasons(report.limits),) if report.limits else (Notice(words.ALL_DETERMINED),)
    return Section("", words.SECTIONS["limits"], None, blocks)


def _steps() -> Iterable[Step]:
    for number, step in enumerate(STEPS, start=1):
        yield Step(number, step.text, step.commands)
