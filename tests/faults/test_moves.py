"""Every write between the last signature under a move and its confirmation fails (D9, ADR 47); so does every
write of a request that is taken in, and of a holder's veto (ADR 45).

As in the crash table: the registry is opened again, which rolls forward; who was not acknowledged acts again.
In the end each has happened once, and the audit finds nothing. The acts are about certificates of their own,
so one registry takes a fault of each in turn, and is looked at whole once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest
from sqlmodel import select

from tests.faults.turns import Armed
from tests.ledger.moves.parties import FIRM, HOSPITAL, INSTITUTE, Parties, settled
from tests.ledger.moves.test_successors import change
from tests.ledger.world import World, state_of, to_deposited
from tests.tables.making import announced_veto
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations.calls import VETO
from yinzheng.ledger.organisations.holding import veto
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import Faults, InjectedFault, RaiseAt, Recorder
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate, ChainCall
from yinzheng.verifier.formats.move_request import JointRequest
from yinzheng.verifier.formats.veto import VetoFile, parse_veto

DAY = 86_400
TOLD: Final = {
    "transfer": ("deposited", ["certificate.deposited", "certificate.deposited", "right.transferred"]),
    "licence": ("recorded", ["licence.given"]),
    "change": ("deposited", ["certificate.deposited", "certificate.changed"]),
    "renewal": ("deposited", ["certificate.deposited", "certificate.renewed"]),
    "cancellation": ("recorded", ["certificate.cancelled"]),
}
"""By type of move the state it ends in, and what it writes."""


@dataclass
class Scene:
    """Moves that lack one signature each, a request that nobody handed in, a replacement to refuse."""

    world: World
    parties: Parties
    moves: dict[str, tuple[str, JointRequest]] = field(default_factory=dict)
    """By type: the case, and what was asked."""
    request: JointRequest | None = None
    veto: VetoFile | None = None
    passed: dict[str, list[str]] = field(default_factory=dict)
    """By act, the points that it passes until it is settled."""

    @property
    def acts(self) -> tuple[str, ...]:
        return (*self.moves, "request", "veto")

    def take(self, world: World, registry: Registry, act: str) -> None:
        """Do it; it is acknowledged when this returns."""
        parties = replace(self.parties, world=world, registry=registry)
        if act == "request":
            assert self.request is not None
            parties.receive(self.request)
        elif act == "veto":
            assert self.veto is not None
            veto(registry, self.veto)
        else:
            case, request = self.moves[act]
            parties.sign(case, HOSPITAL, request)

    def done(self, registry: Registry, act: str) -> bool:
        """Whether it has happened; never twice."""
        with registry.store.reading() as session:
            if act == "request":
                named = select(Case.id).where(Case.certificate == self.parties.number, Case.type == "licence")
                found = len(session.exec(named).all())
            elif act == "veto":
                found = len(session.exec(select(ChainCall).where(ChainCall.kind == VETO.name)).all())
            else:
                case, _ = self.moves[act]
                found = int(state_of(registry, case) == TOLD[act][0])
        assert found in (0, 1)
        return found == 1


def made(world: World, folder: Path) -> Scene:
    """Everything that comes before, in one registry."""
    with world.open() as registry:
        first = settled(world, registry, folder / "request")
        own = {}
        for kind in TOLD:
            years: dict[str, Any] = {"validity_years": 1} if kind == "renewal" else {}
            _, number = to_deposited(registry, world.clock, folder / kind, **years)
            own[kind] = first.take(number)
        with registry.store.reading() as session:
            ends = session.get_one(Certificate, own["renewal"].number).valid_until
        world.clock.now = ends - 170 * DAY
        summary = {"summary": "双方协商一致"}
        asked = {
            "change": change(own["change"], asset="更正后的名称"),
            "renewal": own["renewal"].of_holders("renewal", {"years": 2, **summary}),
            "cancellation": own["cancellation"].of_holders(
                "cancellation", {"ground": "data_gone", **summary}
            ),
        }
        scene = Scene(world, first)
        for kind, request in asked.items():
            scene.moves[kind] = own[kind].reviewed(request), request
            own[kind].publish(scene.moves[kind][0])
        for kind, request in (
            ("transfer", own["transfer"].transfer("use")),
            ("licence", own["licence"].licence()),
        ):
            scene.moves[kind] = own[kind].reviewed(request), request
        for case, request in scene.moves.values():
            first.prepare(case)
            if FIRM in [one.code for one in request.request.parties]:
                first.sign(case, FIRM, request)
        scene.request = first.licence()
        scene.veto = parse_veto(announced_veto(registry, world.clock, first.members[INSTITUTE]))
    return scene


@pytest.fixture(scope="module")
def scene(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("moves")
    found = made(demonstration_template.copy(folder / "state"), folder)
    recorder = Recorder()
    tried = found.world.copy(folder / "tried")
    for act in found.acts:
        with tried.open(recorder, settle=False) as registry:
            recorder.seen.clear()
            found.take(tried, registry, act)
            settle(registry)
        found.passed[act] = [*recorder.seen]
    require_whole(found, tried)
    return found


def require_whole(scene: Scene, world: World) -> None:
    """Each act has happened once, with what it says, and nothing that the audit knows of is wrong."""
    with world.open() as registry:
        assert [act for act in scene.acts if not scene.done(registry, act)] == []
        for kind, (case, _) in scene.moves.items():
            told = TOLD[kind][1]
            with registry.store.reading() as session:
                types = [event.type for event in repository.events_of_case(session, case)]
            assert types[-len(told) :] == told
            assert all(types.count(one) == told.count(one) for one in told)
    assert world.audit() == []


def strike(scene: Scene, world: World, act: str, fault: Faults) -> None:
    """Act until the fault strikes, open again, and go on."""
    armed, acknowledged = Armed(), False
    with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
        armed.inner = fault
        scene.take(world, registry, act)
        acknowledged = True
        settle(registry)
    with world.open() as registry:
        done = scene.done(registry, act)
        assert done or not acknowledged
        if not done:
            scene.take(world, registry, act)
            settle(registry)
        assert scene.done(registry, act)


def rows(scene: Scene) -> Iterator[list[tuple[str, str, int]]]:
    """Rounds of one fault for each act: its own writes first, then every tenth of the rest, which is the same
    way for all, from a place that moves on from act to act. Every kind of point is among the first act's.
    """
    tried: dict[str, list[tuple[str, str, int]]] = {}
    for index, (act, points) in enumerate(scene.passed.items()):
        own, seen = points.index("store.commit.after") + 1, Counter[str]()
        tried[act] = []
        for place, point in enumerate(points):
            seen[point] += 1
            if place < own or (place + index) % 10 == 0 or (index == 0 and seen[point] == 1):
                tried[act].append((act, point, seen[point]))
    for number in range(max(map(len, tried.values()))):
        yield [points[number % len(points)] for points in tried.values()]


def round_of(scene: Scene, world: World, faults: list[tuple[str, str, int]]) -> None:
    for act, point, nth in faults:
        try:
            strike(scene, world, act, RaiseAt(point, nth))
        except BaseException as error:
            error.add_note(f"{act}: {point}, occurrence {nth}")
            raise
    require_whole(scene, world)


def test_a_crash_right_after_each_loses_none(scene: Scene, tmp_path: Path) -> None:
    faults = [(act, "store.commit.after", 1) for act in scene.acts]
    round_of(scene, scene.world.copy(tmp_path / "state"), faults)


@pytest.mark.slow
def test_every_write_may_fail(scene: Scene, tmp_path: Path) -> None:
    rounds = list(rows(scene))
    assert {point for faults in rounds for _, point, _ in faults} >= {
        "store.commit.before", "store.commit.after", "blob.put.after", "log.checkpoint.after",
        "chain.send.before", "chain.send.after", "chain.commit.before", "chain.commit.after",
    }  # fmt: skip
    for number, faults in enumerate(rounds):
        round_of(scene, scene.world.copy(tmp_path / str(number)), faults)
