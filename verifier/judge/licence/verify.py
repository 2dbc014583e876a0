"""Verification of a licence's voucher (S9.7): its rules, and what is concluded from what was found."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.licence import RECORDING, differing_terms, given_statement
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.certificate.verify import log_unasked, operator_notes
from yinzheng.verifier.judge.exhibits import require_ledger
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.judge import Rules, authentic, is_issued, judge
from yinzheng.verifier.judge.licence.exhibits import (
    VoucherExhibits,
    VoucherLedger,
    VoucherReader,
    read_certificate,
    read_licence,
    signed_by,
)
from yinzheng.verifier.judge.licence.report import VoucherReport
from yinzheng.verifier.judge.licence.status import Beneath, answer_licence
from yinzheng.verifier.judge.presentation import page_agrees, presentation_notes
from yinzheng.verifier.judge.report import Note, Outcome, Status
from yinzheng.verifier.judge.seals import block_of
from yinzheng.verifier.judge.trust import TrustPolicy


def verify_voucher(
    presented: Presented,
    trust: TrustPolicy,
    *,
    now: int,
    at: int | None = None,
    live: VoucherReader | None = None,
    allow_attached: bool = False,
) -> VoucherReport:
    """Verify a voucher that `read_target` found, under the reader's own policy.

    ``now``, ``at``, ``live`` and ``allow_attached`` as in `verify`. Bad data and a silent ledger end up in
    the report. Raises `UsageFault` `time-future`, and as `require_ledger`.
    """
    require_ledger(presented, live)
    ledger = VoucherLedger(live, trust) if live else None
    found = VoucherExhibits(presented=presented, trust=trust, ledger=ledger, allow_attached=allow_attached)
    findings = judge(LICENCE, found, trust, now, at)
    status, code, beneath = answer_licence(found, now, at, vouched=findings.outcome(8) is Outcome.VALID)
    core, record, chain = found.core, found.record, found.licence
    parties = {found.body.licensor.code, found.body.licensee.code} if found.body else set()
    return VoucherReport(
        kind=presented.kind,
        findings=findings.in_order(),
        authentic=authentic(LICENCE, found, findings),
        status=status,
        status_code=code,
        core=core,
        record=record,
        differences=obligations.differences(core, record) if core and record else (),
        chain=chain,
        certificate=found.certificate,
        beneath=beneath,
        end=found.ended,
        block=block_of(found.evidence, trust, now),
        checked_at=now,
        asked_at=at,
        notes=(
            *presentation_notes(presented, found.qr, None),
            *found.notes,
            *_about_certificate(beneath),
            *operator_notes(trust, parties),
        ),
    )


def voucher_issued(presented: Presented, trust: TrustPolicy) -> bool:
    """Whether an issuer whom the policy pins signed the voucher, as `certificate_issued`."""
    return is_issued(LICENCE, VoucherExhibits(presented=presented, trust=trust), trust)


def _opens(found: VoucherExhibits) -> None:
    found.require_bound()
    page_agrees(found.presented, found.qr)
    record, statement = found.need_record()
    obligations.record_equals(found.core, record, given_statement(record), statement)


def _on_chain(found: VoucherExhibits, trust: TrustPolicy) -> None:
    """(9) The pinned contract has a licence of that number, of this statement and these terms, and the
    registry contract the certificate under which it was given.
    """
    evidence, body = found.need_evidence(), found.body
    assert body is not None  # without one, no evidence was asked for
    licence = read_licence(body, evidence, trust)
    if licence is None:
        obligations.not_before(evidence, body.registered_at + RECORDING)
        raise DataFault("the chain has no licence of that number", code="licence-absent", number=body.number)
    if licence.statement != found.given.leaf_hash:
        raise DataFault("the chain's licence is another", code="licence-content-differs")
    if differing := differing_terms(body, licence):
        raise DataFault(
            "the chain's licence states other terms", code="licence-terms-differ", terms=list(differing)
        )
    certificate = read_certificate(body, evidence, trust)
    if certificate is None or certificate.content != body.certificate.leaf:
        raise DataFault(
            "the chain has another certificate, or none, where the licence names one",
            code="licence-certificate-differs",
        )
    end = found.ended_by(licence.outcome) if licence.outcome else None
    if end is not None and end.ground != licence.ending:
        raise DataFault(
            "the chain has the licence ended by others than its statement says", code="licence-end-differs"
        )
    found.licence, found.certificate, found.ended = licence, certificate, end


def _needs(found: VoucherExhibits, findings: Findings) -> Collection[int]:
    """1–9; but what (9) has compared with the chain itself, whole, needs no log to vouch for it."""
    whole = found.core is not None and found.core.declared is None
    return set(range(1, 10)) - set(log_unasked(findings) if whole else ())


LICENCE: Final = Rules(
    form=VoucherExhibits.read,
    signed=lambda found: signed_by(found.need_core()),
    opens=_opens,
    statement=lambda found: found.need_record()[1],
    rests_on=_on_chain,
    needs=_needs,
)
"""A voucher is signed when the licence is registered; the record prevails (R9)."""


def _about_certificate(beneath: Beneath | None) -> list[Note]:
    """What became of the certificate: a sale does not break a licence, and what holds it up is told."""
    if beneath is None:
        return []
    told = (Status.SUPERSEDED, Status.HELD, Status.CANCELLED)
    notes = [Note(f"certificate-{beneath.certificate}")] if beneath.certificate in told else []
    if beneath.certificate is Status.SUPERSEDED:
        after = {status for _, status in beneath.ends}
        notes += [Note(f"successor-{one}") for one in (Status.HELD, Status.CANCELLED) if one in after]
    return notes
