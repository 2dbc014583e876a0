"""Asking a live ledger (a state folder, a node), and not believing it more than it can prove.

The reader of the ledger is passed in: this package opens no file and no connection. A live answer that does
not prove itself says nothing about the certificate, so it counts as not had (ERROR), never as a forgery.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar, runtime_checkable

from yinzheng.verifier.chain.evidence import Evidence, NotGiven, parse_evidence
from yinzheng.verifier.chain.layout import root_slot
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.formats.body import Body, parse_body
from yinzheng.verifier.formats.certificate import Core, decode_qr, statement_of
from yinzheng.verifier.judge.obligations import in_log, log_signed, record_words
from yinzheng.verifier.judge.seals import sealed_or_seal_less
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import Statement, certificate_subject
from yinzheng.verifier.log.tlogproof import TlogProof

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LiveRecord:
    """What a ledger keeps of one certificate, as it hands it out: JSON values and texts, nothing checked."""

    record: object
    """The body (S6.1)."""
    statement: object
    """The deposit statement (S3.1)."""
    proof: str
    """`tlog-proof` of the statement, to a checkpoint that is anchored."""
    qr: str | None = None
    """The QR text as issued, for look-ups by number."""


class LiveReader(Protocol):
    """A ledger that can be asked. Both raise `EnvironmentFault` when it cannot be reached, or is of another
    chain than the policy pins (`other-chain`), and may raise `DataFault` when what it answers contradicts
    itself.
    """

    def record(self, number: str) -> LiveRecord | None:
        """What is kept of that certificate; None if the ledger keeps no records or not this one."""

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        """Evidence (JSON of S7.3) for the slots of the record of ``subject`` (32 bytes), if ``size`` is given
        for the anchored root of that size and, where it can, for `moved_slots`.

        The first header is that of the last block not after ``at`` (UTC seconds), or of the latest that is
        final; the headers after it, as far as there are any, are those that make it final, at least one.
        """

    def number_of(self, subject: bytes) -> str | None:
        """The number of the certificate of that subject (32 bytes); None if the ledger does not know it."""


@runtime_checkable
class LogReader(Protocol):
    """A ledger that can be asked for proofs of statements. Raises as `LiveReader`."""

    def statement_proof(self, leaf: bytes) -> str | None:
        """`tlog-proof` of the statement with that leaf hash, to an anchored checkpoint; None if unknown."""


@dataclass(frozen=True, slots=True)
class Deposited:
    """The record of a certificate with what proves that it is in the log."""

    record: Body
    statement: Statement
    proof: TlogProof
    core: Core | None
    qr: str | None
    """The text of the core."""


class Ledger:
    """A live ledger as verification uses it: what it gives back has proved itself under the policy."""

    def __init__(self, reader: LiveReader, trust: TrustPolicy) -> None:
        self._reader = reader
        self._trust = trust

    def deposited(self, number: str) -> Deposited | None:
        """The record of that number, which a signed checkpoint's log contains. None if there is none.

        Raises `EnvironmentFault`: `live-refused` when the answer does not prove itself, or the reader's own.
        """
        return refused(lambda: self._read_record(number))

    def evidence(self, number: str, size: int | None, at: int | None = None) -> Evidence:
        """Evidence whose headers are sealed (or unsealed altogether) and whose proofs hold.

        Raises as `deposited`.
        """
        return refused(lambda: self._read_evidence(number, size, at))

    def number_of(self, subject: bytes) -> str | None:
        """What the ledger says is the number of that subject; None where it says nothing."""
        try:
            return self._reader.number_of(subject)
        except (DataFault, EnvironmentFault):
            return None

    def _read_record(self, number: str) -> Deposited | None:
        answer = self._reader.record(number)
        if answer is None:
            return None
        whole = (number, answer.record, answer.statement, answer.proof, answer.qr)
        found = self._trust.read("deposited", whole, lambda: _deposited(number, answer, self._trust))
        log_signed(found.proof, self._trust)
        return found

    def _read_evidence(self, number: str, size: int | None, at: int | None) -> Evidence:
        def read(at: int | None) -> Evidence:
            answer = self._reader.chain(certificate_subject(number), size, at)
            evidence = self._trust.read("evidence", answer, lambda: parse_evidence(answer))
            self._trust.recall(evidence)
            return evidence

        evidence = sealed_evidence(read, self._trust, size, at)
        record_words(number, evidence, self._trust)
        if size is not None:
            evidence.words(self._trust.anchor, [root_slot(size)])
        return evidence


def core_of(qr: str, trust: TrustPolicy, *, keep: bool) -> Core:
    """A code's core, as `decode_qr`; ``keep``: read once, of a code that a ledger vouches for."""
    return trust.read("core", qr, lambda: decode_qr(qr), keep=keep)


