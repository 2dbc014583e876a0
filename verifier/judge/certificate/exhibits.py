"""What a verification has to go on: what was presented, and what a live ledger adds."""

from __future__ import annotations

from dataclasses import dataclass, field

from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.layout import ChainRecord
from yinzheng.verifier.containers.certfile import CertificateFile
from yinzheng.verifier.errors import EnvironmentFault, YinzhengError
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.formats.certificate import Core
from yinzheng.verifier.judge.live import Ledger
from yinzheng.verifier.judge.report import Note
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.log.tlogproof import TlogProof


def _not_given() -> YinzhengError:
    return NotGiven("this was not given, and no ledger was asked", code="offline")


@dataclass
class Exhibits:
    """Everything at hand, filled in step by step by `gather`."""

    core: Core | None
    number: str
    """Of the certificate; empty when nothing legible was presented."""
    record: Body | None = None
    statement: Statement | None = None
    proof: TlogProof | None = None
    evidence: Evidence | None = None
    why_no_record: YinzhengError = field(default_factory=_not_given)
    """Raised by whatever needs record, statement or proof and has none."""
    why_no_evidence: YinzhengError = field(default_factory=_not_given)
    """The same for chain evidence."""
    chain: ChainRecord | None = None
    """The chain's record, once obligation 9 holds."""
    notes: list[Note] = field(default_factory=list)

    @property
    def body(self) -> Body | None:
        """The record, else the certificate."""
        return self.record or (self.core.body if self.core else None)

    def deposit(self) -> Statement | None:
        """The statement at hand, else the one that follows from the certificate (S3.4)."""
        if self.statement is None and self.core is not None:
            return self.core.statement()
        return self.statement

    def need_record(self) -> tuple[Body, Statement]:
        """Record and statement; raises why there are none."""
        if self.record is None or self.statement is None:
            raise self.why_no_record
        return self.record, self.statement

    def need_proof(self) -> tuple[Statement, TlogProof]:
        """Statement and its log proof; raises why there are none."""
        if self.statement is None or self.proof is None:
            raise self.why_no_record
        return self.statement, self.proof

    def need_evidence(self) -> Evidence:
        """Chain evidence; raises why there is none."""
        if self.evidence is None:
            raise self.why_no_evidence
        return self.evidence


def gather(
    core: Core | None, file: CertificateFile | None, number: str | None, ledger: Ledger | None
) -> Exhibits:
    """Collect what was presented and, where a ledger can be asked, what it adds.

    The record never changes, so an attached one is used as it is; the chain does, so its live answer is
    preferred and the attached one stands in when there is none.
    """
    found = Exhibits(core, core.body.number if core else number or "")
    if file is not None:
        found.record, found.statement, found.proof = file.record, file.statement, file.proof
        found.evidence = file.chain
    if ledger is not None:
        if file is None:
            _ask_record(found, found.number, ledger)
        _ask_chain(found, found.number, ledger)
    return found


def _ask_record(found: Exhibits, number: str, ledger: Ledger) -> None:
    try:
        deposited = ledger.deposited(number)
    except EnvironmentFault as fault:
        found.why_no_record = fault
        return
    if deposited is None:
        found.why_no_record = NotGiven("the ledger asked keeps no record of that number", code="no-record")
        return
    found.record, found.statement, found.proof = deposited.record, deposited.statement, deposited.proof
    found.core = found.core or deposited.core


def _ask_chain(found: Exhibits, number: str, ledger: Ledger) -> None:
    size = peek_checkpoint(found.proof.checkpoint).size if found.proof else None
    try:
        found.evidence = ledger.evidence(number, size)
    except EnvironmentFault as fault:
        found.why_no_evidence = fault
        if found.evidence is not None:
            found.notes.append(Note("attached-used", {"reason": fault.code}))
