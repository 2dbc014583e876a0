"""What the web pages need of the registry, and nothing more: reading, without a key (docs/adr/0003).

`ledger.reading.Reader` is one; tests have another. Every member may be called from several worker threads at
once, and raises `EnvironmentFault` where the database, log or chain cannot be read.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from yinzheng.ledger.rules.calendar import WorkingCalendar
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.judge.kinds import AnyReader
from yinzheng.verifier.judge.report import Status
from yinzheng.verifier.judge.trust import TrustPolicy

if TYPE_CHECKING:  # whoever has pages of their own has no database
    from yinzheng.ledger.measures import Measure


class Notice(Protocol):
    """One line of the public notice board (R24): what the public sees of an application, and no more."""

    @property
    def case(self) -> str:
        """Reference of the case, for people."""

    @property
    def type(self) -> str:
        """What is asked for (R1): `first`, `change`, `renewal`, `cancellation`."""

    @property
    def certificate(self) -> str | None:
        """The certificate that a move is about; None for a first registration."""

    @property
    def applicant(self) -> str:
        """Its name."""

    @property
    def asset(self) -> str:
        """Name of the data asset."""

    @property
    def overview(self) -> str:
        """What the data are."""

    @property
    def limits(self) -> str:
        """Limits on the rights; may be empty."""

    @property
    def importance(self) -> str:
        """`important` or `core` where the data was decided to be such (R23); else empty."""
        ...

    @property
    def profile(self) -> str:
        """Profile tag (S2.5)."""

    @property
    def procedure(self) -> str:
        """`ordinary` or `simplified`."""

    @property
    def opened_at(self) -> int:
        """UTC seconds."""

    @property
    def ends_at(self) -> int | None:
        """UTC seconds; publicity is over then and later. None until the chain has computed it (S5.7)."""

    @property
    def waived(self) -> bool:
        """Whether publicity was waived, on reasoned request."""

    @property
    def reason(self) -> str:
        """Why it was waived; else empty."""

    @property
    def leaf(self) -> str:
        """Hex leaf hash (S3.3) of the statement that opened it: its name in the log."""

    @property
    def open_objections(self) -> int:
        """Objections that are open now."""

    @property
    def demonstration(self) -> bool:
        """Made under a demonstration profile (S2.5), which has no legal effect."""

    @property
    def state(self) -> str:
        """Of the case now, as `ledger/rules/states.py` has it."""

    @property
    def changed_at(self) -> int:
        """UTC seconds: when it came into that state."""

    @property
    def over(self) -> bool:
        """Of a notice alone: whether what was registered upon it is over by now."""


class HistoryLine(Protocol):
    """One statement of a certificate's case (S3)."""

    @property
    def at(self) -> int:
        """When it was decided, UTC seconds."""

    @property
    def type(self) -> str:
        """One of S3.2."""

    @property
    def statement(self) -> Mapping[str, Any]:
        """The JSON of S3.1."""

    @property
    def leaf(self) -> str:
        """Its hex leaf hash (S3.3)."""

    @property
    def index(self) -> int | None:
        """Position in the log, from 0; None until sequenced."""

    @property
    def anchored_block(self) -> int | None:
        """The block whose anchored head first covers it; None until anchored."""


class Counts(Protocol):
    """Withdrawals under one version of a notice, as anyone may see them: a number, or "<5" (R49)."""

    @property
    def pending(self) -> str:
        """Not completed, overdue ones among them."""

    @property
    def overdue(self) -> str:
        """With a deadline that has passed (R35)."""

    @property
    def not_told(self) -> str:
        """Pending ones of which someone who owes was never reached."""


class BasisLine(Protocol):
    """One notice that a certificate names as the basis of its data (R27)."""

    @property
    def leaf(self) -> str:
        """Hex leaf hash of its statement."""

    @property
    def controller(self) -> str:
        """Name of who published it."""

    @property
    def version(self) -> int:
        """From 1."""

    @property
    def published_at(self) -> int:
        """UTC seconds."""

    @property
    def counts(self) -> Counts:
        """What became of consents to it."""

    @property
    def not_counted_for(self) -> Sequence[str]:
        """In what it goes beyond earlier versions, whose consents do not count for that (R28)."""


class RegisterLine(Protocol):
    """A registration that was searched for."""

    @property
    def body(self) -> Body:
        """Its record (S6.1)."""

    @property
    def status(self) -> Status:
        """How it stands on chain."""


class Registered(Protocol):
    """What a search of the register found."""

    @property
    def lines(self) -> Sequence[RegisterLine]:
        """The latest first, ten at most."""

    @property
    def more(self) -> bool:
        """Whether there are more than are told."""


class SupervisionYear(Protocol):
    """Supervision of right holders in one year, as anyone counts it from the log (R52)."""

    @property
    def year(self) -> int:
        """At +08:00."""

    @property
    def suspected(self) -> int:
        """Suspicions recorded."""

    @property
    def measured(self) -> int:
        """With their first measure."""

    @property
    def reported(self) -> int:
        """With their first report to the supervising body."""

    @property
    def closed(self) -> int:
        """Ended."""


class ReaderPort(Protocol):
    """The registry, read-only."""

    @property
    def log_root(self) -> Path:
        """The folder that holds `checkpoint` and `tile/` (S4.1); served under `/log/`."""

    def trust(self) -> TrustPolicy:
        """The operator's own policy, as it exports it (S8)."""

    def trust_file(self) -> bytes:
        """The same as the file it is exported as."""

    def moment(self) -> Hashable:
        """What all answers about now rest on: equals an earlier one only if none of them can have changed."""
        ...

    def live(self) -> AnyReader:
        """The ledger to verify against. Called in the worker thread of each verification."""

    def certificate_file(self, number: str) -> bytes | None:
        """The certificate file (S6.5) with fresh evidence; None where no such number is deposited."""

    def holder_file(self, code: str) -> bytes | None:
        """The holder file (S21.2) of that credit code, with fresh evidence; None where there is no holder."""

    def notices(self) -> Sequence[Notice]:
        """The notice board, the newest first: the last 500."""

    def board(self, after: str | None) -> tuple[Sequence[Notice], str | None]:
        """A page of it: those before the notice of the leaf hash `after`, and the one to go on after.

        Raises `UsageFault` `query` where `after` is none of them.
        """

    def calendar(self) -> WorkingCalendar:
        """The working days the registry counts by. Raises `DataFault` where its files are damaged."""

    def notice(self, leaf: str) -> Notice | None:
        """The notice of that name in the log, also long after its end; None where there is none."""

    def history(self, number: str) -> Sequence[HistoryLine]:
        """Every statement of the certificate's case, the oldest first; empty where the number is unknown."""

    def consent_basis(self, number: str, now: int) -> Sequence[BasisLine]:
        """The notices a certificate names, and how many withdrawals are open; empty where it names none."""

    def register(self, asked: str, now: int) -> Registered:
        """What the register has of a whole number, an organisation, or part of an asset's name (R50).

        Raises `UsageFault` `register-short`, `register-long`.
        """

    def supervision(self, now: int) -> Sequence[SupervisionYear]:
        """The yearly figure of supervision (R52), the latest year first."""

    def measures(self, now: int) -> Sequence[Measure]:
        """What an operator watches, as of `now` (UTC seconds)."""
        ...

    def health(self) -> Mapping[str, Any]:
        """Integers `log_size`, `anchored_size`, `block`, `block_time` (UTC seconds)."""
