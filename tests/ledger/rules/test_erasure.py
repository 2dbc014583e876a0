"""Every pair of state and move of an erasure, by everyone (R43)."""

import itertools
from enum import StrEnum

import pytest

from yinzheng.ledger.rules.destruction import StaffRole
from yinzheng.ledger.rules.erasure import COURSE, OVER, Move, Situation, State
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.errors import UsageFault

APPROVERS = "data_manager department_head legal security ethics"
PEOPLE: tuple[StrEnum, ...] = (*Capacity, *StaffRole)

# Written apart from the program: state, move, new state, who.
LEGAL = f"""
new       propose    proposed   registry
proposed  approve    proposed   {APPROVERS}
proposed  witness    proposed   witness
proposed  drop       dropped    registry
approved  drop       dropped    registry
approved  carry_out  destroyed  registry committee {APPROVERS} witness
"""
EXPECTED = {
    (row[0], row[1]): (row[2], row[3:]) for row in (line.split() for line in LEGAL.strip().splitlines())
}


def favourable(state: State, by: StrEnum) -> Situation:
    """A situation in which only the table can stand in the way."""
    return Situation(state, frozenset() if state is State.APPROVED else frozenset({by.value}))


@pytest.mark.parametrize(("state", "move"), list(itertools.product(State, Move)))
def test_every_pair_and_everyone(state: State, move: Move) -> None:
    to, who = EXPECTED.get((state, move), ("", []))
    for by in PEOPLE:
        if by.value in who:
            assert COURSE.rule_for(favourable(state, by), move, by, 0).to == to
            continue
        with pytest.raises(UsageFault) as refused:
            COURSE.rule_for(favourable(state, by), move, by, 0)
        assert refused.value.code == ("destruction-order" if who else "erasure-state")
    assert {State.DESTROYED, State.DROPPED} == OVER


@pytest.mark.parametrize(
    ("situation", "move", "by", "code"),
    [
        (
            Situation(State.PROPOSED, frozenset({"legal", "security"})),
            Move.APPROVE,
            StaffRole.ETHICS,
            "destruction-order",
        ),
        (
            Situation(State.PROPOSED, frozenset({"ethics"})),
            Move.WITNESS,
            StaffRole.WITNESS,
            "destruction-order",
        ),
        (
            Situation(State.APPROVED, frozenset({"witness"})),
            Move.CARRY_OUT,
            Capacity.REGISTRY,
            "erasure-state",
        ),
        *(
            (Situation(state, following, left=frozenset({"ma"})), move, by, "approval-left")
            for state, following, move, by in (
                (State.PROPOSED, frozenset({"legal"}), Move.APPROVE, StaffRole.LEGAL),
                (State.PROPOSED, frozenset({"witness"}), Move.WITNESS, StaffRole.WITNESS),
                (State.APPROVED, frozenset[str](), Move.CARRY_OUT, Capacity.COMMITTEE),
            )
        ),
        (Situation(State.APPROVED, begun=True), Move.DROP, Capacity.REGISTRY, "erasure-state"),
    ],
)
def test_conditions(situation: Situation, move: Move, by: StrEnum, code: str) -> None:
    with pytest.raises(UsageFault) as refused:
        COURSE.rule_for(situation, move, by, 0)
    assert refused.value.code == code


def test_a_refusal_says_who_signs_instead() -> None:
    waits = Situation(State.PROPOSED, frozenset({"legal", "security"}))
    with pytest.raises(UsageFault, match="approvals come in order") as refused:
        COURSE.rule_for(waits, Move.APPROVE, StaffRole.ETHICS, 0)
    assert refused.value.hint == (
        "Possible now: approve (by legal), approve (by security), drop (by registry)."
    )
