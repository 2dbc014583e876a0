"""Recording many events at once: an import of a hundred thousand consents, say (D9).

Each event becomes the same row, commitment and statement as one recorded alone (`ledger.recording`). What is
saved is the waiting: one durable transaction for a batch, and one checkpoint and one anchoring for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from ledger import pipeline
from ledger.recording import Occurrence, compose
from ledger.store import repository
from ledger.store.models import Counter
from ledger.store.sealed import SealedValue
from verifier.errors import UsageFault

if TYPE_CHECKING:
    from ledger.registry import Progress, Registry

BATCH = 10_000
"""Events in one transaction. Memory grows with it, about 2 KiB and twice its body for each event."""


def record_many(
    registry: Registry,
    job: str,
    occurrences: Iterable[Occurrence],
    seal: SealedValue,
    progress: Progress,
    *,
    batch: int = BATCH,
) -> int:
    """Record `occurrences`, in order, sealed by `seal`, and anchor them; returns how many were recorded now.

    `job` names this import, and how far it has come is kept in the transaction of each batch. After a crash
    whole batches are there and are carried through log and chain like any other decision; calling again with
    the same job and the same occurrences in the same order records the rest, and none of them twice. A job
    that was finished records nothing. Memory is bounded by `batch`, whatever their number.

    Raises `UsageFault` (`bulk-shrunk`: fewer occurrences than the job has recorded; nothing is written),
    `DataFault` where a body has no canonical form or a statement a field out of range (batches before it
    stay), and as `pipeline.settle`.
    """
    source = iter(occurrences)
    done = _skip(registry, job, source)
    before = done
    while happened := list(islice(source, batch)):
        done += len(happened)
        _record_batch(registry, job, happened, seal, done)
        progress(f"recorded {done} statements")
    registry.settle(progress)
    return done - before


def _skip(registry: Registry, job: str, source: Iterable[Occurrence]) -> int:
    """Pass over what the job has recorded already; returns how many."""
    with registry.store.reading() as session:
        counter = session.get(Counter, _scope(job))
    recorded = 0 if counter is None else counter.last
    given = sum(1 for _ in islice(source, recorded))
    if given < recorded:
        raise UsageFault(
            f"the job {job} has recorded {recorded} events, but only {given} are given",
            code="bulk-shrunk",
            hint="Give the same events in the same order as before, or name another job.",
            job=job,
        )
    return recorded


def _record_batch(
    registry: Registry, job: str, batch: Iterable[Occurrence], seal: SealedValue, done: int
) -> None:
    """Write one batch and the job's progress, durably, each event with its place in the log already."""
    now = registry.clock()
    rows = [compose(happened, seal, now=now).row for happened in batch]
    with registry.store.transaction() as session:
        add_sequenced(session, rows)
        _note_progress(session, job, done)


def add_sequenced(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert events, each with its place in the log already, in the caller's transaction.

    Giving them their places afterwards would write every row twice. Those that wait come first, as
    `pipeline` would have it.
    """
    while repository.sequence(session, pipeline.BATCH):
        pass
    first = repository.sequenced(session)
    for index, row in enumerate(rows, first):
        row["log_index"] = index
    repository.add_events(session, rows)


def _note_progress(session: Session, job: str, done: int) -> None:
    session.merge(Counter(scope=_scope(job), last=done))


def _scope(job: str) -> str:
    return f"bulk:{job}"
