"""What the verification of a certificate has to go on: what was presented, and what a live ledger adds."""

from __future__ import annotations

from dataclasses import dataclass

from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.layout import ChainRecord, decode_record
from yinzheng.verifier.containers.certfile import CertificateFile, parse_file
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.formats.certificate import Core
from yinzheng.verifier.judge.exhibits import RecordExhibits, is_registered
from yinzheng.verifier.judge.live import Deposited, Ledger, core_of, refused
from yinzheng.verifier.judge.obligations import Signed, issuer_signature, record_words
from yinzheng.verifier.log.statement import Statement


@dataclass
class CertificateExhibits(RecordExhibits[Core, Body]):
    """Everything at hand; `read` fills it in."""

    ledger: Ledger | None = None
    number: str = ""
    """Of the certificate; empty when nothing legible was presented."""
    chain: ChainRecord | None = None
    """The chain's record, once obligation 9 holds."""

    @property
    def body(self) -> Body | None:
        """The record, else the certificate."""
        return self.record or (self.core.body if self.core else None)

    def deposit(self) -> Statement | None:
        """The statement at hand, else the one that follows from the certificate (S3.4)."""
        if self.statement is None and self.core is not None:
            return self.core.statement()
        return self.statement

    def read(self) -> None:
        """(1) Read QR text, core and file, then ask the ledger, if there is one, for what it adds.

        The record never changes, so an attached one is used as it is; the chain does, so its live answer is
        preferred. A number has no form: its certificate is looked up, and for a short code compared.
        """
        file: CertificateFile | None = None
        if self.presented.number is not None:
            if self.presented.is_voucher:
                raise DataFault("this is the code of a voucher, no certificate's", code="qr-foreign")
            self.number = self.presented.number
        else:
            file = None if self.presented.file is None else parse_file(self.presented.file)
            self.qr = file.qr if file else self.presented.qr or ""
            self.core = core_of(self.qr, self.trust, keep=False)
            self.number = self.core.body.number
        if file is not None:
            self.record, self.statement, self.proof = file.record, file.statement, file.proof
            self.evidence = file.chain
        if self.ledger is not None:
            self._ask(self.ledger, recorded=file is not None)
        if self.unbound is None:
            self.need_core()

    def _ask(self, ledger: Ledger, *, recorded: bool) -> None:
        if not recorded:
            self._ask_record(ledger)
        self.ask_chain(lambda size: ledger.evidence(self.number, size), self.trust)

    def _ask_record(self, ledger: Ledger) -> None:
        no_record = NotGiven("the ledger asked keeps no record of that number", code="no-record")
        try:
            deposited = ledger.deposited(self.number)
            if deposited is None or not self._is_shown(ledger, deposited):
                self.why_no_proof = self.why_no_proof if self.unbound else no_record
                return
        except EnvironmentFault as fault:
            self.why_no_proof = fault
            return
        self.record, self.statement, self.proof = deposited.record, deposited.statement, deposited.proof
        self.core, self.qr = self.core or deposited.core, self.qr or deposited.qr or ""

    def _is_shown(self, ledger: Ledger, deposited: Deposited) -> bool:
        """Whether it is the certificate shown, as far as that names one; a record that is not, and is the
        registered one, is compared with the core in obligation 4. Raises as `bind`, and `EnvironmentFault`
        `live-refused` for a record that contradicts the core and is not.
        """
        leaf = deposited.statement.leaf_hash
        if self.core is not None:
            if self.core.statement().leaf_hash != leaf:
                refused(lambda: self._require_registered(ledger, leaf))
            return True
        if deposited.core is None or deposited.qr is None:
            return True
        signed = signed_by(deposited.core)
        if self.presented.short is None and deposited.core.statement().leaf_hash != leaf:
            refused(lambda: issuer_signature(signed, self.trust))  # or nobody but the ledger contradicts it
        return self.bind(deposited.qr, signed, lambda: self._is_registered(ledger, leaf))

    def _require_registered(self, ledger: Ledger, leaf: bytes) -> None:
        if not self._is_registered(ledger, leaf):
            raise DataFault("the chain does not have the ledger's record", code="record-not-registered")

    def _is_registered(self, ledger: Ledger, leaf: bytes) -> bool:
        """Whether the chain has that statement under the number (R9)."""

        def read() -> tuple[Evidence, bytes | None]:
            evidence = ledger.evidence(self.number, None)
            record = decode_record(record_words(self.number, evidence, self.trust))
            return evidence, None if record is None else record.content

        return is_registered(read, leaf, self.trust)


def signed_by(core: Core) -> Signed:
    """Who is said to have signed a certificate, and when."""
    body = core.body
    return Signed(core.kid, core.signed, core.signature, body.registered_at, body.registry, body.number)
