"""Local times in China, for tests that a reader can check against a calendar on the wall."""

from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


def at(text: str) -> int:
    """The UTC instant of a local time such as `2026-11-21 12:00`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp())


def local(instant: int | None) -> str:
    """The local time of a UTC instant, to the second."""
    assert instant is not None
    return datetime.fromtimestamp(instant, UTC).astimezone(CHINA).isoformat(" ")[:19]
