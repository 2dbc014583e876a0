"""Importing consents from a file: one JSON object a line, a million of them and more (R26, R49).

Each line becomes what `granting.grant` makes of it. What differs: lines are recorded in a random order of
the whole file (`order`), whole batches in one durable transaction, one checkpoint and one anchoring for all;
a line that is refused is noted and stops nothing. Worker processes read and seal (`import_rows`), this
process wraps keys and writes (`flow/bulk.py`).

An import is named by who sends which bytes. Killed at any point and called again with the same file it goes
on where the last batch ended: no line twice, none left out, the same subjects. Once finished it is never done
again. A consent that was recorded before, by whichever way, is told and not recorded again (`twins`). Memory
is some 12 bytes a line and a few batches.
"""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from yinzheng.ledger.consents.import_file import LineIndex, read_index
from yinzheng.ledger.consents.import_order import SEED_BYTES, drawn_order_of, order_of, subjects_of
from yinzheng.ledger.consents.import_results import ALREADY, Refusal, refusals, write_results
from yinzheng.ledger.consents.import_rows import Ask, Chunk, LineFile, Made, Maker, Plan, Refused, Rows
from yinzheng.ledger.consents.ndjson import BLANK
from yinzheng.ledger.consents.notices import book_of, hour_of
from yinzheng.ledger.consents.twins import Twins, known, twins_of
from yinzheng.ledger.flow.bulk import WORKERS, in_order, mill, write_batches
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.pool import event_row
from yinzheng.ledger.keys.provider import KeyWrapper
from yinzheng.ledger.organisations.keys import require
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_consents import Consent, Job, Rejected
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.errors import DataFault

BATCH: Final = 20_000
"""Lines in one transaction. Three indices have keys in no order, so each line changes pages of its own."""

LISTED: Final = 100
"""Refused lines that are told at once; the results file has all."""

CHUNK: Final = 500
"""Lines a worker is given at a time."""

_CHUNKS: Final = 12
"""So many are with the workers or wait to be taken; a bound on memory."""

_ADD: Final = Prepared(
    {
        name: of(table_of(Consent)).inline().on_conflict_do_nothing(index_elements=["digest"])
        for name, of in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
    },
    list(Consent.model_fields),
)
"""What has the digest of one that is there is not written."""

_SEALED_FOR: Final = b"yinzheng/import/2:"
"""What a seed is sealed for, with its job's name after it."""
_SEALED_BEFORE: Final = b"yinzheng/import/1:"
"""The same, before ADR 116."""

_LEAF: Final = attrgetter("leaf")
_DIGEST: Final = itemgetter(0)

FEW: Final = 4000
"""Up to so many lines this process does all by itself: starting workers would take longer."""


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
    seed, order = _derived(registry.keys.wrapper(), job)
    before = job.done
    if before < index.lines:
        count = _workers(index.lines - before) if workers is None else workers
        chunks = _chunks(order(seed, index.lines)[before:], index, seed, min(CHUNK, batch))
        _record_all(registry, job, index, chunks, count, batch, progress)
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


def _derived(wrapper: KeyWrapper, job: Job) -> tuple[bytes, Callable[[bytes, int], array[int]]]:
    """The import's seed, and what gives its order: one that an earlier program began keeps that one's."""
    try:
        return wrapper.unwrap(job.sealed, _SEALED_FOR + job.id.encode()), order_of
    except DataFault:
        return wrapper.unwrap(job.sealed, _SEALED_BEFORE + job.id.encode()), drawn_order_of


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
                sealed=registry.keys.wrapper().wrap(seed, _SEALED_FOR + id_.encode()),
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


@dataclass(frozen=True, slots=True)
class _Batch:
    """What of some lines is to be written: consents, the keys of those wrapped, and what was refused."""

    made: list[Made]
    keys: list[bytes]
    unmade: list[Refused]

    @property
    def lines(self) -> int:
        return len(self.made) + len(self.unmade)


