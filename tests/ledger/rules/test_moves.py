"""Licences, transfers, renewal, cancellation and what bars them, as rules (R4, R7, R10, R16, R46)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.rules.times import at
from yinzheng.ledger.rules.licences import (
    EVERYWHERE,
    Act,
    Terms,
    act_bits,
    check_licence,
    right_bits,
    territory_bits,
)
from yinzheng.ledger.rules.moves import (
    GROUNDS,
    Bar,
    Circumstances,
    Ground,
    Initiator,
    bars,
    check_ground,
    remainder,
    renewal_window,
    require_free,
)
from yinzheng.ledger.rules.terms import Right
from yinzheng.verifier.chain.holdings import RIGHT_BITS
from yinzheng.verifier.chain.terms import ACTS
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.words.licence import PROVINCES

DAY = 86_400
NOW = 1_795_000_000
USE = Terms(frozenset({Right.USE}), frozenset({Act.USE}), frozenset({"44"}), NOW, NOW + DAY)
ONE, TWO = b"\1" * 20, b"\2" * 20

terms = st.builds(
    Terms,
    rights=st.frozensets(st.sampled_from(Right), min_size=1),
    acts=st.frozensets(st.sampled_from(Act), min_size=1, max_size=2),
    territory=st.frozensets(st.sampled_from(["11", "44", "82"]), min_size=1, max_size=2),
    begins=st.integers(0, 4),
    ends=st.integers(4, 8),
)


def test_bits_are_the_chains() -> None:
    assert [right_bits([right]) for right in Right] == list(RIGHT_BITS.values()) == [1, 2, 4]
    assert [act_bits([act]) for act in Act] == [1, 2, 4, 8, 16, 32]
    assert set(ACTS) == set(Act)
    assert len(PROVINCES) == 34
    assert list(PROVINCES) == sorted(PROVINCES)
    assert (territory_bits(["11"]), territory_bits(["44", "82"])) == (1, 1 << 18 | 1 << 33)
    assert territory_bits(EVERYWHERE) == (1 << 34) - 1
    with pytest.raises(UsageFault) as caught:
        territory_bits(["44", "99"])
    assert caught.value.code == "territory-unknown"


@given(terms, terms)
def test_overlap_is_a_point_in_common(one: Terms, two: Terms) -> None:
    def points(of: Terms) -> set[tuple[Any, ...]]:
        seconds = range(of.begins, of.ends + 1)
        return {(r, a, t, s) for r in of.rights for a in of.acts for t in of.territory for s in seconds}

    assert one.overlaps(two) == two.overlaps(one) == bool(points(one) & points(two))


def check(one: Terms = USE, **changes: Any) -> str | None:
    fields: dict[str, Any] = {
        "licensor": "A",
        "licensee": "B",
        "held": [Right.USE, Right.HOLD],
        "valid_until": NOW + 10 * DAY,
        "now": NOW,
        "exclusives": (),
    }
    try:
        check_licence(one, **fields | changes)
    except UsageFault as fault:
        return fault.code
    return None


def changed(**changes: Any) -> Terms:
    names = ("rights", "acts", "territory", "begins", "ends")
    return Terms(**{name: getattr(USE, name) for name in names} | changes)


def test_what_a_licence_may_cover() -> None:
    assert check() is None
    assert check(licensee="A") == "same-organisation"
    for name in ("rights", "acts", "territory"):
        assert check(changed(**{name: frozenset()})) == "licence-empty"
    assert check(held=[Right.HOLD]) == "rights-not-held"
    for begins, ends in ((NOW - DAY - 1, NOW), (NOW, NOW + 11 * DAY), (NOW + 2, NOW + 1), (NOW - 9, NOW - 1)):
        assert check(changed(begins=begins, ends=ends)) == "licence-term"
    assert check(changed(begins=NOW - DAY, ends=NOW + 10 * DAY)) is None
    assert check(exclusives=[changed(territory=frozenset({"11"}))]) is None
    assert check(exclusives=[changed(begins=NOW + DAY, ends=NOW + 2 * DAY)]) == "exclusive-overlaps"


FREE = Circumstances(
    in_force=True,
    valid_until=NOW,
    holds=0,
    objections=0,
    seized=False,
    reserved_until=0,
    reserved_by=bytes(20),
)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, set()),
        ({"in_force": False}, {Bar.OVER}),
        ({"valid_until": NOW - 1}, {Bar.OVER}),
        ({"holds": 1, "objections": 2}, {Bar.HELD, Bar.OBJECTED}),
        ({"seized": True}, {Bar.SEIZED}),
        ({"reserved_until": NOW + 1, "reserved_by": ONE}, {Bar.RESERVED}),
        ({"reserved_until": NOW, "reserved_by": ONE}, set()),
    ],
)
def test_what_bars_a_move(changes: dict[str, Any], found: set[Bar]) -> None:
    names = Circumstances.__slots__
    assert bars(Circumstances(**{name: getattr(FREE, name) for name in names} | changes), NOW) == found


def test_a_reservation_is_settled_by_its_own_exchange() -> None:
    reserved = Circumstances(True, NOW, 0, 0, False, NOW + 1, ONE)
    assert bars(reserved, NOW, ONE) == set()
    assert bars(reserved, NOW, TWO) == {Bar.RESERVED}
    assert bars(FREE, NOW, ONE) == {Bar.RESERVED}, "nothing is reserved that it could settle"


def test_what_stays_after_a_transfer() -> None:
    held = {"A": frozenset({Right.HOLD, Right.USE}), "B": frozenset({Right.USE})}
    assert remainder(held, "A", [Right.USE]) == {"A": {Right.HOLD}, "B": {Right.USE}}
    assert remainder(held, "A", Right) == {"B": {Right.USE}}
    assert remainder({"A": frozenset(Right)}, "A", Right) == {}


@pytest.mark.parametrize(
    ("last", "first"),
    [
        ("2031-09-20", "2031-03-20"),
        ("2031-08-31", "2031-02-28"),
        ("2032-08-31", "2032-02-29"),
        ("2031-03-15", "2030-09-15"),
        ("2031-12-31", "2031-06-30"),
    ],
)
def test_the_window_of_renewal(last: str, first: str) -> None:
    begin, end = renewal_window(at(f"{last} 23:59:59"))
    assert (begin, end) == (at(first), at(last))
    assert end - begin <= 184 * DAY, "the contract's bound is never the stricter one"


def test_who_cancels_on_which_ground() -> None:
    assert set(GROUNDS) == set(Ground)
    lawful = {
        Initiator.HOLDERS: "asked data_gone",
        Initiator.REGISTRY: "asked data_gone rectification_refused public_interest law",
        Initiator.FORUM: "document",
    }
    for initiator, grounds in lawful.items():
        for ground in Ground:
            if ground.value in grounds.split():
                check_ground(ground, initiator)
                continue
            with pytest.raises(UsageFault) as caught:
                check_ground(ground, initiator)
            assert caught.value.code == "cancellation-ground"


def test_what_is_over_is_not_waited_for() -> None:
    """Its end is for good; the hint to wait was for what ends."""
    for found, hint in ((Bar.OVER, "stays over"), (Bar.HELD, "Wait until")):
        with pytest.raises(UsageFault) as refused:
            require_free(frozenset({found}))
        assert hint in (refused.value.hint or "")
