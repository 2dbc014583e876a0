"""The fields of a certificate in words: those of the record, beside what the certificate shown says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from yinzheng.api.http.language import Language
from yinzheng.api.web.times import instant
from yinzheng.ledger.document.labels import CLASSES, IMPORTANCES, PROCEDURES, REMARKS, RIGHTS, SOURCES, TYPES
from yinzheng.ledger.rules.profiles import PROFILES
from yinzheng.verifier.formats.body import Body, Party
from yinzheng.verifier.formats.elision import ELIDED
from yinzheng.verifier.judge.report import Difference, Report
from yinzheng.verifier.words.levels import level_words
from yinzheng.verifier.words.phrases import FIELDS, supervised


@dataclass(frozen=True, slots=True)
class Row:
    """One field. `lines` is what holds; `shown` is what the certificate says instead, where it differs."""

    label: str
    lines: tuple[str, ...]
    shown: tuple[str, ...] = ()
    original: bool = False
    """Whether this is the registered text itself, in Chinese whatever the page's language."""

    @property
    def differs(self) -> bool:
        """Whether certificate and record disagree here."""
        return bool(self.shown)


_Say = Callable[[Body, Language], tuple[str, ...]]


def _label(table: Mapping[str, tuple[str, str]], name: str, language: Language) -> str:
    return table[name][0 if language == "zh" else 1]


def text_words(value: str, language: Language) -> str:
    """A text as registered, or why it is not to be seen."""
    if value == ELIDED:
        return "（二维码仅载其摘要）" if language == "zh" else "(the QR code holds only its digest)"
    return value or ("无" if language == "zh" else "none")


def _party(party: Party) -> tuple[str, ...]:
    return (party.name, party.code)


def _holders(body: Body, language: Language) -> tuple[str, ...]:
    comma = "、" if language == "zh" else ", "
    return tuple(
        line
        for holder in body.holders
        for line in (
            holder.name,
            f"{holder.code} · " + comma.join(_label(RIGHTS, right, language) for right in holder.rights),
        )
    )


def _remarks(body: Body, language: Language) -> tuple[str, ...]:
    colon = "：" if language == "zh" else ": "
    said = tuple(
        _label(REMARKS, remark.kind, language)
        + (colon + text_words(remark.text, language) if remark.text else "")
        for remark in body.remarks
    )
    return said or (text_words("", language),)


def profile_words(tag: str, language: Language) -> str:
    """A profile's name and tag; of an unknown one the tag alone."""
    profile = PROFILES.get(tag)
    if profile is None:
        return tag
    return f"{profile.label.zh}（{tag}）" if language == "zh" else f"{profile.label.en} ({tag})"


def procedure_words(name: str, language: Language) -> str:
    """What a procedure is called, as on the certificate itself."""
    return _label(PROCEDURES, name, language) if name in PROCEDURES else name


def importance_words(name: str, language: Language) -> str:
    """What data was decided to be (R23), in words; empty for general data."""
    return _label(IMPORTANCES, name, language) if name in IMPORTANCES else name


def _level(body: Body, language: Language) -> tuple[str, ...]:
    level = body.level
    said = level_words(level.scheme, level.value).said(language)
    value = f"第 {level.value} 级" if language == "zh" else f"Level {level.value}"
    return (f"{value} · {level.scheme}", *([said] if said else []))


_ROWS: Final[tuple[tuple[str, _Say], ...]] = (
    ("number", lambda b, _: (b.number,)),
    ("asset", lambda b, _: (b.asset,)),
    ("holders", _holders),
    ("limits", lambda b, lang: (text_words(b.limits, lang),)),
    ("remarks", _remarks),
    ("class", lambda b, lang: (_label(CLASSES, b.data_class, lang),)),
    ("importance", lambda b, lang: (importance_words(b.importance, lang),) if b.importance else ()),
    ("level", _level),
    ("source", lambda b, lang: (_label(SOURCES, b.source, lang),)),
    ("scale", lambda b, lang: (text_words(b.scale, lang),)),
    ("registry", lambda b, _: _party(b.registry)),
    ("authority", lambda b, lang: (supervised(b.authority).said(lang),) if b.authority else ()),
    ("registered_at", lambda b, lang: (instant(b.registered_at, lang).text,)),
    ("valid_until", lambda b, lang: (instant(b.valid_until, lang).text,)),
    ("type", lambda b, lang: (_label(TYPES, b.type, lang),)),
    ("procedure", lambda b, lang: (procedure_words(b.procedure, lang),)),
    ("profile", lambda b, lang: (profile_words(b.profile, lang),)),
    ("follows", lambda b, _: tuple(one.number for one in b.follows)),
    ("notices", lambda b, _: tuple(leaf.hex() for leaf in b.notices)),
    ("prev", lambda b, _: (b.prev.hex(),)),
)
_ORIGINAL: Final = frozenset({"asset", "holders", "limits", "scale", "registry"})
_QUIET: Final = frozenset({"prev"})
"""Fields that mean nothing to people, shown only where they differ."""
_OPTIONAL: Final = frozenset({"notices", "follows", "importance", "authority"})
"""Fields that a certificate may lack."""


def _name(field: str, language: Language) -> str:
    return FIELDS[field].said(language)


def differing(differences: Sequence[Difference]) -> frozenset[str]:
    """The fields in which what is shown and the record differ."""
    return frozenset(one.path.partition(".")[0].partition("[")[0] for one in differences)


def rows(report: Report, language: Language) -> tuple[Row, ...]:
    """The fields to show, of the record where there is one (R9), with every difference marked."""
    body, shown = report.body, report.core.body if report.core else None
    if body is None:
        return ()
    differs_in = differing(report.differences)
    found = []
    for name, words in _ROWS:
        differs = shown is not None and name in differs_in
        if differs or not (name in _QUIET or (name in _OPTIONAL and not getattr(body, name))):
            beside = words(shown, language) if shown is not None and differs else ()
            found.append(Row(_name(name, language), words(body, language), beside, name in _ORIGINAL))
    return tuple(found)
