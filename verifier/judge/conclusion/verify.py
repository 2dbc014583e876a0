"""Verification of the end document of a withdrawal (S10.9): its rules, and where the withdrawal stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.chain import layout_consents as layout
from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.layout_consents import ChainWithdrawal, decode_withdrawal, withdrawal_slots
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.conclusion import Conclusion, End, parse_conclusion
from yinzheng.verifier.formats.withdrawal_steps import Completed, Restricted, step_bytes
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.certificate.verify import operator_notes
from yinzheng.verifier.judge.conclusion.report import ConclusionReport, Standing
from yinzheng.verifier.judge.exhibits import FileExhibits
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.judge import Rules, authentic, judge
from yinzheng.verifier.judge.obligations import CLOCK_SKEW, Signed
from yinzheng.verifier.judge.presentation import page_agrees, presentation_notes
from yinzheng.verifier.judge.receipt.exhibits import ReceiptLedger, ReceiptReader
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.judge.seals import block_of
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import verify_body


@dataclass(kw_only=True)
class ConclusionExhibits(FileExhibits[Conclusion]):
    """Everything at hand; `read` fills it in."""

    ledger: ReceiptLedger | None = None
    chain: ChainWithdrawal | None = None
    """The withdrawal on chain, if obligation 9 holds or a later outcome stands there."""

    def read(self) -> None:
        """(1) Read the file, then ask the ledger, if there is one, for what it adds."""
        self.file = parse_conclusion(self.presented.file or b"")
        self.proof, self.evidence = self.file.proof, self.file.chain
        if self.ledger is not None:
            self._ask(self.ledger, self.file)

    def _ask(self, ledger: ReceiptLedger, shown: Conclusion) -> None:
        self.ask_proof(lambda: ledger.proof(shown.statement))
        # The first withdrawal of a consent stands under the consent's own subject, and is counted there.
        ids = list(dict.fromkeys((shown.statement.subject, shown.body.withdrawal)))
        self.ask_chain(lambda size: ledger.evidence(ids, size), self.trust)


def verify_conclusion(
    presented: Presented,
    trust: TrustPolicy,
    *,
    now: int,
    at: int | None = None,
    live: ReceiptReader | None = None,
    allow_attached: bool = False,
) -> ConclusionReport:
    """Verify a conclusion that `read_target` found, under the reader's own policy.

    ``now``, ``at``, ``live`` and ``allow_attached`` as in `verify`. Bad data and a silent ledger end up in
    the report. Raises `UsageFault` `time-future`.
    """
    ledger = ReceiptLedger(live, trust) if live else None
    found = ConclusionExhibits(presented=presented, trust=trust, ledger=ledger, allow_attached=allow_attached)
    findings = judge(CONCLUSION, found, trust, now, at)
    standing, code = _standing(findings, found, now, at)
    return ConclusionReport(
        kind=presented.kind,
        findings=findings.in_order(),
        authentic=authentic(CONCLUSION, found, findings),
        standing=standing,
        standing_code=code,
        conclusion=found.file,
        chain=found.chain,
        block=block_of(found.evidence, trust, now),
        checked_at=now,
        asked_at=at,
        notes=(*presentation_notes(presented, "", None), *found.notes, *operator_notes(trust, set())),
    )


def _signed(found: ConclusionExhibits) -> Signed:
    shown = found.shown
    # A conclusion names no registry: which one signed is what the policy says of the key.
    return Signed(shown.kid, shown.message, shown.signature, shown.signed_at, None)


def _opens(found: ConclusionExhibits) -> None:
    shown = found.shown
    page_agrees(found.presented, "")  # it has no code: whatever a page shows is another document's
    verify_body(shown.statement, step_bytes(shown.body), shown.secret)


def _on_chain(found: ConclusionExhibits, trust: TrustPolicy) -> None:
    """(9) The withdrawal of the body is on the pinned contract, with its request, state, end and receipts.

    Raises `NotGiven`: `conclusion-replaced` for a restriction after which the chain holds a later outcome,
    `block-too-early` where the end may have come after the block.
    """
    shown, body = found.shown, found.shown.body
    if trust.consents is None:
        raise NotGiven("the policy pins no contract of consents", code="consents-not-pinned")
    evidence = found.need_evidence()
    words = evidence.words(trust.consents, withdrawal_slots(body.withdrawal))
    on_chain = decode_withdrawal(words)
    if on_chain is None or on_chain.state == layout.NONE:
        _late_enough(evidence, shown)
        raise DataFault("the chain knows no such withdrawal", code="withdrawal-absent")
    if on_chain.request != body.request:
        raise DataFault("the chain's withdrawal is of another request", code="withdrawal-request-differs")
    if on_chain.outcome != shown.statement.leaf_hash:
        later = isinstance(body, Restricted) and on_chain.outcome is not None and on_chain.restricted_at
        if on_chain.state != layout.COMPLETED and on_chain.restricted_at < _told_at(body):
            _late_enough(evidence, shown)
        if later:
            found.chain = on_chain
            raise NotGiven("a later end has taken this one's place", code="conclusion-replaced")
        raise DataFault("the chain's withdrawal has not ended so", code="withdrawal-outcome-differs")
    if not _agrees(body, on_chain):
        raise DataFault("the chain states other terms than the conclusion", code="withdrawal-terms-differ")
    # Whoever steals the issuer's key may date a signature back, but not before the end it tells of.
    if _ended_at(on_chain) - shown.signed_at > CLOCK_SKEW:
        raise DataFault("it was signed before the withdrawal had ended", code="signed-before-end")
    found.chain = on_chain


def _late_enough(evidence: Evidence, shown: Conclusion) -> None:
    """That the block would know of the end: it is signed once that is on the chain (S10.9)."""
    obligations.not_before(evidence, shown.signed_at + CLOCK_SKEW)


def _told_at(body: End) -> int:
    return body.restricted_at if isinstance(body, Restricted) else body.completed_at


def _agrees(body: End, on_chain: ChainWithdrawal) -> bool:
    if isinstance(body, Restricted):
        return (on_chain.state, on_chain.restricted_until) == (layout.RESTRICTED, body.until)
    # `late` is not compared: the block that completes may come later than the statement it is told of.
    return (on_chain.state, on_chain.receipts) == (layout.COMPLETED, len(body.receipts))


def _ended_at(on_chain: ChainWithdrawal) -> int:
    return on_chain.completed_at or on_chain.restricted_at


def _age(found: ConclusionExhibits, trust: TrustPolicy, now: int, at: int | None) -> None:
    """(10) What is completed stays so, whatever the age of the answer; but no block is from the future."""
    evidence = found.need_evidence()
    obligations.not_from_future(evidence, now)
    if isinstance(found.shown.body, Completed):
        raise NotGiven("what is completed stays so, whatever the age of the answer", code="final")
    obligations.answer_age(evidence, trust, now, at)


def _needs(found: ConclusionExhibits, findings: Findings) -> range:
    """1–9; of a restriction that a later end has replaced, 1–8 decide alone."""
    replaced = findings.found(9).code == "conclusion-replaced"
    del found
    return range(1, 9 if replaced else 10)


CONCLUSION: Final = Rules(
    form=ConclusionExhibits.read,
    signed=_signed,
    opens=_opens,
    statement=lambda found: found.shown.statement,
    rests_on=_on_chain,
    needs=_needs,
    age=_age,
)
"""A conclusion is signed each time it is asked for, and says when."""


def _standing(
    findings: Findings, found: ConclusionExhibits, now: int, at: int | None
) -> tuple[Standing, str]:
    """What the chain says, if pinned validators vouch for the block and, where it may change, it is young."""
    for number in (1, 8):
        if findings.outcome(number) is not Outcome.VALID:
            return Standing.UNDETERMINED, findings.found(number).code
    if found.chain is None:
        return Standing.UNDETERMINED, findings.found(9).code
    if findings.found(10).code == "block-from-future":
        return Standing.UNDETERMINED, "block-from-future"
    time = now if at is None else at
    if findings.outcome(9) is not Outcome.VALID:
        return Standing.REPLACED, "ok"
    if at is not None and at < _ended_at(found.chain):
        return Standing.NOT_YET, "ok"
    if isinstance(found.shown.body, Completed):
        return Standing.COMPLETED, "ok"
    if time > found.shown.body.until:
        return Standing.ENDED, "ok"
    if at is not None:
        told = found.chain.changed_at <= at <= found.need_evidence().block.time
        return (Standing.RESTRICTED, "ok") if told else (Standing.UNDETERMINED, "as-of-needs-archive")
    young = findings.found(10)
    if young.outcome is Outcome.VALID:
        return Standing.RESTRICTED, "ok"
    return Standing.UNDETERMINED, young.code
