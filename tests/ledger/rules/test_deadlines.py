"""Deadlines of R11 and R24 on dates worked out by hand; all in the autumn of 2026, without holidays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.rules.times import at, local
from yinzheng.ledger.rules.calendar import official_calendar
from yinzheng.ledger.rules.deadlines import DatedMove, Deadlines, deadlines
from yinzheng.ledger.rules.profiles import GD_HEALTH
from yinzheng.ledger.rules.states import Move
from yinzheng.verifier.errors import UsageFault

CALENDAR = official_calendar()
APPLIED = DatedMove(Move.APPLY, at("2026-11-02 10:00"))  # a Monday
ACCEPTED = DatedMove(Move.ACCEPT, at("2026-11-03 10:00"))


def due(*moves: DatedMove, now: str = "2026-11-30 12:00") -> Deadlines:
    return deadlines(CALENDAR, GD_HEALTH, moves, at(now))


def test_nothing_is_due_before_the_application() -> None:
    assert due() == Deadlines()


def test_silence_counts_as_acceptance_on_the_next_working_day() -> None:
    found = due(APPLIED)
    assert local(found.acceptance_due) == "2026-11-06 00:00:00"
    assert local(found.deemed_accepted_at) == "2026-11-06 00:00:00"
    over_weekend = due(DatedMove(Move.APPLY, at("2026-11-03 10:00")))
    assert local(over_weekend.acceptance_due) == "2026-11-07 00:00:00"
    assert local(over_weekend.deemed_accepted_at) == "2026-11-09 00:00:00"
    assert found.decision_due is None


def test_no_answer_is_due_while_a_supplement_is_awaited_and_then_it_begins_afresh() -> None:
    asked = DatedMove(Move.REQUEST_SUPPLEMENT, at("2026-11-04 10:00"))
    assert due(APPLIED, asked).acceptance_due is None
    given_ = DatedMove(Move.GIVE_SUPPLEMENT, at("2026-11-10 10:00"))
    assert local(due(APPLIED, asked, given_).acceptance_due) == "2026-11-14 00:00:00"


def test_decision_within_ten_working_days_and_ten_more() -> None:
    found = due(APPLIED, ACCEPTED)
    assert local(found.decision_due) == "2026-11-18 00:00:00"
    assert local(found.decision_due_extended) == "2026-12-02 00:00:00"
    assert found.acceptance_due is None
    assert not found.stopped
    assert not found.overdue(at("2026-12-01 23:59"))
    assert found.overdue(at("2026-12-02 00:00"))


def test_reviewing_changes_no_deadline() -> None:
    moves = [DatedMove(move, ACCEPTED.at + 9) for move in (Move.REVIEW, Move.DECIDE, Move.ISSUE, Move.COSIGN)]
    assert due(APPLIED, ACCEPTED, *moves) == due(APPLIED, ACCEPTED)


def test_a_supplement_stops_the_clock() -> None:
    asked = DatedMove(Move.REQUEST_SUPPLEMENT, at("2026-11-05 10:00"))
    waiting = due(APPLIED, ACCEPTED, asked)
    assert waiting.stopped
    assert waiting.decision_due is None
    given_ = DatedMove(Move.GIVE_SUPPLEMENT, at("2026-11-09 10:00"))
    # 4 November counts, 5 to 9 do not, nine more from the 10th.
    assert local(due(APPLIED, ACCEPTED, asked, given_).decision_due) == "2026-11-21 00:00:00"


def test_publicity_stops_the_clock_until_it_ends() -> None:
    published = DatedMove(Move.PUBLISH, at("2026-11-05 10:00"), until=at("2026-11-13 00:00"))
    found = due(APPLIED, ACCEPTED, published, now="2026-11-06 12:00")
    assert found.stopped
    # 4 November, then 13, 16 to 20, 23 to 25.
    assert local(found.decision_due) == "2026-11-26 00:00:00"
    assert not due(APPLIED, ACCEPTED, published, now="2026-11-13 00:00").stopped


def test_waived_publicity_stops_nothing() -> None:
    published = DatedMove(Move.PUBLISH_WAIVED, at("2026-11-05 10:00"))
    assert local(due(APPLIED, ACCEPTED, published).decision_due) == "2026-11-18 00:00:00"


def test_objections_stop_the_clock_and_have_their_own() -> None:
    raised = DatedMove(Move.OBJECT, at("2026-11-06 10:00"), objection="a")
    again = DatedMove(Move.OBJECT, at("2026-11-09 10:00"), objection="b")
    found = due(APPLIED, ACCEPTED, raised, again)
    assert found.stopped
    assert found.decision_due is None
    assert [(name, local(end)) for name, end in found.objections_due] == [
        ("a", "2026-11-21 00:00:00"),
        ("b", "2026-11-24 00:00:00"),
    ]
    assert found.overdue(at("2026-11-21 00:00"))
    ended = [
        DatedMove(Move.DISMISS, at("2026-11-10 10:00"), objection="a"),
        DatedMove(Move.DISMISS, at("2026-11-12 10:00"), objection="b"),
    ]
    # 4 and 5 November, then eight from the 13th.
    found = due(APPLIED, ACCEPTED, raised, again, *ended)
    assert local(found.decision_due) == "2026-11-25 00:00:00"
    assert found.objections_due == ()


def test_a_deadline_before_the_standstill_stays() -> None:
    late = DatedMove(Move.REQUEST_SUPPLEMENT, at("2026-11-20 10:00"))
    found = due(APPLIED, ACCEPTED, late)
    assert local(found.decision_due) == "2026-11-18 00:00:00"
    assert found.decision_due_extended is None


@pytest.mark.parametrize("end", [Move.REFUSE, Move.DEPOSIT, Move.UPHOLD])
def test_nothing_is_due_after_the_end(end: Move) -> None:
    assert due(APPLIED, ACCEPTED, DatedMove(end, ACCEPTED.at, objection="a")) == Deadlines()


def test_moves_come_in_order() -> None:
    with pytest.raises(UsageFault) as refused:
        due(ACCEPTED, APPLIED)
    assert refused.value.code == "moves-out-of-order"


@given(st.integers(0, 8 * 86_400), st.integers(0, 8 * 86_400))
def test_a_standstill_never_brings_the_deadline_forward(after: int, length: int) -> None:
    asked = DatedMove(Move.REQUEST_SUPPLEMENT, ACCEPTED.at + after)
    given_ = DatedMove(Move.GIVE_SUPPLEMENT, asked.at + length)
    plain, paused = due(APPLIED, ACCEPTED), due(APPLIED, ACCEPTED, asked, given_)
    assert plain.decision_due is not None
    assert paused.decision_due is not None
    assert paused.decision_due >= plain.decision_due
    assert not paused.stopped


def test_deadlines_are_told_as_far_as_the_calendar_goes() -> None:
    """One that reaches into a year nobody has published is not known; the others are."""
    applied = DatedMove(Move.APPLY, at("2026-12-14 10:00"))
    accepted = DatedMove(Move.ACCEPT, at("2026-12-15 10:00"))
    found = due(applied, accepted, now="2026-12-16 12:00")
    assert local(found.decision_due) == "2026-12-30 00:00:00"
    assert found.decision_due_extended is None
    assert found.unknown_years == {2027}
    assert not found.overdue(at("2027-03-01 00:00"))
    late = due(DatedMove(Move.APPLY, at("2026-12-30 10:00")), now="2026-12-30 12:00")
    assert (late.acceptance_due, late.deemed_accepted_at) == (None, None)
    assert late.unknown_years == {2027}
    objected = DatedMove(Move.OBJECT, at("2026-12-28 10:00"), objection="a")
    waiting = due(applied, accepted, objected, now="2026-12-28 12:00")
    assert waiting.objections_due == (("a", None),)
    assert not waiting.overdue(at("2027-03-01 00:00"))
