"""What a search of the register found, as the page and programs are told it (R50)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yinzheng.api.http.language import Language
from yinzheng.api.web.ports import RegisterLine
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.words import Tone
from yinzheng.verifier.judge.report import Status
from yinzheng.verifier.words import phrases


@dataclass(frozen=True, slots=True)
class FoundView:
    """One registration, in words."""

    number: str
    asset: str
    holders: str
    status: str
    tone: Tone
    since: Instant
    until: Instant
    demonstration: bool


def found_view(lines: Sequence[RegisterLine], language: Language) -> list[FoundView]:
    """The registrations in one language."""
    return [
        FoundView(
            number=line.body.number,
            asset=line.body.asset,
            holders="、".join(holder.name for holder in line.body.holders),
            status=phrases.STATUSES[line.status].said(language),
            tone="good" if line.status is Status.IN_FORCE else "unknown",
            since=instant(line.body.registered_at, language, day_only=True),
            until=instant(line.body.valid_until, language, day_only=True),
            demonstration=line.body.profile.startswith("DEMO/"),
        )
        for line in lines
    ]