def _record_all(
    registry: Registry,
    job: Job,
    index: LineIndex,
    chunks: Iterator[list[Ask]],
    workers: int,
    batch: int,
    progress: Progress,
) -> None:
    asked: Iterator[Chunk] = ((hour_of(registry.clock()), chunk) for chunk in chunks)
    done = job.done
    with mill(partial(Maker, _plan(registry, job.code, index, job.created_at)), workers) as making:
        made = in_order(making, asked, _CHUNKS if workers else 1)
        batches = _batches(made, batch, registry.keys.wrapper())
        for lines in write_batches(registry, batches, partial(_write, registry, job.id)):
            done += lines
            progress(f"recorded {done} of {index.lines} lines")


def _batches(made: Iterable[Rows], size: int, wrapper: KeyWrapper) -> Iterator[_Batch]:
    batch = _Batch([], [], [])
    for rows in made:
        for row in rows:
            if isinstance(row, Made):
                batch.made.append(row)
                batch.keys.append(wrapper.wrap(row.key, row.subject))
            else:
                batch.unmade.append(row)
        if batch.lines >= size:
            yield batch
            batch = _Batch([], [], [])
    if batch.lines:
        yield batch


def _chunks(lines: array[int], index: LineIndex, seed: bytes, size: int) -> Iterator[list[Ask]]:
    """The lines still to do, in their order of recording."""
    offsets, subject = index.offsets, subjects_of(seed)
    for first in range(0, len(lines), size):
        yield [
            Ask(line, offsets[line], offsets[line + 1] - offsets[line], subject(line))
            for line in lines[first : first + size]
        ]


def _write(registry: Registry, job_id: str, session: Session, batch: _Batch) -> tuple[int, repository.Placed]:
    """Write one batch and the job's progress; gives how many lines, and the statements with their places."""
    now = registry.clock()
    job = session.get_one(Job, job_id)
    new, again = _add(session, twins_of(session, registry.keys.wrapper(), job.code), batch, now)
    new.sort(key=_LEAF)  # an index over hashes is written from one end to the other: each page once a batch
    placed = repository.add_sequenced(session, (_event(one, now) for one in new))
    unmade = batch.unmade + again
    session.add_all(
        Rejected(job_id=job_id, line=one.line + 1, code=one.code, message=one.message) for one in unmade
    )
    codes = [one.code for one in unmade]
    job.done += batch.lines
    job.already += codes.count(ALREADY)
    job.blank += codes.count(BLANK)
    job.rejected += len(codes) - codes.count(ALREADY) - codes.count(BLANK)
    return batch.lines, placed


def _add(session: Session, twins: Twins, batch: _Batch, now: int) -> tuple[list[Made], list[Refused]]:
    """Write the consents that are new; gives them, and the lines that make none."""
    digests = [twins.digest(one.fingerprint) for one in batch.made]
    rows = sorted(zip(digests, batch.made, batch.keys, strict=True), key=_DIGEST)
    written = _ADD.run_each(session, (_consent(one, key, digest, now) for digest, one, key in rows))
    if written == len(rows):
        return batch.made, []
    held = known(session, [digest for digest, _, _ in rows])
    again = [
        Refused(one.line, ALREADY, held[digest].hex())
        for digest, one, _ in rows
        if held[digest] != one.subject
    ]
    return [one for digest, one, _ in rows if held[digest] == one.subject], again


def _event(one: Made, now: int) -> dict[str, Any]:
    return event_row(
        subject=one.subject,
        at=one.at,
        statement=one.statement,
        leaf=one.leaf,
        sealed=one.sealed,
        now=now,
    )


def _consent(one: Made, key: bytes, digest: bytes, now: int) -> dict[str, Any]:
    return {
        "subject": one.subject,
        "head": one.leaf,
        "notice_id": one.notice_id,
        "wrapped_key": key,
        "created_at": now,
        "digest": digest,
    }


def _finish(registry: Registry, job_id: str) -> None:
    """End the job: its seed is destroyed, and with it what joined lines and subjects."""
    with registry.store.transaction() as session:
        job = session.get_one(Job, job_id)
        job.sealed, job.finished_at = b"", registry.clock()
        session.execute(delete(Rejected).where(col(Rejected.job_id) == job_id))
