"""Every write on the way of a withdrawal fails once, before or after it was done (D9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import select

from tests.faults.turns import Armed
from tests.ledger.withdrawals.clinic import HOSPITAL, LAB, Clinic, Template
from tests.ledger.world import World
from yinzheng.ledger.chain.records import WithdrawalState
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt, Recorder
from yinzheng.ledger.store.models_consents import Delivery

EXPECTED = Counter({"requested": 1, "verified": 1, "frozen": 1, "notified": 1, "receipt": 2, "completed": 1})
STEPS: dict[str, Callable[[Clinic, bytes], object]] = {
    "file": lambda clinic, subject: clinic.file(subject),
    "freeze": lambda clinic, subject: clinic.freeze(subject),
    "lab": lambda clinic, subject: clinic.confirm(subject, LAB),
    "hospital": lambda clinic, subject: clinic.confirm(subject, HOSPITAL),
}


@dataclass(frozen=True)
class Left:
    """What a step leaves: statements and notices by kind, and what the chain says."""

    said: Counter[str]
    told: Counter[tuple[str, str]]
    state: WithdrawalState
    receipts: int


@dataclass
class Table:
    """The state just before each step, and the points passed by that step until it is settled."""

    template: Template
    subject: bytes
    before: dict[str, World]
    passed: dict[str, list[str]]
    after: dict[str, Left]
    """What each step leaves once it is settled."""

    def rows(self, every: int) -> Iterator[tuple[str, str, int]]:
        """The decision's own writes, and of the rest every so-manieth, from step to step another."""
        for number, (step, points) in enumerate(self.passed.items()):
            own = points.index("store.commit.after") + 1
            seen: Counter[str] = Counter()
            for place, point in enumerate(points):
                seen[point] += 1
                if place < own or (place + number) % every == 0:
                    yield step, point, seen[point]


def done(clinic: Clinic, subject: bytes) -> list[str]:
    """The steps that are done, by what the thread says."""
    said = Counter(clinic.types(subject))
    answered = {code for code, row in clinic.recipients(subject).items() if row.receipt} if said else set()
    there = {
        "file": bool(said["requested"]),
        "freeze": bool(said["frozen"]),
        "lab": LAB in answered,
        "hospital": HOSPITAL in answered,
    }
    return [step for step, is_there in there.items() if is_there]


@pytest.fixture(scope="module")
def table(clinic_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Table:
    folder = tmp_path_factory.mktemp("table")
    world = clinic_template.world.copy(folder / "course")
    with world.open() as registry:
        subject = Clinic(world, registry, clinic_template.notice, clinic_template.digest).grant()
    found = Table(clinic_template, subject, {}, {}, {})
    for step, take in STEPS.items():
        found.before[step] = world.copy(folder / step)
        recorder = Recorder()
        with world.open(recorder, settle=False) as registry:
            clinic = Clinic(world, registry, clinic_template.notice, clinic_template.digest)
            recorder.seen.clear()
            take(clinic, subject)
            settle(registry)
            found.after[step] = left(clinic, subject)
        found.passed[step] = recorder.seen
    with world.open() as registry:
        require_complete(Clinic(world, registry, clinic_template.notice, clinic_template.digest), subject)
    assert world.audit() == []
    return found


def left(clinic: Clinic, subject: bytes) -> Left:
    chain = clinic.registry.client.withdrawal(subject)
    assert chain is not None
    with clinic.registry.store.reading() as session:
        told = Counter((row.kind, row.code) for row in session.exec(select(Delivery)))
    return Left(Counter(clinic.types(subject)), told, chain.state, chain.receipts)


def require_complete(clinic: Clinic, subject: bytes) -> None:
    """Every statement once, every notice once, the chain complete."""
    found = left(clinic, subject)
    assert found.said == EXPECTED
    assert (found.state, found.receipts) == (WithdrawalState.COMPLETED, 2)
    assert set(found.told.values()) == {1}
    chain = clinic.registry.client.withdrawal(subject)
    assert chain is not None
    assert chain.outcome == clinic.thread(subject)[-1].leaf_hash


def crash_and_recover(table: Table, row: tuple[str, str, int], folder: Path, *, to_the_end: bool) -> None:
    """The step fails there and is taken again; nothing differs from what it leaves unharmed."""
    step, point, nth = row
    world = table.before[step].copy(folder)
    acknowledged, armed = False, Armed()
    with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
        clinic = Clinic(world, registry, table.template.notice, table.template.digest)
        armed.inner = RaiseAt(point, nth)
        STEPS[step](clinic, table.subject)
        acknowledged = True
        settle(registry)
    with world.open() as registry:
        clinic = Clinic(world, registry, table.template.notice, table.template.digest)
        there = done(clinic, table.subject)
        assert not acknowledged or step in there
        if step not in there:
            STEPS[step](clinic, table.subject)
            settle(registry)
        assert left(clinic, table.subject) == table.after[step]
        if to_the_end:
            later = [name for name in STEPS if name != step and name not in there]
            for name in later:
                STEPS[name](clinic, table.subject)
                settle(registry)
            require_complete(clinic, table.subject)
    assert world.audit() == []


@pytest.mark.slow
def test_after_a_failed_write_the_course_goes_on_to_its_end(table: Table, tmp_path: Path) -> None:
    for number, row in enumerate(table.rows(every=60)):
        try:
            crash_and_recover(table, row, tmp_path / str(number), to_the_end=True)
        except BaseException as error:
            error.add_note(str(row))
            raise


@pytest.mark.slow
def test_every_failed_write_rolls_forward(table: Table, tmp_path: Path) -> None:
    for number, row in enumerate(table.rows(every=3)):
        try:
            crash_and_recover(table, row, tmp_path / str(number), to_the_end=False)
        except BaseException as error:
            error.add_note(str(row))
            raise
