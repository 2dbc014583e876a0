"""Decisions one at a time: until durable, and until anchored."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from scripts.bench_parts.measure import Figure, Say, Times, at_least, percentile, seconds
from scripts.bench_parts.site import EXAMPLE, OFFICER, make_site, opened
from yinzheng.ledger.cases import asked, deciding, intake
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.ledger.demonstration.certificates import ADMINISTRATOR
from yinzheng.ledger.demonstration.material import favourable_review
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.profiles import DEMO
from yinzheng.ledger.rules.terms import Procedure

_PART = "one at a time"
GOAL = 1_000
ROW_BYTES = 900
"""About what one event takes in its row."""


def measure_decisions(folder: Path, durable: int, anchored: int, say: Say) -> list[Figure]:
    """Accept `durable` applications, then review `anchored` of them and wait for the chain each time."""
    site = make_site(folder)
    with opened(site) as registry:
        say(f"taking in {durable} applications")
        cases = [intake.apply(registry, EXAMPLE, DEMO.tag, silent) for _ in range(durable)]
        settle(registry)
        say("deciding one at a time")
        return [
            *_until_durable(registry, cases, folder / "floor.sqlite"),
            *_until_anchored(registry, cases[:anchored]),
        ]


def _until_durable(registry: Registry, cases: list[str], floor: Path) -> list[Figure]:
    """An acceptance: rule, person, commitment, seal, two rows; acknowledged once on the disk."""
    times, by = Times(), acting_as(registry, OFFICER)
    row = os.urandom(ROW_BYTES)
    database = sqlite3.connect(floor, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, row BLOB)")
    for case in cases:
        times.ours.append(seconds(lambda: _accept(registry, case, by)))  # noqa: B023
        times.floor.append(seconds(lambda: database.execute("INSERT INTO event (row) VALUES (?)", (row,))))
    database.close()
    settle(registry)
    beside = "one row inserted durably into SQLite"
    rate, plain = (1 / percentile(taken, 0.5) for taken in (times.ours, times.floor))
    return [
        Figure(
            _PART,
            "decisions until durable, one after the other",
            rate,
            "1/s",
            beside,
            plain,
            rate / plain,
            **at_least(GOAL, rate),
        ),
        *times.figures(_PART, "decision until durable", beside),
    ]


def _accept(registry: Registry, case: str, by: Actor) -> None:
    deciding.accept(registry, case, by, Procedure.SIMPLIFIED, "不涉及公共数据")


def _until_anchored(registry: Registry, cases: list[str]) -> list[Figure]:
    """A review, carried through log and chain before the next."""
    times, by = Times(), acting_as(registry, OFFICER)
    sender = sender_of(registry)
    for case in cases:
        with work_on(registry, case) as work:
            application = asked.application_of(work)
        answers, flags = favourable_review(application.facts, (application.files[0].path,))

        def decide() -> None:
            deciding.review(registry, case, by, answers, flags)  # noqa: B023
            settle(registry)

        times.ours.append(seconds(decide))
        times.floor.append(seconds(lambda: block(sender)))
    return times.figures(
        _PART, "decision until anchored", "one block of the embedded chain with one transfer"
    )


def sender_of(registry: Registry) -> Sender:
    """Who sends what is no decision: the administrator's account."""
    return Sender(registry.w3, acting_as(registry, ADMINISTRATOR).key.account(), time.sleep)


def block(sender: Sender) -> None:
    """One block with one transfer."""
    transfer = Call(sender.address, b"", 21_000)
    signed = sender.prepare(transfer, sender.next_nonce(), sender.fees())
    sender.broadcast(signed)
    sender.wait(signed.hash, 10)
