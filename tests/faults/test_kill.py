"""`kill -9` of a working registry at random moments: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import os
import random
import selectors
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.processes import environment
from tests.forked import Forked
from tests.ledger.world import World
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository

ROUNDS = 6
STATEMENT = {
    "new": "application.received",
    "applied": "application.accepted",
    "accepted": "review.recorded",
    "reviewed": "publicity.opened",
    "publicity": "certificate.deposited",
}
"""State before a step → the statement the step writes."""


def killed_while_working(world: World, work: Path, seed: int, chance: random.Random) -> list[str]:
    """Let a process work on the state folder and kill it; returns the lines it acknowledged."""
    work.mkdir()
    process = Forked(
        str(world.root),
        str(work),
        str(seed),
        module="tests.faults.looping",
        env=environment(),
        text=False,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    assert process.stdout is not None
    try:
        _wait_for_work(process)  # importing and opening take longer than anything worth killing
        time.sleep(chance.uniform(0, 1.0))
    finally:
        os.kill(process.pid, signal.SIGKILL)
        out: bytes = process.stdout.read()
        process.stdout.close()
        process.wait(timeout=30)
    assert process.returncode == -signal.SIGKILL
    return out.decode().splitlines()


def _wait_for_work(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        assert selector.select(timeout=60), "the worker never began"


def require_acknowledged(registry: Registry, acknowledged: list[tuple[str, str]]) -> None:
    """Each acknowledged decision is there exactly once."""
    for case, steps in _by_case(acknowledged).items():
        with registry.store.reading() as session:
            there = Counter(event.type for event in repository.events_of_case(session, case))
        assert set(there.values()) == {1}, (case, there)
        assert {STATEMENT[step] for step in steps} <= there.keys(), (case, steps, there)


def _by_case(acknowledged: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for case, step in acknowledged:
        found.setdefault(case, []).append(step)
    return found


@pytest.mark.slow
def test_killed_at_random_moments(world: World, tmp_path: Path) -> None:
    chance = random.Random(20_260_921)
    acknowledged: list[tuple[str, str]] = []
    for seed in range(ROUNDS):
        lines = killed_while_working(world, tmp_path / f"work{seed}", seed, chance)
        acknowledged += [(case, step) for case, step in (line.split() for line in lines)]
        with world.resume().open() as registry:  # rolls forward what the last one left
            require_acknowledged(registry, acknowledged)
            head = registry.client.latest_anchor()
            with registry.store.reading() as session:
                assert head is not None
                assert head.size == registry.log.size == repository.sequenced(session)
            assert head.root == registry.log.root()
        assert world.audit() == []
    assert len(acknowledged) > ROUNDS
