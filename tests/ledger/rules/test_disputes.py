"""Disputes: every pair of the table, every act under a hold, opening and release (R37 to R39)."""

import itertools
from dataclasses import replace

import pytest

from yinzheng.ledger.rules.disputes import (
    COURSE,
    HOLD,
    TABLE,
    Act,
    Case,
    During,
    Move,
    Party,
    Rule,
    Situation,
    State,
    check_hold,
    check_opening,
    check_release,
)
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.errors import UsageFault

# Written apart from the program: state, move, new state, who, statement.
LEGAL = """
new   open                open      forum     dispute.opened
new   open_with_evidence  open      party     dispute.opened
open  add_evidence        open      party     dispute.evidence
open  preserve            open      registry  dispute.evidence
open  settle              released  party     dispute.released
open  execute             released  forum     dispute.released
"""
EXPECTED = {(row[0], row[1]): row[2:] for row in (line.split() for line in LEGAL.strip().splitlines())}

PASSES = ["objection", "evidence", "withdrawal", "freeze", "restriction"]
NEEDS_COURT = ["change_scope", "change_recipients", "change_purpose", "change_term"]
WAITS = [
    "lapse",
    "deposit",
    "transfer",
    "licence",
    "change",
    "cancellation",
    "renewal",
    "reservation",
    "destruction",
    "erasure",
    "retention_expiry",
]
DOCUMENT = digest_pair(b"judgment")
PARTIES = (Party("甲医院", "0xa"), Party("乙公司", "0xb"), Party("患者", "0xc"))
CASE = Case("某市中级人民法院", "(2026)粤01民初1号", PARTIES, frozenset({b"1" * 32}), 1, 5)


def rule_for(state: State, move: Move, by: Capacity) -> Rule:
    return COURSE.rule_for(Situation(state), move, by, now=0)


@pytest.mark.parametrize(("state", "move"), list(itertools.product(State, Move)))
def test_every_pair(state: State, move: Move) -> None:
    if (state, move) not in EXPECTED:
        with pytest.raises(UsageFault) as refused:
            rule_for(state, move, Capacity.FORUM)
        assert refused.value.code == "move-not-allowed"
        assert ("Nothing more" in refused.value.hint) is (state is State.RELEASED)
        return
    to, by, statement = EXPECTED[state, move]
    rule = rule_for(state, move, Capacity(by))
    assert (rule.to, rule.statement) == (to, statement)
    for other in Capacity:
        if other != by:
            with pytest.raises(UsageFault) as refused:
                rule_for(state, move, other)
            assert refused.value.code == "move-wrong-capacity"


def test_tables_and_expectations_have_the_same_size() -> None:
    assert len(TABLE) == len(EXPECTED) == 6
    assert sorted(PASSES + NEEDS_COURT + WAITS) == sorted(Act) == sorted(HOLD)


@pytest.mark.parametrize("act", Act)
def test_every_act_under_a_hold(act: Act) -> None:
    check_hold(act, 0)
    check_hold(act, 1, DOCUMENT)
    if act in PASSES:
        assert HOLD[act] is During.PASSES
        check_hold(act, 2)
        return
    with pytest.raises(UsageFault) as refused:
        check_hold(act, 1)
    assert refused.value.code == ("held-waits" if act in WAITS else "held-needs-court")


@pytest.mark.parametrize(
    ("change", "move", "code"),
    [
        ({}, Move.OPEN_WITH_EVIDENCE, ""),
        ({"items": 0}, Move.OPEN, ""),
        ({"items": 0}, Move.OPEN_WITH_EVIDENCE, "dispute-evidence"),
        ({"forum": " "}, Move.OPEN, "dispute-case"),
        ({"number": ""}, Move.OPEN, "dispute-case"),
        ({"parties": PARTIES[:1]}, Move.OPEN, "dispute-parties"),
        ({"parties": PARTIES[:1] * 2}, Move.OPEN, "dispute-parties"),
        ({"parties": tuple(Party(str(i), str(i)) for i in range(17))}, Move.OPEN, "dispute-parties"),
        ({"subjects": frozenset()}, Move.OPEN, "dispute-subjects"),
        ({"subjects": frozenset(bytes([i]) for i in range(65))}, Move.OPEN, "dispute-subjects"),
        ({"subjects": frozenset({b"2" * 32})}, Move.OPEN, "dispute-subject-unknown"),
    ],
)
def test_opening(change: dict[str, object], move: Move, code: str) -> None:
    case = replace(CASE, **change)  # type: ignore[arg-type]
    if not code:
        check_opening(case, move, [b"1" * 32])
        return
    with pytest.raises(UsageFault) as refused:
        check_opening(case, move, [b"1" * 32])
    assert refused.value.code == code


ACCOUNTS = ["0xa", "0xb", "0xc"]


@pytest.mark.parametrize("signed", [s for n in range(4) for s in itertools.combinations(ACCOUNTS, n)])
def test_no_party_settles_without_the_others(signed: tuple[str, ...]) -> None:
    if len(signed) == 3:
        check_release(Move.SETTLE, PARTIES, signed, DOCUMENT)
        return
    with pytest.raises(UsageFault) as refused:
        check_release(Move.SETTLE, PARTIES, signed, DOCUMENT)
    assert refused.value.code == "release-one-party"


@pytest.mark.parametrize(
    ("move", "signed", "code"),
    [
        (Move.SETTLE, [*ACCOUNTS, "0xd"], "release-stranger"),
        (Move.EXECUTE, ["0xf"], ""),
        (Move.EXECUTE, [], "release-forum"),
        (Move.EXECUTE, ["0xf", "0xe"], "release-forum"),
        (Move.EXECUTE, ["0xa"], "release-forum-is-party"),
    ],
)
def test_release(move: Move, signed: list[str], code: str) -> None:
    if code:
        with pytest.raises(UsageFault) as refused:
            check_release(move, PARTIES, signed, DOCUMENT)
        assert refused.value.code == code
    else:
        check_release(move, PARTIES, signed, DOCUMENT)
    with pytest.raises(UsageFault) as refused:
        check_release(move, PARTIES, signed, None)
    assert refused.value.code == "release-document"
