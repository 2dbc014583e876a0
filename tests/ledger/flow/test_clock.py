"""A wrong clock seals nothing and dates nothing, and whoever sets it right goes on (S5.4)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import func, select

from tests.ledger import world as w
from tests.ledger.world import World, open_keys
from yinzheng.ledger.flow.clock import LEAP, LedgerClock, let_stand, standing_time
from yinzheng.ledger.flow.heartbeat import beat
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import Case, Dossier, Event
from yinzheng.verifier.errors import EnvironmentFault

DAY = 86_400
IN_2099 = 4_070_908_800


@contextmanager
def opened(world: World, *, clock_is_right: bool = False) -> Iterator[Registry]:
    """As an operator's command opens it: no leap is believed without a word."""
    with open_registry(
        world.root, open_keys, clock=world.clock, lock_seconds=0.2, clock_is_right=clock_is_right
    ) as registry:
        yield registry


def refused(world: World) -> str:
    with pytest.raises(EnvironmentFault) as fault, opened(world):
        pass
    assert "Nothing was written" in fault.value.hint
    assert "--clock-is-right" in fault.value.hint
    return fault.value.code


def head_time(world: World) -> int:
    with open_reader(world.root, world.clock) as reader:
        return int(reader.health()["block_time"])


def count(registry: Registry) -> tuple[int, ...]:
    with registry.store.reading() as session:
        return tuple(
            session.exec(select(func.count()).select_from(table)).one() for table in (Case, Dossier, Event)
        )


def test_a_heartbeat_in_2099_seals_nothing(world: World, tmp_path: Path) -> None:
    """One block of 2099 closed the embedded ledger until then."""
    right = world.clock.now
    world.clock.now = IN_2099
    assert refused(world) == "clock-ahead"
    world.clock.now = right + 600
    with opened(world) as registry:
        assert beat(registry, older_than=0)
        w.apply(registry, tmp_path / "work")
    assert head_time(world) <= right + 600


def test_a_registry_that_slept_a_month_goes_on_with_a_word(world: World, tmp_path: Path) -> None:
    world.clock.advance(31 * DAY)
    assert refused(world) == "clock-ahead"
    with opened(world, clock_is_right=True) as registry:
        assert beat(registry)
    with opened(world) as registry:  # once
        w.apply(registry, tmp_path / "work")
    assert world.codes() == set()


def test_a_week_needs_no_word(world: World) -> None:
    world.clock.now = head_time(world) + LEAP
    with opened(world) as registry:
        assert beat(registry)


@pytest.mark.parametrize("back", [3, 10, 3600, DAY, 15 * DAY])
def test_a_clock_behind_decides_nothing(world: World, tmp_path: Path, back: int) -> None:
    """Fifteen days back were recorded, and failed afterwards."""
    with opened(world) as registry:
        w.apply(registry, tmp_path / "work")
        settle(registry)
        before = count(registry)
        world.clock.advance(-back)  # while it is open
        with pytest.raises(EnvironmentFault) as fault:
            w.apply(registry, tmp_path / "second")
        assert fault.value.code == "clock-behind"
        with pytest.raises(EnvironmentFault):
            beat(registry, older_than=-100 * DAY)
        assert count(registry) == before
        world.clock.advance(back)
    world.clock.advance(-back)
    assert refused(world) == "clock-behind"
    world.clock.advance(back)
    with opened(world) as registry:
        assert count(registry) == before
        w.apply(registry, tmp_path / "third")
    assert world.codes() == set()


def test_no_leap_seals_while_the_registry_is_open(world: World, tmp_path: Path) -> None:
    with opened(world) as registry:
        w.apply(registry, tmp_path / "work")
        before, right = count(registry), world.clock.now
        world.clock.now = IN_2099
        for step in (lambda: beat(registry), lambda: settle(registry)):
            with pytest.raises(EnvironmentFault) as fault:
                step()
            assert fault.value.code == "clock-ahead"
        assert count(registry) == before
        world.clock.now = right
        settle(registry)
    assert head_time(world) <= right


