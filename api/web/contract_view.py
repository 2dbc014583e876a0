"""The report on a contract about data as the page shows it (S21.12)."""

from __future__ import annotations

from dataclasses import dataclass

from yinzheng.api.http.language import Language
from yinzheng.api.web.challenge_view import reason_of
from yinzheng.api.web.checking import CheckedContract
from yinzheng.api.web.report_view import TONES, Pinned, Step, pinned
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.words import Tone
from yinzheng.verifier.formats.trade_contract import SignedContract
from yinzheng.verifier.judge.contract.report import ContractReport
from yinzheng.verifier.words import contract as words
from yinzheng.verifier.words import phrases, trade_contract
from yinzheng.verifier.words.verdict import verdict


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """One clause as it is shown."""

    number: int
    title: str
    applies: bool
    word: str
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ContractView:
    """Everything the page shows."""

    tone: Tone
    title: str
    meaning: str
    checked_at: Instant
    rows: tuple[tuple[str, str], ...]
    """Parties and what stands before the clauses, once it can be read."""
    clauses: tuple[ClauseRow, ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    policy: Pinned
    demonstration: bool


def contract_tone(report: ContractReport) -> Tone:
    """Colour and icon of the answer."""
    if report.exit_code == 0:
        return "good"
    return "bad" if report.exit_code == 1 else "unknown"


def contract_view(checked: CheckedContract, language: Language, *, own_policy: bool) -> ContractView:
    """The page's content in one language."""
    report = checked.report
    signed = report.signed
    return ContractView(
        tone=contract_tone(report),
        title=verdict(report).headline.said(language),
        meaning=words.advice(report).said(language),
        checked_at=instant(report.checked_at, language),
        rows=() if signed is None else _rows(signed, language),
        clauses=() if signed is None else _clauses(signed, language),
        steps=tuple(
            Step(
                number=finding.number,
                tone=TONES[finding.outcome],
                title=words.TITLES[finding.number].said(language),
                outcome=phrases.OUTCOMES[finding.outcome].said(language),
                reason=reason_of(finding, words.TITLES, language),
                code=finding.code,
            )
            for finding in report.findings
        ),
        notes=tuple(phrases.NOTES[note.code].said(language) for note in report.notes),
        policy=pinned(checked.trust, language, own=own_policy),
        demonstration=report.demonstration,
    )


def _rows(signed: SignedContract, language: Language) -> tuple[tuple[str, str], ...]:
    contract = signed.contract
    number = ("合同编号" if language == "zh" else "Number", contract.number)
    sides = ((trade_contract.SIDES[side], getattr(contract, side)) for side in trade_contract.SIDES)
    parties = ((title.said(language), f"{party.name} ({party.code})") for title, party in sides)
    facts = (
        (trade_contract.FACTS[name].said(language), said.said(language))
        for name, said in trade_contract.facts(contract).items()
    )
    return (number, *parties, *facts, ("SM3", contract.digest.sm3.hex()))


def _clauses(signed: SignedContract, language: Language) -> tuple[ClauseRow, ...]:
    return tuple(
        ClauseRow(
            one.number,
            one.title.said(language),
            one.applies,
            trade_contract.APPLIES[one.applies].said(language),
            tuple((name.said(language), value.said(language)) for name, value in one.said),
        )
        for one in trade_contract.described(signed.contract)
    )
