"""One request for a move, as an organisation's own pages show it: what is asked, how far, what to sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from yinzheng.api.http.language import Language
from yinzheng.api.org.holding import Requested
from yinzheng.api.own.words import GROUNDS, PUBLICITY, ROLES, STATE_TONES, STATES, STEPS
from yinzheng.api.web.times import Instant, instant
from yinzheng.api.web.words import Tone, say
from yinzheng.ledger.document.labels import CLASSES, SOURCES
from yinzheng.ledger.rules.case_types import CASE_TYPES, CaseType
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.move_request import JointRequest, MoveRequest
from yinzheng.verifier.formats.move_terms import (
    CancellationTerms,
    ChangeTerms,
    LicenceEndTerms,
    LicenceTerms,
    RenewalTerms,
    TransferTerms,
)
from yinzheng.verifier.words import licence as words
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.phrase import Phrase

Row = tuple[str, str, bool]
"""Label, text, and whether that is somebody's own words, in whatever language."""

_LABELS: Final = {
    "years": Phrase("续期年数", "Years more"),
    "ground": Phrase("事由", "Ground"),
    "summary": Phrase("公示摘要", "What the public is told"),
    "reasons": Phrase("理由", "Reasons"),
    "licence": Phrase("许可编号", "Licence"),
    "names": Phrase("权利人名称", "Holders’ names"),
}


@dataclass(frozen=True, slots=True)
class LineView:
    """A request in the list."""

    case: str
    type: str
    certificate: str
    state: str
    tone: Tone
    changed: Instant


@dataclass(frozen=True, slots=True)
class PartyView:
    """A party of a request."""

    name: str
    code: str
    role: str
    signed: bool
    """The request; or another may sign for it."""


@dataclass(frozen=True, slots=True)
class StepView:
    """A step of its course."""

    name: str
    state: Literal["done", "now", "ahead"]


@dataclass(frozen=True, slots=True)
class RequestView:
    """Everything the page of one request shows."""

    line: LineView
    over: bool
    """Whether nothing more happens to it."""
    steps: tuple[StepView, ...]
    rows: tuple[Row, ...]
    parties: tuple[PartyView, ...]
    documents: tuple[tuple[str, str], ...]
    """Title and name of each."""
    missing: tuple[str, ...]
    """Who is still to sign what is prepared, the officials first."""
    prepared: bool
    ours: bool
    """Whether our signature is due, and those before it are there."""
    fault: tuple[str, str] | None
    """Why what is prepared must not be signed: it is not what we asked for, or that cannot be told."""


def line_view(found: Requested, language: Language) -> LineView:
    """A request in the list, in one language."""
    state = STATES.get(found.state)
    return LineView(
        case=found.case,
        type=say(CASE_TYPES[CaseType(found.type)], language),
        certificate=found.certificate,
        state=found.state if state is None else say(state, language),
        tone=STATE_TONES.get(found.state, "unknown"),
        changed=instant(found.changed_at, language),
    )


def request_view(
    found: Requested, code: str, fault: YinzhengError | None, told: tuple[str, str] | None, language: Language
) -> RequestView:
    """The page's content for the organisation of that credit code; `fault` is what comparing found."""
    asked = found.asked
    own = f"holder {code}"
    officials = [one for one in found.missing if " " not in one and one != "exchange"]  # which signs last
    return RequestView(
        line=line_view(found, language),
        over=found.state in ("deposited", "recorded", "refused", "closed"),
        steps=_steps(found, language),
        rows=() if asked is None else tuple(_rows(asked.request, language)),
        parties=() if asked is None else _parties(asked, language),
        documents=() if asked is None else tuple((one.title, one.path) for one in asked.request.documents),
        missing=tuple(_signer(one, asked, code, language) for one in found.missing),
        prepared=found.prepared is not None,
        ours=not officials and any(one in (own, f"forum {code}") for one in found.missing),
        fault=told if fault is not None else None,
    )


