"""From what a client submits to a report: in worker threads, a bounded number at once.

Nothing in `verifier` keeps state between calls: loaded keys are only read, every SM2 verification makes its
own native context, and so verifications may run side by side; a test lets them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeAlias, TypeVar

from anyio import to_thread

from yinzheng.api.extraction import extract_while_waited_for
from yinzheng.api.http.limits import Gate, Limits
from yinzheng.api.http.turns import Turns
from yinzheng.api.web.intake import Submission
from yinzheng.api.web.ports import BasisLine, HistoryLine, ReaderPort
from yinzheng.ledger.store.kept import Kept
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.containers.declared import check_pixels
from yinzheng.verifier.containers.target import Presented, read_target
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats.challenge import Challenge
from yinzheng.verifier.judge.asof.look import AsOf, as_of
from yinzheng.verifier.judge.challenge import AnswerReport, check_answer
from yinzheng.verifier.judge.conclusion.report import ConclusionReport
from yinzheng.verifier.judge.contract.report import ContractReport
from yinzheng.verifier.judge.history.report import HistoryReport
from yinzheng.verifier.judge.history.verify import verify_history
from yinzheng.verifier.judge.kinds import AnyReport, Kind, kind_of, unread
from yinzheng.verifier.judge.licence.report import VoucherReport
from yinzheng.verifier.judge.proven import Proven
from yinzheng.verifier.judge.purpose_proof import (
    Asked,
    PurposeReport,
    verify_purpose_proof,
)
from yinzheng.verifier.judge.receipt.report import ReceiptReport
from yinzheng.verifier.judge.report import Authentic, Finding, Outcome, Report
from yinzheng.verifier.judge.trade_check.report import TradeCheckReport
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.pack.archive import is_zip

_log = logging.getLogger(__name__)

T = TypeVar("T")

PROOF: Final = "purpose-proof"


@dataclass(frozen=True, slots=True)
class Checked:
    """A report, and what a page shows besides it."""

    report: Report
    qr: str | None
    """The QR text that was presented by itself; None for a PDF or a JSON file."""
    history: Sequence[HistoryLine]
    """Of a genuine certificate; empty for any other, and where it was not asked for or cannot be had."""
    trust: TrustPolicy
    basis: Sequence[BasisLine] = ()
    """The notices it names and what became of consents to them; with `history` (R27)."""


@dataclass(frozen=True, slots=True)
class CheckedReceipt:
    """What was found about a patient's receipt (S13.4)."""

    report: ReceiptReport
    trust: TrustPolicy
    qr: str | None = None
    """The QR text that was presented by itself; None for a PDF or a JSON file."""


@dataclass(frozen=True, slots=True)
class CheckedConclusion:
    """What was found about the end document of a withdrawal (S10.9)."""

    report: ConclusionReport
    trust: TrustPolicy


@dataclass(frozen=True, slots=True)
class CheckedVoucher:
    """What was found about the voucher of a licence (S9.7)."""

    report: VoucherReport
    qr: str | None
    """The QR text that was presented by itself; None for a PDF or a JSON file."""
    trust: TrustPolicy


@dataclass(frozen=True, slots=True)
class CheckedTrade:
    """What was found about the receipt of a trade check (S20.3)."""

    report: TradeCheckReport
    trust: TrustPolicy


@dataclass(frozen=True, slots=True)
class CheckedPurpose:
    """What was found about a proof for one reader (S21.6)."""

    report: PurposeReport
    trust: TrustPolicy


@dataclass(frozen=True, slots=True)
class CheckedHistory:
    """What was found about the history of a right (S23)."""

    report: HistoryReport
    trust: TrustPolicy


@dataclass(frozen=True, slots=True)
class CheckedContract:
    """What was found about a contract about data (S21.12)."""

    report: ContractReport
    trust: TrustPolicy


@dataclass(frozen=True, slots=True)
class CheckedAsOf:
    """How a certificate stood at some instants (S9.3a)."""

    view: AsOf
    number: str
    trust: TrustPolicy


AnyChecked: TypeAlias = (
    Checked
    | CheckedReceipt
    | CheckedConclusion
    | CheckedVoucher
    | CheckedTrade
    | CheckedPurpose
    | CheckedHistory
    | CheckedContract
)


