"""Importing consents from a file: one JSON object a line, a million of them and more (R26, R49).

Each line becomes what `granting.grant` makes of it. What differs: lines are recorded in a random order of
the whole file (`order`), whole batches in one durable transaction, one checkpoint and one anchoring for all;
a line that is refused is noted and stops nothing. Worker processes read and seal (`making`), this process
wraps keys and writes.

An import is named by who sends which bytes. Killed at any point and called again with the same file it goes
on where the last batch ended: no line twice, none left out, the same subjects. Once finished it is never done
again. A consent that was recorded before, by whichever way, is told and not recorded again (`twins`). Memory
is some 12 bytes a line and a few batches.
"""

from __future__ import annotations

import secrets
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, insert
from sqlmodel import Session, col

from yinzheng.ledger.consents.import_file import LineIndex, read_index
from yinzheng.ledger.consents.import_order import SEED_BYTES, order_of, subject_of
from yinzheng.ledger.consents.import_results import ALREADY, Refusal, refusals, write_results
from yinzheng.ledger.consents.import_rows import Ask, LineFile, Made, Maker, Plan, Refused, begin_worker, work
from yinzheng.ledger.consents.ndjson import BLANK
from yinzheng.ledger.consents.notices import book_of, hour_of
from yinzheng.ledger.consents.twins import Twins, known, twins_of
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.pool import event_row
from yinzheng.ledger.organisations.keys import require
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Base
from yinzheng.ledger.store.models_consents import Job, Rejected
from yinzheng.verifier.errors import EnvironmentFault

BATCH: Final = 10_000
"""Lines in one transaction."""

LISTED: Final = 100
"""Refused lines that are told at once; the results file has all."""

CHUNK: Final = 500
"""Lines a worker is given at a time."""

WORKERS: Final = 2
FEW: Final = 4000
"""Up to so many lines this process does all by itself: starting workers would take longer."""