def _steps(found: Requested, language: Language) -> tuple[StepView, ...]:
    """Where it is in its course; of one refused, which step was not reached."""
    published = CaseType(found.type).published
    course = [step for place, step in enumerate(STEPS) if published or place != PUBLICITY]
    at = next((place for place, (_, states) in enumerate(course) if found.state in states), None)
    if at is None:
        return ()
    ended = at == len(course) - 1
    states: list[Literal["done", "now", "ahead"]] = ["done"] * (at + ended)
    states += [] if ended else ["now"]
    states += ["ahead"] * (len(course) - len(states))
    return tuple(
        StepView(say(label, language), state) for (label, _), state in zip(course, states, strict=True)
    )


def _parties(joint: JointRequest, language: Language) -> tuple[PartyView, ...]:
    signed = {one.code for one in joint.signatures} | {
        one.authorisation.principal for one in joint.authorisations
    }
    return tuple(
        PartyView(one.name, one.code, say(ROLES[one.role], language), one.code in signed)
        for one in joint.request.parties
    )


def _signer(name: str, asked: JointRequest | None, own: str, language: Language) -> str:
    """Who is meant by a capacity, and an organisation's credit code."""
    capacity, _, code = name.partition(" ")
    said = say(ROLES[capacity], language) if capacity in ROLES else capacity
    if not code:
        return said
    if code == own:
        return f"{said}：本机构" if language == "zh" else f"{said}: ourselves"
    party = next((one.name for one in asked.request.parties if one.code == code), "") if asked else ""
    colon = "：" if language == "zh" else ": "
    return f"{said}{colon}{party} {code}" if party else f"{said}{colon}{code}"


def _rows(request: MoveRequest, language: Language) -> list[Row]:
    match request.terms:
        case LicenceTerms() as terms:
            rows = [
                (words.FIELDS[name].said(language), phrase.said(language), name == "purposes")
                for name, phrase in words.terms(terms).items()
            ]
            begins = "登记时" if language == "zh" else "when it is registered"
            since = begins if terms.begins is None else instant(terms.begins, language).text
            rows.append((words.FIELDS["begins"].said(language), since, False))
            return [*rows, (words.FIELDS["ends"].said(language), instant(terms.ends, language).text, False)]
        case LicenceEndTerms() as terms:
            return [_row("licence", terms.licence, language), _row("reasons", terms.reasons, language)]
        case TransferTerms() as terms:
            rights = words.listed(terms.rights, phrases.RIGHTS).said(language)
            return [(words.FIELDS["rights"].said(language), rights, False)]
        case ChangeTerms() as terms:
            rows = [
                (
                    _field(name, language),
                    _changed(name, value, language),
                    name in ("asset", "limits", "scale"),
                )
                for name, value in terms.changes.items()
            ]
            return [*rows, _ground(terms.ground, language), _row("summary", terms.summary, language)]
        case RenewalTerms() as terms:
            return [_row("years", str(terms.years), language), _row("summary", terms.summary, language)]
        case CancellationTerms() as terms:
            return [_ground(terms.ground, language), _row("summary", terms.summary, language)]
    raise AssertionError(request.type)


def _row(name: str, text: str, language: Language) -> Row:
    return _LABELS[name].said(language), text, name in ("summary", "reasons")


def _ground(ground: str, language: Language) -> Row:
    return _LABELS["ground"].said(language), say(GROUNDS[ground], language), False


def _field(name: str, language: Language) -> str:
    return (_LABELS["names"] if name == "names" else phrases.FIELDS[name]).said(language)


def _changed(name: str, value: Any, language: Language) -> str:
    """What a field is to read instead."""
    if name in ("class", "source"):
        return (CLASSES if name == "class" else SOURCES)[value][0 if language == "zh" else 1]
    if name == "level":
        return f"{value['value']} · {value['scheme']}"
    if name == "names":
        return "；".join(f"{one['code']} {one['name']}" for one in value)
    return str(value)
