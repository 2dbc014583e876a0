"""Profiles and calendar on the chain: what it lacks of them, and sending that (S5.7, S5.8)."""

from collections.abc import Iterable, Iterator

from yinzheng.ledger.chain.client import RegistryClient
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.ledger.rules.calendar import WorkingCalendar
from yinzheng.ledger.rules.profiles import Duration, Profile, Unit
from yinzheng.verifier.errors import DataFault

DAYS_PER_CALL = 256


def configure(
    client: RegistryClient,
    keeper: Sender,
    profiles: Iterable[Profile],
    calendar: WorkingCalendar,
    first_day: int,
    *,
    patience: float = 60,
) -> int:
    """Send what the chain lacks, `keeper` holding CALENDAR; give the number of transactions. May be repeated.

    Raises:
        DataFault: `profile-differs`.
    """
    calls = list(missing(client, profiles, calendar, first_day))
    keeper.send_all(calls, patience)
    return len(calls)


def missing(
    client: RegistryClient, profiles: Iterable[Profile], calendar: WorkingCalendar, first_day: int
) -> Iterator[Call]:
    """Give the calls that define what the chain lacks of `profiles` and `calendar`.

    The calendar continues where the chain's ends, or begins at `first_day` (S5.7), up to its last known day.

    Raises:
        DataFault: `profile-differs`, the chain has a profile with another duration.
    """
    for profile in profiles:
        wanted = _durations(profile.publicity)
        existing = client.profile(profile.tag)
        if existing is None:
            yield client.define_profile(profile.tag, *wanted)
        elif existing != wanted:
            raise DataFault(
                f"The chain holds the profile {profile.tag} with another duration.",
                code="profile-differs",
                hint="A profile never changes: give the changed one a new version.",
            )
    day = client.calendar_range()[1] or first_day
    while day <= calendar.last_day:
        count = min(DAYS_PER_CALL, calendar.last_day + 1 - day)
        yield client.extend_calendar(day, count, calendar.bitmap(day, count))
        day += count


def corrections(client: RegistryClient, calendar: WorkingCalendar, days: Iterable[int]) -> Iterator[Call]:
    """Give the calls that make the chain's days those of `calendar`; none of `days` has begun (S5.7).

    Raises `CalendarShort` for a day that the chain does not know: `configure` extends it.
    """
    for day in days:
        if client.is_working_day(day) != (working := calendar.is_working(day)):
            yield client.correct_calendar(day, working=working)


def _durations(publicity: Duration) -> tuple[int, int]:
    """Give working days and seconds, one of which is zero."""
    if publicity.unit is Unit.SECONDS:
        return 0, publicity.amount
    return publicity.amount, 0
