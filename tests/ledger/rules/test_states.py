"""Every legal and every refused pair of state and move (R8, R11, R24)."""

import itertools
from dataclasses import replace
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.ledger.rules.states import (
    FINAL,
    TABLE,
    Capacity,
    Move,
    Rule,
    Situation,
    State,
    possible,
    rule_for,
)
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.verifier.errors import UsageFault

# Written apart from the program: state, move, new state, who, statement.
LEGAL = """
new                          apply               applied                      applicant  application.received
applied                      accept              accepted                     registry   application.accepted
applied                      deem_accepted       accepted                     registry   application.accepted
applied                      request_supplement  supplement_requested         registry   supplement.requested
applied                      refuse              refused                      registry   application.refused
supplement_requested         give_supplement     applied                      applicant  supplement.given
supplement_requested         refuse              refused                      registry   application.refused
accepted                     request_supplement  review_supplement_requested  registry   supplement.requested
accepted                     inspect             accepted                     registry   inspection.recorded
review_supplement_requested  inspect             review_supplement_requested  registry   inspection.recorded
reviewed                     inspect             reviewed                     registry   inspection.recorded
committee_decided            inspect             committee_decided            registry   inspection.recorded
refusal_due                  inspect             refusal_due                  registry   inspection.recorded
publicity                    inspect             publicity                    registry   inspection.recorded
accepted                     to_ordinary         accepted                     registry   procedure.changed
accepted                     review              reviewed                     registry   review.recorded
accepted                     review_against      refusal_due                  registry   review.recorded
accepted                     refuse              refused                      registry   application.refused
review_supplement_requested  give_supplement     accepted                     applicant  supplement.given
review_supplement_requested  refuse              refused                      registry   application.refused
reviewed                     to_ordinary         reviewed                     registry   procedure.changed
reviewed                     decide              committee_decided            committee  committee.decided
reviewed                     decide_against      refusal_due                  committee  committee.decided
reviewed                     publish             publicity                    registry   publicity.opened
reviewed                     publish_waived      publicity                    registry   publicity.opened
reviewed                     refuse              refused                      registry   application.refused
committee_decided            publish             publicity                    registry   publicity.opened
committee_decided            publish_waived      publicity                    registry   publicity.opened
committee_decided            refuse              refused                      registry   application.refused
refusal_due                  refuse              refused                      registry   application.refused
publicity                    object              publicity                    public     objection.raised
publicity                    dismiss             publicity                    registry   objection.concluded
publicity                    uphold              closed                       registry   objection.concluded
publicity                    issue               issuing                      registry   -
publicity                    refuse              refused                      registry   application.refused
issuing                      object              publicity                    public     objection.raised
issuing                      cosign              issuing                      committee  -
issuing                      deposit             deposited                    registry   certificate.deposited
issuing                      refuse              refused                      registry   application.refused
"""
EXPECTED = {(row[0], row[1]): row[2:] for row in (line.split() for line in LEGAL.strip().splitlines())}
NOW = 1000


def step(
    situation: Situation,
    move: Move,
    by: StrEnum,
    now: int,
    *,
    procedure: Procedure | None = None,
    publicity_end: int | None = None,
    objection: str = "",
) -> tuple[Rule, Situation]:
    """A model of a case's rows: make `move` at `now`; give the rule it followed and the situation after it.

    `procedure` comes with `apply`, `publicity_end` with `publish` and `publish_waived`, `objection` (any
    identifier) with `object`, `dismiss` and `uphold`.

    Raises:
        UsageFault: as `rule_for`, and `move-incomplete` when what the move needs is missing,
            `objection-unknown`, `objection-known`.
    """
    rule = rule_for(situation, move, by, now)
    after = replace(situation, state=rule.to)
    match move:
        case Move.APPLY:
            if procedure is None:
                raise UsageFault("apply needs the procedure (R8).", code="move-incomplete")
            after = replace(after, procedure=procedure)
        case Move.PUBLISH | Move.PUBLISH_WAIVED:
            if publicity_end is None:
                raise UsageFault("publish needs the end of publicity (R24).", code="move-incomplete")
            after = replace(after, publicity_end=publicity_end)
        case Move.OBJECT | Move.DISMISS | Move.UPHOLD:
            after = replace(after, open_objections=_objections(situation, move, objection))
        case _:
            pass
    return rule, after


