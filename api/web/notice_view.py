"""A public notice as the pages show it (R24)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from yinzheng.api.http.language import Language
from yinzheng.api.web.fields import importance_words, procedure_words, profile_words
from yinzheng.api.web.ports import Notice
from yinzheng.api.web.times import Instant, duration, ending, instant
from yinzheng.api.web.words import say
from yinzheng.ledger.rules.calendar import WorkingCalendar, day_of
from yinzheng.ledger.rules.case_types import CASE_TYPES, CaseType
from yinzheng.ledger.rules.terms import Label
from yinzheng.verifier.errors import DataFault, EnvironmentFault

REGISTERED: Final = "deposited"
"""State of a case whose notice takes objections to what is registered (R25)."""

TAKES_OBJECTIONS: Final = frozenset({"publicity", "issuing", REGISTERED})
"""States of a case in which anyone may object."""

_OUTCOMES: Final = {
    "deposited": Label("已登记，证书已存证。", "It was registered; the certificate is deposited."),
    "refused": Label("不予登记。", "Registration was refused."),
    "recorded": Label("已登记注销。", "It was recorded: the certificate is cancelled."),
    "closed": Label("异议成立，登记程序终止。", "An objection was upheld, which ended the application."),
}


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice, in words."""

    case: str
    kind: str
    """What is asked for, in words."""
    certificate: str
    """The number of the one it is about; empty for a first registration."""
    applicant: str
    asset: str
    overview: str
    limits: str
    importance: str
    """What the data was decided to be (R23); empty for general data."""
    profile: str
    procedure: str
    opened: Instant
    ends: Instant | None
    left: str
    """How long it still lasts, in working days; empty for one that is over or was waived."""
    waived: bool
    reason: str
    leaf: str
    open: bool
    state: str
    objections: int
    demonstration: bool
    takes: bool
    """Whether it takes objections now."""
    registered: bool
    """Whether an objection is against what is registered already."""
    over: bool
    """Whether that is over by now."""
    outcome: str
    """How it ended; empty while nothing is decided."""
    outcome_at: Instant


def found_in(notices: Sequence[Notice], asked: str) -> list[Notice]:
    """Those whose applicant, asset, case or certificate has `asked` in it, whatever its width and case."""
    wanted = _plain(asked)
    return [
        one
        for one in notices
        if any(wanted in _plain(text) for text in (one.applicant, one.asset, one.case, one.certificate or ""))
    ]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def left_words(calendar: Callable[[], WorkingCalendar], now: int, until: int, language: Language) -> str:
    """How long there is until `until`: in working days, on the last day in hours.

    Empty where `calendar` cannot be read, or does not know the years: a notice is shown all the same.
    """
    if day_of(until - 1) == day_of(now):
        still = duration(until - now, language)
        return f"今天截止，还有 {still}" if language == "zh" else f"ends today, {still} left"
    try:
        days = calendar().left(now, until)
    except (DataFault, EnvironmentFault):
        return ""
    if language == "zh":
        return f"还有 {days} 个工作日"
    return f"{days} working day{'' if days == 1 else 's'} left"


def notice_view(
    notice: Notice, now: int, language: Language, calendar: Callable[[], WorkingCalendar]
) -> NoticeView:
    """The words for a notice at `now`, UTC seconds; `calendar` is asked for one that is still open."""
    is_open = not notice.waived and (notice.ends_at is None or now < notice.ends_at)
    words = {
        "waived": ("免予公示", "Publicity waived"),
        "open": ("公示中", "On notice"),
        "over": ("公示期满", "Notice ended"),
    }["waived" if notice.waived else "open" if is_open else "over"]
    return NoticeView(
        case=notice.case,
        kind=say(CASE_TYPES[CaseType(notice.type)], language),
        certificate=notice.certificate or "",
        applicant=notice.applicant,
        asset=notice.asset,
        overview=notice.overview,
        limits=notice.limits,
        importance=importance_words(notice.importance, language),
        profile=profile_words(notice.profile, language),
        procedure=procedure_words(notice.procedure, language),
        opened=instant(notice.opened_at, language),
        ends=None if notice.ends_at is None else ending(notice.ends_at, language),
        left=left_words(calendar, now, notice.ends_at, language) if is_open and notice.ends_at else "",
        waived=notice.waived,
        reason=notice.reason,
        leaf=notice.leaf,
        open=is_open,
        state=words[0 if language == "zh" else 1],
        objections=notice.open_objections,
        demonstration=notice.demonstration,
        takes=notice.state in TAKES_OBJECTIONS and not notice.over,
        registered=notice.state == REGISTERED,
        over=notice.over,
        outcome=say(_OUTCOMES[notice.state], language) if notice.state in _OUTCOMES else "",
        outcome_at=instant(notice.changed_at, language),
    )
