"""Verification of a patient's receipt (S13.4): the ten obligations of S9.1 in number and meaning.

Whether the receipt is genuine needs nothing private: its statement follows from the signed core, and the log
and the chain vouch for the statement. What was consented to, and until when, only the file tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.receipt import ReceiptCore
from yinzheng.verifier.formats.withdrawal import Portion
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.certificate.status import is_last
from yinzheng.verifier.judge.certificate.verify import operator_notes
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.judge import Rules, authentic, judge
from yinzheng.verifier.judge.obligations import CLOCK_SKEW, Signed
from yinzheng.verifier.judge.presentation import page_agrees, presentation_notes
from yinzheng.verifier.judge.receipt.accesses import accesses_told, batches_in_log, lines_hold
from yinzheng.verifier.judge.receipt.events import events_in_log, requests_of
from yinzheng.verifier.judge.receipt.exhibits import (
    ReceiptExhibits,
    ReceiptLedger,
    ReceiptReader,
    read_standing,
    require_proving,
)
from yinzheng.verifier.judge.receipt.report import ReceiptReport, ReceiptStatus
from yinzheng.verifier.judge.receipt.status import (
    UNCOUNTED,
    Known,
    Standing,
    left_at,
    require_told,
    standing_at,
    status_at,
)
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.judge.seals import block_of, sealed
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import verify_body
from yinzheng.verifier.log.tlogproof import TlogProof

NOTHING: Final = Portion((), ())


@dataclass(frozen=True, slots=True)
class _Question:
    trust: TrustPolicy
    now: int
    at: int | None
    ledger: ReceiptLedger | None

    def time(self, block_time: int = 0) -> int:
        """The time the status is asked of. A clock behind the chain's is put right by the block."""
        return max(self.now, block_time) if self.at is None else self.at


@dataclass(frozen=True, slots=True)
class _Answer:
    status: ReceiptStatus
    code: str
    remaining: Portion | None = None
    untold: int = 0


def verify_receipt(
    presented: Presented,
    trust: TrustPolicy,
    *,
    now: int,
    at: int | None = None,
    live: ReceiptReader | None = None,
    allow_attached: bool = False,
) -> ReceiptReport:
    """Verify a receipt that `read_target` found, under the reader's own policy.

    ``now`` is the time of asking and ``at`` the time asked about (UTC seconds; None: now). Without ``live``
    only what was presented is used; with it, attached evidence stands in for a silent ledger only where
    ``allow_attached``. Bad data and a silent ledger end up in the report. Raises `UsageFault` `time-future`,
    `receipt-short`.
    """
    require_proving(presented)
    ledger = ReceiptLedger(live, trust) if live else None
    question = _Question(trust, now, at, ledger)
    found = ReceiptExhibits(presented, trust, ledger, allow_attached=allow_attached)
    findings = judge(RECEIPT, found, trust, now, at)
    if found.code is None:
        return _report(findings, found, _Answer(ReceiptStatus.UNDETERMINED, "form"), question)
    return _report(findings, found, _answer(findings, found, question), question)


def receipt_signed(core: ReceiptCore) -> Signed:
    """(2) (3) The core, when it was signed.

    Not when consent was given: a receipt may be made anew under a later key, and the log and the chain tell
    that the statement is genuine.
    """
    return Signed(core.kid, core.signed, core.signature, core.issued_at, core.registry)


def _opens(found: ReceiptExhibits) -> None:
    """(4) The consent is the one the statement commits to; notice and later events are its own."""
    file, core = found.file, found.core
    if file is None:
        raise NotGiven("the consent itself was not shown, only the code", code="body-not-shown")
    statement = core.statement()
    if file.statement != statement:
        raise DataFault("the file's statement is not the one that was signed", code="statement-differs")
    page_agrees(found.presented, file.qr)
    verify_body(statement, file.body.canonical(), file.secret)
    shown = file.body.notice
    same = (
        shown.leaf == core.notice,
        shown.digest.matches(file.notice.digest()),
        file.notice.controller == file.body.controller,
    )
    if not all(same):
        raise DataFault("the notice is not the one that was shown", code="notice-differs")
    requests_of(file, core)
    lines_hold(file.accesses, core.lines, file.secret, core.subject)


def _on_chain(found: ReceiptExhibits, trust: TrustPolicy) -> None:
    """(9) What the pinned contract holds of each withdrawal, and that it counts those the file tells of."""
    evidence = found.need_evidence()
    standing = read_standing(evidence, trust, found.ids)
    try:
        require_told(standing, found.ids, found.requests or ())
    except DataFault as fault:
        if fault.code == UNCOUNTED:
            # A receipt is made once the chain counts all that it tells of (S13.3).
            obligations.not_before(evidence, found.core.issued_at + CLOCK_SKEW)
        raise
    found.chain = standing