def _objections(situation: Situation, move: Move, objection: str) -> frozenset[str]:
    known = situation.open_objections
    if not objection:
        raise UsageFault(f"{move} needs to say which objection.", code="move-incomplete")
    if move is Move.OBJECT:
        if objection in known:
            raise UsageFault("This objection is open already.", code="objection-known")
        return known | {objection}
    if objection not in known:
        raise UsageFault(
            "No such objection is open in this case.",
            code="objection-unknown",
            hint="Open: " + ", ".join(sorted(known)),
        )
    return known - {objection}


def favourable(state: State, move: Move) -> Situation:
    """A situation in which only the table can stand in the way of `move`."""
    ordinary = move in (Move.DECIDE, Move.DECIDE_AGAINST, Move.COSIGN)
    return Situation(
        state,
        Procedure.ORDINARY if ordinary else Procedure.SIMPLIFIED,
        frozenset({"a"}) if move in (Move.DISMISS, Move.UPHOLD) else frozenset(),
        NOW,
    )


@pytest.mark.parametrize(("state", "move"), list(itertools.product(State, Move)))
def test_every_pair(state: State, move: Move) -> None:
    situation = favourable(state, move)
    if (state, move) not in EXPECTED:
        with pytest.raises(UsageFault) as refused:
            rule_for(situation, move, Capacity.REGISTRY, NOW)
        fault = refused.value
        assert fault.code == "move-not-allowed"
        assert state in fault.message
        assert fault.data["possible"] == [f"{r.move} (by {r.by})" for r in possible(situation, NOW)]
        return
    to, by, statement = EXPECTED[state, move]
    rule = rule_for(situation, move, Capacity(by), NOW)
    assert (rule.to, rule.statement or "-") == (to, statement)


@pytest.mark.parametrize(
    ("state", "move", "by"),
    [(s, m, c) for (s, m), (_, by, _) in EXPECTED.items() for c in Capacity if c != by],
)
def test_wrong_capacity(state: str, move: str, by: Capacity) -> None:
    situation = favourable(State(state), Move(move))
    with pytest.raises(UsageFault, match=EXPECTED[state, move][1]) as refused:
        rule_for(situation, Move(move), by, NOW)
    assert refused.value.code == "move-wrong-capacity"


def test_table_and_expectation_have_the_same_size() -> None:
    assert len(TABLE) == len(EXPECTED) == 39
    assert {State.DEPOSITED, State.REFUSED, State.CLOSED} == FINAL


@pytest.mark.parametrize(
    ("situation", "move", "by", "code"),
    [
        (Situation(State.REVIEWED, Procedure.SIMPLIFIED), Move.DECIDE, "committee", "move-procedure"),
        (Situation(State.REVIEWED, Procedure.SIMPLIFIED), Move.DECIDE_AGAINST, "committee", "move-procedure"),
        (Situation(State.REVIEWED, Procedure.ORDINARY), Move.PUBLISH, "registry", "move-procedure"),
        (Situation(State.REVIEWED, Procedure.ORDINARY), Move.PUBLISH_WAIVED, "registry", "move-procedure"),
        (Situation(State.ISSUING, Procedure.SIMPLIFIED), Move.COSIGN, "committee", "move-procedure"),
        (
            Situation(State.PUBLICITY, Procedure.SIMPLIFIED, publicity_end=NOW + 1),
            Move.ISSUE,
            "registry",
            "move-publicity-running",
        ),
        (
            Situation(State.PUBLICITY, Procedure.SIMPLIFIED, frozenset({"a"}), NOW),
            Move.ISSUE,
            "registry",
            "move-objection-open",
        ),
        (
            Situation(State.ISSUING, Procedure.SIMPLIFIED, publicity_end=NOW + 1),
            Move.DEPOSIT,
            "registry",
            "move-publicity-running",
        ),
        (
            Situation(State.ISSUING, Procedure.SIMPLIFIED, frozenset({"a"}), NOW),
            Move.DEPOSIT,
            "registry",
            "move-objection-open",
        ),
        (
            Situation(State.PUBLICITY, Procedure.SIMPLIFIED, publicity_end=NOW),
            Move.DISMISS,
            "registry",
            "move-no-objection",
        ),
        (
            Situation(State.PUBLICITY, Procedure.SIMPLIFIED, publicity_end=NOW),
            Move.UPHOLD,
            "registry",
            "move-no-objection",
        ),
    ],
)
def test_guards(situation: Situation, move: Move, by: str, code: str) -> None:
    with pytest.raises(UsageFault) as refused:
        rule_for(situation, move, Capacity(by), NOW)
    assert refused.value.code == code


