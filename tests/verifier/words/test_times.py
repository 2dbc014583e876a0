"""Instants and ages in words, at +08:00."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from yinzheng.verifier.words.times import ago, deadline, duration, lately, moment

AT = int(datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC).timestamp())


def test_a_moment_is_of_the_mainland() -> None:
    assert moment(AT) == ("2026年11月21日 23:59:59", "21 November 2026 23:59:59")


@pytest.mark.parametrize("seconds", [-1, 253_402_300_800])
def test_what_is_no_date_stays_a_number(seconds: int) -> None:
    assert moment(seconds) == (str(seconds), str(seconds))
    assert lately(seconds, AT) == lately(seconds, seconds) == moment(seconds)


def test_today_is_of_the_mainland_too() -> None:
    assert lately(AT - 3600, AT) == ("今天 22:59", "22:59 today")
    assert lately(AT, AT + 1) == moment(AT)


@pytest.mark.parametrize(
    ("seconds", "en", "zh"),
    [
        (-301, "in the future", "时间在未来"),
        (-300, "just now", "刚刚"),
        (0, "just now", "刚刚"),
        (1, "1 second ago", "1 秒前"),
        (179, "2 minutes ago", "2 分钟前"),
        (7200, "2 hours ago", "2 小时前"),
        (86_400, "1 day ago", "1 天前"),
    ],
)
def test_ages(seconds: int, en: str, zh: str) -> None:
    assert ago(seconds) == (zh, en)


def test_no_time_at_all() -> None:
    assert duration(0) == ("0 秒", "0 seconds")


def test_a_period_ends_with_its_last_day() -> None:
    midnight = 1_796_313_600  # 2026-12-04 00:00 +08:00
    assert deadline(midnight).en == "3 December 2026 24:00"
    assert deadline(midnight).zh == "2026年12月3日 24:00"
    assert deadline(midnight + 1) == moment(midnight + 1)
