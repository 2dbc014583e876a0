"""Bulk openings (R47): what one actor opens on its own word, and what a second person lets it open."""

from __future__ import annotations

import pytest

from yinzheng.ledger.rules.openings import FREE, MAX_SECONDS, Approval, Charge, charge_for, check_terms
from yinzheng.verifier.errors import UsageFault

NOW = 1_790_000_000


def persons(count: int, first: int = 0) -> set[bytes]:
    return {number.to_bytes(32, "big") for number in range(first, first + count)}


def approval(**changes: int) -> Approval:
    return Approval(**{"id": 1, "persons": 100, "used": 0, "since": NOW - 60, "until": NOW + 60, **changes})


def test_ten_persons_are_opened_on_ones_own_word_and_the_eleventh_is_not() -> None:
    assert charge_for(set(), persons(FREE), [], NOW) is None
    assert charge_for(persons(FREE - 1), persons(1, FREE - 1), [], NOW) is None
    for opened, wanted in ((set(), persons(FREE + 1)), (persons(FREE), persons(1, FREE))):
        with pytest.raises(UsageFault) as caught:
            charge_for(opened, wanted, [], NOW)
        assert caught.value.code == "bulk-approval"


def test_who_was_opened_a_moment_ago_is_no_further_person() -> None:
    assert charge_for(persons(FREE), persons(3), [], NOW) is None
    assert charge_for(persons(50), persons(50), [], NOW) is None


def test_an_approval_covers_what_goes_beyond_and_is_used_up() -> None:
    assert charge_for(persons(FREE), persons(100, FREE), [approval()], NOW) == Charge(1, 100)
    assert charge_for(persons(5), persons(8), [approval()], NOW) is None
    for bad in (
        approval(used=1),
        approval(since=NOW + 1),
        approval(until=NOW - 1),
        approval(persons=99),
    ):
        with pytest.raises(UsageFault):
            charge_for(persons(FREE), persons(100, FREE), [bad], NOW)


def test_the_approval_that_ends_first_is_used_first() -> None:
    lasting, ending = approval(id=7, until=NOW + 900), approval(id=8, until=NOW + 10)
    assert charge_for(persons(FREE), persons(1, FREE), [lasting, ending], NOW) == Charge(8, 1)


@pytest.mark.parametrize(("count", "seconds"), [(FREE, 60), (100_001, 60), (50, 0), (50, MAX_SECONDS + 1)])
def test_an_approval_has_a_number_and_an_end(count: int, seconds: int) -> None:
    check_terms(50, NOW, NOW + 60)
    with pytest.raises(UsageFault) as caught:
        check_terms(count, NOW, NOW + seconds)
    assert caught.value.code == "bulk-terms"
