"""A registry's state folder as `yinzheng verify --state` asks it: a damaged one is a ledger that is silent.

Nothing about a document follows from what became of a folder, so none of its faults may end the verification.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from yinzheng.verifier.errors import EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.judge.asof.situation import LiveStatement, Wanted
from yinzheng.verifier.judge.holder import LiveOrganisation
from yinzheng.verifier.judge.kinds import AnyReader
from yinzheng.verifier.judge.live import LiveRecord
from yinzheng.verifier.judge.receipt.erasure import LiveTombstone
from yinzheng.verifier.judge.trust import TrustPolicy

if TYPE_CHECKING:
    from yinzheng.ledger.reading import Reader

T = TypeVar("T")


class StateReader:
    """A state folder, if it could be opened and is of the chain that the policy pins.

    Whatever stands in the way of an answer is an `EnvironmentFault`: `other-chain`, `state-unreadable`.
    """

    def __init__(self, opened: Callable[[], AnyReader]) -> None:
        self._opened = opened

    def record(self, number: str) -> LiveRecord | None:
        """As `LiveReader`."""
        return self._ask(lambda reader: reader.record(number))

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        """As `LiveReader`."""
        return self._ask(lambda reader: reader.chain(subject, size, at))

    def statement_proof(self, leaf: bytes) -> str | None:
        """As `ReceiptReader`."""
        return self._ask(lambda reader: reader.statement_proof(leaf))

    def withdrawals(self, ids: Sequence[bytes], size: int | None, at: int | None) -> object:
        """As `ReceiptReader`."""
        return self._ask(lambda reader: reader.withdrawals(ids, size, at))

    def tombstone(self, leaf: bytes) -> LiveTombstone | None:
        """As `ReceiptReader`."""
        return self._ask(lambda reader: reader.tombstone(leaf))

    def organisation(self, code: str) -> LiveOrganisation | None:
        """As `HolderReader`."""
        return self._ask(lambda reader: reader.organisation(code))

    def account(self, organisation: bytes, size: int | None, at: int | None) -> object:
        """As `HolderReader`."""
        return self._ask(lambda reader: reader.account(organisation, size, at))

    def storage(self, wanted: Wanted, *, at: int | None, block: int | None) -> object:
        """As `StorageReader`."""
        return self._ask(lambda reader: reader.storage(wanted, at=at, block=block))

    def said(self, leaf: bytes) -> LiveStatement | None:
        """As `StorageReader`."""
        return self._ask(lambda reader: reader.said(leaf))

    def number_of(self, subject: bytes) -> str | None:
        """As `StorageReader`."""
        return self._ask(lambda reader: reader.number_of(subject))

    def voucher(self, number: str) -> str | None:
        """As `VoucherReader`."""
        return self._ask(lambda reader: reader.voucher(number))

    def right_history(self, number: str) -> bytes | None:
        """As `HistoryReader`."""
        return self._ask(lambda reader: reader.right_history(number))

    def _ask(self, question: Callable[[AnyReader], T]) -> T:
        return _silent(lambda: question(self._opened()))


@contextmanager
def open_state(root: Path, policy: TrustPolicy, clock: Callable[[], int]) -> Iterator[AnyReader]:
    """Open the folder. Raises `UsageFault`: `state-missing`, `registry-not-installed`."""
    open_reader = _ledger()
    with ExitStack() as stack:

        def opened() -> Reader:
            reader = stack.enter_context(open_reader(root, clock))
            if (reader.instance.chain_id, reader.instance.genesis) != (policy.chain_id, policy.genesis):
                raise EnvironmentFault(
                    "this state folder is of another chain than the policy pins",
                    code="other-chain",
                    hint="Name the folder of the registry whose policy you pin.",
                )
            return reader

        try:
            found = _silent(opened)
        except EnvironmentFault as fault:
            why = fault

            def unopened() -> AnyReader:
                raise why

            yield StateReader(unopened)
        else:
            yield StateReader(lambda: found)


def _ledger() -> Callable[[Path, Callable[[], int]], AbstractContextManager[Reader]]:
    """What opens a state folder, which the verifier's installation does not have."""
    try:
        from yinzheng.ledger.reading import open_reader
    except ImportError:
        raise UsageFault(
            "reading a state folder needs the registry's packages",
            code="registry-not-installed",
            hint="Install yinzheng[registry], or check offline.",
        ) from None
    return open_reader


def _silent(ask: Callable[[], T]) -> T:
    """What the folder says; whatever is wrong with it, it has said nothing.

    Its bytes may be anything, so anything may go wrong where they are read: no kind of error is excepted but
    that there is no such folder.
    """
    try:
        return ask()
    except EnvironmentFault:
        raise
    except Exception as error:
        if isinstance(error, UsageFault) and error.code == "state-missing":
            raise
        said = error.message if isinstance(error, YinzhengError) else type(error).__name__
        raise EnvironmentFault(
            f"the state folder cannot be read: {said}",
            code="state-unreadable",
            hint="Run `yinzheng audit` on it, or restore it from a backup.",
            reason=error.code if isinstance(error, YinzhengError) else "damaged",
        ) from error


def voucher_of(state: Path | None, served: str | None, number: str, clock: Callable[[], int]) -> bytes:
    """The voucher's file of a licence named by its number alone, which proves nothing (R14).

    It is judged as any file is, under the reader's own policy. A chain's node has no vouchers: it knows who
    licensed what to whom by hashes alone; a registry's web server hands out none (``served``: the address of
    either). Raises `UsageFault`: `number-alone` (no folder is asked),
    `licence-unknown`; and what opening a folder does.
    """
    if state is None:
        raise UsageFault(
            "a licence's number alone proves nothing"
            + ("" if served is None else ", and neither nodes nor web servers hand out its voucher"),
            code="number-alone",
            hint="With a registry's state folder: --state STATE. Else give the voucher, its file or its "
            "code's text (HTTPS://…/L/…)" + ("." if served is None else ", with --rpc."),
        )
    with _ledger()(state, clock) as reader:
        found = reader.voucher_file(number)
    if found is None:
        raise UsageFault(
            f"no licence {number} was given here",
            code="licence-unknown",
            hint="Take the number from the voucher.",
        )
    return found
