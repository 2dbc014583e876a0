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
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.connect import open_chain
from yinzheng.ledger.chain.sender import Sender
from yinzheng.ledger.disputes import calls as dispute_calls
from yinzheng.ledger.erasure.clearing import resume as resume_erasures
from yinzheng.ledger.flow import pipeline
from yinzheng.ledger.flow.calls import table_of
from yinzheng.ledger.flow.working_days import calendar_of
from yinzheng.ledger.keys.provider import RELAY, KeyProvider
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.organisations import calls as organisation_calls
from yinzheng.ledger.people import calls as people_calls
from yinzheng.ledger.registry import Clock, Progress, Registry, silent, wall_clock
from yinzheng.ledger.state.backup import sweep_after_kills
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.instance import LOCK_SECONDS, Paths, read_instance, writer_lock
from yinzheng.ledger.store.database import open_store, sqlite_url
from yinzheng.ledger.store.sealed import FolderBlobs
from yinzheng.ledger.withdrawals import calls as withdrawal_calls

KINDS: Final = table_of(
    pipeline.ANCHOR,
    *case_calls.KINDS,
    *people_calls.KINDS,
    *organisation_calls.KINDS,
    *withdrawal_calls.KINDS,
    *dispute_calls.KINDS,
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
    lock_seconds: float = LOCK_SECONDS,
    progress: Progress = silent,
    tell: Progress = silent,
) -> Iterator[Registry]:
    """Open the state folder `root` for writing and roll forward what was left unfinished.

    `progress` hears what is being done, `tell` what the operator should know afterwards.

    Raises `UsageFault` (`state-missing`), `EnvironmentFault` (`state-locked`, `state-read-only`, …), and
    whatever database, log, chain or keys find wrong: nothing is written then.
    """
    paths, instance = read_instance(root)
    with ExitStack() as stack:
        stack.enter_context(writer_lock(paths, lock_seconds))
        provider = keys(paths)
        store = open_store(instance.database_url or sqlite_url(paths.database), faults=faults)
        stack.callback(store.close)
        w3 = stack.enter_context(open_chain(paths, instance, provider, clock=clock, faults=faults))
        log = TileLog(paths.log, instance.origin, faults=faults)
        blobs = FolderBlobs(paths.blobs, faults=faults)
        log.sweep()  # what a crash left half written; nobody else writes now
        blobs.sweep()
        registry = Registry(
            paths=paths,
            instance=instance,
            store=store,
            log=log,
            blobs=blobs,
            w3=w3,
            client=ContractsClient(w3, instance.deployment, instance.modules),
            kinds=KINDS,
            sender=Sender(w3, provider.account(RELAY), time.sleep),
            keys=provider,
            calendar=calendar_of(paths),
            clock=clock,
            faults=faults,
        )
        for path in sweep_after_kills(registry):
            tell(f"removed what a killed backup or restoration left 已清除中断残留: {path}")
        if settle:
            pipeline.settle(registry, progress)
            if deem_accepted(registry):
                pipeline.settle(registry, progress)
            resume_erasures(registry)
        yield registry
