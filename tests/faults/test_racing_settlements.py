"""Two processes settle one contract at one instant, and whoever comes first is killed on the way (R46, R56).

Exactly one of the two cases becomes the licence: the survivor's, or what the dead one had acknowledged.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.ledger.moves.parties import settled
from tests.ledger.trades.market import RIVAL, enrolled
from tests.ledger.trades.test_settling import Trade
from tests.ledger.world import World, state_of
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import Faults
from yinzheng.ledger.store import repository
from yinzheng.ledger.trades.settling import Report, settle_trade
from yinzheng.verifier.errors import YinzhengError

PATIENCE = 60.0
"""Seconds until a process has had its turn at the state folder."""


@dataclass
class Scene:
    """A reservation, and two licences under one contract that lack its exchange's report alone."""

    world: World
    trade: Trade
    reports: tuple[Report, Report]


@pytest.fixture(scope="module")
def scene(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("racing")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry:
        parties = settled(world, registry, folder / "d")
        trade = Trade(parties, enrolled(registry), enrolled(registry, RIVAL))
        settle(registry)
        trade.kept = trade.reserve()
        asked = trade.shared(), trade.shared()
        first, second = (trade.report(trade.prepared(one), one) for one in asked)
    return Scene(world, trade, (first, second))


class KillsTheFirst(Faults):
    """Of all processes that share it, whoever comes to `point` first dies there as by `kill -9`."""

    def __init__(self, point: str | None) -> None:
        self.armed = False
        self._point = point
        self._token, left = os.pipe()
        os.write(left, b"x")
        os.close(left)

    def hit(self, point: str) -> None:
        super().hit(point)
        if self.armed and point == self._point and os.read(self._token, 1):
            os.kill(os.getpid(), signal.SIGKILL)


def _report(scene: Scene, world: World, report: Report, gate: int, told: int, faults: KillsTheFirst) -> None:
    """In a child: report once the gate is open, and tell what came of it."""
    os.read(gate, 1)  # until the other end is closed
    until = time.monotonic() + PATIENCE
    said = "state-locked"
    while said == "state-locked" and time.monotonic() < until:
        faults.armed = False
        try:
            with world.open(faults) as registry:
                faults.armed = True
                settle_trade(registry, scene.trade.kept, report, scene.trade.exchange.code)
                os.write(told, b'"acknowledged"\n')
                settle(registry)
                said = "done"
        except YinzhengError as fault:
            said = fault.code
    os.write(told, json.dumps(said).encode() + b"\n")


def race(scene: Scene, world: World, point: str | None) -> list[list[str]]:
    """What each of the two processes told before its end, line by line."""
    faults = KillsTheFirst(point)
    gate, opening = os.pipe()
    ends, pids = [], []
    for report in scene.reports:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(opening)
            with contextlib.suppress(BaseException):
                _report(scene, world, report, gate, write, faults)
            os._exit(0)
        os.close(write)
        ends.append(read)
        pids.append(pid)
    os.close(opening)
    said = []
    for read, pid in zip(ends, pids, strict=True):
        with os.fdopen(read, encoding="utf-8") as lines:
            said.append([json.loads(line) for line in lines])
        os.waitpid(pid, 0)
    os.close(gate)
    return said


def given(registry: Registry, scene: Scene) -> list[str]:
    """Of the two cases, those that became a licence."""
    cases = [one.case for one in scene.reports]
    recorded = [case for case in cases if state_of(registry, case) == "recorded"]
    with registry.store.reading() as session:
        events = [event for case in cases for event in repository.events_of_case(session, case)]
    assert [event.case_id for event in events if event.type == "licence.given"] == recorded
    return recorded


@pytest.mark.slow
@pytest.mark.parametrize("point", [None, "store.commit.before", "store.commit.after", "chain.send.after"])
def test_of_two_settlements_at_one_instant_exactly_one_is_made(
    scene: Scene, point: str | None, tmp_path: Path
) -> None:
    world = scene.world.copy(tmp_path / "state")
    said = race(scene, world, point)
    ended = sorted(lines[-1] for lines in said if lines and lines[-1] != "acknowledged")
    with world.open() as registry:
        settle(registry)
        (case,) = given(registry, scene)
        about = replace(scene.trade.parties, world=world, registry=registry)
        assert replace(scene.trade, parties=about).shown.state == "consumed"
    told = [one.case for one, lines in zip(scene.reports, said, strict=True) if "acknowledged" in lines]
    assert told in ([case], [])  # nobody was told of what is not there, and not two
    if point is None:
        assert ended == ["done", "reservation-over"]
    else:
        assert len(ended) == 1, said  # the other is dead
        survived = said.index(next(lines for lines in said if lines and lines[-1] == ended[0]))
        before = point == "store.commit.before"
        assert (ended == ["done"]) == before, said
        assert (case == scene.reports[survived].case) == before
    assert world.audit() == []