def test_a_final_state_says_that_nothing_is_possible() -> None:
    with pytest.raises(UsageFault) as refused:
        rule_for(Situation(State.DEPOSITED), Move.DEPOSIT, Capacity.REGISTRY, NOW)
    assert "Nothing more" in refused.value.hint


@pytest.mark.parametrize(
    ("situation", "move", "by", "code"),
    [
        (Situation(), Move.APPLY, "applicant", "move-incomplete"),
        (Situation(State.COMMITTEE_DECIDED, Procedure.ORDINARY), Move.PUBLISH, "registry", "move-incomplete"),
        (Situation(State.PUBLICITY, Procedure.SIMPLIFIED), Move.OBJECT, "public", "move-incomplete"),
    ],
)
def test_a_move_without_what_it_needs(situation: Situation, move: Move, by: str, code: str) -> None:
    with pytest.raises(UsageFault) as refused:
        step(situation, move, Capacity(by), NOW)
    assert refused.value.code == code


def test_objections_are_named_and_counted() -> None:
    situation = Situation(State.PUBLICITY, Procedure.SIMPLIFIED, publicity_end=NOW)
    for name in "ab":
        _, situation = step(situation, Move.OBJECT, Capacity.PUBLIC, NOW, objection=name)
    with pytest.raises(UsageFault) as refused:
        step(situation, Move.OBJECT, Capacity.PUBLIC, NOW, objection="a")
    assert refused.value.code == "objection-known"
    with pytest.raises(UsageFault) as refused:
        step(situation, Move.DISMISS, Capacity.REGISTRY, NOW, objection="c")
    assert refused.value.code == "objection-unknown"
    _, situation = step(situation, Move.DISMISS, Capacity.REGISTRY, NOW, objection="a")
    assert situation.open_objections == {"b"}
    rule, situation = step(situation, Move.UPHOLD, Capacity.REGISTRY, NOW, objection="b")
    assert (rule.to, situation.state) == (State.CLOSED, State.CLOSED)


def test_an_objection_while_issuing_puts_the_case_back() -> None:
    situation = Situation(State.ISSUING, Procedure.SIMPLIFIED, publicity_end=NOW)
    _, situation = step(situation, Move.OBJECT, Capacity.PUBLIC, NOW, objection="a")
    assert situation.state is State.PUBLICITY


@given(st.sampled_from(Procedure), st.data())
def test_no_walk_deposits_unlawfully(procedure: Procedure, data: st.DataObject) -> None:
    """Whatever is done in whatever order, a deposit had all it needs before it (R8, R24)."""
    situation, now, done = Situation(), 0, list[Move]()
    for _ in range(25):
        now += data.draw(st.integers(0, 5))
        options = possible(situation, now)
        if not options:
            break
        rule = data.draw(st.sampled_from(options))
        objection = str(now)
        if rule.move in (Move.DISMISS, Move.UPHOLD):
            objection = min(situation.open_objections)
        elif objection in situation.open_objections:
            continue
        _, situation = step(
            situation,
            rule.move,
            rule.by,
            now,
            procedure=procedure,
            publicity_end=now + 7,
            objection=objection,
        )
        done.append(rule.move)
    if situation.state is State.DEPOSITED:
        assert done.count(Move.OBJECT) == done.count(Move.DISMISS)
        assert Move.REVIEW in done
        assert (Move.DECIDE in done) == (procedure is Procedure.ORDINARY)
        assert situation.publicity_end is not None
        assert now >= situation.publicity_end
    assert situation.procedure in (None, procedure)
