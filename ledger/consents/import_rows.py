"""Making rows of lines: what the worker processes of an import do (`flow/bulk.py`).

A worker reads, checks, commits to and seals; it has no database, no seed and no key-encryption key. Of each
lawful line it gives back the statement, the sealed body and the consent's own key, which the main process
wraps, so that a key-encryption key never leaves the process, or the hardware, that holds it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from typing import Final, NamedTuple

from yinzheng.ledger.consents.book import NoticeBook
from yinzheng.ledger.consents.import_file import open_import, require_unchanged
from yinzheng.ledger.consents.import_lines import MAX_LINE, LineReader
from yinzheng.ledger.consents.ndjson import content
from yinzheng.ledger.flow.recording import Occurrence, compose
from yinzheng.ledger.keys import sm4
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.errors import DataFault

MAX_MESSAGE: Final = 300


class Ask(NamedTuple):
    """One line to be read: its number, from 0, where its bytes lie, and the subject it gets."""

    line: int
    offset: int
    length: int
    subject: bytes


class Made(NamedTuple):
    """A lawful consent, ready to be written. `key` is its own, not wrapped yet."""

    line: int
    subject: bytes
    notice_id: int
    at: int
    statement: bytes
    leaf: bytes
    sealed: bytes
    key: bytes
    fingerprint: bytes
    """SHA-256 of the canonical body, by which `twins` knows it; it is not kept."""

    def __repr__(self) -> str:
        return f"Made(line={self.line})"


class Refused(NamedTuple):
    """A line that is no lawful consent, and why; the message says what to do and names no person."""

    line: int
    code: str
    message: str


Chunk = tuple[int, list[Ask]]
"""When their statements are dated, UTC seconds, and the lines."""

Rows = list[Made | Refused]


@dataclass(frozen=True, slots=True)
class Plan:
    """What all lines of one import have in common."""

    file: LineFile
    book: NoticeBook
    profile: str
    now: int
    """As of when consents are checked, UTC seconds."""


@dataclass(frozen=True, slots=True)
class LineFile:
    """The file to read from, without the index of its lines."""

    path: str
    identity: tuple[int, int, int]


class Maker:
    """Reads lines from the file and makes rows of them; a context, which closes the file."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._file = open_import(plan.file.path)
        self._reader = LineReader(plan.book, plan.now)

    def __enter__(self) -> Maker:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __call__(self, asked: Chunk) -> Rows:
        """Make rows of the lines asked for, in their order, their statements dated as it says.

        Raises `DataFault` (`import-changed`).
        """
        require_unchanged(self._plan.file.identity, self._file)
        at, lines = asked
        return [self._make_one(at, one) for one in lines]

    def _make_one(self, at: int, asked: Ask) -> Made | Refused:
        try:
            body, known = self._reader.read(self._line(asked))
        except DataFault as fault:
            told = f"{fault.message}; {fault.hint}" if fault.hint else fault.message
            return Refused(asked.line, fault.code, told[:MAX_MESSAGE])
        key = secrets.token_bytes(sm4.KEY_BYTES)
        happened = Occurrence(
            type="consent.granted",
            profile=self._plan.profile,
            subject=asked.subject,
            at=at,
            by="controller",
            body=body,
            prev=None,
        )
        row = compose(happened, SealedValue(key), now=self._plan.now).row
        return Made(
            asked.line,
            asked.subject,
            known.id,
            at,
            row["statement"],
            row["leaf_hash"],
            row["sealed"],
            key,
            hashlib.sha256(body).digest(),
        )

    def _line(self, asked: Ask) -> bytes:
        if asked.length > MAX_LINE + 2:
            raise DataFault(f"the line has more than {MAX_LINE} bytes", code="line-too-long")
        line = os.pread(self._file.fileno(), asked.length, asked.offset)
        return content(line, first=asked.offset == 0)
