"""The audit (D9): chain, log, database and every dossier byte, re-hashed and compared with each other.

Nothing is believed because a column says so: statements are hashed again, commitments opened, dossiers
decrypted to the last byte, heads and records read from the chain. Every difference is named; the audit
writes nothing.

What is looked at row by row is looked at in parts (`finding.parts_of`), by this process or by several at once
(`flow/bulk.py`); what is found comes in one order, whoever finds it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from yinzheng.ledger.audit import chain, events, standing
from yinzheng.ledger.audit.accesses import check_accesses
from yinzheng.ledger.audit.approvals import check_approvals
from yinzheng.ledger.audit.columns import check_columns
from yinzheng.ledger.audit.dossiers import check_dossiers
from yinzheng.ledger.audit.erasures import check_erasures
from yinzheng.ledger.audit.finding import WHOLE, Audit, Finding, Part, parts_of
from yinzheng.ledger.audit.inlets import check_inlets
from yinzheng.ledger.audit.keys import check_keys
from yinzheng.ledger.audit.log import check_published_log
from yinzheng.ledger.audit.modules import check_modules
from yinzheng.ledger.audit.stamps import check_time_stamps
from yinzheng.ledger.audit.threads import check_threads
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.connect import open_chain
from yinzheng.ledger.chain.sender import count_of
from yinzheng.ledger.flow.bulk import Mill, in_order, mill
from yinzheng.ledger.flow.histories import known_of, relay_in, require_not_behind
from yinzheng.ledger.keys.provider import KeyProvider
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.registry import Clock, Progress
from yinzheng.ledger.state.instance import Paths, read_instance
from yinzheng.ledger.state.lock import writer_lock
from yinzheng.ledger.store.database import open_store_read_only
from yinzheng.ledger.store.models import Approval, Case, Certificate
from yinzheng.ledger.store.objects import open_blobs
from yinzheng.verifier.errors import EnvironmentFault

__all__ = ["Finding", "audit_registry"]

_AHEAD: Final = 256
"""Parts that are asked for at once, so that nobody is idle while one process is long about the first."""


class _Step(NamedTuple):
    name: str
    check: Callable[[Audit], object]
    over: Any = None
    """The key by which it is done in parts; None: it is done as a whole."""


_FIRST: Final = (
    _Step("the database's pages", lambda audit: audit.store.check_integrity()),
    _Step("columns", check_columns),
)
"""If columns hold what this program does not write, nothing below could read such rows."""

_STEPS: Final = (
    *_FIRST,
    _Step("keys", check_keys),
    _Step("statements and commitments", events.check_cases, Case.id),
    _Step("certificates", events.check_certificates, Certificate.number),
    _Step("numbers", events.check_numbers),
    _Step("threads", check_threads),
    _Step("accesses", check_accesses),
    _Step("approvals", check_approvals, Approval.id),
    _Step("log", check_published_log),
    _Step("heads on the chain", chain.check_heads),
    _Step("cases on the chain", chain.check_published, Case.id),
    _Step("calls", chain.check_calls),
    _Step("certificates that the chain has", chain.check_strangers),
    _Step("withdrawals, disputes and roles", check_modules),
    _Step("how certificates stand", standing.check_standing, Certificate.number),
    _Step("licences", standing.check_licences),
    _Step("remarks", standing.check_remarks),
    _Step("what came past the registry", check_inlets),
    _Step("dossiers", check_dossiers, Case.id),
    _Step("erasures", check_erasures),
    _Step("time stamps", check_time_stamps),
)

_Asked = tuple[int, Part]
"""The number of a step, and which of its rows."""


def audit_registry(
    root: Path, keys: Callable[[Paths], KeyProvider], *, clock: Clock, progress: Progress, jobs: int = 1
) -> list[Finding]:
    """Audit the state folder `root`; an empty list means that everything agrees.

    With several `jobs`, as many processes share the work: `keys` and `clock` are pickled, and each opens the
    keys, the database and the chain for itself.

    Holds the writer lock, so that nothing moves meanwhile, unless the folder cannot be written at all (a
    backup). Raises `UsageFault` (`state-missing`), `EnvironmentFault` where something cannot be read, or one
    of the processes ends (`audit-worker`): an audit that could not be done is not a clean one. So does a
    chain that does not open, and a node that lags (`chain-behind-database`).
    """
    paths, instance = read_instance(root)
    with ExitStack() as stack:
        try:
            stack.enter_context(writer_lock(paths, instance.lock_seconds))
        except EnvironmentFault as fault:
            if fault.code != "state-read-only":
                raise
        audit = stack.enter_context(_opened(root, keys, clock))
        begin: Any = partial(_checking, root, keys, clock)
        if jobs == 1:
            begin = partial(nullcontext, partial(_check, audit))
        making = stack.enter_context(mill(begin, 0 if jobs == 1 else jobs, _ended))
        found = partial(_found, audit, making, progress, 1 if jobs == 1 else _AHEAD)
        first = found(range(len(_FIRST)))
        if first[-1]:
            return [one for some in first for one in some]
        if instance.foreign:
            _require_caught_up(audit)
        then = found(range(len(_FIRST), len(_STEPS)))
        return [one for some in (*first, *then) for one in some]


def _found(
    audit: Audit,
    making: Mill[_Asked, list[Finding]],
    progress: Progress,
    most: int,
    steps: Sequence[int],
) -> list[list[Finding]]:
    """What is found in each part of these steps, in their order; tells of which step it waits."""
    waited: deque[int] = deque()
    told = -1

    def tell(number: int) -> None:
        nonlocal told
        if number != told:
            told = number
            progress(f"checking {_STEPS[number].name}")

    def asked() -> Iterator[_Asked]:
        for number in steps:
            for part in _parts(audit, _STEPS[number]):
                waited.append(number)
                tell(waited[0])
                yield number, part

    found: list[list[Finding]] = []
    for some in in_order(making, asked(), most):
        found.append(some)
        waited.popleft()
        if waited:
            tell(waited[0])
    return found


def _parts(audit: Audit, step: _Step) -> list[Part]:
    if step.over is None:
        return [WHOLE]
    with audit.store.reading() as session:
        return parts_of(session, step.over)


def _check(audit: Audit, asked: _Asked) -> list[Finding]:
    """Look at one part of a step."""
    number, part = asked
    one = audit.alone(part)
    with one.finding():
        _STEPS[number].check(one)
    return one.findings


@contextmanager
def _opened(root: Path, keys: Callable[[Paths], KeyProvider], clock: Clock) -> Iterator[Audit]:
    """Everything an audit reads, for one process."""
    paths, instance = read_instance(root)
    with ExitStack() as stack:
        store = open_store_read_only(instance.store_url(paths))
        stack.callback(store.close)
        w3 = stack.enter_context(open_chain(paths, instance, None, clock=clock))
        yield Audit(
            instance=instance,
            store=store,
            log=TileLog(paths.log, instance.origin),
            blobs=open_blobs(paths, instance),
            w3=w3,
            client=ContractsClient(w3, instance.deployment, instance.modules),
            keys=keys(paths),
        )


@contextmanager
def _checking(
    root: Path, keys: Callable[[Paths], KeyProvider], clock: Clock
) -> Iterator[Callable[[_Asked], list[Finding]]]:
    """Give what checks parts, in a process of its own."""
    with _opened(root, keys, clock) as audit:
        yield partial(_check, audit)


def _ended() -> EnvironmentFault:
    return EnvironmentFault(
        "a process of the audit ended unexpectedly: of what it looked at nothing is known",
        code="audit-worker",
        hint="Audit again. Memory may be short: each process of `--jobs` takes as much as the only one.",
    )


def _require_caught_up(audit: Audit) -> None:
    """A node that lags lacks what is on the chain: that is no difference. Raises `chain-behind-database`."""
    with audit.store.reading() as session:
        known, relay = known_of(session), relay_in(session)
    head = audit.client.latest_anchor()
    sent = known.mined if relay is None else count_of(audit.w3, relay)
    require_not_behind(known, sent, 0 if head is None else head.size, foreign=True)
