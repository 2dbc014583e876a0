"""Verification of the receipt of a trade check (S20.3): its rules, and what the exchange was told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.chain.layout import REMARK_BITS, ChainRecord, decode_record
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.trade_check import (
    STATUSES,
    Record,
    TradeReceipt,
    parse_trade_receipt,
    verify_checked,
)
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.certificate.verify import operator_notes
from yinzheng.verifier.judge.exhibits import FileExhibits
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.judge import Rules, authentic, judge
from yinzheng.verifier.judge.live import Ledger, LiveReader
from yinzheng.verifier.judge.obligations import Signed
from yinzheng.verifier.judge.presentation import page_agrees, presentation_notes
from yinzheng.verifier.judge.receipt.exhibits import ReceiptLedger, ReceiptReader
from yinzheng.verifier.judge.seals import block_of
from yinzheng.verifier.judge.trade_check.report import Told, TradeCheckReport
from yinzheng.verifier.judge.trust import TrustPolicy

UNCOMPARED: Final = frozenset({"record-changed-since", "no-record"})
"""Why 9 may stay open of what is genuine: the chain does not keep how a record stood before."""


class TradeReader(LiveReader, ReceiptReader, Protocol):
    """A ledger that can be asked for a statement's proof, and for a record."""


@dataclass(kw_only=True)
class TradeExhibits(FileExhibits[TradeReceipt]):
    """Everything at hand; `read` fills it in."""

    live: TradeReader | None = None

    def read(self) -> None:
        """(1) Read the file, then ask the ledger, if there is one, for what it adds."""
        self.file = parse_trade_receipt(self.presented.file or b"")
        self.proof, self.evidence = self.file.proof, self.file.chain
        if self.live is not None:
            self._ask(self.live, self.file)

    def _ask(self, live: TradeReader, shown: TradeReceipt) -> None:
        record, ledger, plain = shown.body.record, Ledger(live, self.trust), ReceiptLedger(live, self.trust)
        self.ask_proof(lambda: plain.proof(shown.statement))
        if record is not None:
            self.ask_chain(lambda size: ledger.evidence(record.number, size), self.trust)
        else:
            self.ask_chain(lambda size: plain.evidence([shown.statement.subject], size), self.trust)


def verify_trade_check(
    presented: Presented,
    trust: TrustPolicy,
    *,
    now: int,
    at: int | None = None,
    live: TradeReader | None = None,
    allow_attached: bool = False,
) -> TradeCheckReport:
    """Verify a receipt that `read_target` found, under the reader's own policy.

    ``now``, ``at``, ``live`` and ``allow_attached`` as in `verify`. Bad data and a silent ledger end up in
    the report. Raises `UsageFault` `time-future`.
    """
    found = TradeExhibits(presented=presented, trust=trust, live=live, allow_attached=allow_attached)
    findings = judge(TRADE_CHECK, found, trust, now, at)
    told = _told(found, at)
    return TradeCheckReport(
        kind=presented.kind,
        findings=findings.in_order(),
        authentic=authentic(TRADE_CHECK, found, findings),
        standing=told,
        receipt=found.file,
        block=block_of(found.evidence, trust, now),
        checked_at=now,
        asked_at=at if told is Told.NOT_YET else None,
        notes=(*presentation_notes(presented, "", None), *found.notes, *operator_notes(trust, set())),
    )


def _signed(found: TradeExhibits) -> Signed:
    shown = found.shown
    # A receipt names no registry: which one signed is what the policy says of the key.
    return Signed(shown.kid, shown.message, shown.signature, shown.body.checked_at, None)


def _opens(found: TradeExhibits) -> None:
    page_agrees(found.presented, "")  # it has no code: whatever a page shows is another document's
    verify_checked(found.shown)


def _on_chain(found: TradeExhibits, trust: TrustPolicy) -> None:
    """(9) The record of the pinned contract stood, in the block the answer speaks of, as the answer says.

    A record that was written since cannot be compared any more: `NotGiven` `record-changed-since`; nor can
    an answer about none: `no-record`.
    """
    body, evidence = found.shown.body, found.need_evidence()
    told = body.record
    if told is None:
        raise NotGiven("the answer is about no certificate of this registry", code="no-record")
    if evidence.block.time < body.block.time or evidence.block.number < body.block.number:
        raise NotGiven("the block is earlier than the one the answer speaks of", code="block-too-early")
    on_chain = decode_record(obligations.record_words(told.number, evidence, trust))
    if on_chain is None:
        raise DataFault("the chain has no record of that number", code="record-absent", number=told.number)
    if on_chain.content != told.content:
        raise DataFault("the chain's record is of another certificate", code="content-differs")
    differs = _as_told(on_chain, told) != told
    # Blocks may share a second: what differs may have been written in the next block, within the answer's.
    next_to_it = evidence.block.number > body.block.number and on_chain.changed_at == body.block.time
    if on_chain.changed_at > body.block.time or (differs and next_to_it):
        raise NotGiven("the record was written since", code="record-changed-since")
    if differs:
        raise DataFault(
            "the chain's record stood otherwise than the answer says", code="trade-record-differs"
        )


def _as_told(record: ChainRecord, told: Record) -> Record:
    return Record(
        number=told.number,
        content=record.content,
        status=STATUSES[record.status - 1],
        remarks=sum(REMARK_BITS[one] for one in record.remarks),
        holds=record.holds,
        objections=record.objections,
        reserved_until=record.reserved_until,
        reserved_by=record.reserved_by,
        valid_until=record.valid_until,
        changed_at=record.changed_at,
    )


def _age(found: TradeExhibits, trust: TrustPolicy, now: int, at: int | None) -> None:
    """(10) What was answered stays so, whatever the age of the evidence; but no block is from the future."""
    del trust, at
    obligations.not_from_future(found.need_evidence(), now)
    raise NotGiven("what was answered stays so, whatever the age of the evidence", code="answered")


def _needs(found: TradeExhibits, findings: Findings) -> range:
    """1–9; 1–8 decide alone where the chain does not keep what 9 would compare."""
    del found
    return range(1, 9 if findings.found(9).code in UNCOMPARED else 10)


TRADE_CHECK: Final = Rules(
    form=TradeExhibits.read,
    signed=_signed,
    opens=_opens,
    statement=lambda found: found.shown.statement,
    rests_on=_on_chain,
    needs=_needs,
    age=_age,
)
"""A receipt is signed once, when the answer is given."""


def _told(found: TradeExhibits, at: int | None) -> Told:
    if found.file is None:
        return Told.UNDETERMINED
    if at is not None and at < found.file.body.checked_at:
        return Told.NOT_YET
    return Told(found.file.body.answer)
