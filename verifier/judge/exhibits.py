"""What a judgement has to go on, whatever the kind of document: what was shown, and what a ledger adds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.judge.findings import NOBODY_ASKED, OFFLINE
from yinzheng.verifier.judge.live import refused
from yinzheng.verifier.judge.obligations import Signed, issuer_entitled, issuer_signature
from yinzheng.verifier.judge.report import Note
from yinzheng.verifier.judge.seals import sealed
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.judge.verdict import SHORT_DIFFERS
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.statement import Statement
from yinzheng.verifier.log.tlogproof import TlogProof

C = TypeVar("C")
"""What a code shows."""

R = TypeVar("R")
"""What was recorded."""

F = TypeVar("F")
"""A file that was read."""


def _not_given() -> YinzhengError:
    return NotGiven(NOBODY_ASKED, code=OFFLINE)


@dataclass(kw_only=True)
class Exhibits:
    """Log proof and chain evidence, and why there are none. A kind of document adds what is its own."""

    proof: TlogProof | None = None
    """Of the document's statement."""
    evidence: Evidence | None = None
    why_no_proof: YinzhengError | None = None
    """Raised by whatever needs the statement's record or proof and has none; None: no ledger was asked."""
    why_no_evidence: YinzhengError | None = None
    """The same for chain evidence."""
    allow_attached: bool = False
    """Whether attached evidence may stand in for a ledger that was asked and did not answer."""
    notes: list[Note] = field(default_factory=list)

    def need_proof(self) -> TlogProof:
        """The log proof; raises why there is none."""
        if self.proof is None:
            raise self.why_no_proof or _not_given()
        return self.proof

    def need_evidence(self) -> Evidence:
        """Chain evidence; raises why there is none."""
        if self.evidence is None:
            raise self.why_no_evidence or _not_given()
        return self.evidence

    def ask_proof(self, ask: Callable[[], TlogProof | None]) -> None:
        """Take a ledger's log proof where none was shown; it may know of none."""
        if self.proof is None:
            try:
                self.proof = ask()
            except EnvironmentFault as fault:
                self.why_no_proof = fault

    def ask_chain(self, ask: Callable[[int | None], Evidence], trust: TrustPolicy) -> None:
        """Take a ledger's evidence, asked for with the size of the proof's checkpoint.

        Asked and not answered leaves it open how things stand, whatever is attached (D14), unless the reader
        allows what is attached to stand in. A ledger that lags behind the attached evidence adds nothing.
        """
        size = peek_checkpoint(self.proof.checkpoint).size if self.proof else None
        attached = self.evidence
        try:
            self.evidence = ask(size)
        except EnvironmentFault as fault:
            self.why_no_evidence = fault
            if not self.allow_attached:
                self.evidence = None
            elif attached is not None:
                self.notes.append(Note("attached-used", {"reason": fault.code}))
            return
        if attached is not None and self.evidence.block.number < attached.block.number:
            self.evidence = attached if _is_sealed(attached, trust) else self.evidence


@dataclass(kw_only=True)
class FileExhibits(Exhibits, Generic[F]):
    """Of a file that shows everything by itself."""

    presented: Presented
    trust: TrustPolicy
    file: F | None = None

    @property
    def shown(self) -> F:
        """The file, once the form is read."""
        assert self.file is not None
        return self.file


@dataclass(kw_only=True)
class RecordExhibits(Exhibits, Generic[C, R]):
    """Of a document whose code shows what was recorded: the code, and the record with its statement."""

    presented: Presented
    trust: TrustPolicy
    core: C | None = None
    qr: str = ""
    """The text that the core was read from."""
    record: R | None = None
    statement: Statement | None = None
    unbound: DataFault | None = None
    """What a short code says against itself: another document is registered under its number (S6.11)."""

    def need_core(self) -> C:
        """What the code shows; raises `NotGiven` where there is only a number, or a short code that names no
        document at hand.
        """
        if self.core is None:
            if self.unbound is not None:
                raise _unbound()
            raise NotGiven("no document was presented, only a number", code="number-only")
        return self.core

    def bind(self, told: str, signed: Signed, is_registered: Callable[[], bool]) -> bool:
        """Whether what was presented as a number names the document whose code a ledger tells; a number alone
        names whichever there is.

        That it does not is found of a document that is known to be the registered one: the registry signed
        it (``signed``, what the code told says), and the chain has it. Raises `EnvironmentFault`
        `live-refused` where it was not signed; of a number alone, whose code nobody but the ledger showed,
        where its signature, of a key that the policy has, is wrong.
        """
        short = self.presented.short
        if short is None and signed.kid in self.trust.issuers:
            refused(lambda: issuer_signature(signed, self.trust))
        if short is None or short.names(told):
            return True
        refused(lambda: issuer_entitled(signed, issuer_signature(signed, self.trust)))
        if is_registered():
            self.unbound = DataFault(
                "another document is registered under the number that the short code names",
                code=SHORT_DIFFERS,
                number=short.number,
            )
            self.why_no_proof = self.why_no_evidence = _unbound()
        return False

    def require_bound(self) -> None:
        """(4) A short code names the document registered under its number; raises `DataFault`
        `short-differs`.
        """
        if self.unbound is not None:
            raise self.unbound

    def need_record(self) -> tuple[R, Statement]:
        """Record and statement; raises why there are none."""
        if self.record is None or self.statement is None:
            raise self.why_no_proof or _not_given()
        return self.record, self.statement


def require_ledger(presented: Presented, live: object) -> None:
    """Refuse what only a ledger can tell about where none is asked: `UsageFault` `short-needs-ledger`,
    `number-needs-ledger`.
    """
    if presented.number is None or live is not None:
        return
    if presented.short is not None:
        raise UsageFault(
            "a short code proves nothing by itself, and names what only a ledger can show",
            code="short-needs-ledger",
            hint="Scan the larger code beside it, or give a ledger to ask.",
        )
    raise UsageFault(
        "a number alone proves nothing and can only be looked up in a live ledger",
        code="number-needs-ledger",
        hint="Give the certificate's PDF, a picture of its code, or a ledger to ask.",
    )


def is_registered(read: Callable[[], tuple[Evidence, bytes | None]], leaf: bytes, trust: TrustPolicy) -> bool:
    """Whether the chain has the statement of that leaf hash where ``read`` finds one: a registration is
    complete with that (R9), and what the log alone has may never have taken effect. A chain that does not
    answer, or whose block nobody vouches for, has nothing.
    """
    try:
        evidence, content = read()
        sealed(evidence, trust)
    except (DataFault, NotGiven, EnvironmentFault):
        return False
    return content == leaf


def _unbound() -> NotGiven:
    return NotGiven("the document that the short code names is not at hand", code="short-unbound")


def _is_sealed(evidence: Evidence, trust: TrustPolicy) -> bool:
    try:
        sealed(evidence, trust)
    except (DataFault, NotGiven):
        return False
    return True
