"""Supervision from suspicion to end: sealed, counted, audited, whole after every crash (R52, ADR 48)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, create_engine, select

from tests.faults.turns import Armed, Fault, rounds, sampled, spanning
from tests.ledger.world import (
    APPLICANT,
    MEMBER,
    OFFICER,
    World,
    actor_of,
    instant,
    to_deposited,
    unchanged,
)
from yinzheng.ledger.accesses.listing import Question, list_lines
from yinzheng.ledger.cases.files import FilePart
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.calendar import date_of, day_of
from yinzheng.ledger.rules.supervision import Measure, Outcome
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt, Recorder
from yinzheng.ledger.store.models import Base, Event
from yinzheng.ledger.store.models_supervision import Supervision
from yinzheng.ledger.store.models_watch import CertificateEvent
from yinzheng.ledger.supervision import showing, steps
from yinzheng.ledger.supervision.figures import Year, figures
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.log.statement import Statement, commit_private

HOLDER: Final = str(APPLICANT["code"])
SECRET: Final = "涉嫌超范围提供数据"


def files(*names: str) -> Sequence[FilePart]:
    return [FilePart(one, "other", one, lambda one=one: [one.encode()]) for one in names]  # type: ignore[misc]


@dataclass
class Bureau:
    """A registry with a certificate, and the supervision under way."""

    world: World
    registry: Registry
    number: str
    reference: str = ""
    stop: Callable[[], None] = lambda: None

    def audit(self) -> set[str]:
        """Codes of what the audit finds; the registry is closed for it."""
        self.stop()
        return self.world.codes()

    def suspect(self, **changes: Any) -> str:
        said = steps.Suspicion(HOLDER, [self.number], SECRET, "《某法》第三条", files("line.txt"))
        by = actor_of(self.registry, OFFICER)
        self.reference = steps.suspect(self.registry, replace(said, **changes), by, silent)
        return self.reference

    def measure(self, kind: Measure = Measure.RECTIFICATION, statement: bytes | None = None) -> None:
        taken = steps.Taken(kind, "责令十五日内改正", statement, files("order.txt"))
        steps.measure(self.registry, self.reference, taken, actor_of(self.registry, OFFICER), silent)

    def report(self, **changes: Any) -> None:
        told = steps.Report("粤数报〔2026〕1号", "已报告", files("report.txt", "line.txt"), "某市数据局")
        by = actor_of(self.registry, OFFICER)
        steps.report(self.registry, self.reference, replace(told, **changes), by, silent)

    def close(self, outcome: Outcome = Outcome.CONFIRMED) -> None:
        by = actor_of(self.registry, OFFICER)
        steps.close(self.registry, self.reference, outcome, "已改正", by)

    def figure(self) -> tuple[Year, ...]:
        with open_reader(self.world.root, self.world.clock) as reader:
            return reader.supervision(self.world.clock.now)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(YinzhengError) as caught:
        act()
    return caught.value.code


@pytest.fixture(scope="module")
def template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, str]:
    folder = tmp_path_factory.mktemp("supervision")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry:
        number = to_deposited(registry, world.clock, folder / "d")[1]
    return world, number


@pytest.fixture
def bureau(template: tuple[World, str], tmp_path: Path) -> Iterator[Bureau]:
    world = template[0].copy(tmp_path / "state")
    with ExitStack() as stack:
        registry = stack.enter_context(world.open())
        yield Bureau(world, registry, template[1], stop=stack.close)


def statements(registry: Registry) -> list[Statement]:
    with registry.store.reading() as session:
        rows = session.exec(select(Event).order_by(Event.id)).all()  # type: ignore[arg-type]
        found = [Statement.from_bytes(row.statement) for row in rows]
    return [one for one in found if one.type.startswith("supervision.")]


def from_the_log(said: Sequence[Statement], now: int) -> tuple[Year, ...]:
    """The figure as anyone counts it who has the log: first statements of a type, by subject and year."""
    first: dict[tuple[str, bytes], int] = {}
    for one in said:
        first.setdefault((one.type, one.subject), one.at)
    counted = Counter((kind, date_of(day_of(at)).year) for (kind, _), at in first.items())
    names = [f"supervision.{name}" for name in ("opened", "measure", "reported", "closed")]
    begun = min((year for _, year in counted), default=None)
    if begun is None:
        return ()
    years = range(date_of(day_of(now)).year, begun - 1, -1)
    return tuple(Year(year, *(counted[name, year] for name in names)) for year in years)


def test_from_suspicion_to_the_end(bureau: Bureau, tmp_path: Path) -> None:
    assert bureau.figure() == ()
    bureau.suspect()
    bureau.measure()
    bureau.world.clock.advance(400 * 86_400)
    bureau.measure(Measure.TALK)
    bureau.report()
    bureau.close()
    settle(bureau.registry)
    said = statements(bureau.registry)
    assert [one.type.partition(".")[2] for one in said] == [
        "opened", "measure", "measure", "reported", "closed",
    ]  # fmt: skip
    assert len({one.subject for one in said}) == 1
    assert {one.by for one in said} == {"registry"}
    assert bureau.figure() == (Year(2027, 0, 0, 1, 1), Year(2026, 1, 1, 0, 0))
    assert bureau.figure() == from_the_log(said, bureau.world.clock.now)
    shown = showing.show(
        bureau.registry, bureau.reference, actor_of(bureau.registry, OFFICER), tmp_path / "o"
    )
    assert shown.state == "closed"
    assert shown.steps[0].body["holder"] == {"code": HOLDER, "name": APPLICANT["name"]}
    assert [one.body.get("measure") for one in shown.steps[1:3]] == ["rectification", "talk"]
    assert sorted(one.name for one in (tmp_path / "o").iterdir()) == [
        "1-line.txt", "2-order.txt", "3-order.txt", "4-report.txt", "5-line.txt",
    ]  # fmt: skip
    assert (tmp_path / "o" / "4-report.txt").read_bytes() == b"report.txt"
    with bureau.registry.store.reading() as session:
        assert (
            session.exec(select(CertificateEvent).where(CertificateEvent.about == said[0].subject)).all()
            == []
        )
    assert bureau.audit() == set()


def test_nobody_outside_learns_whom_it_is_about(bureau: Bureau) -> None:
    """Neither log, nor database, nor chain has the holder, the certificate or a word of it in clear."""
    bureau.suspect()
    settle(bureau.registry)
    with bureau.registry.store.reading() as session:
        rows = session.exec(select(Event).where(Event.type == "supervision.opened")).all()
        assert [row.public for row in rows] == [None]
        clear = b"".join(row.statement + row.sealed for row in rows)
    for word in (HOLDER, bureau.number, SECRET, str(APPLICANT["name"])):
        assert word.encode() not in clear
    tiles = b"".join(one.read_bytes() for one in bureau.registry.paths.log.rglob("*") if one.is_file())
    assert SECRET.encode() not in tiles


def test_each_look_is_written_down_and_only_officers_look(bureau: Bureau) -> None:
    bureau.suspect()
    registry = bureau.registry
    member = actor_of(registry, MEMBER)
    with unchanged(registry):
        assert refused(lambda: showing.show(registry, bureau.reference, member)) == "officer-needed"
    showing.show(registry, bureau.reference, actor_of(registry, OFFICER))
    lines = list_lines(registry, Question(0, 2**40), actor_of(registry, "auditor-he"))
    seen = [(one.action, one.kind, one.object) for one in (line.opened.line for line in lines)]
    assert ("see", "supervision", bureau.reference) in seen


def test_what_is_refused(bureau: Bureau) -> None:
    registry = bureau.registry
    with unchanged(registry):
        assert refused(lambda: bureau.suspect(certificates=[])) == "supervision-certificates"
        assert refused(lambda: bureau.suspect(certificates=["SJ4412026119999"])) == "certificate-unknown"
        assert refused(lambda: bureau.suspect(holder="91350100M000100Y43")) == "holder-other"
        assert refused(lambda: bureau.suspect(facts=" ")) == "text-missing"
        assert refused(lambda: bureau.suspect(files=files(*map(str, range(51))))) == "files-many"
        bureau.reference = "S-2026-000009"
        assert refused(bureau.measure) == "supervision-unknown"
    bureau.suspect()
    settle(registry)
    with unchanged(registry):
        assert refused(lambda: bureau.measure(Measure.REMARK, bytes(32))) == "supervision-statement"
        assert refused(bureau.report) == "move-not-allowed", "measure, then report (R52)"
        assert refused(bureau.close) == "move-not-allowed"
        by = actor_of(registry, MEMBER)
        taken = steps.Taken(Measure.TALK, "约谈")
        told = lambda: steps.measure(registry, bureau.reference, taken, by, silent)  # noqa: E731
        assert refused(told) == "move-wrong-capacity"
    bureau.measure()
    settle(registry)
    with unchanged(registry):
        assert refused(lambda: bureau.report(files=())) == "supervision-report"
        assert refused(lambda: bureau.report(authority=None)) == "supervision-authority"
        assert refused(lambda: bureau.close(Outcome.UNFOUNDED)) == "move-not-allowed"


def test_an_unfounded_suspicion_is_dropped(bureau: Bureau) -> None:
    bureau.suspect()
    bureau.close(Outcome.UNFOUNDED)
    settle(bureau.registry)
    assert bureau.figure() == (Year(2026, 1, 0, 0, 1),)
    assert refused(bureau.measure) == "move-not-allowed"
    assert bureau.audit() == set()


def test_the_figure_and_the_log_have_one_instant_though_the_clock_goes_on(bureau: Bureau) -> None:
    """The year's last second ends while a suspicion is written down."""
    clock = bureau.world.clock
    clock.now = instant("2026-12-31 23:59:56")

    def ticking() -> int:
        clock.advance(1)
        return clock.now

    said = steps.Suspicion(HOLDER, [bureau.number], SECRET, "《某法》第三条", files("line.txt"))
    ticks, officer = replace(bureau.registry, clock=ticking), actor_of(bureau.registry, OFFICER)
    bureau.reference = steps.suspect(ticks, said, officer, silent)
    settle(bureau.registry)
    assert bureau.figure() == from_the_log(statements(bureau.registry), clock.now)
    assert bureau.audit() == set()


