"""Opening the registry: take the writer's lock, open database, log, chain and keys, roll forward (D9).

Whatever an earlier process left unfinished is finished before anyone gets the handle: recovery is the normal
path, not a special one. This module alone knows every recovery; no use case imports it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from yinzheng.ledger.cases import calls as case_calls
from yinzheng.ledger.cases.deeming import deem_accepted
from yinzheng.ledger.certificates import calls as certificate_calls
from yinzheng.ledger.certificates.lapsing import lapse_expired
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.connect import nodes_left, open_chain
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import OutcomeOpen, Sender
from yinzheng.ledger.disputes import calls as dispute_calls
from yinzheng.ledger.erasure.clearing import resume as resume_erasures
from yinzheng.ledger.flow import outbox, pipeline
from yinzheng.ledger.flow.calls import table_of
from yinzheng.ledger.flow.clock import LEAP, LedgerClock, last_written, let_stand, standing_time
from yinzheng.ledger.flow.early import NotYet
from yinzheng.ledger.flow.histories import known_of, require_head, require_one_history
from yinzheng.ledger.flow.working_days import calendar_of
from yinzheng.ledger.inlets.finding import find
from yinzheng.ledger.keys.provider import RELAY, KeyProvider
from yinzheng.ledger.log.beyond import set_aside, tiled
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.organisations import calls as organisation_calls
from yinzheng.ledger.people import calls as people_calls
from yinzheng.ledger.registry import Clock, Progress, Registry, silent, wall_clock
from yinzheng.ledger.state.address import holds_password
from yinzheng.ledger.state.backup import sweep_after_kills
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.instance import Paths, read_instance
from yinzheng.ledger.state.lock import writer_lock
from yinzheng.ledger.store.database import open_store
from yinzheng.ledger.store.objects import open_blobs
from yinzheng.ledger.withdrawals import calls as withdrawal_calls
from yinzheng.ledger.witnesses.feeding import WitnessesMissing, ahead_of
from yinzheng.verifier.errors import DataFault, EnvironmentFault

KINDS: Final = table_of(
    pipeline.ANCHOR,
    outbox.BEAT,
    *case_calls.KINDS,
    *people_calls.KINDS,
    *organisation_calls.KINDS,
    *withdrawal_calls.KINDS,
    *dispute_calls.KINDS,
    *certificate_calls.KINDS,
)
"""Every kind of call that a use case puts into the outbox."""


@contextmanager
def open_registry(
    root: Path,
    keys: Callable[[Paths], KeyProvider],
    *,
    clock: Clock = wall_clock,
    faults: Faults = NO_FAULTS,
    settle: bool = True,
    lock_seconds: float | None = None,
    progress: Progress = silent,
    tell: Progress = silent,
    leap: int | None = LEAP,
    clock_is_right: bool = False,
    log_anew: bool = False,
) -> Iterator[Registry]:
    """Open the state folder `root` for writing and roll forward what was left unfinished.

    `lock_seconds` None: as long as others who write may take. `progress` hears what is being done, `tell`
    what the operator should know afterwards. `leap` as in
    `LedgerClock`. On an operator's word, `clock_is_right` believes the clock however far ahead it is, and
    lets the ledger's time stand still where the clock is behind it; `log_anew` lets a log that is older than
    the database be written anew from it, and puts aside what it never published and the database lost.

    Raises `UsageFault` (`state-missing`), `EnvironmentFault` (`state-locked`, `state-read-only`, `clock-…`),
    `DataFault` (one of the three is older than the others: `require_one_history`), and whatever database,
    log, chain or keys find wrong: nothing is written then.
    """
    paths, instance = read_instance(root)
    with ExitStack() as stack:
        stack.enter_context(
            writer_lock(paths, instance.lock_seconds if lock_seconds is None else lock_seconds)
        )
        provider = keys(paths)
        held = LedgerClock(clock, leap=None if clock_is_right else leap)
        w3 = stack.enter_context(open_chain(paths, instance, provider, clock=held, faults=faults))
        # Behind the chain, whose contracts may be of a version that this program is not for: tables that it
        # had brought up to date would then be refused by the one that is.
        store = open_store(instance.store_url(paths), faults=faults)
        stack.callback(store.close)
        registry = Registry(
            paths=paths,
            instance=instance,
            store=store,
            log=TileLog(paths.log, instance.origin, faults=faults),
            blobs=open_blobs(paths, instance, faults),
            w3=w3,
            client=ContractsClient(w3, instance.deployment, instance.modules),
            kinds=KINDS,
            sender=Sender(w3, provider.account(RELAY), time.sleep, instance.fee_limit),
            keys=provider,
            calendar=calendar_of(paths),
            clock=held,
            faults=faults,
        )
        _require_one_history(registry, log_anew=log_anew)
        lost = _lost_beyond_head(registry, log_anew=log_anew, tell=tell)
        _begin(held, registry, clock_is_right=clock_is_right)
        if lost:
            _set_aside(registry, tell)
        registry.log.sweep()  # what a crash left half written; nobody else writes now
        registry.blobs.sweep()
        if instance.database_url is not None and holds_password(instance.database_url):
            tell("instance.json holds the database's password: move it to ~/.pgpass 数据库口令应移出实例文件")
        for node in nodes_left(w3):
            tell(f"{node.name} {node.fault}; another node is asked 已改用其他节点")
        for path in sweep_after_kills(registry):
            tell(f"removed what a killed backup or restoration left 已清除中断残留: {path}")
        if settle:
            _go_on(registry, progress, tell)
        yield registry


def _go_on(registry: Registry, progress: Progress, tell: Progress) -> None:
    """Finish what was left unfinished, or as much of it as a chain that stands still lets through.

    What waits for such a chain is signed, kept and tried again; nobody's consent, withdrawal or decision
    waits with it (R31, R36, ADR 55).
    """
    try:
        find(registry)  # first: what others did may be what bars a call that waits
        _settled(registry, progress, tell)
        if [*deem_accepted(registry), *lapse_expired(registry)]:
            _settled(registry, progress, tell)
        resume_erasures(registry)
    except OutcomeOpen as fault:
        tell(f"{fault.message} 链上尚未最终确认，已登记的事项稍后自动继续。")


def _settled(registry: Registry, progress: Progress, tell: Progress) -> None:
    try:
        pipeline.settle(registry, progress)
    except WitnessesMissing as fault:
        tell(f"{fault.message} 见证方联署不足，待签发的事项等候联署，其余照常。")
    except NotYet as fault:
        tell(f"{fault.message} 有事项时点未到或尚缺他方确认，等候中，其余照常。")


def _require_one_history(registry: Registry, *, log_anew: bool) -> None:
    try:
        require_head(registry.log)
    except DataFault as fault:
        if fault.code == "checkpoint-origin" or not log_anew:
            raise
        registry.log.forget_head()
    with registry.store.reading() as session:
        known = known_of(session)
    require_one_history(
        known,
        registry.store,
        registry.log,
        registry.client,
        registry.sender,
        sent=registry.sender.next_nonce(),
        foreign=registry.instance.foreign,
        log_anew=log_anew,
    )


def _lost_beyond_head(registry: Registry, *, log_anew: bool, tell: Progress) -> bool:
    """Whether files of the log beyond its published head are to be put aside, on the operator's word.

    Files are written after the database made their statements durable, so that a database which has fewer is
    older (ADR 97, ADR 102). Put aside is only what no head covered: of ours, of the chain, or of a witness.

    Raises `DataFault` `database-behind-log`.
    """
    reach, published = tiled(registry.log), registry.log.size
    if reach == published:
        return False
    with registry.store.reading() as session:
        known = known_of(session)
    if not log_anew:
        if reach > known.size:
            raise _tiles_lost(reach, known.size, _OR_ASIDE)
        return False
    anchor = registry.client.latest_anchor()
    heads = (0 if one is None else one.size for one in (known.head, anchor))
    if max(heads) > published:  # so the head's file is older, too: those tiles may have been published
        if reach > known.size:
            raise _tiles_lost(reach, known.size, "")
        return False
    ahead, deaf = ahead_of(registry)
    if ahead:
        named = ", ".join(ahead)
        raise _tiles_lost(reach, known.size, f" {named} cosigned more than is published here 见证方所见更多.")
    for name in deaf:
        tell(f"witness {name} did not answer; ask it which head it saw last 见证方未应答，请核对其最新检查点")
    return True


ASIDE: Final = "log-aside"
"""Folder of what the database lost of the log, in the state folder (ADR 102)."""
_OR_ASIDE: Final = " If there is none: `yinzheng settle --log-anew` puts aside what was never published."


def _tiles_lost(tiled: int, known: int, hint: str) -> DataFault:
    return DataFault(
        f"the log has files of {tiled} statements, the database only {known} of them",
        code="database-behind-log",
        hint="The database is older than the log, which was being written. Nothing was written. Put its"
        f" newest copy back.{hint}",
    )


def _set_aside(registry: Registry, tell: Progress) -> None:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    folder = registry.paths.root / ASIDE / f"{registry.log.size}-{stamp}"
    if count := set_aside(registry.log, folder):
        tell(f"{count} files that were never published lie in {folder} 未公布的日志文件已移出")


def _begin(clock: LedgerClock, registry: Registry, *, clock_is_right: bool) -> None:
    """Hold the clock against the last block and the last thing written, or let the ledger stand still."""
    with translated():
        block = registry.w3.eth.get_block("latest")["timestamp"]
    with registry.store.reading() as session:
        written, standing = last_written(session), standing_time(session)
    foreign = registry.instance.foreign
    try:
        clock.begin(block=block, written=written, standing=standing, foreign=foreign)
    except EnvironmentFault as fault:
        if fault.code != "clock-behind" or not clock_is_right:
            raise
        with registry.store.transaction() as session:
            let_stand(session, clock.last)
        clock.begin(block=block, written=written, standing=clock.last, foreign=foreign)
