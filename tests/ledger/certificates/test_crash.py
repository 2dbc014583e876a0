"""The crash table of a certificate (D9): each durable write of each step fails, and it rolls forward."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.faults.turns import Armed, Fault, rounds, sampled, spanning
from tests.ledger.certificates import forum as f
from tests.ledger.certificates.test_objecting import protest
from tests.ledger.certificates.test_remarks import SEIZED
from tests.ledger.disputes.court import APPLICANT, Court, Template
from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.ledger.certificates import objecting, remarks
from yinzheng.ledger.certificates.following import objections_at
from yinzheng.ledger.certificates.lapsing import lapse_expired
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.certificates.work import registered, statements_of
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt, Recorder


def _enter(court: Court) -> None:
    by = actor_of(court.registry, OFFICER)
    remarks.enter(court.registry, court.made.number, RemarkKind.CONTROL, SEIZED, by)


def _lift(court: Court) -> None:
    remarks.lift(court.registry, court.made.number, "control", SEIZED, actor_of(court.registry, OFFICER))


def _answer(court: Court) -> None:
    number, name = court.made.number, objections_at(court.world.root)[0].name
    objecting.answer(court.registry, number, name, APPLICANT, agrees=False, explanation="协议有效。")


def _conclude(court: Court) -> None:
    number, name = court.made.number, objections_at(court.world.root)[0].name
    officer = actor_of(court.registry, OFFICER)
    objecting.conclude(court.registry, number, name, officer, upheld=False, reasons="不成立。")


STEPS: Final[dict[str, tuple[str, Callable[[Court], object]]]] = {
    "enter": ("remark.entered", _enter),
    "lift": ("remark.lifted", _lift),
    "seize": ("remark.entered", lambda court: execute(court.registry, f.ordered(court, f.seizing(court)))),
    "object": (
        "certificate.objected",
        lambda court: objecting.object_to_certificate(court.registry, court.made.number, protest()),
    ),
    "answer": ("certificate.objection-answered", _answer),
    "conclude": ("certificate.objection-concluded", _conclude),
    "cancel": (
        "certificate.cancelled",
        lambda court: execute(court.registry, f.ordered(court, f.cancelling(court))),
    ),
    "lapse": ("certificate.lapsed", lambda court: lapse_expired(court.registry)),
}
"""Step → the statement it writes, and how it is taken; each from where the one before has led."""


@dataclass
class Table:
    """The state before each step, and the points that it passes until it is settled."""

    before: dict[str, World] = field(default_factory=dict)
    passed: dict[str, list[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def table(court_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Table:
    folder = tmp_path_factory.mktemp("standing")
    world = court_template.world.copy(folder / "course")
    found = Table()
    for step, (_, act) in STEPS.items():
        if step == "lapse":
            world = court_template.world.copy(folder / "old")
            world.clock.now += 4 * 366 * 86_400
        found.before[step] = world.copy(folder / step)
        recorder = Recorder()
        with world.open(recorder, settle=False) as registry:
            recorder.seen.clear()
            act(Court(world, registry, court_template))
            settle(registry)
        found.passed[step] = recorder.seen
    return found


def happened(court: Court) -> Counter[str]:
    with court.registry.store.reading() as session:
        row = registered(session, court.made.number)
        return Counter(event.type for event in statements_of(session, row))


@pytest.mark.slow
def test_every_write_about_a_certificate(table: Table, court_template: Template, tmp_path: Path) -> None:
    tried = sampled(table.passed, 17)
    assert tried.keys() == STEPS.keys()
    apart = {"lapse": tried.pop("lapse")}  # from another state than the others lead to
    for number, faults in enumerate((*rounds(tried), *rounds(apart))):
        steps = spanning(list(STEPS), faults)
        world = table.before[steps[0]].copy(tmp_path / str(number))
        for step in steps:
            if step in faults:
                struck(world, court_template, step, faults[step])
            else:
                with world.open() as registry:
                    STEPS[step][1](Court(world, registry, court_template))
                    settle(registry)
        assert world.codes() == set(), faults


def struck(world: World, template: Template, step: str, fault: Fault) -> None:
    """The step fails there, and is done once in the end."""
    statement, act = STEPS[step]
    armed, acknowledged = Armed(), False
    with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
        court = Court(world, registry, template)
        before = happened(court)[statement]
        armed.inner = RaiseAt(*fault)
        act(court)
        acknowledged = True
        settle(registry)
    with world.open() as registry:
        court = Court(world, registry, template)
        done = happened(court)[statement] - before
        assert done in ((1,) if acknowledged else (0, 1)), (step, fault)
        if not done:
            act(court)
            settle(registry)
        assert happened(court)[statement] == before + 1, (step, fault)