def test_what_a_clock_three_days_ahead_wrote_is_got_over(world: World, tmp_path: Path) -> None:
    """The ledger's time stands still until the clock has caught up: on a word, which is kept."""
    right = world.clock.now
    world.clock.advance(3 * DAY)
    with opened(world) as registry:
        w.apply(registry, tmp_path / "early")
        settle(registry)
    ahead = head_time(world)
    world.clock.now = right + 60
    assert refused(world) == "clock-behind"
    with opened(world, clock_is_right=True) as registry:
        assert registry.clock() == ahead
    with opened(world) as registry:
        case = w.apply(registry, tmp_path / "standing")
        settle(registry)
        with registry.store.reading() as session:
            assert session.get_one(Case, case).created_at == ahead
    assert head_time(world) == ahead
    assert world.codes() == set()
    world.clock.now = ahead + 10
    with opened(world) as registry:
        assert registry.clock() == ahead + 10
        assert beat(registry, older_than=0)
    world.clock.now = ahead - 10  # the word was about that block, not about this one
    assert refused(world) == "clock-behind"


@pytest.mark.slow
def test_any_clock_then_the_right_one(world: World, tmp_path: Path) -> None:
    """Jumps in any order: refused by name, or taken; then the right clock writes on, perhaps with a word."""
    chance, codes = random.Random(20_261_128), set()
    true = world.clock.now
    wrong = (-5, -DAY, -400 * DAY, 5, 3600, 2 * DAY, 30 * DAY, 70 * 365 * DAY)
    for number in range(14):
        true += chance.randrange(60, 7200)
        world.clock.now = true + chance.choice((0, 0, *wrong))
        try:
            with opened(world) as registry:
                beat(registry, older_than=0)
                if number % 3 == 0:
                    w.apply(registry, tmp_path / f"jump{number}")
        except EnvironmentFault as fault:
            codes.add(fault.code)
    assert codes == {"clock-ahead", "clock-behind"}
    world.clock.now = true
    ahead = head_time(world) > true + 2
    assert head_time(world) - true <= 14 * LEAP
    if ahead:
        assert refused(world) == "clock-behind"
    with opened(world, clock_is_right=ahead) as registry:
        w.apply(registry, tmp_path / "right")
    assert world.codes() == set()


# ---------------------------------------------------------------- the clock alone


def ledger_clock(clock: Callable[[], int], *, block: int, written: int = 0, **more: int) -> LedgerClock:
    held = LedgerClock(clock)
    held.begin(
        block=block, written=written, standing=more.get("standing", 0), foreign=bool(more.get("foreign", 0))
    )
    return held


@given(
    st.lists(st.integers(-500 * DAY, 80 * 365 * DAY), max_size=30),
    st.booleans(),
    st.integers(0, 30),
)
def test_no_order_of_jumps_closes_a_ledger(jumps: list[int], foreign: bool, skew: int) -> None:
    """A model of the chain: its head follows what is taken, and never by more than a leap at a time."""
    true, head, written = 1_700_000_000, 1_700_000_000, 0
    for jump in jumps:
        now = true + jump
        try:
            taken = ledger_clock(lambda now=now: now, block=head, written=written, foreign=foreign)()  # type: ignore[misc]
        except EnvironmentFault:
            continue
        assert written <= taken <= max(head, written) + LEAP
        written, head = taken, max(head, taken + (skew if foreign else 0))
    if max(head, written) > true + 2:
        with pytest.raises(EnvironmentFault) as refusal:
            ledger_clock(lambda: true, block=head, written=written)
        assert refusal.value.code == "clock-behind"
    assert ledger_clock(lambda: true, block=head, written=written, standing=head)() >= written


def test_a_node_may_be_a_little_ahead_and_what_was_written_is_never_undercut() -> None:
    assert ledger_clock(lambda: 1000, block=1290, written=990, foreign=1)() == 1000
    assert ledger_clock(lambda: 1000, block=1290, written=1100, foreign=1)() == 1100
    with pytest.raises(EnvironmentFault):
        ledger_clock(lambda: 1000, block=1301, foreign=1)
    assert ledger_clock(lambda: 1000, block=1001, written=1002)() == 1002
    with pytest.raises(EnvironmentFault):
        ledger_clock(lambda: 1000, block=0, written=1003)
    # Both lie far back before a leap is one.
    assert ledger_clock(lambda: LEAP + 1000, block=1, written=1000)() == LEAP + 1000
    with pytest.raises(EnvironmentFault):
        ledger_clock(lambda: LEAP + 1001, block=1, written=1000)


def test_the_word_is_kept(world: World) -> None:
    with world.open() as registry:
        with registry.store.transaction() as session:
            assert standing_time(session) == 0
            let_stand(session, 5)
        with registry.store.reading() as session:
            assert standing_time(session) == 5
