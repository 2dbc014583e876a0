"""The course of a supervision: every pair of state and move, and the figure by whatever happened (R52)."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.world import instant
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.supervision import (
    COURSE,
    MEASURES,
    OUTCOMES,
    Measure,
    Move,
    Outcome,
    Situation,
    State,
    ending,
)
from yinzheng.verifier.errors import UsageFault

# Written apart from the program: state, move, new state, statement.
LEGAL = """
new        suspect  suspected  supervision.opened
suspected  measure  measured   supervision.measure
suspected  drop     closed     supervision.closed
measured   measure  measured   supervision.measure
measured   report   reported   supervision.reported
reported   measure  measured   supervision.measure
reported   close    closed     supervision.closed
"""
EXPECTED = {(row[0], row[1]): tuple(row[2:]) for row in map(str.split, LEGAL.strip().splitlines())}


@pytest.mark.parametrize(("state", "move"), list(itertools.product(State, Move)))
def test_every_pair(state: State, move: Move) -> None:
    expected = EXPECTED.get((state.value, move.value))
    if expected is None:
        with pytest.raises(UsageFault) as refused:
            COURSE.rule_for(Situation(state), move, Capacity.REGISTRY, 0)
        assert refused.value.code == "move-not-allowed"
        return
    rule = COURSE.rule_for(Situation(state), move, Capacity.REGISTRY, 0)
    assert (rule.to, rule.statement) == expected
    for other in set(Capacity) - {Capacity.REGISTRY}:
        with pytest.raises(UsageFault) as wrong:
            COURSE.rule_for(Situation(state), move, other, 0)
        assert wrong.value.code == "move-wrong-capacity"


@given(st.lists(st.sampled_from(Move), max_size=12))
def test_nothing_ends_with_a_measure_that_was_not_reported(moves: list[Move]) -> None:
    state, unreported = State.NEW, False
    for move in moves:
        try:
            state = COURSE.rule_for(Situation(state), move, Capacity.REGISTRY, 0).to
        except UsageFault:
            continue
        unreported = move is Move.MEASURE or (unreported and move is not Move.REPORT)
    assert not (state is State.CLOSED and unreported)


@pytest.mark.parametrize("outcome", Outcome)
def test_only_an_unfounded_suspicion_is_dropped(outcome: Outcome) -> None:
    bare = ending(outcome, State.SUSPECTED)
    assert bare is (Move.DROP if outcome is Outcome.UNFOUNDED else Move.CLOSE)
    assert ending(outcome, State.REPORTED) is Move.CLOSE
    assert set(MEASURES) == set(Measure)
    assert set(OUTCOMES) == set(Outcome)


def test_a_year_is_that_of_here() -> None:
    assert instant("2027-01-01 00:00") - instant("2026-12-31 23:59") == 60
