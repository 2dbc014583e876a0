"""One reader of instants: what a date means depends on the question, what a number means never does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.api.instants import Day, parse_instant
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import UsageFault

NOON = 1_795_233_600
"""2026-11-21T12:00 at +08:00."""


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-11-21T12:00", NOON),
        ("2026-11-21 12:00", NOON),
        ("2026-11-21T12:00:01", NOON + 1),
        ("2026-11-21T04:00:00Z", NOON),
        ("2026-11-21T04:00+00:00", NOON),
        (str(NOON), NOON),
        ("0", 0),
    ],
)
def test_what_is_read(written: str, instant: int) -> None:
    assert {parse_instant(written, day) for day in Day} == {instant}


def test_a_date_alone_is_an_end_of_its_day_or_nothing() -> None:
    assert parse_instant("2026-11-21", Day.BEGINS) == NOON - 43_200
    assert parse_instant("2026-11-21", Day.ENDS) == NOON + 43_199
    with pytest.raises(UsageFault, match="time of day") as caught:
        parse_instant("2026-11-21")
    assert caught.value.code == "instant"


@pytest.mark.parametrize(
    "written",
    ["20261121", "17", "1" * 13, "2026-11-21T", "2026-11", "2026-W47-6", "2026-11-31", "20261121T1200",
     "2026-11-21T12", "2026-11-21T25:00", "2026-11-21T12:00+8", "0001-01-01T00:00Z ", "yesterday", "",
     "２０２６-11-21", "-1"],
)  # fmt: skip
def test_what_is_refused(written: str) -> None:
    for day in Day:
        with pytest.raises(UsageFault) as caught:
            parse_instant(written, day)
        assert caught.value.code == "instant"
        assert caught.value.hint


@given(st.integers(100_000_000, 253_402_000_000))
def test_every_instant_is_read_as_it_is_written(instant: int) -> None:
    for zone in (UTC, CHINA):
        assert parse_instant(datetime.fromtimestamp(instant, zone).isoformat()) == instant
