"""What is registered to an organisation, and its licences, as its own pages show them (S15.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yinzheng.api.http.language import Language
from yinzheng.api.org.holding import Held, Licensed, Objected
from yinzheng.api.own.words import LICENCE_STATES, RIGHT_TONES
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.words import Tone, say
from yinzheng.ledger.document.labels import REMARKS
from yinzheng.verifier.judge.licence.status import LicenceStatus
from yinzheng.verifier.words import licence as words
from yinzheng.verifier.words import phrases


@dataclass(frozen=True, slots=True)
class RightView:
    """One certificate, in words."""

    number: str
    asset: str
    status: str
    tone: Tone
    rights: str
    limits: str
    others: tuple[str, ...]
    """Who else is registered under it, with their rights."""
    remarks: tuple[str, ...]
    """Those that stand (R16)."""
    objections: int
    reserved_until: Instant | None
    licences: tuple[str, ...]
    more_licences: bool
    since: Instant
    until: Instant
    demonstration: bool


@dataclass(frozen=True, slots=True)
class LicenceView:
    """One licence, in words."""

    number: str
    certificate: str
    given: bool
    """Whether whoever looks gave it; else it took it."""
    other: str
    rows: tuple[tuple[str, str, bool], ...]
    """Label, text, and whether that is the registered text itself."""
    status: str
    tone: Tone
    begins: Instant
    ends: Instant
    ended_at: Instant | None
    demonstration: bool


@dataclass(frozen=True, slots=True)
class ObjectionView:
    """One open objection, in words."""

    name: str
    raised: Instant
    answered: Instant | None
    reasons: tuple[str, ...]
    """Lines of it."""


def objection_view(found: Objected, language: Language) -> ObjectionView:
    """One open objection in one language."""
    return ObjectionView(
        name=found.objection,
        raised=instant(found.raised_at, language),
        answered=None if found.answered_at is None else instant(found.answered_at, language),
        reasons=tuple(found.reasons.splitlines()),
    )


def right_view(held: Held, code: str, language: Language) -> RightView:
    """One certificate in one language, for the organisation with that credit code."""
    body = held.body
    until = held.reserved_until
    return RightView(
        number=body.number,
        asset=body.asset,
        status=phrases.STATUSES[held.status].said(language),
        tone=RIGHT_TONES.get(held.status, "unknown"),
        rights=_listed(held.rights, language),
        limits=body.limits,
        others=tuple(
            f"{one.name} {one.code} · {_listed(one.rights, language)}"
            for one in body.holders
            if one.code != code
        ),
        remarks=tuple(_remark(one, language) for one in held.remarks if one["lifted_at"] is None),
        objections=held.objections,
        reserved_until=None if until is None else instant(until, language),
        licences=held.licences,
        more_licences=held.more_licences,
        since=instant(body.registered_at, language, day_only=True),
        until=instant(body.valid_until, language, day_only=True),
        demonstration=body.profile.startswith("DEMO/"),
    )


def licence_view(found: Licensed, code: str, language: Language) -> LicenceView:
    """One licence in one language, for the organisation with that credit code."""
    body = found.body
    given = body.licensor.code == code
    other = body.licensee if given else body.licensor
    ended = found.ended_at
    said = words.terms(body)
    return LicenceView(
        number=body.number,
        certificate=body.certificate.number,
        given=given,
        other=f"{other.name} {other.code}",
        rows=tuple(
            (words.FIELDS[name].said(language), phrase.said(language), name == "purposes")
            for name, phrase in said.items()
        ),
        status=say(LICENCE_STATES[found.status], language),
        tone="good" if found.status is LicenceStatus.IN_FORCE else "unknown",
        begins=instant(body.begins, language, day_only=True),
        ends=instant(body.ends, language, day_only=True),
        ended_at=None if ended is None else instant(ended, language),
        demonstration=body.profile.startswith("DEMO/"),
    )


def _listed(rights: tuple[str, ...], language: Language) -> str:
    return words.listed(rights, phrases.RIGHTS).said(language)


def _remark(one: Mapping[str, Any], language: Language) -> str:
    said = REMARKS[one["kind"]][0 if language == "zh" else 1]
    colon, gap = ("：", "；") if language == "zh" else (": ", "; ")
    told = gap.join(part for part in (one["text"], one["reference"]) if part)
    return f"{said}{colon}{told}" if told else said
