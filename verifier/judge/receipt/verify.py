"""Verification of a patient's receipt (S13.4): the ten obligations of S9.1 in number and meaning.

Whether the receipt is genuine needs nothing private: its statement follows from the signed core, and the log
and the chain vouch for the statement. What was consented to, and until when, only the file tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.containers.receiptfile import ReceiptFile, parse_receipt_file
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.receipt import ReceiptCode, ReceiptCore, decode_receipt_qr
from yinzheng.verifier.formats.withdrawal import Portion
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.certificate.status import is_last
from yinzheng.verifier.judge.certificate.verify import operator_notes
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.receipt.events import events_in_log, requests_of
from yinzheng.verifier.judge.receipt.exhibits import (
    ReceiptExhibits,
    ReceiptLedger,
    ReceiptReader,
    gather_receipt,
    read_standing,
)
from yinzheng.verifier.judge.receipt.report import ReceiptReport, ReceiptStatus
from yinzheng.verifier.judge.receipt.status import (
    Known,
    Standing,
    left_at,
    require_told,
    standing_at,
    status_at,
)
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.judge.seals import block_of, sealed
from yinzheng.verifier.judge.trust import Issuer, TrustPolicy
from yinzheng.verifier.judge.verdict import word_of
from yinzheng.verifier.log.statement import verify_body
from yinzheng.verifier.log.tlogproof import TlogProof

NOTHING: Final = Portion((), ())


@dataclass(frozen=True, slots=True)
class _Question:
    trust: TrustPolicy
    now: int
    at: int | None
    ledger: ReceiptLedger | None

    @property
    def time(self) -> int:
        """The time the status is asked of."""
        return self.now if self.at is None else self.at


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
) -> ReceiptReport:
    """Verify a receipt that `read_target` found, under the reader's own policy.

    ``now`` is the time of asking and ``at`` the time asked about (UTC seconds; None: now). Without ``live``
    only what was presented is used. Bad data and a silent ledger end up in the report.
    """
    findings = Findings()
    ledger = ReceiptLedger(live, trust) if live else None
    question = _Question(trust, now, at, ledger)
    # (1): what is presented has the form of a receipt.
    form = findings.settle(1, lambda: receipt_form(presented))
    if form is None:
        findings.skip_rest("form")
        return _report(
            findings, None, None, _Answer(ReceiptStatus.UNDETERMINED, "form"), question, presented.kind
        )
    code, file = form
    found = gather_receipt(code.core, code.secret, file, ledger)
    chain = _judge(findings, found, question)
    answer = _answer(findings, found, chain, question)
    return _report(findings, found, chain, answer, question, presented.kind)


def _judge(findings: Findings, found: ReceiptExhibits, question: _Question) -> Standing | None:
    """Obligations 2–10, in order. Returns what (9) established."""
    trust, core = question.trust, found.core
    # (2): the issuer's signature verifies under a pinned key.
    issuer = findings.settle(2, lambda: obligations.issuer_signature(core, trust))
    # (3): that key was entitled to sign this, at that time.
    findings.settle(3, lambda: receipt_entitled(core, issuer))
    # (4): the consent is the one the statement commits to, and the receipt says the same.
    findings.settle(4, lambda: receipt_opens(core, found.secret, found.file))
    # (5): the statement is in the log.
    findings.settle(5, lambda: receipt_in_log(core, found.file, found.need_proof()))
    # (6): every pinned key of the log has signed its head.
    findings.settle(6, lambda: obligations.checkpoint_signed(found.need_proof(), trust))
    # (7): that head is anchored on the chain.
    findings.settle(7, lambda: obligations.anchored(found.need_proof(), found.need_evidence(), trust))
    # (8): the block is sealed by pinned validators, and final.
    findings.settle(8, lambda: sealed(found.need_evidence(), trust))
    # (9): what the chain holds of this consent's withdrawals.
    chain = findings.settle(9, lambda: chain_standing(found, found.need_evidence(), trust))
    # (10): the answer is young enough.
    findings.settle(
        10, lambda: obligations.answer_age(found.need_evidence(), trust, question.now, question.at)
    )
    return chain


def receipt_form(presented: Presented) -> tuple[ReceiptCode, ReceiptFile | None]:
    """(1) What is presented has the form of a receipt: QR text and core, and the file if there is one."""
    if presented.file is not None:
        file = parse_receipt_file(presented.file)
        return decode_receipt_qr(file.qr), file
    return decode_receipt_qr(presented.qr or ""), None


def receipt_entitled(core: ReceiptCore, issuer: Issuer | None) -> None:
    """(3) The issuer's key was entitled to sign for this registry when the receipt was signed (R41).

    Not when consent was given: a receipt may be made anew under a later key, and the log and the chain tell
    that the statement is genuine.
    """
    if issuer is None:
        raise NotGiven("no pinned issuer is known to have signed", code="issuer-not-established")
    reason = issuer.entitled_at(core.issued_at, core.registry)
    if reason is not None:
        raise DataFault(
            "the issuer's key was not entitled to sign this receipt",
            code=reason,
            issued_at=core.issued_at,
            not_before=issuer.not_before,
            not_after=issuer.not_after,
            compromised_at=issuer.compromised_at,
        )


def receipt_opens(core: ReceiptCore, secret: bytes, file: ReceiptFile | None) -> None:
    """(4) The consent is the one the statement commits to; notice and later events are its own."""
    if file is None:
        raise NotGiven("the consent itself was not shown, only the code", code="body-not-shown")
    statement = core.statement()
    if file.statement != statement:
        raise DataFault("the file's statement is not the one that was signed", code="statement-differs")
    verify_body(statement, file.body.canonical(), secret)
    shown = file.body.notice
    same = (
        shown.leaf == core.notice,
        shown.digest.matches(file.notice.digest()),
        file.notice.controller == file.body.controller,
    )
    if not all(same):
        raise DataFault("the notice is not the one that was shown", code="notice-differs")
    requests_of(file, core)


def receipt_in_log(core: ReceiptCore, file: ReceiptFile | None, proof: TlogProof) -> None:
    """(5) The statement is in the log, and so is all that the file says came after it."""
    obligations.in_log(core.statement(), proof)
    events_in_log(file, proof)


def chain_standing(found: ReceiptExhibits, evidence: Evidence, trust: TrustPolicy) -> Standing:
    """(9) What the pinned contract holds of each withdrawal, and that it counts those the file tells of."""
    standing = read_standing(evidence, trust, found.ids)
    require_told(standing, found.ids, found.requests or ())
    return standing


def _answer(
    findings: Findings,
    found: ReceiptExhibits,
    chain: Standing | None,
    question: _Question,
) -> _Answer:
    """The status now or at the time asked about. A tombstone tells it alone: no record comes back."""
    if found.erased is not None and found.erased.at <= question.time:
        return _Answer(ReceiptStatus.ERASED, "ok", NOTHING)
    for number in (9, 10):
        finding = findings.found(number)
        if finding.outcome is not Outcome.VALID and finding.code != "as-of":
            return _Answer(ReceiptStatus.UNDETERMINED, finding.code)
    assert chain is not None  # (9) is VALID
    try:
        return _answer_at(found, chain, question, vouched=findings.outcome(8) is Outcome.VALID)
    except (NotGiven, DataFault, EnvironmentFault) as fault:
        return _Answer(ReceiptStatus.UNDETERMINED, fault.code)


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
    time = question.time
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


def _authentic(findings: Findings) -> Authentic:
    """S13.4: that the registry received this consent. How it stands with it is the status's matter."""
    return word_of(findings, (1, 2, 3, 5, 6, 7, 8))


def _report(
    findings: Findings,
    found: ReceiptExhibits | None,
    chain: Standing | None,
    answer: _Answer,
    question: _Question,
    kind: str,
) -> ReceiptReport:
    opened = found is not None and findings.outcome(4) is Outcome.VALID
    file = found.file if found and opened else None
    parties: tuple[Party, ...] = (file.body.controller,) if file else ()
    return ReceiptReport(
        kind=kind,
        findings=findings.in_order(),
        authentic=_authentic(findings),
        status=answer.status,
        status_code=answer.code,
        core=found.core if found else None,
        consent=file.body if file else None,
        notice=file.notice if file else None,
        remaining=answer.remaining if file else None,
        withdrawals=chain.found if chain else (),
        untold=answer.untold,
        erased=found.erased if found else None,
        block=block_of(found.evidence if found else None, question.trust, question.now),
        checked_at=question.now,
        asked_at=question.at,
        notes=(
            *(found.notes if found else ()),
            *operator_notes(question.trust, {party.code for party in parties}),
        ),
    )
