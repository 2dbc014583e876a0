"""What no import of consents could do without, on as many processes as ours uses."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Final

from yinzheng.ledger.consents.importing import BATCH, CHUNK
from yinzheng.ledger.flow.bulk import WORKERS
from yinzheng.ledger.keys import sm4
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import hmac_pair

Row = tuple[bytes, bytes, bytes, bytes, bytes]
_COLUMNS: Final = "sealed, own_key, sm3, sha256, leaf"


class Floor:
    """Works through lines of the file `lines`, into a bare database at `path`; used as a context."""

    def __init__(self, path: Path, lines: Path) -> None:
        self._lines = lines
        self._pool = ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn"))
        list(self._pool.map(_rows, [[]] * WORKERS))  # the processes are there before anything is measured
        self._database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(f"CREATE TABLE event (id INTEGER PRIMARY KEY, {_COLUMNS})")

    def __enter__(self) -> Floor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        self._pool.shutdown(cancel_futures=True)

    def record(self, first: int, end: int) -> None:
        """Do the lines from `first` up to `end`, durably, in batches of the import's."""
        waiting: list[Row] = []
        with self._lines.open("rb") as file:
            for rows in self._pool.map(_rows, _chunks(islice(file, first, end))):
                waiting += rows
                if len(waiting) >= BATCH:
                    self._insert(waiting)
                    waiting = []
        if waiting:
            self._insert(waiting)

    def _insert(self, rows: list[Row]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(
            f"INSERT INTO event ({_COLUMNS}) VALUES (?,?,?,?,?)",  # noqa: S608 - our own columns
            rows,
        )
        self._database.execute("COMMIT")


def _chunks(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    while chunk := list(islice(lines, CHUNK)):
        yield chunk


def _rows(lines: list[bytes]) -> list[Row]:
    return [_row(line) for line in lines]


def _row(line: bytes) -> Row:
    body = canonical.dumps(json.loads(line))
    secret, key, nonce = secrets.token_bytes(32), secrets.token_bytes(16), secrets.token_bytes(12)
    pair, leaf = hmac_pair(secret, body), hashlib.sha256(body).digest()
    return nonce + sm4.encrypt(key, nonce, body + secret, leaf), key, pair.sm3, pair.sha256, leaf
