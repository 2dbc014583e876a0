"""`yinzheng calendar`: a published year of working days, shown before it is taken in (R11)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.output import Json, err, tell
from yinzheng.api.cli.registry.asking import require_agreed
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, acting, writing
from yinzheng.api.cli.registry.persons import As
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import UsageFault

if TYPE_CHECKING:
    from yinzheng.ledger.rules.calendar import YearDays

_DAYS = "一二三四五六日"


def calendar(
    year_file: Annotated[
        Path, typer.Argument(metavar="FILE", help='{"year": 2027, "holidays": [...], "make_up": [...]}')
    ],
    as_: As,
    correct: Annotated[
        bool,
        typer.Option("--correct", help="The State Council changed a year that is known. 更正已录入的年份。"),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="It was compared with what was published: do not ask. 已核对。")
    ] = False,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Take in a published year of working days and put it on the chain. 录入放假安排。"""
    from yinzheng.ledger.flow.working_days import add_year, calendar_of, correct_year, read_year
    from yinzheng.ledger.registry import wall_clock
    from yinzheng.ledger.rules.calendar import date_of, day_of, require_plausible
    from yinzheng.ledger.state.instance import Paths, read_instance

    read_instance(state)  # before anybody compares days: is there a registry at all
    year, published = read_year(year_file)
    require_plausible(year, date_of(day_of(wall_clock())))
    changed: list[date] = []
    if correct:
        changed = [date_of(day) for day in calendar_of(Paths(state.absolute())).changed_by(year)]
    if not yes:
        _ask([*_said(year), *(_changes(year, changed) if correct else ())])
    with writing(state, json_) as (registry, _):
        (correct_year if correct else add_year)(registry, published, acting(registry, as_))
    if correct:
        days = [day.isoformat() for day in changed]
        tell(
            json_,
            {"year": year.year, "changed": days},
            f"{counted(len(days), 'day')} of {year.year} corrected 已更正",
        )
    else:
        tell(json_, {"year": year.year}, f"working days of {year.year} are known 已录入")


def _changes(year: YearDays, changed: list[date]) -> Iterator[str]:
    """What would differ from what is known, each way."""
    worked = frozenset(day for day in changed if year.is_working(day))
    yield f"  now worked 改为上班 ({len(worked)}): {_listed(worked)}"
    yield f"  now off 改为放假 ({len(changed) - len(worked)}): {_listed(frozenset(changed) - worked)}"


def _ask(lines: list[str]) -> None:
    for line in lines:
        err.print(line, markup=False)
    if not sys.stdin.isatty():
        raise UsageFault(
            "nobody has said that this is what was published",
            code="calendar-unconfirmed",
            hint="Compare the days above with the State Council's notice, then repeat with --yes.",
        )
    require_agreed("Is this what the State Council published? 与国务院公布的一致吗")


def _said(year: YearDays) -> Iterator[str]:
    """What a person compares: how many days, and which; a weekend that is worked is the commonest slip."""
    yield f"{year.year}: {year.working} working days 个工作日"
    yield f"  weekdays off 放假的工作日 ({len(year.holidays)}): {_listed(year.holidays)}"
    yield f"  weekends worked 调休上班的周末 ({len(year.make_up)}): {_listed(year.make_up)}"


def _listed(days: frozenset[date]) -> str:
    return " ".join(f"{day.month}-{day.day}(周{_DAYS[day.weekday()]})" for day in sorted(days)) or "–"
