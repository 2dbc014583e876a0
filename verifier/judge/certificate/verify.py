"""Verification (S9): runs the ten obligations, collects their outcomes, and draws the two conclusions."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.certificate import Core
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.certificate.exhibits import Exhibits, gather
from yinzheng.verifier.judge.certificate.status import Question, answer_status
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.live import Ledger, LiveReader
from yinzheng.verifier.judge.report import Authentic, Note, Outcome, Report
from yinzheng.verifier.judge.seals import block_of, sealed
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.judge.verdict import word_of

_BY_LOG: Final = (4, 5, 6, 7)
"""Obligations about what the registry keeps and logs."""


def verify(
    presented: Presented,
    trust: TrustPolicy,
    *,
    now: int,
    at: int | None = None,
    live: LiveReader | None = None,
) -> Report:
    """Verify what `read_target` found, under the reader's own policy.

    ``now`` is the time of asking and ``at`` the time asked about (UTC seconds; None: now). Without ``live``
    only what was presented is used. Bad data and a silent ledger end up in the report; `UsageFault`
    `number-needs-ledger` is raised when a number alone is presented without a ledger to ask, and
    `receipt-presented` for a patient's receipt, which is no forged certificate: `verify_receipt` reads it.
    """
    if presented.is_receipt:
        raise UsageFault("this is a patient's receipt, no certificate", code="receipt-presented")
    if presented.number is not None and live is None:
        raise UsageFault(
            "a number alone proves nothing and can only be looked up in a live ledger",
            code="number-needs-ledger",
            hint="Give the certificate's PDF, a picture of its code, or a ledger to ask.",
        )
    findings = Findings()
    ledger = Ledger(live, trust) if live else None
    # (1): what is presented has the form of a certificate. A number has none: its certificate is looked up.
    if presented.number is not None:
        found = gather(None, None, presented.number, ledger)
        findings.settle(1, lambda: _core(found))
    else:
        core, file = findings.settle(1, lambda: obligations.form(presented)) or (None, None)
        found = gather(core, file, None, ledger if core else None)
    if findings.outcome(1) is Outcome.INVALID:
        findings.skip_rest("form")
    else:
        _judge(findings, found, trust, now, at)
    return _conclude(findings, found, Question(trust, now, at, ledger), presented.kind)


def _judge(findings: Findings, found: Exhibits, trust: TrustPolicy, now: int, at: int | None) -> None:
    """Obligations 2–10, in order."""
    # (2): the issuer's signature verifies under a pinned key.
    issuer = findings.settle(2, lambda: obligations.issuer_signature(_core(found), trust))
    # (3): that key was entitled to sign this, at that time.
    findings.settle(3, lambda: obligations.issuer_entitled(_core(found), issuer))
    # (4): the record is the one deposited, and the certificate says the same.
    findings.settle(4, lambda: obligations.record_equals(found.core, *found.need_record()))
    # (5): the deposit's statement is in the log.
    findings.settle(5, lambda: obligations.in_log(*found.need_proof()))
    # (6): every pinned key of the log has signed its head.
    findings.settle(6, lambda: obligations.checkpoint_signed(found.need_proof()[1], trust))
    # (7): that head is anchored on the chain.
    findings.settle(7, lambda: obligations.anchored(found.need_proof()[1], found.need_evidence(), trust))
    # (8): the block is sealed by pinned validators, and final.
    findings.settle(8, lambda: sealed(found.need_evidence(), trust))
    # (9): the chain's record is of this certificate.
    found.chain = findings.settle(
        9,
        lambda: obligations.chain_record(
            found.need_evidence(), trust, found.number, found.body, found.deposit()
        ),
    )
    # (10): the answer is young enough.
    findings.settle(10, lambda: obligations.answer_age(found.need_evidence(), trust, now, at))


def _core(found: Exhibits) -> Core:
    if found.core is None:
        raise NotGiven("no certificate was presented, only a number", code="number-only")
    return found.core


def _conclude(findings: Findings, found: Exhibits, question: Question, kind: str) -> Report:
    status, status_code = answer_status(
        found.chain,
        found.evidence,
        question,
        number=found.number,
        vouched=findings.outcome(8) is Outcome.VALID,
    )
    record, core = found.record, found.core
    holders = {holder.code for holder in found.body.holders} if found.body else set()
    return Report(
        kind=kind,
        findings=findings.in_order(),
        authentic=_authentic(findings, whole=core is not None and core.declared is None),
        status=status,
        status_code=status_code,
        core=core,
        record=record,
        differences=obligations.differences(core, record) if core and record else (),
        chain=found.chain,
        block=block_of(found.evidence, question.trust, question.now),
        checked_at=question.now,
        asked_at=question.at,
        notes=(*found.notes, *operator_notes(question.trust, holders)),
    )


def _authentic(findings: Findings, *, whole: bool) -> Authentic:
    """S9.2. ``whole``: the certificate carries its whole body, so (9) compared the chain with it."""
    # What (9) has compared with the chain itself needs no log to vouch for it.
    log_unasked = all(findings.outcome(number) is Outcome.SKIPPED for number in _BY_LOG)
    needed = set(range(1, 10)) - set(_BY_LOG if whole and log_unasked else ())
    return word_of(findings, needed)


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
