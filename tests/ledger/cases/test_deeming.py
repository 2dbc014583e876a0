"""Acceptance by silence, deadlines, operator calendars, opening a dossier, and the heartbeat (R11, S5.7)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.ledger.cases import deciding
from yinzheng.ledger.cases.dossier_opening import open_dossier_to
from yinzheng.ledger.flow.heartbeat import beat
from yinzheng.ledger.flow.working_days import add_year, read_year
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.calendar import date_of, day_of
from yinzheng.ledger.rules.profiles import GD_HEALTH
from yinzheng.verifier.errors import DataFault, UsageFault

DAY = 86_400
YEAR_2027 = {"year": 2027, "holidays": ["2027-01-01"], "make_up": ["2027-02-06"]}


def test_silence_accepts_on_the_working_day_after_the_third(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.apply(registry, tmp_path / "dossier", GD_HEALTH.tag)
        applied = registry.clock()
        third = registry.calendar.add_working_days(applied, 3)
        due = registry.calendar.add_working_days(applied, 4) - DAY
    assert third <= due
    world.clock.now = third - 1
    with world.open() as registry:
        assert w.state_of(registry, case) == "applied"
    world.clock.now = due
    with world.open() as registry:
        assert w.state_of(registry, case) == "accepted"
        with pytest.raises(UsageFault) as caught:
            w.accept(registry, case)
        assert caught.value.code == "move-not-allowed"
    with open_reader(world.root, world.clock) as reader:
        accepted = reader.history(case, proofs=True)[-1]
        assert (accepted.type, accepted.statement["by"]) == ("application.accepted", "registry")
        assert accepted.proof is not None
    assert world.audit() == []


def test_an_answer_in_time_leaves_nothing_to_deem(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.apply(registry, tmp_path / "dossier", GD_HEALTH.tag)
        deciding.request_supplement(registry, case, actor_of(registry, OFFICER), ["来源证明"])
    world.clock.advance(30 * DAY)
    with world.open() as registry:
        assert w.state_of(registry, case) == "supplement_requested"


def test_deadlines_are_shown_and_stop_with_the_clock(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_reviewed(registry, tmp_path / "dossier", GD_HEALTH.tag)
        decision = registry.calendar.add_working_days(registry.clock(), 10)
    with open_reader(world.root, world.clock) as reader:
        row = reader.case(case)
        assert row is not None
        due = reader.deadlines(row, world.clock())
    assert (due.acceptance_due, due.decision_due) == (None, decision)


def test_a_published_year_reaches_program_and_chain(world: World, tmp_path: Path) -> None:
    file = tmp_path / "2027.json"
    file.write_text(json.dumps(YEAR_2027), encoding="utf-8")
    year, published = read_year(file)
    file.write_text("{}", encoding="utf-8")  # what a person compared is taken in, whatever the file becomes
    assert year.year == 2027
    with world.open() as registry:
        before = registry.client.calendar_range()[1]
        assert add_year(registry, published, w.actor_of(registry, w.KEEPER)) == 2027
        assert add_year(registry, published, w.actor_of(registry, w.KEEPER)) == 2027
        end = registry.client.calendar_range()[1]
    assert date_of(before).year == 2027
    assert date_of(end).isoformat() == "2028-01-01"
    with world.open() as registry:
        for text, working in (("2027-01-01", False), ("2027-02-06", True), ("2027-02-07", False)):
            day = day_of(w.instant(text))
            assert registry.calendar.is_working(day) is working
            assert registry.client.is_working_day(day) is working


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({**YEAR_2027, "year": 2026}, "calendar-file"),
        ({**YEAR_2027, "year": 2026, "holidays": ["2026-01-01"], "make_up": []}, "calendar-year-conflict"),
        ({**YEAR_2027, "more": 1}, "calendar-file"),
    ],
)
def test_a_year_that_is_none_changes_nothing(
    registry: Registry, tmp_path: Path, content: dict[str, object], code: str
) -> None:
    with w.unchanged(registry), pytest.raises(DataFault) as caught:
        add_year(registry, json.dumps(content).encode(), w.actor_of(registry, w.KEEPER))
    assert caught.value.code == code
    assert not registry.paths.calendar.exists()
    with pytest.raises(UsageFault) as missing:
        read_year(tmp_path / "none.json")
    assert missing.value.code == "calendar-missing"


def test_a_dossier_opens_whole_or_not_at_all(registry: Registry, tmp_path: Path) -> None:
    source = tmp_path / "dossier"
    case = w.apply(registry, source)
    written = open_dossier_to(registry, case, tmp_path / "review", silent, w.actor_of(registry, w.OFFICER))
    assert {path.name for path in written} == {path.name for path in source.iterdir()}
    for path in written:
        given = (source / path.relative_to(tmp_path / "review" / "1")).read_bytes()
        if path.name == "application.json":
            assert json.loads(path.read_bytes()) == json.loads(given)
        else:
            assert path.read_bytes() == given
    with pytest.raises(UsageFault) as caught:
        open_dossier_to(registry, case, tmp_path / "review", silent, w.actor_of(registry, w.OFFICER))
    assert caught.value.code == "folder-exists"
    blob = next(path for path in registry.paths.blobs.rglob("*") if path.is_file())
    blob.write_bytes(blob.read_bytes()[:-1])
    with pytest.raises(DataFault):
        open_dossier_to(registry, case, tmp_path / "again", silent, w.actor_of(registry, w.OFFICER))
    whole = [path for path in (tmp_path / "again").rglob("*") if path.is_file()]
    assert len(whole) < len(written)


def test_a_quiet_chain_gets_one_fresh_block(registry: Registry, world: World) -> None:
    assert not beat(registry)
    head = registry.w3.eth.block_number
    world.clock.advance(3601)
    assert beat(registry)
    assert not beat(registry)
    block = registry.w3.eth.get_block("latest")
    assert (block["number"], block["timestamp"]) == (head + 1, world.clock())
