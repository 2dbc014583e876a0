"""Every write between the last signature under a transfer and its confirmation fails (D9, ADR 47).

As in the crash table: the registry is opened again, which rolls forward; who was not acknowledged signs
again. In the end the predecessor is superseded once, by two certificates, and the audit finds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlmodel import select

from tests.faults.test_crash_table import Armed
from tests.ledger.moves.parties import FIRM, HOSPITAL, Parties, settled
from tests.ledger.world import World, state_of
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import Faults, InjectedFault, RaiseAt, Recorder
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Certificate
from yinzheng.verifier.formats.move_request import JointRequest


@dataclass
class Scene:
    """A transfer that lacks the transferor's signature alone, and the points passed from there on."""

    world: World
    parties: Parties
    case: str
    request: JointRequest
    points: list[str]

    def of(self, world: World, registry: Registry) -> Parties:
        return replace(self.parties, world=world, registry=registry)


@pytest.fixture(scope="module")
def scene(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("moves")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry:
        parties = settled(world, registry, folder / "d")
        request = parties.transfer("use")
        case = parties.reviewed(request)
        parties.prepare(case)
        parties.sign(case, FIRM, request)
    found = Scene(world, parties, case, request, [])
    recorder = Recorder()
    tried = world.copy(folder / "tried")
    with tried.open(recorder, settle=False) as registry:
        recorder.seen.clear()
        found.of(tried, registry).sign(case, HOSPITAL, request)
        settle(registry)
    found.points = recorder.seen
    require_whole(found, tried)
    return found


def require_whole(scene: Scene, world: World) -> None:
    with world.open() as registry:
        assert state_of(registry, scene.case) == "deposited"
        with registry.store.reading() as session:
            types = [event.type for event in repository.events_of_case(session, scene.case)]
            rows = session.exec(select(Certificate).where(Certificate.case_id == scene.case)).all()
        assert types[-3:] == ["certificate.deposited", "certificate.deposited", "right.transferred"]
        assert types.count("right.transferred") == 1
        assert {row.state for row in rows} == {"deposited"}
    assert world.audit() == []


def strike(scene: Scene, world: World, fault: Faults) -> None:
    """Sign last until the fault strikes, open again, and go on."""
    armed, acknowledged = Armed(), False
    with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
        armed.inner = fault
        scene.of(world, registry).sign(scene.case, HOSPITAL, scene.request)
        acknowledged = True
        settle(registry)
    with world.open() as registry:
        done = state_of(registry, scene.case) == "deposited"
        assert done or not acknowledged
        if not done:
            scene.of(world, registry).sign(scene.case, HOSPITAL, scene.request)
            settle(registry)
    require_whole(scene, world)


@pytest.mark.parametrize("point", ["store.commit.before", "store.commit.after", "chain.send.after"])
def test_a_crash_leaves_a_transfer_whole_or_undone(scene: Scene, point: str, tmp_path: Path) -> None:
    strike(scene, scene.world.copy(tmp_path / "state"), RaiseAt(point, 1))


@pytest.mark.slow
def test_every_write_of_a_transfer_may_fail(scene: Scene, tmp_path: Path) -> None:
    seen: dict[str, int] = {}
    for number, point in enumerate(scene.points):
        seen[point] = seen.get(point, 0) + 1
        try:
            strike(scene, scene.world.copy(tmp_path / str(number)), RaiseAt(point, seen[point]))
        except BaseException as error:
            error.add_note(f"{point}, occurrence {seen[point]}")
            raise
