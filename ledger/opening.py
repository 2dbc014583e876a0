"""The open registry: one handle that every use case works through.

`open_registry` takes the writer lock, opens database, log, chain and keys, and finishes whatever an earlier
process left unfinished before it returns (D9): recovery is the normal path, not a special one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from web3 import Web3

from yinzheng.ledger.cases.deeming import deem_accepted
from yinzheng.ledger.chain.connect import open_chain
from yinzheng.ledger.chain.consent_client import ConsentClient
from yinzheng.ledger.chain.sender import Sender
from yinzheng.ledger.consents.pool import patience_of
from yinzheng.ledger.erasure.clearing import resume as resume_erasures
from yinzheng.ledger.flow import pipeline
from yinzheng.ledger.flow.unsettled import is_unsettled
from yinzheng.ledger.flow.working_days import calendar_of
from yinzheng.ledger.keys.provider import RELAY, KeyProvider
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.rules.calendar import WorkingCalendar
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.instance import LOCK_SECONDS, Instance, Paths, read_instance, writer_lock
from yinzheng.ledger.store.database import Store, open_store, sqlite_url
from yinzheng.ledger.store.sealed import FolderBlobs

Clock = Callable[[], int]
Progress = Callable[[str], None]


def wall_clock() -> int:
    """UTC seconds now."""
    return int(time.time())


def silent(_step: str) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True)
class Registry:
    """Everything a use case needs, opened for writing by the one writer."""

    paths: Paths
    instance: Instance
    store: Store
    log: TileLog
    blobs: FolderBlobs
    w3: Web3
    client: ConsentClient
    sender: Sender
    keys: KeyProvider
    calendar: WorkingCalendar
    clock: Clock
    faults: Faults

    def sender_of(self, key: str) -> Sender:
        """Sends for the key of that name; the administrator's is only unlocked when it is asked for."""
        if key == RELAY:
            return self.sender
        return Sender(self.w3, self.keys.account(key), time.sleep)

    def needs_settling(self) -> bool:
        """Whether settling would do anything now; asking is much cheaper."""
        with self.store.reading() as session:
            return is_unsettled(session, self.clock(), patience=patience_of(self.instance))

    def settle(self, progress: Progress = silent) -> None:
        """Carry every acknowledged decision through log and chain; safe to repeat at any time."""
        pipeline.settle(self, progress)


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
) -> Iterator[Registry]:
    """Open the state folder `root` for writing and roll forward what was left unfinished.

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
            client=ConsentClient(w3, instance.deployment, instance.modules),
            sender=Sender(w3, provider.account(RELAY), time.sleep),
            keys=provider,
            calendar=calendar_of(paths),
            clock=clock,
            faults=faults,
        )
        if settle:
            registry.settle(progress)
            if deem_accepted(registry):
                registry.settle(progress)
            resume_erasures(registry)
        yield registry