def _logged_too(found: ReceiptExhibits, proof: TlogProof) -> None:
    """(5) So are the last event, and the batches of the access lines told of."""
    events_in_log(found.file, proof)
    if found.file is not None:
        batches_in_log(found.file.accesses, proof)


RECEIPT: Final = Rules(
    form=ReceiptExhibits.read,
    signed=lambda found: receipt_signed(found.core),
    opens=_opens,
    statement=lambda found: found.core.statement(),
    also_logged=_logged_too,
    rests_on=_on_chain,
    needs=lambda _found, _findings: (1, 2, 3, 5, 6, 7, 8),
)
"""A receipt is genuine if the registry received this consent; how that stands is the status's matter."""


def _answer(findings: Findings, found: ReceiptExhibits, question: _Question) -> _Answer:
    """The status now or at the time asked about. A tombstone tells it alone: no record comes back."""
    if found.erased is not None and found.erased.at <= question.time():
        return _Answer(ReceiptStatus.ERASED, "ok", NOTHING)
    for number in (9, 10):
        finding = findings.found(number)
        if finding.outcome is not Outcome.VALID and finding.code != "as-of":
            return _unless_over(findings, found, question.time(), finding.code)
    assert found.chain is not None  # (9) is VALID
    try:
        return _answer_at(found, found.chain, question, vouched=findings.outcome(8) is Outcome.VALID)
    except (NotGiven, DataFault, EnvironmentFault) as fault:
        return _unless_over(findings, found, question.time(), fault.code)


def _unless_over(findings: Findings, found: ReceiptExhibits, time: int, code: str) -> _Answer:
    """Undetermined, and why; but a term that has ended stays so: no other block could tell otherwise."""
    told = findings.outcome(4) is Outcome.VALID and findings.found(10).code in ("answer-too-old", "as-of")
    if told and found.file is not None and time >= found.file.body.until:
        return _Answer(ReceiptStatus.EXPIRED, "ok", NOTHING)
    return _Answer(ReceiptStatus.UNDETERMINED, code)


def _answer_at(found: ReceiptExhibits, chain: Standing, question: _Question, *, vouched: bool) -> _Answer:
    evidence = found.need_evidence()
    opened = found.file is not None and found.requests is not None
    known = Known(
        at=found.core.at,
        consent=found.file.body if found.file and opened else None,
        requests=found.requests,
        chain=chain,
        block_time=evidence.block.time,
    )
    time = question.time(evidence.block.time)
    if question.at is None:
        standing = chain
    else:
        standing = _standing_then(known, found, question, question.at, vouched=vouched)
    left = left_at(known, standing, time)
    status, code = status_at(known, standing, left, time)
    untold = standing.untold(known.requests)
    over = known.consent is not None and time >= known.consent.until
    return _Answer(status, code, NOTHING if over else left, untold)


def _standing_then(
    known: Known, found: ReceiptExhibits, question: _Question, at: int, *, vouched: bool
) -> Standing:
    """What there was of withdrawals at a past time, from an archive if the evidence at hand cannot tell."""
    try:
        return standing_at(known, at)
    except NotGiven:
        if question.ledger is None:
            raise
    past = question.ledger.evidence(found.ids, None, at)
    if vouched:
        sealed(past, question.trust)
    if past.block.time > at or not is_last(past, at, question.trust):
        raise DataFault(
            "the ledger gave another block than the last before the time asked", code="archive-gap"
        )
    return read_standing(past, question.trust, found.ids)


def _report(
    findings: Findings, found: ReceiptExhibits, answer: _Answer, question: _Question
) -> ReceiptReport:
    file = found.file if findings.outcome(4) is Outcome.VALID else None
    parties: tuple[Party, ...] = (file.body.controller,) if file else ()
    logged = findings.outcome(5) is Outcome.VALID and findings.outcome(6) is Outcome.VALID
    requests = [request.body for request in found.requests or ()]
    lines = file and logged and accesses_told(file.accesses, file.body, requests, found.core.registry)
    return ReceiptReport(
        kind=found.presented.kind,
        findings=findings.in_order(),
        authentic=authentic(RECEIPT, found, findings),
        status=answer.status,
        status_code=answer.code,
        core=found.code.core if found.code else None,
        consent=file.body if file else None,
        notice=file.notice if file else None,
        remaining=answer.remaining if file else None,
        withdrawals=found.chain.found if found.chain else (),
        untold=answer.untold,
        accesses=lines or (),
        lines=file.accesses if file and logged else None,
        erased=found.erased,
        block=block_of(found.evidence, question.trust, question.now),
        checked_at=question.now,
        asked_at=question.at,
        notes=(
            *presentation_notes(found.presented, found.qr, None),
            *found.notes,
            *operator_notes(question.trust, {party.code for party in parties}),
        ),
    )