def _statement(registry: Registry) -> bytes:
    with registry.store.reading() as session:
        return session.exec(select(Event.leaf_hash).where(Event.type == "certificate.deposited")).one()


def test_a_measure_names_what_else_recorded_it(bureau: Bureau) -> None:
    bureau.suspect()
    bureau.measure(Measure.REMARK, _statement(bureau.registry))
    shown = showing.show(bureau.registry, bureau.reference, actor_of(bureau.registry, OFFICER))
    assert shown.steps[1].body["statement"] == _statement(bureau.registry).hex()


# ---------------------------------------------------------------- tampering


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"opened_at": 1}, "supervision-altered"),
        ({"measured_at": None}, "supervision-altered"),
        ({"closed_at": 5}, "supervision-altered"),
        ({"state": "closed"}, "supervision-altered"),
        ({"head": bytes(32)}, "thread-broken"),
    ],
)
def test_a_figure_that_was_embellished_is_found(bureau: Bureau, change: dict[str, Any], code: str) -> None:
    bureau.suspect()
    bureau.measure()
    settle(bureau.registry)
    with bureau.registry.store.transaction() as session:
        row = session.get_one(Supervision, bureau.reference)
        for name, value in change.items():
            setattr(row, name, value)
        session.add(row)
    assert code in bureau.audit()


