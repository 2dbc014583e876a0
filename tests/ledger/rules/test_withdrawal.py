"""Every legal and every refused pair of a withdrawal's table, its clocks, and random walks (R31 to R36)."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.withdrawal import (
    FINAL,
    HOUR,
    INTAKE,
    TABLE,
    Ground,
    Move,
    Reminder,
    Situation,
    State,
    begin,
    possible,
    rule_for,
    step,
)
from yinzheng.verifier.errors import UsageFault

# Written apart from the program: state, move, new state, who, statement.
LEGAL = """
new         request              requested   subject     withdrawal.requested
new         file_at_counter      requested   registry    withdrawal.requested
new         forward              requested   controller  withdrawal.requested
requested   verify               verified    registry    withdrawal.verified
verified    notify               notified    registry    withdrawal.notified
notified    freeze               frozen      controller  withdrawal.frozen
notified    clear_links          notified    controller  withdrawal.receipt
notified    confirm_destruction  notified    recipient   withdrawal.receipt
frozen      clear_links          frozen      controller  withdrawal.receipt
frozen      confirm_destruction  frozen      recipient   withdrawal.receipt
frozen      complete             completed   registry    withdrawal.completed
frozen      restrict             restricted  registry    withdrawal.restricted
restricted  clear_links          restricted  controller  withdrawal.receipt
restricted  confirm_destruction  restricted  recipient   withdrawal.receipt
restricted  complete             completed   registry    withdrawal.completed
restricted  restrict             restricted  registry    withdrawal.restricted
"""
EXPECTED = {(row[0], row[1]): row[2:] for row in (line.split() for line in LEGAL.strip().splitlines())}
NOW = 1_795_000_000
HOSPITAL, LAB, SHOP = "hospital", "lab", "shop"


def situation(state: State = State.FROZEN, **changes: object) -> Situation:
    base = Situation(state, controller=HOSPITAL, received_at=NOW)
    return replace(base, **changes)  # type: ignore[arg-type]


def fault(code: str, *args: object, **named: object) -> UsageFault:
    with pytest.raises(UsageFault) as refused:
        step(*args, **named)  # type: ignore[arg-type]
    assert refused.value.code == code
    return refused.value


@pytest.mark.parametrize(("state", "move"), list(itertools.product(State, Move)))
def test_every_pair(state: State, move: Move) -> None:
    where = situation(state)
    if (state, move) not in EXPECTED:
        with pytest.raises(UsageFault) as refused:
            rule_for(where, move, Capacity.REGISTRY, NOW)
        assert refused.value.code == "move-not-allowed"
        assert refused.value.data["possible"] == [f"{r.move} (by {r.by})" for r in possible(where, NOW)]
        return
    to, by, statement = EXPECTED[state, move]
    rule = rule_for(where, move, Capacity(by), NOW)
    assert (rule.to, rule.statement) == (to, statement)


@pytest.mark.parametrize(
    ("state", "move", "by"),
    [(s, m, c) for (s, m), (_, by, _) in EXPECTED.items() for c in Capacity if c != by],
)
def test_wrong_capacity(state: str, move: str, by: Capacity) -> None:
    with pytest.raises(UsageFault, match=EXPECTED[state, move][1]) as refused:
        rule_for(situation(State(state)), Move(move), by, NOW)
    assert refused.value.code == "move-wrong-capacity"


def test_table_and_expectation_have_the_same_size() -> None:
    assert len(TABLE) == len(EXPECTED) == 16
    assert {State.COMPLETED} == FINAL
    with pytest.raises(UsageFault, match="completed") as refused:
        rule_for(situation(State.COMPLETED), Move.COMPLETE, Capacity.REGISTRY, NOW)
    assert "Nothing more" in refused.value.hint


@pytest.mark.parametrize("state", [State.FROZEN, State.RESTRICTED])
def test_completion_needs_every_receipt_and_no_hold(state: State) -> None:
    args = (Move.COMPLETE, Capacity.REGISTRY, NOW)
    fault("withdrawal-receipts-missing", situation(state, owing=frozenset({LAB})), *args)
    fault("withdrawal-held", situation(state, holds=1), *args)
    step(situation(state), *args)


def test_completion_waits_for_the_end_of_a_restriction() -> None:
    where = situation(State.RESTRICTED, restricted_until=NOW + 5)
    fault("withdrawal-restricted", where, Move.COMPLETE, Capacity.REGISTRY, NOW + 4)
    _, after = step(where, Move.COMPLETE, Capacity.REGISTRY, NOW + 5)
    assert after.state is State.COMPLETED


def test_a_hold_lets_everything_pass_but_completion() -> None:
    free = {(r.state, r.move) for s in State for r in possible(situation(s), NOW)}
    held = {(r.state, r.move) for s in State for r in possible(situation(s, holds=1), NOW)}
    assert free - held == {(State.FROZEN, Move.COMPLETE), (State.RESTRICTED, Move.COMPLETE)}


@pytest.mark.parametrize(
    ("move", "by"),
    [
        (Move.REQUEST, Capacity.SUBJECT),
        (Move.FILE_AT_COUNTER, Capacity.REGISTRY),
        (Move.FORWARD, Capacity.CONTROLLER),
    ],
)
def test_begin(move: Move, by: Capacity) -> None:
    assert move in INTAKE
    rule, where = begin(
        Situation(), move, by, NOW, minor=True, genetic=False, controller=HOSPITAL, owing=[LAB]
    )
    assert (rule.to, where.received_at) == (State.REQUESTED, NOW)
    assert where.owing == {HOSPITAL, LAB}
    with pytest.raises(UsageFault) as refused:
        begin(where, move, by, NOW, minor=True, genetic=False, controller=HOSPITAL, owing=[])
    assert refused.value.code == "move-not-allowed"
    fault("withdrawal-incomplete", Situation(), move, by, NOW)


def test_each_for_itself_alone() -> None:
    where = situation(State.NOTIFIED, owing=frozenset({HOSPITAL, LAB}))
    fault("withdrawal-actor", where, Move.FREEZE, Capacity.CONTROLLER, NOW, actor=SHOP)
    where = replace(where, state=State.FROZEN)
    for actor in (SHOP, HOSPITAL, ""):
        fault("withdrawal-actor", where, Move.CONFIRM_DESTRUCTION, Capacity.RECIPIENT, NOW, actor=actor)
    fault("withdrawal-actor", where, Move.CLEAR_LINKS, Capacity.CONTROLLER, NOW, actor=LAB)
    _, where = step(where, Move.CONFIRM_DESTRUCTION, Capacity.RECIPIENT, NOW, actor=LAB)
    assert where.owing == {HOSPITAL}
    fault("withdrawal-actor", where, Move.CONFIRM_DESTRUCTION, Capacity.RECIPIENT, NOW, actor=LAB)
    _, where = step(where, Move.CLEAR_LINKS, Capacity.CONTROLLER, NOW, actor=HOSPITAL)
    fault("withdrawal-actor", where, Move.CLEAR_LINKS, Capacity.CONTROLLER, NOW, actor=HOSPITAL)


def test_genetic_information_is_told_to_the_ethics_committee() -> None:
    where = situation(State.VERIFIED, genetic=True)
    fault("withdrawal-ethics", where, Move.NOTIFY, Capacity.REGISTRY, NOW)
    _, after = step(where, Move.NOTIFY, Capacity.REGISTRY, NOW, ethics_told=True)
    assert after.state is State.NOTIFIED
    step(replace(where, genetic=False), Move.NOTIFY, Capacity.REGISTRY, NOW)


@pytest.mark.parametrize(
    ("holds", "ground", "until", "code"),
    [
        (0, None, NOW + 1, "withdrawal-ground"),
        (0, Ground.HOLD, NOW + 1, "withdrawal-ground"),
        (0, Ground.RETENTION, NOW, "withdrawal-end"),
        (0, Ground.RETENTION, NOW + 50 * 366 * 86_400 + 1, "withdrawal-end"),
        (0, Ground.RETENTION, NOW + 1, ""),
        (1, Ground.HOLD, NOW + 50 * 366 * 86_400, ""),
    ],
)
def test_a_restriction_names_ground_and_end(holds: int, ground: Ground | None, until: int, code: str) -> None:
    where = situation(holds=holds)
    args = (Move.RESTRICT, Capacity.REGISTRY, NOW)
    if code:
        fault(code, where, *args, ground=ground, until=until)
    else:
        _, after = step(where, *args, ground=ground, until=until)
        assert (after.state, after.restricted_until) == (State.RESTRICTED, until)
        assert after.destroy_by == until + 72 * HOUR


@pytest.mark.parametrize(
    ("where", "hours", "overdue_at"),
    [
        (situation(State.NEW), 1000, None),
        (situation(State.REQUESTED), 72, None),
        (situation(State.REQUESTED), 73, 72),
        (situation(State.FROZEN), 73, 72),
        (situation(State.NOTIFIED), 73, 72),
        (situation(State.NOTIFIED, holds=1), 73, 72),
        (situation(State.COMPLETED), 1000, None),
        (situation(State.REQUESTED, minor=True), 48, None),
        (situation(State.REQUESTED, minor=True), 49, 48),
        (situation(State.VERIFIED, minor=True), 80, 48),
        (situation(State.NOTIFIED, minor=True), 49, 48),
        (situation(State.FROZEN, minor=True), 72, None),
        (situation(State.FROZEN, minor=True), 73, 72),
        (situation(State.RESTRICTED, restricted_until=NOW + 100 * HOUR), 172, None),
        (situation(State.RESTRICTED, restricted_until=NOW + 100 * HOUR), 173, 172),
    ],
)
def test_clocks(where: Situation, hours: int, overdue_at: int | None) -> None:
    expected = None if overdue_at is None else NOW + overdue_at * HOUR
    assert where.overdue_since(NOW + hours * HOUR) == expected


@pytest.mark.parametrize(
    ("minor", "hours", "reminder"),
    [
        (False, 0, None), (False, 35, None), (False, 36, Reminder.HALF), (False, 59, Reminder.HALF),
        (False, 60, Reminder.LAST), (False, 72, Reminder.LAST), (False, 73, Reminder.OVERDUE),
        (True, 23, None), (True, 24, Reminder.HALF), (True, 36, Reminder.LAST), (True, 48, Reminder.LAST),
        (True, 49, Reminder.OVERDUE),
    ],
)  # fmt: skip
def test_reminders_follow_the_duty_and_its_clock(minor: bool, hours: int, reminder: Reminder | None) -> None:
    where = situation(State.NOTIFIED, minor=minor)
    due = where.freeze_by or where.destroy_by
    since, found = where.reminder(NOW + hours * HOUR, due)
    assert found is reminder
    assert since <= NOW + hours * HOUR
    # What was said at `since` is not called for again.
    assert where.reminder(since, due) == (since, reminder)


def test_after_a_restriction_the_clock_begins_anew() -> None:
    where = situation(State.RESTRICTED, restricted_until=NOW + 900 * HOUR)
    assert where.reminder(NOW + 935 * HOUR, where.destroy_by) == (NOW + 900 * HOUR, None)
    assert where.reminder(NOW + 936 * HOUR, where.destroy_by) == (NOW + 936 * HOUR, Reminder.HALF)


def test_the_last_second_is_in_time() -> None:
    where = situation()
    assert where.freeze_by is None
    assert where.overdue_since(where.destroy_by) is None
    assert where.overdue_since(where.destroy_by + 1) == where.destroy_by
    assert not where.is_late(where.destroy_by)
    assert where.is_late(where.destroy_by + 1)
    late = situation(owing=frozenset({LAB}))
    _, after = step(late, Move.CONFIRM_DESTRUCTION, Capacity.RECIPIENT, NOW + 99 * HOUR, actor=LAB)
    assert not after.owing, "a late receipt is recorded"


@given(st.booleans(), st.booleans(), st.sets(st.sampled_from([LAB, SHOP])), st.data())
def test_no_walk_completes_unlawfully(
    minor: bool, genetic: bool, owing: set[str], data: st.DataObject
) -> None:
    """Whatever is done in whatever order, completion had all it needs before it (R32, R35, R36)."""
    where, now = Situation(holds=data.draw(st.integers(0, 1))), NOW
    done: list[Move] = []
    receipts: set[str] = set()
    for _ in range(30):
        now += data.draw(st.integers(0, 40)) * HOUR
        if where.state is State.COMPLETED:
            break
        if data.draw(st.integers(0, 4)) == 0:
            where = replace(where, holds=0 if where.holds else 1)
        before, options = where, possible(where, now)
        if not options:
            continue
        rule = data.draw(st.sampled_from(options))
        if rule.move in INTAKE:
            _, where = begin(
                where, rule.move, rule.by, now, minor=minor, genetic=genetic, controller=HOSPITAL, owing=owing
            )
        else:
            actor = HOSPITAL
            if rule.move is Move.CONFIRM_DESTRUCTION:
                actor = data.draw(st.sampled_from([LAB, SHOP]))
            try:
                _, where = step(
                    where,
                    rule.move,
                    rule.by,
                    now,
                    actor=actor,
                    ethics_told=data.draw(st.booleans()),
                    ground=Ground.RETENTION,
                    until=now + data.draw(st.integers(1, 100)) * HOUR,
                )
            except UsageFault as refused:
                if refused.code not in ("withdrawal-actor", "withdrawal-ethics"):
                    raise
                continue
            if rule.statement == "withdrawal.receipt":
                receipts.add(actor)
        done.append(rule.move)
        if before.state is not State.NEW:
            assert where.received_at == before.received_at, "nothing pauses or restarts the clock"
        assert (
            before.overdue_since(now) is None
            or where.state is State.COMPLETED
            or (rule.move in (Move.FREEZE, Move.RESTRICT) or where.overdue_since(now) is not None)
        )
    if where.state is State.COMPLETED:
        assert receipts == {HOSPITAL, *owing}
        assert not before.holds
        assert now >= where.restricted_until
        for needed in (Move.VERIFY, Move.FREEZE, Move.NOTIFY):
            assert done.count(needed) == 1
        first = [move for move in done if move in (Move.VERIFY, Move.NOTIFY, Move.FREEZE)]
        assert first == [Move.VERIFY, Move.NOTIFY, Move.FREEZE], "everyone is told before anyone obeys"


def test_a_released_hold_brings_its_own_end_forward() -> None:
    held = situation(State.RESTRICTED, restricted_until=NOW + 10 * 86_400)
    _, after = step(held, Move.RESTRICT, Capacity.REGISTRY, NOW, ground=Ground.HOLD, until=NOW + 7200)
    assert after.restricted_until == NOW + 7200
    later = held.restricted_until + 1
    fault("withdrawal-ground", held, Move.RESTRICT, Capacity.REGISTRY, NOW, ground=Ground.HOLD, until=later)
