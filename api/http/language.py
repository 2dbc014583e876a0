"""Which language a reader gets: the one asked for, else what the browser prefers, else Chinese."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["zh", "en"]

FALLBACK: Final[Language] = "zh"
HTML_LANG: Final[dict[Language, str]] = {"zh": "zh-Hans", "en": "en"}
"""Values of the `lang` attribute (BCP 47)."""

_MAX_RANGES: Final = 20


def other(language: Language) -> Language:
    """The language that the switch link leads to."""
    return "en" if language == "zh" else "zh"


def negotiate(asked: str | None, accept: str | None) -> Language:
    """The language for a request: `asked` is its `lang` parameter, `accept` its Accept-Language header.

    Follows the quality values of RFC 9110 section 12.5.4; an unknown `asked` counts as none.
    """
    if asked in ("zh", "en"):
        return "zh" if asked == "zh" else "en"
    best: Language = FALLBACK
    weight = 0.0
    for item in (accept or "").split(",")[:_MAX_RANGES]:
        tag, _, parameter = item.partition(";")
        language = _supported(tag.strip().lower())
        quality = _quality(parameter)
        if language is not None and quality > weight:
            best, weight = language, quality
    return best


def _supported(tag: str) -> Language | None:
    primary = tag.partition("-")[0]
    if primary in ("zh", "en"):
        return "zh" if primary == "zh" else "en"
    return FALLBACK if primary == "*" else None


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