_Rows = list[Made | Refused]
_Mill = Callable[[int, list[Ask]], "Future[_Rows]"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import came to, ever, and how many lines this call looked at. Blank lines are none."""

    job: str
    """Lower-case hex SHA-256 of credit code and file."""
    recorded: int
    rejected: int
    already: int
    """Recorded before, by this or any other way, or twice in the file; each stands in the log once."""
    now: int
    """0 where the import had been finished before."""
    refused: tuple[Refusal, ...] = ()
    """The first of those rejected, `LISTED` at most; none where the import had been finished before."""


def import_consents(
    registry: Registry,
    path: Path,
    by_code: str,
    *,
    progress: Progress,
    results: Path | None = None,
    rejects: Path | None = None,
    batch: int = BATCH,
    workers: int | None = None,
) -> Outcome:
    """Record the consents in the NDJSON file `path` for the controller `by_code`, and anchor them.

    `results` gets one line of JSON for each line of the file that is not blank, in its order:
    `{"line": n, "subject": hex}`, with `"already": true` where that was recorded before, or
    `{"line": n, "error": code, "message": …}`, n from 1. `rejects` gets the refused lines themselves, to be
    corrected and imported. Both are written whole when all lines are recorded, and cannot be had again once
    the import is finished.

    Raises `UsageFault` (`import-missing`, `import-many`, or where `by_code` is no enrolled controller),
    `DataFault` (`import-changed`; `import-encoding`: nothing was recorded), `EnvironmentFault`
    (`import-worker`, `disk-…`), and as `pipeline.settle`.
    What was recorded stays; call again to go on.
    """
    progress("reading the file")
    index = read_index(path, by_code.encode())
    job = _begin(registry, by_code, index)
    if job.finished_at is not None:
        return _outcome(job, 0)
    seed = registry.keys.wrapper().unwrap(job.sealed, _associated(job.id))
    before = job.done
    if before < index.lines:
        plan = _plan(registry, by_code, index, job.created_at)
        count = _workers(index.lines - before) if workers is None else workers
        with _mill(plan, count) as mill:
            _record_all(registry, job, index, seed, mill, batch, progress)
    settle(registry, progress)
    with registry.store.reading() as session:
        done = session.get_one(Job, job.id)
        write_results(session, done, index, seed, results, rejects)
        refused = refusals(session, done, LISTED)
    _finish(registry, job.id)
    return _outcome(done, index.lines - before, refused)


def _outcome(job: Job, now: int, refused: tuple[Refusal, ...] = ()) -> Outcome:
    recorded = job.total - job.rejected - job.already - job.blank
    return Outcome(job.id, recorded, job.rejected, job.already, now, refused)


def _associated(job_id: str) -> bytes:
    return b"yinzheng/import/1:" + job_id.encode()


def _begin(registry: Registry, code: str, index: LineIndex) -> Job:
    """The job of this file, begun now or before."""
    id_ = index.digest.hex()
    with registry.store.transaction() as session:
        require(session, code, Role.CONTROLLER)
        job = session.get(Job, id_)
        if job is None:
            seed = secrets.token_bytes(SEED_BYTES)
            job = Job(
                id=id_,
                code=code,
                sealed=registry.keys.wrapper().wrap(seed, _associated(id_)),
                total=index.lines,
                done=0,
                created_at=registry.clock(),
            )
            session.add(job)
    return job


def _plan(registry: Registry, code: str, index: LineIndex, now: int) -> Plan:
    with registry.store.reading() as session:
        book = book_of(session, code)
    return Plan(LineFile(str(index.path), index.identity), book, registry.instance.profile, now)


def _workers(lines: int) -> int:
    return 0 if lines <= FEW else WORKERS


@contextmanager
def _mill(plan: Plan, workers: int) -> Iterator[_Mill]:
    """What turns lines into rows: worker processes, or for 0 this one.

    They are spawned, not forked: a fork would copy the keys of this process and the locks of its threads.
    """
    with ExitStack() as stack:
        if workers == 0:
            maker = Maker(plan)
            stack.callback(maker.close)
            yield lambda at, asked: _at_once(maker, at, asked)
            return
        pool = ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=begin_worker, initargs=(plan,)
        )
        stack.callback(pool.shutdown, cancel_futures=True)
        try:
            yield lambda at, asked: pool.submit(work, at, asked)
        except BrokenProcessPool as error:
            raise EnvironmentFault(
                "a worker process of the import ended unexpectedly",
                code="import-worker",
                hint="What was recorded stays; import the same file again to go on. Memory may be short.",
            ) from error


def _at_once(maker: Maker, at: int, asked: list[Ask]) -> Future[_Rows]:
    done: Future[_Rows] = Future()
    done.set_result(maker.make(at, asked))
    return done


def _record_all(
    registry: Registry,
    job: Job,
    index: LineIndex,
    seed: bytes,
    mill: _Mill,
    batch: int,
    progress: Progress,
) -> None:
    order = order_of(seed, index.lines)
    waiting: deque[Future[_Rows]] = deque()
    chunks = _chunks(order, job.done, index, seed, min(CHUNK, batch))
    ahead = 2 + 2 * batch // CHUNK
    rows: _Rows = []
    done = job.done
    while True:
        while len(waiting) < ahead and (asked := next(chunks, None)) is not None:
            waiting.append(mill(hour_of(registry.clock()), asked))
        if waiting:
            rows += waiting.popleft().result()
        if rows and (len(rows) >= batch or not waiting):
            done += len(rows)
            _write(registry, job.id, rows, done)
            progress(f"recorded {done} of {index.lines} lines")
            rows = []
        elif not waiting:
            return


def _chunks(order: array[int], done: int, index: LineIndex, seed: bytes, size: int) -> Iterator[list[Ask]]:
    """The lines still to do, in their order of recording."""
    offsets = index.offsets
    for first in range(done, len(order), size):
        yield [
            Ask(line, offsets[line], offsets[line + 1] - offsets[line], subject_of(seed, line))
            for line in order[first : first + size]
        ]


def _write(registry: Registry, job_id: str, rows: _Rows, done: int) -> None:
    """Write one batch and the job's progress, durably, each event with its place in the log already."""
    now = registry.clock()
    wrapper = registry.keys.wrapper()
    with registry.store.transaction() as session:
        job = session.get_one(Job, job_id)
        made, digests, unmade = _apart(session, twins_of(session, wrapper, job.code), rows)
        keys = [wrapper.wrap(one.key, one.subject) for one in made]
        repository.add_sequenced(session, [_event(one, now) for one in made])
        _add_consents(
            session,
            [
                (one.subject, one.leaf, one.notice_id, key, now, digest)
                for one, key, digest in zip(made, keys, digests, strict=True)
            ],
        )
        session.add_all(
            Rejected(job_id=job_id, line=one.line + 1, code=one.code, message=one.message) for one in unmade
        )
        codes = [one.code for one in unmade]
        job.done = done
        job.already += codes.count(ALREADY)
        job.blank += codes.count(BLANK)
        job.rejected += len(codes) - codes.count(ALREADY) - codes.count(BLANK)


def _apart(session: Session, twins: Twins, rows: _Rows) -> tuple[list[Made], list[bytes], list[Refused]]:
    """The consents that are new, with their digests, and the lines that make none."""
    found = [(row, twins.digest(row.fingerprint)) for row in rows if isinstance(row, Made)]
    before = {**known(session, (digest for _, digest in found))}
    made, digests = [], []
    unmade = [row for row in rows if isinstance(row, Refused)]
    for row, digest in found:
        if digest in before:
            unmade.append(Refused(row.line, ALREADY, before[digest].hex()))
            continue
        before[digest] = row.subject
        made.append(row)
        digests.append(digest)
    return made, digests, unmade


def _add_consents(session: Session, rows: list[tuple[bytes, bytes, int, bytes, int, bytes]]) -> None:
    """Insert rows of consents; SQLite gets them straight, as `repository.add_events` has it."""
    if not rows:
        return
    connection = session.connection()
    columns = ("subject", "head", "notice_id", "wrapped_key", "created_at", "digest")
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            f"INSERT INTO consent ({', '.join(columns)}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own columns
            rows,
        )
    else:
        table = Base.metadata.tables["consent"]
        connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])


def _event(one: Made, now: int) -> dict[str, Any]:
    return event_row(
        subject=one.subject,
        at=one.at,
        statement=one.statement,
        leaf=one.leaf,
        sealed=one.sealed,
        now=now,
    )


def _finish(registry: Registry, job_id: str) -> None:
    """End the job: its seed is destroyed, and with it what joined lines and subjects."""
    with registry.store.transaction() as session:
        job = session.get_one(Job, job_id)
        job.sealed, job.finished_at = b"", registry.clock()
        session.execute(delete(Rejected).where(col(Rejected.job_id) == job_id))
