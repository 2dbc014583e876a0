"""The crash table of a dispute (D9): every durable write on the way fails, and the registry rolls forward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.faults.turns import Armed, sampled
from tests.ledger.disputes.court import (
    FIRST,
    OPENER,
    SECOND,
    Court,
    Template,
    address,
)
from tests.ledger.world import World
from yinzheng.ledger.chain.records import DisputeState
from yinzheng.ledger.disputes import opening, release
from yinzheng.ledger.disputes.evidence import add_items
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt, Recorder

STEPS = ("open", "evidence", "release")


@dataclass
class Course:
    """The state before each step, what the step takes, and the points it passes until it is settled."""

    id_: str = ""
    before: dict[str, World] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    passed: dict[str, list[str]] = field(default_factory=dict)


def take(court: Court, id_: str, step: str, given: Any) -> None:
    """The step itself, without carrying it to the chain."""
    if step == "open":
        opening.open_dispute(court.registry, id_, given)
    elif step == "evidence":
        add_items(court.registry, id_, [court.offer(b"later")], Capacity.PARTY)
    else:
        release.release(court.registry, id_, "settlement", given)


def ready(court: Court, id_: str, step: str) -> Any:
    """What must be there before the step."""
    if step == "open":
        return court.sign(opening.prepare(court.registry, id_, address(FIRST)), FIRST)
    if step == "release":
        decision = court.prepare_settlement(id_)
        return [court.sign(decision, account) for account in (FIRST, SECOND)]
    return None


@pytest.fixture(scope="module")
def course(court_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Course:
    folder = tmp_path_factory.mktemp("course")
    world = court_template.world.copy(folder / "course")
    found = Course()
    for step in STEPS:
        with world.open() as registry:
            court = Court(world, registry, court_template)
            if step == "open":
                found.id_ = opening.draft(registry, OPENER, court.plan())
                opening.add_to_draft(registry, found.id_, [court.offer()])
            found.given[step] = ready(court, found.id_, step)
        found.before[step] = world.copy(folder / step)
        recorder = Recorder()
        with world.open(recorder, settle=False) as registry:
            recorder.seen.clear()
            take(Court(world, registry, court_template), found.id_, step, found.given[step])
            settle(registry)
        found.passed[step] = recorder.seen
    return found


def finish(court: Court, id_: str, step: str, given: Any) -> None:
    """Look where it stands, and take the step if it was not acknowledged."""
    shown = court.show(id_)
    done: Callable[[], bool] = {
        "open": lambda: shown.state == "open",
        "evidence": lambda: len(shown.items) == 2,
        "release": lambda: shown.state == "released",
    }[step]
    if not done():
        take(court, id_, step, given)
    settle(court.registry)


@pytest.mark.slow
def test_every_write_of_a_dispute(course: Course, court_template: Template, tmp_path: Path) -> None:
    tried = [(step, *one) for step, found in sampled(course.passed, 13).items() for one in found]
    assert len(tried) >= 10
    assert {step for step, _, _ in tried} == set(STEPS)
    for number, (step, point, nth) in enumerate(tried):
        world = course.before[step].copy(tmp_path / str(number))
        armed = Armed()
        with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
            armed.inner = RaiseAt(point, nth)
            court = Court(world, registry, court_template)
            take(court, course.id_, step, course.given[step])
            settle(registry)
        with world.open() as registry:
            court = Court(world, registry, court_template)
            finish(court, course.id_, step, course.given[step])
            shown, chain = court.show(course.id_), court.chain(course.id_)
            where = (step, point, nth)
            assert len(shown.items) == chain.roots == (1 if step == "open" else 2), where
            released = step == "release"
            assert chain.state is (DisputeState.RELEASED if released else DisputeState.OPEN), where
            assert court.record_holds() == (0 if released else 1), where
        if number % 6 == 0:
            assert world.codes() == set(), where
