"""Decisions one at a time: until durable, and until anchored."""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

from ledger.cases import deciding, intake
from ledger.cases.work import work_on
from ledger.chain.sender import Call, Sender
from ledger.demo_data import favourable_review
from ledger.keys.provider import ADMIN
from ledger.registry import Registry, silent
from ledger.rules.profiles import DEMO
from scripts.bench_parts.measure import Figure, Say, percentile, seconds
from scripts.bench_parts.site import EXAMPLE, OFFICER, make_site, opened

ROW_BYTES = 900
"""About what one event takes in its row."""


def measure_decisions(folder: Path, durable: int, anchored: int, say: Say) -> list[Figure]:
    """Accept `durable` applications, then review `anchored` of them and wait for the chain each time."""
    site = make_site(folder)
    with opened(site) as registry:
        say(f"taking in {durable} applications")
        cases = [intake.apply(registry, EXAMPLE, DEMO.tag, silent) for _ in range(durable)]
        registry.settle()
        say("deciding one at a time")
        return [
            *_until_durable(registry, cases, folder / "floor.sqlite"),
            *_until_anchored(registry, cases[:anchored]),
        ]


@dataclass
class _Times:
    """What decisions took and, between them, what the floor did. Seconds."""

    ours: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)

    def figures(self, name: str, floor: str) -> list[Figure]:
        return [
            Figure(
                "one at a time",
                f"{name}, {which}",
                percentile(self.ours, share) * 1e3,
                "ms",
                floor,
                percentile(self.floor, share) * 1e3,
                percentile(self.floor, share) / percentile(self.ours, share),
            )
            for which, share in (("median", 0.5), ("99th percentile", 0.99))
        ]


def _until_durable(registry: Registry, cases: list[str], floor: Path) -> list[Figure]:
    """An acceptance: rule, person, commitment, seal, two rows; acknowledged once on the disk."""
    times = _Times()
    row = os.urandom(ROW_BYTES)
    database = sqlite3.connect(floor, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, row BLOB)")
    for case in cases:
        times.ours.append(seconds(lambda: deciding.accept(registry, case, OFFICER)))  # noqa: B023
        times.floor.append(seconds(lambda: database.execute("INSERT INTO event (row) VALUES (?)", (row,))))
    database.close()
    registry.settle()
    return times.figures("decision until durable", "one row inserted durably into SQLite")


def _until_anchored(registry: Registry, cases: list[str]) -> list[Figure]:
    """A review, carried through log and chain before the next."""
    times = _Times()
    sender = Sender(registry.w3, registry.keys.account(ADMIN), time.sleep)
    for case in cases:
        with work_on(registry, case) as work:
            application = deciding.application_of(work)
        answers, flags = favourable_review(application.facts, (application.files[0].path,))

        def decide() -> None:
            deciding.review(registry, case, OFFICER, answers, flags)  # noqa: B023
            registry.settle()

        times.ours.append(seconds(decide))
        times.floor.append(seconds(lambda: _block(sender)))
    return times.figures("decision until anchored", "one block of the embedded chain with one transfer")


def _block(sender: Sender) -> None:
    transfer = Call(sender.address, b"", 21_000)
    signed = sender.prepare(transfer, sender.next_nonce(), sender.fees())
    sender.broadcast(signed)
    sender.wait(signed.hash, 10)
