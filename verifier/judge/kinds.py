"""Which reader takes what was handed over: a table of kinds, of which a further document is a row (H2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, NoReturn, Protocol, TypeAlias

from yinzheng.verifier.bytes.canonical import formats_named
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.containers import contractfile, prooffile, receiptfile, voucherfile
from yinzheng.verifier.containers.contractfile import is_contract_file
from yinzheng.verifier.containers.prooffile import is_purpose_proof
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, YinzhengError
from yinzheng.verifier.formats import conclusion, right_history, trade_check, trade_contract
from yinzheng.verifier.formats.conclusion import is_conclusion_file
from yinzheng.verifier.formats.right_history import is_history_file
from yinzheng.verifier.formats.trade_check import is_trade_receipt
from yinzheng.verifier.judge.asof.situation import HistoryReader
from yinzheng.verifier.judge.certificate.verify import certificate_issued, verify
from yinzheng.verifier.judge.conclusion.report import ConclusionReport
from yinzheng.verifier.judge.conclusion.verify import verify_conclusion
from yinzheng.verifier.judge.contract.report import ContractReport
from yinzheng.verifier.judge.contract.verify import verify_contract
from yinzheng.verifier.judge.findings import OBLIGATIONS, Findings
from yinzheng.verifier.judge.history.report import HistoryReport
from yinzheng.verifier.judge.history.verify import verify_history
from yinzheng.verifier.judge.holder import HolderReader
from yinzheng.verifier.judge.licence.exhibits import VoucherReader
from yinzheng.verifier.judge.licence.report import VOUCHER, VoucherReport
from yinzheng.verifier.judge.licence.verify import verify_voucher, voucher_issued
from yinzheng.verifier.judge.live import LiveReader
from yinzheng.verifier.judge.purpose_proof import PurposeReport, proof_issued, verify_purpose_proof
from yinzheng.verifier.judge.receipt.exhibits import ReceiptReader
from yinzheng.verifier.judge.receipt.report import ReceiptReport
from yinzheng.verifier.judge.receipt.verify import verify_receipt
from yinzheng.verifier.judge.report import Report, Status
from yinzheng.verifier.judge.trade_check.report import TradeCheckReport
from yinzheng.verifier.judge.trade_check.verify import verify_trade_check
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.judge.verdict import word_of

AnyReport: TypeAlias = (
    Report
    | ReceiptReport
    | ConclusionReport
    | VoucherReport
    | TradeCheckReport
    | PurposeReport
    | HistoryReport
    | ContractReport
)


class AnyReader(LiveReader, ReceiptReader, HolderReader, VoucherReader, HistoryReader, Protocol):
    """A ledger that can be asked about every kind of document, and what was the case at any time."""


class Verify(Protocol):
    """Verifies one kind of document under the reader's policy; as `certificate.verify`."""

    def __call__(
        self,
        presented: Presented,
        trust: TrustPolicy,
        *,
        now: int,
        at: int | None = None,
        live: AnyReader | None = None,
        allow_attached: bool = False,
    ) -> AnyReport:
        """The report."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: what is one by its own account, and who verifies it."""

    document: str
    takes: Callable[[Presented], bool]
    verify: Verify
    formats: frozenset[str] | None = None
    """What a file of this kind can call itself; None where that does not matter."""
    issued: Callable[[Presented, TrustPolicy], bool] | None = None
    """Of a kind that anyone can write with any number: whether an issuer of the policy signed this one."""


KINDS: Final = (
    Kind(
        "consent-receipt",
        lambda shown: shown.is_receipt,
        verify_receipt,
        frozenset({receiptfile.FORMAT}),
    ),
    Kind(
        "trade-check",
        lambda shown: shown.file is not None and is_trade_receipt(shown.file),
        verify_trade_check,
        frozenset({trade_check.FORMAT}),
    ),
    Kind(
        VOUCHER,
        lambda shown: shown.is_voucher,
        verify_voucher,
        frozenset({voucherfile.FORMAT}),
        voucher_issued,
    ),
    Kind(
        "withdrawal-conclusion",
        lambda shown: shown.file is not None and is_conclusion_file(shown.file),
        verify_conclusion,
        frozenset({conclusion.FORMAT}),
    ),
    Kind(
        "purpose-proof",
        lambda shown: shown.file is not None and is_purpose_proof(shown.file),
        verify_purpose_proof,
        frozenset({prooffile.FORMAT}),
        proof_issued,
    ),
    Kind(
        "right-history",
        lambda shown: shown.file is not None and is_history_file(shown.file),
        verify_history,
        frozenset({right_history.FORMAT}),
    ),
    Kind(
        "trade-contract",
        lambda shown: shown.file is not None and is_contract_file(shown.file),
        verify_contract,
        frozenset({contractfile.FORMAT, trade_contract.FORMAT}),
    ),
    Kind("certificate", lambda _: True, verify, None, certificate_issued),
)
"""In this order; what no other takes is read as a certificate, and found to be none."""


def kind_of(presented: Presented) -> Kind:
    """The kind that what is presented calls itself; nothing of it is believed."""
    named = None if presented.file is None else formats_named(presented.file)
    return next(
        kind
        for kind in KINDS
        if (named is None or kind.formats is None or kind.formats & named) and kind.takes(presented)
    )


UNDECIDED: Final = frozenset(
    {
        "codes-contradict",
        "image-several",
        "image-too-large",
        "pdf-encrypted",
        "pdf-several",
        "pdf-too-large",
        "target-too-hard",
        "target-too-large",
        "text-several",
    }
)
"""Why nothing could be got out of a file though ours may be in it; any other reason: it is none of ours."""


def unread(fault: DataFault, *, now: int, at: int | None = None) -> Report:
    """The report on what `read_target` got nothing out of: none of ours or damaged, or undecided."""
    findings = Findings()
    why: YinzhengError = fault
    if fault.code in UNDECIDED:
        why = NotGiven(fault.message, code=fault.code, hint=fault.hint)
    findings.settle(1, partial(_raise, why))
    for number in OBLIGATIONS[1:]:
        findings.settle(number, partial(_raise, NotGiven("nothing could be read", code="form")))
    return Report(
        kind="unknown",
        findings=findings.in_order(),
        authentic=word_of(findings, OBLIGATIONS[:9]),
        status=Status.UNDETERMINED,
        status_code=fault.code,
        core=None,
        record=None,
        differences=(),
        chain=None,
        block=None,
        checked_at=now,
        asked_at=at,
        notes=(),
    )


def _raise(fault: YinzhengError) -> NoReturn:
    raise fault
