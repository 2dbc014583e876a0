"""What a later version of a notice takes beyond what a person agreed to, as the page shows it (R28)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yinzheng.api.http.language import Language
from yinzheng.api.web.times import Instant, instant
from yinzheng.ledger.rules.notices import GENETIC
from yinzheng.verifier.words.receipt import CHANGES, PERIODS
from yinzheng.verifier.words.receipt import SCOPES as SCOPE_WORDS
from yinzheng.verifier.words.receipt import months as period


@dataclass(frozen=True, slots=True)
class BeyondView:
    """A later version of the notice, and what it takes beyond what was agreed to (R28)."""

    version: int
    published: Instant
    parts: tuple[tuple[str, str], ...]
    """In which field, and what."""


def beyond_view(one: Mapping[str, Any], language: Language) -> BeyondView:
    """One of `beyond` in the desk's answer to `see`."""
    return BeyondView(
        version=one["version"],
        published=instant(one["published_at"], language, day_only=True),
        parts=tuple((CHANGES[part["change"]].said(language), _part(part, language)) for part in one["wider"]),
    )


def _part(part: Mapping[str, Any], language: Language) -> str:
    """What is wider, in the notice's own words where it has any."""
    words = str(part["words"])
    if part["change"] == "period":
        field, _, counts = words.partition(" ")
        was, _, now = counts.partition(" → ")
        return f"{PERIODS[field].said(language)} {months(int(was), language)} → {months(int(now), language)}"
    if words == GENETIC and part["change"] == "kinds":
        return "遗传信息" if language == "zh" else "genetic information"
    scope = [SCOPE_WORDS[part["scope"]].said(language)] if part["scope"] else []
    return " · ".join([*scope, words])


def months(count: int, language: Language) -> str:
    """A period of a notice in words."""
    return period(count).said(language)