def test_a_supervision_that_was_made_to_vanish_is_found(bureau: Bureau) -> None:
    bureau.suspect()
    settle(bureau.registry)
    with bureau.registry.store.transaction() as session:
        session.delete(session.get_one(Supervision, bureau.reference))
    assert "event-unlinked" in bureau.audit()


def test_a_file_that_was_exchanged_is_found(bureau: Bureau) -> None:
    bureau.suspect()
    settle(bureau.registry)
    registry = bureau.registry
    for blob in registry.paths.blobs.rglob("*"):
        if blob.is_file():
            blob.chmod(0o600)
            data = bytearray(blob.read_bytes())
            data[-1] ^= 1
            blob.write_bytes(data)
    bureau.stop()
    assert any("supervision" in one.data for one in bureau.world.audit()), "its own file is among those"


# ---------------------------------------------------------------- the figure


INSTANTS: Final = st.one_of(
    st.integers(instant("2026-01-01 00:00"), instant("2029-12-31 23:59")),
    st.sampled_from([instant(f"{year}-01-01 00:00") + shift for year in (2027, 2028) for shift in (-1, 0)]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(INSTANTS, min_size=1, max_size=4).map(sorted), max_size=8))
def test_the_figure_is_what_anyone_counts(lives: list[list[int]]) -> None:
    """Whatever happened when, the database and the log give one figure."""
    now, names = instant("2030-06-01 00:00"), ("opened", "measure", "reported", "closed")
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    said = []
    with Session(engine) as session:
        for number, times in enumerate(lives):
            subject, padded = number.to_bytes(32), [*times, None, None, None][:4]
            session.add(
                Supervision(
                    id=str(number),
                    subject=subject,
                    state="suspected",
                    dossier_id=subject,
                    opened_at=times[0],
                    measured_at=padded[1],
                    reported_at=padded[2],
                    closed_at=padded[3],
                )
            )
            for name, at in zip(names, times, strict=False):
                repeated = range(2 if name == "measure" else 1)
                said += [_said(f"supervision.{name}", subject, at + again) for again in repeated]
        session.flush()
        assert figures(session, now) == from_the_log(said, now)