def _deposited(number: str, answer: LiveRecord, trust: TrustPolicy) -> Deposited:
    """The record of that number in a ledger's answer, which its proof's log contains, whoever signed that."""
    record = parse_body(answer.record)
    statement = Statement.from_json(answer.statement)
    proof = TlogProof.from_text(answer.proof)
    core = None if answer.qr is None else core_of(answer.qr, trust, keep=True)
    numbers = {record.number, core.body.number if core else number}
    if numbers != {number} or statement_of(record) != statement:
        raise DataFault("the ledger's record is not that of its statement", code="record-not-committed")
    in_log(statement, proof)
    return Deposited(record, statement, proof, core, answer.qr)


def sealed_evidence(
    read: Callable[[int | None], Evidence], trust: TrustPolicy, size: int | None, at: int | None
) -> Evidence:
    """Evidence as `read` gives it, as of a time or the newest, sealed or seal-less.

    Where later seals count, the newest block with a quorum may lack the seal of those on whom the reader
    insists: then of an earlier one, at the price of age, that has it and, if `size` is given, its anchored
    root. Raises as `sealed_or_seal_less`: `insisted-missing` where no block young enough has it.
    """
    evidence = read(at)
    missing = _missing(evidence, trust)
    if missing is None:
        return evidence
    back = 1
    while at is None and trust.consensus.later_seals_count and back <= min(trust.max_age, _FARTHEST):
        earlier = read(evidence.block.time - back)
        if size is not None and _lacks(earlier, trust, size):
            break
        if _missing(earlier, trust) is None:
            return earlier
        back *= 4
    raise missing


_FARTHEST: Final = 4**6
"""Seconds that it is looked back for a seal."""


def _missing(evidence: Evidence, trust: TrustPolicy) -> NotGiven | None:
    """None if the evidence is sealed; the fault, if all it lacks is the seal of those insisted on."""
    try:
        sealed_or_seal_less(evidence, trust)
    except NotGiven as fault:
        if fault.code != "insisted-missing":
            raise
        return fault
    return None


def _lacks(evidence: Evidence, trust: TrustPolicy, size: int) -> bool:
    """Whether the root of that size was not anchored by the block."""
    return evidence.words(trust.anchor, [root_slot(size)]) == [0]


def logged(reader: LogReader, statement: Statement, trust: TrustPolicy) -> TlogProof | None:
    """Proof that the statement is in a log whose checkpoint is signed; None if it is unknown there.

    Raises as `Ledger.deposited`.
    """
    return refused(lambda: _read_proof(reader, statement, trust))


def _read_proof(reader: LogReader, statement: Statement, trust: TrustPolicy) -> TlogProof | None:
    text = reader.statement_proof(statement.leaf_hash)
    if text is None:
        return None
    proof = TlogProof.from_text(text)
    in_log(statement, proof)
    log_signed(proof, trust)
    return proof


def refused(read: Callable[[], T]) -> T:
    """Read from a ledger; what does not prove itself is not had: `EnvironmentFault` (`live-refused`)."""
    try:
        return read()
    except (DataFault, NotGiven) as fault:
        raise EnvironmentFault(
            f"the ledger's answer does not prove itself: {fault.message}",
            code="live-refused",
            hint="It may be another network than the policy pins, or it may be lying. Ask another node.",
            reason=fault.code,
        ) from fault
