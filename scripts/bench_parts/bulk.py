"""Statements in bulk, and how everything grows with their number."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from sqlmodel import Session

from scripts.bench_parts.measure import Figure, Say, at_least, seconds
from scripts.bench_parts.site import make_site, opened
from yinzheng.ledger.flow.bulk import WORKERS, Mill, in_order, mill, write_batches
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.recording import Occurrence, compose
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import hmac_pair

SLICE = 25_000
BATCH = 10_000
"""Statements of one transaction."""
CHUNK = 500
"""Statements that a worker composes at a time; `CHUNKS` of them are composed ahead."""
CHUNKS = 12

_Chunk = tuple[int, int, int]
"""Numbers of the first statement and of that after the last, and when they are dated."""
_Rows = list[dict[str, Any]]

GOAL = 25_000
PROOFS = 40
_FLOOR = "canonicalise + two HMACs + SHA-256 + durable insert into a bare SQLite table"


def measure_bulk(folder: Path, sizes: tuple[int, ...], say: Say) -> list[Figure]:
    """Grow one log through `sizes`, ascending; the last stretch gives the rate."""
    site = make_site(folder)
    figures: list[Figure] = []
    begin = partial(_Composer, secrets.token_bytes(16))
    with opened(site) as registry, mill(begin, WORKERS) as composing:
        grower = _Grower(registry, composing, folder / "floor.sqlite")
        for size in sizes:
            say(f"growing the log to {size} statements")
            grower.grow_to(size)
            figures += _growth(registry, size)
        figures.insert(0, grower.figure())
    return figures


class _Grower:
    """Records in slices, each followed by the same work done at its floor."""

    def __init__(self, registry: Registry, composing: Mill[_Chunk, _Rows], floor: Path) -> None:
        self._registry = registry
        self._composing = composing
        list(in_order(composing, [(0, 0, 0)] * WORKERS, WORKERS))  # the processes are there
        self._floor = _Floor(floor)
        self._rates: list[float] = []
        self._floor_rates: list[float] = []

    def grow_to(self, size: int) -> None:
        while (held := self._registry.log.size) < size:
            count = min(SLICE, size - held)
            at = self._registry.clock()
            taken = seconds(lambda: self._record(count, at))  # noqa: B023
            floor = seconds(lambda: self._floor.record(count, at))  # noqa: B023
            if count >= 5_000:  # in a small slice the one anchoring is all there is
                self._rates.append(count / taken)
                self._floor_rates.append(count / floor)

    def _record(self, count: int, at: int) -> None:
        chunks = [(first, min(first + CHUNK, count), at) for first in range(0, count, CHUNK)]
        made = in_order(self._composing, chunks, CHUNKS)
        for _ in write_batches(self._registry, _batches(made), _write):
            pass
        settle(self._registry)

    def figure(self) -> Figure:
        shares = [ours / floor for ours, floor in zip(self._rates, self._floor_rates, strict=True)]
        rate = median(self._rates)
        return Figure(
            "bulk",
            "statements, durable, sequenced, tiled and anchored",
            rate,
            "1/s",
            _FLOOR,
            median(self._floor_rates),
            median(shares),
            **at_least(GOAL, rate),
        )


class _Composer:
    """Composes statements, in a worker process, under a seal that the bench made for itself."""

    def __init__(self, key: bytes) -> None:
        self._seal = SealedValue(key)

    def __enter__(self) -> _Composer:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, asked: _Chunk) -> _Rows:
        first, end, at = asked
        return [compose(one, self._seal, now=at).row for one in occurrences(first, end, at)]


def _write(session: Session, rows: _Rows) -> tuple[None, repository.Placed]:
    return None, repository.add_sequenced(session, rows)


def _batches(made: Iterator[_Rows]) -> Iterator[_Rows]:
    while rows := [row for some in islice(made, BATCH // CHUNK) for row in some]:
        yield rows


def occurrences(first: int, end: int, at: int) -> Iterator[Occurrence]:
    """Decisions of about the size of a consent."""
    for number in range(first, end):
        yield Occurrence(
            type="review.recorded",
            profile="GD-HEALTH/1",
            subject=secrets.token_bytes(32),
            at=at,
            by="registry",
            body=_body(number),
            prev=None,
        )


def _body(number: int) -> dict[str, canonical.JSON]:
    return {
        "v": 1,
        "person": "officer-chen",
        "scope": "third-party-research",
        "given": True,
        "recipient": "某某大学附属医院",
        "notice": "7d2f" * 16,
        "until": 1_900_000_000,
        "serial": number,
    }


class _Floor:
    """What no design could do without: the same bodies, commitments and one hash, inserted durably."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, body, secret, sm3, sha256, leaf)")

    def record(self, count: int, _at: int) -> None:
        for first in range(0, count, 10_000):
            rows = [self._row(number) for number in range(first, min(first + 10_000, count))]
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "INSERT INTO event (body, secret, sm3, sha256, leaf) VALUES (?,?,?,?,?)", rows
            )
            self._database.execute("COMMIT")

    @staticmethod
    def _row(number: int) -> tuple[bytes, ...]:
        body = canonical.dumps(_body(number))
        secret = secrets.token_bytes(32)
        pair = hmac_pair(secret, body)
        return body, secret, pair.sm3, pair.sha256, hashlib.sha256(body).digest()


def _growth(registry: Registry, size: int) -> list[Figure]:
    """Proofs, block and disk at this size. Proofs are of entries drawn at random, each by a fresh reader."""
    draw = Random(size)  # noqa: S311 - which entries are proved is no secret
    made, checked, lengths = [], [], []
    for _ in range(PROOFS):
        index = draw.randrange(registry.log.size)
        log = TileLog(registry.paths.log, registry.instance.origin)
        entry = log.entry(index)
        made.append(seconds(lambda: log.tlog_proof(index)))  # noqa: B023
        proof = log.tlog_proof(index)
        leaf = hashlib.sha256(b"\0" + entry).digest()
        checked.append(seconds(lambda: proof.verify_inclusion(leaf)))  # noqa: B023
        lengths.append(len(proof.text.encode()))
    part = f"at {size:,} statements"
    events = registry.log.size
    return [
        Figure(part, "proof of inclusion, with its checkpoint", median(lengths), "bytes"),
        Figure(part, "making a proof from the tiles", median(made) * 1e6, "µs"),
        Figure(part, "checking a proof", median(checked) * 1e6, "µs"),
        Figure(part, "block that anchors", _block_bytes(registry), "bytes"),
        Figure(part, "database", database_bytes(registry) / events, "bytes a statement"),
        Figure(part, "tiles and entries", bytes_under(registry.paths.log) / events, "bytes a statement"),
    ]


def _block_bytes(registry: Registry) -> int:
    """Size of the latest block, which anchors: as a node would send it, RLP."""
    return int(registry.w3.eth.get_block("latest")["size"])


def database_bytes(registry: Registry) -> int:
    """Size of the database once what waits beside it is in it."""
    path = registry.paths.database
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size


def bytes_under(folder: Path) -> int:
    """Bytes of all files under a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
