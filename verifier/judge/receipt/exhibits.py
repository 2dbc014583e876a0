"""What the verification of a receipt has to go on: what was presented, and what a live ledger adds (S13.4).

A live answer that does not prove itself is not had, and says nothing about the receipt (as in `live`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from yinzheng.verifier.chain.evidence import Evidence, NotGiven, parse_evidence
from yinzheng.verifier.chain.layout import root_slot
from yinzheng.verifier.chain.layout_consents import NONE, WITHDRAWAL_SLOTS, consent_slots, decode_withdrawal
from yinzheng.verifier.containers.receiptfile import ReceiptFile, parse_receipt_file
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats.receipt import (
    ReceiptCode,
    ReceiptCore,
    decode_receipt_qr,
    is_short_receipt,
)
from yinzheng.verifier.judge.exhibits import Exhibits
from yinzheng.verifier.judge.live import LogReader, logged, refused, sealed_evidence
from yinzheng.verifier.judge.obligations import anchored, checkpoint_signed, in_log
from yinzheng.verifier.judge.receipt.erasure import Erased, LiveTombstone, parse_erased
from yinzheng.verifier.judge.receipt.events import Request, requests_of
from yinzheng.verifier.judge.receipt.status import Standing
from yinzheng.verifier.judge.report import Note
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.log.tlogproof import TlogProof


@runtime_checkable
class ReceiptReader(LogReader, Protocol):
    """A ledger that can be asked about a consent; nothing it answers discloses a private body.

    All raise `EnvironmentFault` when it cannot be reached, and may raise `DataFault` when what it answers
    contradicts itself.
    """

    def withdrawals(self, ids: Sequence[bytes], size: int | None, at: int | None) -> object:
        """Evidence (JSON of S7.3) for `consent_slots` of these identifiers (32 bytes), the consent's own
        first, and if ``size`` is given for the anchored root of that size. Headers and ``at`` as
        `LiveReader.chain`.
        """

    def tombstone(self, leaf: bytes) -> LiveTombstone | None:
        """The tombstone that names the statement with that leaf hash; None if there is none in the log."""


class ReceiptLedger:
    """A live ledger as verification uses it: what it gives back has proved itself under the policy.

    Its methods raise `EnvironmentFault`: `live-refused` when it has not, or the reader's own.
    """

    def __init__(self, reader: ReceiptReader, trust: TrustPolicy) -> None:
        self._reader = reader
        self._trust = trust

    def proof(self, statement: Statement) -> TlogProof | None:
        """Proof that the statement is in a log whose checkpoint is signed; None if it is unknown there."""
        return logged(self._reader, statement, self._trust)

    def evidence(self, ids: Sequence[bytes], size: int | None, at: int | None = None) -> Evidence:
        """Evidence whose headers are sealed (or unsealed altogether) and whose proofs hold."""
        return refused(lambda: self._read_evidence(ids, size, at))

    def erased(self, statement: Statement) -> Erased | None:
        """The tombstone of the record with that statement, in the log and under the chain; None if none."""
        return refused(lambda: self._read_erased(statement))

    def _read_erased(self, statement: Statement) -> Erased | None:
        answer = self._reader.tombstone(statement.leaf_hash)
        if answer is None:
            return None
        erased, proof = parse_erased(answer, statement), TlogProof.from_text(answer.proof)
        in_log(erased.statement, proof)
        checkpoint_signed(proof, self._trust)
        size = peek_checkpoint(proof.checkpoint).size
        anchored(proof, self._read_evidence([statement.subject], size, None), self._trust)
        return erased

    def _read_evidence(self, ids: Sequence[bytes], size: int | None, at: int | None) -> Evidence:
        def read(at: int | None) -> Evidence:
            return parse_evidence(self._reader.withdrawals(ids, size, at))

        evidence = sealed_evidence(read, self._trust, size, at)
        if self._trust.consents is not None:
            read_standing(evidence, self._trust, ids)
        if size is not None:
            evidence.words(self._trust.anchor, [root_slot(size)])
        return evidence


def read_standing(evidence: Evidence, trust: TrustPolicy, ids: Sequence[bytes]) -> Standing:
    """What the pinned contract holds under these identifiers, the consent's own first, and its count.

    Raises `NotGiven` (`consents-not-pinned`, `evidence-not-given`), `DataFault` as `Evidence.words`,
    `decode_withdrawal`, and `withdrawal-layout` where the two contradict each other.
    """
    if trust.consents is None:
        raise NotGiven("the policy pins no contract of consents", code="consents-not-pinned")
    opened, *words = evidence.words(trust.consents, consent_slots(ids))
    starts = range(0, len(words), WITHDRAWAL_SLOTS)
    held = tuple(decode_withdrawal(words[at : at + WITHDRAWAL_SLOTS]) for at in starts)
    if (held[0] is not None and held[0].state != NONE) != (opened > 0):
        raise DataFault(
            "the first withdrawal and the count of withdrawals contradict each other",
            code="withdrawal-layout",
        )
    return Standing(opened, held)


def require_proving(presented: Presented) -> None:
    """Refuse a receipt's short code (S13.9): `UsageFault` `receipt-short`.

    It has nothing that a ledger's answer could be held against, so that asking one changes nothing.
    """
    if presented.qr is not None and is_short_receipt(presented.qr):
        raise UsageFault(
            "a receipt's short code proves nothing: it opens the consent to its holder at the registry",
            code="receipt-short",
            hint="Scan the larger code on the receipt, or give its PDF.",
        )


@dataclass
class ReceiptExhibits(Exhibits):
    """Everything at hand; `read` fills it in."""

    presented: Presented
    trust: TrustPolicy
    ledger: ReceiptLedger | None = None
    qr: str = ""
    """The text that the code was read from."""
    code: ReceiptCode | None = None
    file: ReceiptFile | None = None
    requests: tuple[Request, ...] | None = None
    """The withdrawals that the file tells of, oldest first; None without a file, or where its events are not
    what they claim to be.
    """
    erased: Erased | None = None
    chain: Standing | None = None
    """What the chain holds of the consent's withdrawals, once obligation 9 holds."""

    @property
    def core(self) -> ReceiptCore:
        """The signed core, once the form is read."""
        assert self.code is not None
        return self.code.core

    @property
    def ids(self) -> list[bytes]:
        """Identifiers of withdrawals on the chain; that of the first is the consent's subject (S13.4)."""
        later = (request.id for request in self.requests or ())
        return list(dict.fromkeys((self.core.subject, *later)))

    def read(self) -> None:
        """(1) Read QR text, core and file, then ask the ledger, if there is one, for what it adds.

        The statement never changes, so an attached proof is used as it is; the chain does, so its live answer
        is preferred.
        """
        shown = self.presented
        self.file = None if shown.file is None else parse_receipt_file(shown.file)
        self.qr = self.file.qr if self.file else shown.qr or ""
        self.code = decode_receipt_qr(self.qr)
        if self.file is not None:
            self.proof, self.evidence = self.file.proof, self.file.chain
            with suppress(DataFault):  # obligation 4 will say so
                self.requests = requests_of(self.file, self.core)
        if self.ledger is not None:
            self._ask(self.ledger)

    def _ask(self, ledger: ReceiptLedger) -> None:
        if self.file is None:
            self._ask_proof(ledger)
        self.ask_chain(lambda size: ledger.evidence(self.ids, size), self.trust)
        self._ask_tombstone(ledger)

    def _ask_proof(self, ledger: ReceiptLedger) -> None:
        try:
            self.proof = ledger.proof(self.core.statement())
        except EnvironmentFault as fault:
            self.why_no_proof = fault
            return
        self.why_no_proof = NotGiven("the ledger asked knows no such statement", code="no-statement")

    def _ask_tombstone(self, ledger: ReceiptLedger) -> None:
        try:
            self.erased = ledger.erased(self.core.statement())
        except EnvironmentFault as fault:
            self.notes.append(Note("erasure-unknown", {"reason": fault.code}))