class Checker:
    """Verifies against one registry. Its methods belong to the event loop's thread."""

    def __init__(
        self,
        reader: ReaderPort,
        clock: Callable[[], int],
        limits: Limits,
        trust: bytes | None,
        gate: Gate,
    ) -> None:
        self._reader = reader
        self._gate = gate
        self._clock = clock
        self._trust_file = trust
        self._trust = None if trust is None else parse_trust(trust)
        self._proven = Proven()
        self._policy: tuple[TrustPolicy, TrustPolicy] | None = None
        self._kept = Kept()
        self._verifications = Turns(limits.verifications, limits.waiting)
        # Reading a file takes seconds: one client's files never have all places.
        self._files = Turns(limits.files, limits.waiting, each=max(1, limits.files - 1))

    @property
    def own_policy(self) -> bool:
        """Whether the policy is the operator's own export, rather than one it was told to use."""
        return self._trust is None

    def trust_file(self) -> bytes:
        """The policy as a file (S8)."""
        return self._trust_file or self._reader.trust_file()

    async def tell(
        self,
        submission: Submission,
        client: str,
        said: Callable[[AnyChecked], T],
        *,
        form: Hashable,
        history: bool,
    ) -> T:
        """Verify what `client` submitted, whoever made it, and give what `said` makes of it, in `form`; with
        `history` also tell how it was registered.

        A document of whichever kind it calls itself; what cannot be read has a report too. Who shows the same
        code in the same moment, and asks for the same form, is told the same.

        Raises `UsageFault`: `number-alone`, `pack-elsewhere`, `image-support`, `rate-limited` (of short codes
        that name nothing); `EnvironmentFault` `server-busy`. None is a verdict about what was submitted.
        """
        try:
            presented = await self._presented(submission, client)
        except DataFault as fault:
            return said(Checked(unread(fault, now=self._clock()), None, (), self.policy()))
        if presented.number is not None and presented.short is None:
            raise UsageFault(
                "a certificate's number alone proves nothing",
                code="number-alone",
                hint="Send the text of its QR code, or its PDF or JSON file.",
            )
        find = partial(self._found, presented, submission.asked, history, said, form)
        return await self._guarded(presented, client, find)

    async def _guarded(self, presented: Presented, client: str, read: Callable[[], tuple[T, bool]]) -> T:
        """What `read` finds, in its turn, with whether it was a guess: that is a look-up by number (R50).

        A short code is a number that can be guessed, with what cannot: who has the paper is not counted.
        """
        if presented.short is not None:
            self._gate.may_guess(client)
        found, guess = await self.in_turn(client, read)
        if guess:
            self._gate.guessed(client)
        return found

    async def _presented(self, submission: Submission, client: str) -> Presented:
        if submission.file is None:
            return read_target(submission.text or "")
        if is_zip(submission.file):
            raise UsageFault(
                "this is an evidence pack, or another zip, which is not checked here",
                code="pack-elsewhere",
                hint="Check it on the court's page (/court), or with `yinzheng verify`.",
            )
        return await self.present(submission.file, client, submission.name)

    async def present(self, file: bytes, client: str, name: str = "") -> Presented:
        """What an uploaded file holds. Raises as `extract`, and `EnvironmentFault` `server-busy`."""
        check_pixels(file)
        async with self._files.turn(client):
            return await extract_while_waited_for(file, name=name)

    async def answer(
        self, given: str | bytes, asked: Challenge, shown: Presented, client: str, *, used: bool
    ) -> AnswerReport:
        """The report on an answer to a challenge about the certificate that was shown (S21.4).

        Raises as `check`, and `UsageFault` `challenge-certificate`.
        """

        def find() -> tuple[AnswerReport, bool]:
            report = self._answer(given, asked, shown, used)
            return report, _is_guess(shown, report.certificate)

        return await self._guarded(shown, client, find)

    async def in_turn(self, client: str, read: Callable[[], T]) -> T:
        """What `read` finds in log, chain and database; as costly as a verification, and in its turn.

        Raises `EnvironmentFault` `server-busy`, and what `read` does.
        """
        async with self._verifications.turn(client):
            return await to_thread.run_sync(read)

    def _answer(self, given: str | bytes, asked: Challenge, shown: Presented, used: bool) -> AnswerReport:
        trust, now = self.policy(), self._clock()
        live = self._reader.live() if _may_ask(kind_of(shown), shown, trust) else None
        found = check_answer(given, asked, shown, trust, now=now, live=live, used=used)
        certificate = tuple(map(_presentable_finding, found.certificate.findings))
        return replace(
            found,
            findings=tuple(map(_presentable_finding, found.findings)),
            certificate=replace(found.certificate, findings=certificate),
        )

    async def history(self, number: str, client: str) -> CheckedHistory | None:
        """The history of the right under a certificate, verified; None where there is no such number.

        Raises `EnvironmentFault` `server-busy`, and the reader's.
        """
        return await self.in_turn(client, partial(self._history, number))

    async def as_of(self, number: str, instants: Sequence[int], client: str) -> CheckedAsOf | None:
        """How a certificate stood at instants (UTC seconds); None where there is no such number.

        Raises `UsageFault` `time-future`, and as `history`.
        """
        return await self.in_turn(client, partial(self._as_of, number, instants))

    def _history(self, number: str) -> CheckedHistory | None:
        trust, now = self.policy(), self._clock()
        file = self._reader.live().right_history(number)
        if file is None:
            return None
        report = verify_history(Presented("json", file=file), trust, now=now)
        return CheckedHistory(report, trust)

    def _as_of(self, number: str, instants: Sequence[int]) -> CheckedAsOf | None:
        trust, now, live = self.policy(), self._clock(), self._reader.live()
        if live.record(number) is None:
            return None
        view = as_of(Presented("number", number=number), trust, now=now, instants=instants, live=live)
        return CheckedAsOf(view, number, trust)

    def policy(self) -> TrustPolicy:
        """The policy that answers are found under."""
        pinned = self._trust or self._reader.trust()
        known = self._policy
        if known is None or known[0] is not pinned:
            self._policy = known = pinned, pinned.remembering(self._proven)
        return known[1]

    def _found(
        self,
        presented: Presented,
        asked: Asked,
        with_history: bool,
        said: Callable[[AnyChecked], T],
        form: Hashable,
    ) -> tuple[T, bool]:
        moment, now = self._moment(), self._clock()

        def find() -> tuple[T, bool]:
            checked = self._verify(presented, asked, with_history, now)
            return said(checked), _is_guess(presented, checked.report)

        # A receipt is a patient's own, and a file a reader's: neither is kept.
        code = presented.code
        if moment is None or code is None or presented.kind != "qr" or presented.is_receipt:
            return find()
        name = sha256(code.encode("utf-8", "surrogatepass"))
        return self._kept.answer((moment, now), (form, with_history, name), find)

    def _moment(self) -> Hashable | None:
        """What the ledger's answers rest on; None where it cannot be asked, which a report says."""
        try:
            return self._reader.moment()
        except EnvironmentFault:
            return None

    def _verify(self, presented: Presented, asked: Asked, with_history: bool, now: int) -> AnyChecked:
        trust = self.policy()
        kind = kind_of(presented)
        live = self._reader.live() if _may_ask(kind, presented, trust) else None
        check = partial(verify_purpose_proof, asked=asked) if kind.document == PROOF else kind.verify
        found = check(presented, trust, now=now, live=live)
        findings = tuple(_presentable_finding(finding) for finding in found.findings)
        if isinstance(found, ReceiptReport):
            return CheckedReceipt(replace(found, findings=findings), trust, presented.qr)
        if isinstance(found, ConclusionReport):
            return CheckedConclusion(replace(found, findings=findings), trust)
        if isinstance(found, TradeCheckReport):
            return CheckedTrade(replace(found, findings=findings), trust)
        if isinstance(found, VoucherReport):
            return CheckedVoucher(replace(found, findings=findings), presented.code, trust)
        if isinstance(found, PurposeReport):
            return CheckedPurpose(replace(found, findings=findings), trust)
        if isinstance(found, HistoryReport):
            return CheckedHistory(replace(found, findings=findings), trust)
        if isinstance(found, ContractReport):
            return CheckedContract(replace(found, findings=findings), trust)
        report = replace(found, findings=findings)
        history: Sequence[HistoryLine] = ()
        basis: Sequence[BasisLine] = ()
        if with_history and report.authentic is Authentic.GENUINE and report.number is not None:
            try:
                history = self._reader.history(report.number)
                basis = self._reader.consent_basis(report.number, now)
            except EnvironmentFault:
                history, basis = (), ()  # the verdict stands without them
        return Checked(report, presented.code, history, trust, basis)


def _may_ask(kind: Kind, presented: Presented, trust: TrustPolicy) -> bool:
    """Whether the ledger is asked: of what has a number that can be guessed, only about one that an issuer of
    the policy signed (R50), or about a short code, which is counted as a look-up where it names nothing.

    Anyone can write a certificate or a voucher of any number. Whatever the ledger added to the answer about
    it (that there is no such number, that its record is another) would be a look-up by number without its
    limit.
    """
    return presented.short is not None or kind.issued is None or kind.issued(presented, trust)


def _is_guess(presented: Presented, report: AnyReport) -> bool:
    """Whether a short code named nothing that the ledger has, which answered."""
    if presented.short is None or not isinstance(report, Report | VoucherReport):
        return False
    return report.core is None and all(one.outcome is not Outcome.ERROR for one in report.findings)


def _presentable_finding(finding: Finding) -> Finding:
    if finding.outcome is not Outcome.ERROR or finding.code == "live-refused":
        return finding
    _log.warning("obligation %d: %s: %s", finding.number, finding.code, finding.message)
    return replace(finding, message="the ledger cannot be read at the moment", data={})
