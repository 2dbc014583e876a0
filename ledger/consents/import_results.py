"""What became of each line of an import, as a file (NDJSON), written whole or not at all.

It follows from the job alone: refused lines are kept until the import is finished, and every other line's
subject comes from the seed. So a resumed import writes the same file as one that was never interrupted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from yinzheng.ledger.consents.import_file import LineIndex, open_import, require_unchanged
from yinzheng.ledger.consents.import_order import subjects_of
from yinzheng.ledger.consents.ndjson import BLANK
from yinzheng.ledger.state.files import discard, disk_faults, is_stream, sync_folder, temporary_beside
from yinzheng.ledger.store.models_consents import Job, Rejected
from yinzheng.verifier.bytes import canonical

ALREADY: Final = "consent-already"
"""The code of a line whose consent was recorded before; its message is the subject."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was refused: its number, from 1, why, and what to do."""

    line: int
    code: str
    message: str


def write_results(
    session: Session, job: Job, index: LineIndex, seed: bytes, results: Path | None, rejects: Path | None
) -> None:
    """Write either file, or both, readable by their owner only; see `bulk.import_consents`.

    Raises `EnvironmentFault` (`disk-…`), `DataFault` (`import-changed`).
    """
    if results is not None:
        _write(results, lambda file: file.writelines(_results(session, job, seed)))
    if rejects is not None:
        _write(rejects, lambda file: file.writelines(_rejects(session, job, index)))


def _refused(session: Session, job: Job) -> Iterator[Rejected]:
    query = select(Rejected).where(Rejected.job_id == job.id).order_by(col(Rejected.line))
    return iter(session.exec(query.execution_options(yield_per=4096)))


def _results(session: Session, job: Job, seed: bytes) -> Iterator[bytes]:
    refused, subject = _refused(session, job), subjects_of(seed)
    waiting = next(refused, None)
    for line in range(1, job.total + 1):
        if waiting is not None and waiting.line == line:
            yield from _unmade(waiting)
            waiting = next(refused, None)
        else:
            yield b'{"line":%d,"subject":"%b"}\n' % (line, subject(line - 1).hex().encode())


def _unmade(one: Rejected) -> Iterator[bytes]:
    """What became of a line that made no consent: recorded before, refused, or blank and so no line."""
    if one.code == ALREADY:
        yield canonical.dumps({"line": one.line, "subject": one.message, "already": True}) + b"\n"
    elif one.code != BLANK:
        yield canonical.dumps({"line": one.line, "error": one.code, "message": one.message}) + b"\n"


def refusals(session: Session, job: Job, most: int) -> tuple[Refusal, ...]:
    """The first lines that were refused, at most so many."""
    query = _refused_only(job).order_by(col(Rejected.line)).limit(most)
    return tuple(Refusal(one.line, one.code, one.message) for one in session.exec(query))


def _refused_only(job: Job) -> SelectOfScalar[Rejected]:
    return select(Rejected).where(Rejected.job_id == job.id, col(Rejected.code).not_in((ALREADY, BLANK)))


def _rejects(session: Session, job: Job, index: LineIndex) -> Iterator[bytes]:
    """The refused lines as they stood, each ended."""
    with open_import(index.path) as file:
        require_unchanged(index.identity, file)
        for one in session.exec(_refused_only(job).order_by(col(Rejected.line))):
            start, end = index.offsets[one.line - 1], index.offsets[one.line]
            yield from _copy(file, start, end)


def _copy(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """A line in pieces, for it may be long."""
    piece = b""
    for at in range(start, end, 1024 * 1024):
        piece = os.pread(file.fileno(), min(1024 * 1024, end - at), at)
        yield piece
    if not piece.endswith(b"\n"):
        yield b"\n"


def _write(path: Path, fill: Callable[[BinaryIO], None]) -> None:
    if is_stream(path):
        with disk_faults(path), path.open("wb") as stream:
            fill(stream)
        return
    part = temporary_beside(path)
    try:
        with (
            disk_faults(path),
            os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        ):
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        with disk_faults(path):
            part.replace(path)
            sync_folder(path.parent)
    except BaseException:
        discard(part)
        raise
