"""What the verification of a voucher has to go on: what was presented, and what a live ledger adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.evidence import Contract, Evidence, NotGiven, parse_evidence
from yinzheng.verifier.chain.layout import ChainRecord, decode_record, record_slots, root_slot
from yinzheng.verifier.chain.layout_moves import ChainLicence, decode_licence, licence_slots
from yinzheng.verifier.containers.voucherfile import parse_voucher_file
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.formats.licence import (
    Licence,
    LicenceEnd,
    ended_statement,
    given_statement,
    parse_licence,
    parse_licence_end,
)
from yinzheng.verifier.formats.voucher import Voucher, decode_voucher
from yinzheng.verifier.judge.asof.situation import StorageReader, Wanted
from yinzheng.verifier.judge.exhibits import RecordExhibits, is_registered
from yinzheng.verifier.judge.line import Followed, line_of, walked
from yinzheng.verifier.judge.live import LogReader, logged, refused, sealed_evidence
from yinzheng.verifier.judge.obligations import Signed
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import Statement, certificate_subject
from yinzheng.verifier.log.tlogproof import TlogProof


class VoucherReader(StorageReader, LogReader, Protocol):
    """A ledger that can be asked about a licence."""

    def voucher(self, number: str) -> str | None:
        """The QR text of the voucher of that licence, as issued; None if the ledger keeps none."""


class VoucherLedger:
    """A live ledger as verification uses it: what it gives back has proved itself under the policy.

    Its methods raise `EnvironmentFault`: `live-refused` when it has not, or the reader's own.
    """

    def __init__(self, reader: VoucherReader, trust: TrustPolicy) -> None:
        self._reader = reader
        self._trust = trust

    def proof(self, statement: Statement) -> TlogProof | None:
        """Proof that the statement is in a log whose checkpoint is signed; None if it is unknown there."""
        return logged(self._reader, statement, self._trust)

    def voucher(self, number: str) -> tuple[str, Voucher] | None:
        """The QR text of the voucher of that licence and what it says, which a signed checkpoint's log
        contains. None if there is none.
        """
        return refused(lambda: self._read_voucher(number))

    def body(self, leaf: bytes) -> JSON:
        """The public body of the statement with that leaf hash, unchecked; None if it is unknown there."""
        answer = self._reader.said(leaf)
        return None if answer is None else answer.body

    def evidence(self, body: Licence, size: int | None, at: int | None = None) -> Evidence:
        """Evidence about a licence and its certificate, with headers sealed (or unsealed altogether)."""
        return refused(lambda: self._read_evidence(body, size, at))

    def _read_voucher(self, number: str) -> tuple[str, Voucher] | None:
        qr = self._reader.voucher(number)
        if qr is None:
            return None
        core = decode_voucher(qr)
        if core.body.number != number or self.proof(core.statement()) is None:
            raise DataFault("the ledger's voucher is not that of its record", code="record-not-committed")
        return qr, core

    def _read_evidence(self, body: Licence, size: int | None, at: int | None) -> Evidence:
        def read(at: int | None) -> Evidence:
            def ask(wanted: Wanted, block: int | None) -> object:
                return self._reader.storage(wanted, at=at if block is None else None, block=block)

            return parse_evidence(collected(ask, body, size, self._trust))

        evidence = sealed_evidence(read, self._trust, size, at)
        for contract, slots in words_of(body, size, self._trust):
            evidence.words(contract, slots)
        return evidence


def collected(
    ask: Callable[[Wanted, int | None], object], body: Licence, size: int | None, trust: TrustPolicy
) -> object:
    """Evidence (JSON of S7.3) about a licence, its certificate and all that followed that, of one block.

    ``ask`` gives it for these slots, of the block of that number where one is named. Raises what it does, and
    as `parse_evidence` and `Evidence.words`.
    """
    followed: tuple[bytes, ...] = ()
    block: int | None = None
    while True:
        answer = ask({one.address: slots for one, slots in words_of(body, size, trust, followed)}, block)
        evidence = parse_evidence(answer)
        lacking = _lacking(body, evidence, trust)
        if not lacking:
            return answer
        followed, block = followed + lacking, evidence.block.number


def _lacking(body: Licence, evidence: Evidence, trust: TrustPolicy) -> tuple[bytes, ...]:
    """Whom the records at hand name as having followed, and whose own are not at hand."""
    record = read_certificate(body, evidence, trust)
    if record is None:
        return ()
    try:
        return walked(_under(body), record, lambda one: read_record(one, evidence, trust))[1]
    except NotGiven:
        return ()  # of more than are followed, no more are asked for


def words_of(
    body: Licence, size: int | None, trust: TrustPolicy, followed: Sequence[bytes] = ()
) -> list[tuple[Contract, Sequence[bytes]]]:
    """What is asked of the chain about a licence, of the contracts that the policy pins: its words, its
    certificate's record, those of ``followed``, and, where ``size`` is given, the anchored root of that size.
    """
    asked: list[tuple[Contract, Sequence[bytes]]] = [
        (trust.rights, [slot for one in (_under(body), *followed) for slot in record_slots(one)])
    ]
    if trust.moves is not None:
        asked.append((trust.moves, licence_slots(body.subject)))
    if size is not None:
        asked.append((trust.anchor, [root_slot(size)]))
    return asked


def read_licence(body: Licence, evidence: Evidence, trust: TrustPolicy) -> ChainLicence | None:
    """The licence on the pinned contract; None when there is none.

    Raises `NotGiven` (`moves-not-pinned`, `evidence-not-given`), `DataFault` as `Evidence.words` and
    `decode_licence`.
    """
    if trust.moves is None:
        raise NotGiven("the policy pins no contract of licences", code="moves-not-pinned")
    return decode_licence(evidence.words(trust.moves, licence_slots(body.subject)))


def read_certificate(body: Licence, evidence: Evidence, trust: TrustPolicy) -> ChainRecord | None:
    """The record of its certificate; None when there is none. Raises as `Evidence.words`, `decode_record`."""
    return decode_record(evidence.words(trust.rights, record_slots(_under(body))))


def read_line(
    body: Licence, record: ChainRecord, evidence: Evidence, trust: TrustPolicy
) -> tuple[Followed, ...]:
    """Its certificate, with that record, and all that came from it. Raises as `line_of`, `decode_record`."""
    return line_of(_under(body), record, lambda one: read_record(one, evidence, trust))


def read_record(subject: bytes, evidence: Evidence, trust: TrustPolicy) -> ChainRecord | None:
    """Another certificate's record; None where the evidence shows none. Raises as `decode_record`."""
    with suppress(NotGiven):
        return decode_record(evidence.words(trust.rights, record_slots(subject)))
    return None