def _said(kind: str, subject: bytes, at: int) -> Statement:
    return Statement(
        type=kind,
        profile="DEMO/1",
        subject=subject,
        at=at,
        commitment=commit_private(bytes(32), b"{}"),
        prev=None,
        by="registry",
    )


# ---------------------------------------------------------------- crashes

STEPS: Final[dict[str, tuple[str, Callable[[Bureau], object]]]] = {
    "suspect": ("supervision.opened", Bureau.suspect),
    "measure": ("supervision.measure", Bureau.measure),
    "report": ("supervision.reported", Bureau.report),
    "close": ("supervision.closed", Bureau.close),
}


@dataclass
class Table:
    """The state before each step, and the points that it passes until it is settled."""

    before: dict[str, World] = field(default_factory=dict)
    passed: dict[str, list[str]] = field(default_factory=dict)
    reference: str = ""


@pytest.fixture(scope="module")
def table(template: tuple[World, str], tmp_path_factory: pytest.TempPathFactory) -> Table:
    folder, found = tmp_path_factory.mktemp("steps"), Table()
    world = template[0].copy(folder / "course")
    for step, (_, act) in STEPS.items():
        found.before[step] = world.copy(folder / step)
        recorder = Recorder()
        with world.open(recorder, settle=False) as registry:
            recorder.seen.clear()
            bureau = Bureau(world, registry, template[1], found.reference)
            act(bureau)
            settle(registry)
        found.reference, found.passed[step] = bureau.reference, recorder.seen
    return found


def _struck(table: Table, template: tuple[World, str], world: World, step: str, fault: Fault) -> None:
    statement, act = STEPS[step]
    armed, acknowledged = Armed(), False
    with pytest.raises(InjectedFault), world.open(armed, settle=False) as registry:
        before = Counter(one.type for one in statements(registry))[statement]
        armed.inner = RaiseAt(*fault)
        act(Bureau(world, registry, template[1], table.reference))
        acknowledged = True
        settle(registry)
    with world.open() as registry:
        done = Counter(one.type for one in statements(registry))[statement] - before
        assert done in ((1,) if acknowledged else (0, 1))
        if not done:
            act(Bureau(world, registry, template[1], table.reference))
            settle(registry)
        assert Counter(one.type for one in statements(registry))[statement] == before + 1


@pytest.mark.parametrize("point", ["store.commit.before", "store.commit.after"])
def test_a_step_is_whole_or_undone(
    table: Table, template: tuple[World, str], tmp_path: Path, point: str
) -> None:
    _goes_through(table, template, tmp_path / "state", dict.fromkeys(STEPS, (point, 1)))


@pytest.mark.slow
def test_every_write_of_every_step_may_fail(
    table: Table, template: tuple[World, str], tmp_path: Path
) -> None:
    for number, faults in enumerate(rounds(sampled(table.passed, 17))):
        _goes_through(table, template, tmp_path / str(number), faults)


def _goes_through(
    table: Table, template: tuple[World, str], folder: Path, faults: Mapping[str, Fault]
) -> None:
    """One registry, with a fault of each of these steps, is whole in the end."""
    steps = spanning(list(STEPS), faults)
    world = table.before[steps[0]].copy(folder)
    for step in steps:
        if step in faults:
            try:
                _struck(table, template, world, step, faults[step])
            except BaseException as error:
                error.add_note(f"{step}: {faults[step]}, in the round {faults}")
                raise
        else:
            with world.open() as registry:
                STEPS[step][1](Bureau(world, registry, template[1], table.reference))
                settle(registry)
    assert world.codes() == set(), faults
