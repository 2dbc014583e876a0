"""Certificate numbers (R14): without gaps or doubles, from several processes and across months."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import select

from tests.forked import Forked
from tests.ledger import world as w
from tests.ledger.world import World, actor_of
from yinzheng.ledger.cases import issuing, publicity
from yinzheng.ledger.cases.issuing import Issued
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.profiles import DEMO
from yinzheng.ledger.store.models import Certificate
from yinzheng.verifier.errors import YinzhengError


def published(registry: Registry, world: World, folder: Path, count: int) -> list[str]:
    """Cases ready to be issued."""
    cases = [w.to_reviewed(registry, folder / f"d{number}", DEMO.tag) for number in range(count)]
    for case in cases:
        publicity.publish(registry, case, actor_of(registry, w.OFFICER))
    settle(registry)
    for case in cases:
        w.past_publicity(registry, world.clock, case)
    return cases


def test_several_processes(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        cases = published(registry, world, tmp_path, 6)
    workers = [
        Forked(
            str(world.root),
            str(world.clock.now),
            *share,
            module="tests.ledger.cases.numbering",
            env={**os.environ},
            stdout=subprocess.PIPE,
        )
        for share in (cases[:3], cases[3:])
    ]
    given = [line for worker in workers for line in worker.communicate(timeout=120)[0].split()]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert sorted(given) == [f"SJ441202609{serial:04d}" for serial in range(1, 7)]
    with world.open() as registry, registry.store.reading() as session:
        assert set(session.exec(select(Certificate.state))) == {"deposited"}
    assert world.audit() == []


def issue(registry: Registry, case: str) -> Issued:
    issued = issuing.issue(registry, case, actor_of(registry, w.OFFICER))
    settle(registry)
    return issued


def test_a_new_month_begins_with_0001(world: World, tmp_path: Path) -> None:
    world.clock.now = w.instant("2026-09-30 23:58")
    with world.open() as registry:
        first, second, third = published(registry, world, tmp_path, 3)
        assert issue(registry, first).number == "SJ4412026090001"
        world.clock.now = w.instant("2026-09-30 23:59")
        assert issue(registry, second).number == "SJ4412026090002"
        world.clock.now = w.instant("2026-10-01 00:00")
        assert issue(registry, third).number == "SJ4412026100001"
    assert world.audit() == []


def set_counter(world: World, last: int) -> None:
    """Pretend that so many numbers of September are used."""
    with closing(sqlite3.connect(world.paths.database)) as connection:
        connection.execute("INSERT OR REPLACE INTO counter VALUES ('certificate:202609', ?)", (last,))
        connection.commit()


def test_a_month_that_runs_out(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        cases = published(registry, world, tmp_path, 4)
        set_counter(world, 8998)
        assert not issue(registry, cases[0]).running_out  # 8999
        assert issue(registry, cases[1]).running_out
        set_counter(world, 9998)
        last = issue(registry, cases[2])
        assert (last.number, last.running_out) == ("SJ4412026099999", True)
        with w.unchanged(registry), pytest.raises(YinzhengError) as caught:
            issue(registry, cases[3])
        assert caught.value.code in ("serials-exhausted", "numbers-exhausted")
        world.clock.now = w.instant("2026-10-01 09:00")
        assert issue(registry, cases[3]).number == "SJ4412026100001"


def test_a_refused_issue_consumes_no_number(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "early")
        with w.unchanged(registry), pytest.raises(YinzhengError):
            issue(registry, case)
        w.past_publicity(registry, world.clock, case)
        assert issue(registry, case).number == "SJ4412026090001"
