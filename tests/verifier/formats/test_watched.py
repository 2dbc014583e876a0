"""How far a reader of letters has come: each number once, whatever order letters come in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.formats.test_webhook import EVENTS
from yinzheng.verifier.formats.watched import Place, read_event


def numbers(stretches: tuple[tuple[int, int], ...]) -> set[int]:
    return {number for a, b in stretches for number in range(a, b)}


@given(st.lists(st.integers(1, 5), min_size=1, max_size=8), st.data())
def test_letters_in_any_order_and_often(lengths: list[int], data: st.DataObject) -> None:
    ends = [sum(lengths[: n + 1]) for n in range(len(lengths))]
    letters = list(zip([0, *ends], ends, strict=False))
    coming = data.draw(st.permutations(letters + data.draw(st.lists(st.sampled_from(letters)))))
    place, taken = Place(0), set[int]()
    for begin, end in coming:
        place, new = place.take(begin, end)
        assert numbers(new) == set(range(begin, end)) - taken
        taken |= numbers(new)
        assert taken | numbers(place.missing) == set(range(place.end))
        assert not taken & numbers(place.missing)
    assert place == Place(ends[-1])


def test_an_event_reads_as_it_was_written() -> None:
    for event in EVENTS:
        assert read_event(event, "$").to_json() == event
