"""Verification of a certificate (S9): its rules, and the two conclusions drawn from what was found."""

from __future__ import annotations

from collections.abc import Collection, Set
from typing import Final

from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.certificate.exhibits import CertificateExhibits, signed_by
from yinzheng.verifier.judge.certificate.moved import Moved, read_moved
from yinzheng.verifier.judge.certificate.status import Question, answer_status
from yinzheng.verifier.judge.exhibits import require_ledger
from yinzheng.verifier.judge.findings import Findings, Lacking
from yinzheng.verifier.judge.judge import Rules, authentic, is_issued, judge
from yinzheng.verifier.judge.live import Ledger, LiveReader
from yinzheng.verifier.judge.presentation import page_agrees, presentation_notes
from yinzheng.verifier.judge.report import Note, Outcome, Report
from yinzheng.verifier.judge.seals import block_of
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import certificate_subject

_BY_LOG: Final = (4, 5, 6, 7)
"""Obligations about what the registry keeps and logs."""

_ALL: Final = range(1, 10)
_WITHOUT_LOG: Final = (8, 9, 1, 2, 3)
"""Of what nothing else was given, the first tells."""


def verify(
    presented: Presented,
    trust: TrustPolicy,
    *,
    now: int,
    at: int | None = None,
    live: LiveReader | None = None,
    allow_attached: bool = False,
) -> Report:
    """Verify what `read_target` found, under the reader's own policy.

    ``now`` is the time of asking and ``at`` the time asked about (UTC seconds; None: now). Without ``live``
    only what was presented is used; with it, attached evidence stands in for a silent ledger only where
    ``allow_attached``. Bad data and a silent ledger end up in the report; `UsageFault` is raised:
    as `require_ledger` for a number or a short code without a ledger to ask, `receipt-presented` for a
    patient's receipt, which is no forged certificate (`verify_receipt` reads it), `time-future` for an ``at``
    to come.
    """
    if presented.is_receipt:
        raise UsageFault("this is a patient's receipt, no certificate", code="receipt-presented")
    require_ledger(presented, live)
    ledger = Ledger(live, trust) if live else None
    found = CertificateExhibits(
        presented=presented, trust=trust, ledger=ledger, allow_attached=allow_attached
    )
    findings = judge(CERTIFICATE, found, trust, now, at)
    return _conclude(findings, found, Question(trust, now, at, ledger))


def certificate_issued(presented: Presented, trust: TrustPolicy) -> bool:
    """Whether an issuer whom the policy pins signed what `read_target` found (obligations 1–3); nobody is
    asked.
    """
    return is_issued(CERTIFICATE, CertificateExhibits(presented=presented, trust=trust), trust)


def _record_equals(found: CertificateExhibits) -> Lacking | None:
    found.require_bound()
    page_agrees(found.presented, found.qr)
    record, statement = found.record, found.statement
    if record is None or statement is None:
        return Lacking(found.why_no_proof)
    obligations.record_equals(found.core, record, statement_of(record), statement)
    return None


def _on_chain(found: CertificateExhibits, trust: TrustPolicy) -> Lacking | None:
    if found.evidence is None:
        return Lacking(found.why_no_evidence)
    found.chain = obligations.chain_record(found.evidence, trust, found.number, found.body, found.deposit())
    return None


def _needs(found: CertificateExhibits, findings: Findings) -> Collection[int]:
    """1–9; but what (9) has compared with the chain itself, whole, needs no log to vouch for it."""
    whole = found.core is not None and found.core.declared is None
    return _WITHOUT_LOG if whole and log_unasked(findings) else _ALL


def log_unasked(findings: Findings) -> tuple[int, ...]:
    """The obligations that a log would settle, where none of them was; else nothing."""
    return _BY_LOG if findings.all_are(Outcome.SKIPPED, _BY_LOG) else ()


CERTIFICATE: Final = Rules(
    form=CertificateExhibits.read,
    signed=lambda found: signed_by(found.need_core()),
    opens=_record_equals,
    statement=lambda found: found.need_record()[1],
    rests_on=_on_chain,
    needs=_needs,
)
"""A certificate is signed at its registration; the record prevails (R9)."""


def _conclude(findings: Findings, found: CertificateExhibits, question: Question) -> Report:
    status, status_code = answer_status(
        found.chain,
        found.evidence,
        question,
        number=found.number,
        vouched=findings.outcome(8) is Outcome.VALID,
    )
    record, core, body = found.record, found.core, found.body
    holders = {holder.code for holder in body.holders} if body else set()
    return Report(
        kind=found.presented.kind,
        findings=findings.in_order(),
        authentic=authentic(CERTIFICATE, found, findings),
        status=status,
        status_code=status_code,
        core=core,
        record=record,
        differences=obligations.differences(core, record) if core and record else (),
        chain=found.chain,
        block=block_of(found.evidence, question.trust, question.now),
        checked_at=question.now,
        asked_at=question.at,
        notes=(
            *presentation_notes(found.presented, found.qr, found.number if found.core else None),
            *found.notes,
            *operator_notes(question.trust, holders),
        ),
        moved=_moved(found, question),
    )


def _moved(found: CertificateExhibits, question: Question) -> Moved | None:
    """What became of it by the block that was asked about, which need not be that of a time asked about."""
    if found.chain is None or found.evidence is None or question.at is not None:
        return None
    numbers = question.ledger.number_of if question.ledger else lambda _: None
    subject = certificate_subject(found.number)
    return read_moved(subject, found.body, found.chain, found.evidence, question.trust, numbers)


def operator_notes(trust: TrustPolicy, parties: Set[str]) -> list[Note]:
    """Who runs the chain, where that limits what it proves (R40). ``parties``: credit codes of those it is
    about.
    """
    notes = []
    if len(trust.operators) < 2:
        notes.append(Note("single-operator", {"operators": [operator.name for operator in trust.operators]}))
    concerned = [operator.name for operator in trust.operators if operator.code in parties]
    if concerned:
        notes.append(Note("operator-is-party", {"operators": concerned}))
    return notes
