"""What the verification of a certificate has to go on: what was presented, and what a live ledger adds."""

from __future__ import annotations

from dataclasses import dataclass

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.chain.layout import ChainRecord
from yinzheng.verifier.containers.certfile import CertificateFile, parse_file
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.formats.certificate import Core
from yinzheng.verifier.judge.exhibits import RecordExhibits
from yinzheng.verifier.judge.live import Deposited, Ledger, core_of
from yinzheng.verifier.judge.obligations import Signed
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
        try:
            deposited = ledger.deposited(self.number)
            if deposited is not None and not self._is_shown(deposited):
                return
        except EnvironmentFault as fault:
            self.why_no_proof = fault
            return
        if deposited is None:
            self.why_no_proof = NotGiven("the ledger asked keeps no record of that number", code="no-record")
            return
        self.record, self.statement, self.proof = deposited.record, deposited.statement, deposited.proof
        self.core, self.qr = self.core or deposited.core, self.qr or deposited.qr or ""

    def _is_shown(self, deposited: Deposited) -> bool:
        """Whether it is the certificate shown, as far as that names one; the code of a core is compared in
        obligation 4. Raises as `bind`.
        """
        if self.core is not None or deposited.core is None or deposited.qr is None:
            return True
        return self.bind(deposited.qr, signed_by(deposited.core))


def signed_by(core: Core) -> Signed:
    """Who is said to have signed a certificate, and when."""
    body = core.body
    return Signed(core.kid, core.signed, core.signature, body.registered_at, body.registry, body.number)