def _under(body: Licence) -> bytes:
    return certificate_subject(body.certificate.number)


@dataclass(kw_only=True)
class VoucherExhibits(RecordExhibits[Voucher, Licence]):
    """Everything at hand; `read` fills it in."""

    ledger: VoucherLedger | None = None
    licence: ChainLicence | None = None
    """The chain's licence, once obligation 9 holds."""
    certificate: ChainRecord | None = None
    """The record of its certificate, likewise."""
    end: LicenceEnd | None = None
    """What is said to have ended it."""
    ended: LicenceEnd | None = None
    """What did, once obligation 9 holds and if that is to be had."""

    @property
    def body(self) -> Licence | None:
        """The record, else what the voucher shows."""
        return self.record or (self.core.body if self.core else None)

    @property
    def given(self) -> Statement:
        """The statement at hand, else the one that follows from the voucher."""
        return self.statement or self.need_core().statement()

    def read(self) -> None:
        """(1) Read QR text, core and file, then ask the ledger, if there is one, for what it adds.

        The voucher that a short code names is looked up, and compared.
        """
        shown = self.presented
        file = None if shown.file is None else parse_voucher_file(shown.file)
        if shown.number is not None:
            if not self._look_up(shown.number):
                return
        else:
            self.qr = file.qr if file else shown.qr or ""
            self.core = decode_voucher(self.qr)
        assert self.core is not None
        if file is not None:
            self.record, self.statement, self.proof = file.record, file.statement, file.proof
            self.evidence, self.end = file.chain, file.end
        if self.ledger is not None:
            self._ask(self.ledger, self.core, recorded=file is not None)

    def ended_by(self, outcome: bytes) -> LicenceEnd | None:
        """What the chain's outcome says, if it is shown or the ledger tells it; it proves itself by its leaf
        hash.
        """
        if self.end is not None and ended_statement(self.end).leaf_hash == outcome:
            return self.end
        if self.ledger is not None:
            with suppress(DataFault, EnvironmentFault):
                told = parse_licence_end(self.ledger.body(outcome))
                return told if ended_statement(told).leaf_hash == outcome else None
        return None

    def _look_up(self, number: str) -> bool:
        """Whether a voucher's short code names the one that the ledger has, whose code is then read.

        Raises `NotGiven` `number-only` where it has none, or none is to be had.
        """
        found, ledger = None, self.ledger
        self.why_no_proof = NotGiven("the ledger asked keeps no record of that number", code="no-record")
        try:
            told = ledger.voucher(number) if ledger is not None else None
            if ledger is not None and told is not None:
                found = told if self._is_shown(ledger, *told) else None
        except EnvironmentFault as fault:
            self.why_no_proof = fault
        if self.unbound is not None:
            return False
        if found is None:
            self.why_no_evidence = self.why_no_proof
            self.need_core()
        else:
            self.qr, self.core = found
        return True

    def _is_shown(self, ledger: VoucherLedger, qr: str, core: Voucher) -> bool:
        def read() -> tuple[Evidence, bytes | None]:
            evidence = ledger.evidence(core.body, None)
            licence = read_licence(core.body, evidence, self.trust)
            return evidence, None if licence is None else licence.statement

        leaf = core.statement().leaf_hash
        return self.bind(qr, signed_by(core), lambda: is_registered(read, leaf, self.trust))

    def _ask(self, ledger: VoucherLedger, core: Voucher, *, recorded: bool) -> None:
        if not recorded:
            self._ask_record(ledger, core.statement())
        body = self.record or core.body
        self.ask_chain(lambda size: ledger.evidence(body, size), self.trust)

    def _ask_record(self, ledger: VoucherLedger, statement: Statement) -> None:
        self.why_no_proof = NotGiven("the ledger asked knows no such statement", code="no-record")
        try:
            proof, told = ledger.proof(statement), ledger.body(statement.leaf_hash)
        except EnvironmentFault as fault:
            self.why_no_proof = fault
            return
        with suppress(DataFault):  # what is not the statement's body is none
            record = parse_licence(told)
            if proof is not None and given_statement(record) == statement:
                self.record, self.statement, self.proof = record, statement, proof


def signed_by(core: Voucher) -> Signed:
    """Who is said to have signed a voucher, and when."""
    body = core.body
    # A licence's number is a registry's own; its certificate's begins with the key's prefix.
    number = body.certificate.number
    return Signed(core.kid, core.signed, core.signature, body.registered_at, body.registry, number)
