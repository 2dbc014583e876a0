"""What a receipt's holder is shown (R30, R33, R35), in one language, from what the desk answers (S15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.api.http.language import Language
from yinzheng.api.web.beyond_view import BeyondView, beyond_view, months
from yinzheng.api.web.times import Instant, hours, instant
from yinzheng.api.web.words import CALLS, DUTIES, DUTY_STATES, METHODS, NOT_TOLD, STATES, say
from yinzheng.verifier.formats.consent import Consent, parse_consent
from yinzheng.verifier.formats.notice import SCOPES, Notice, parse_notice
from yinzheng.verifier.words.accesses import ACTIONS, BASES, FUNCTIONS, KINDS, PURPOSES
from yinzheng.verifier.words.phrases import Phrase
from yinzheng.verifier.words.receipt import ROUTES
from yinzheng.verifier.words.receipt import SCOPES as SCOPE_WORDS

_ENDED: Final = ("completed",)


@dataclass(frozen=True, slots=True)
class Answered:
    """One question that was asked, and the answer. `holds`: whether it is in force now."""

    key: str
    """The scope, or the recipient's credit code."""
    title: str
    details: tuple[str, ...]
    yes: bool
    holds: bool

    @property
    def tone(self) -> str:
        """Its look on the page."""
        return "good" if self.holds else "unknown"


@dataclass(frozen=True, slots=True)
class UseLine:
    """One use of the data: by whom, for what, on which answer or other basis (R30)."""

    at: Instant
    purpose: str
    organisation: str
    operator: str
    """As the organisation calls it."""
    basis: str
    """The answer it rests on, or the other basis with its ground."""
    outside: bool
    """Whether it was said to rest on consent, and none covers it."""
    version: str
    """The version of the notice it was made under, where that is not the one agreed to; else empty."""


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """One opening of what is kept here: by whom in what function, what and what for; no name (R30)."""

    at: Instant
    who: str
    deed: str
    purpose: str
    own: bool
    """By who holds the receipt."""
    logged: bool
    number: int


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """What one organisation owes under a withdrawal, and how it stands."""

    name: str
    duty: str
    state: str
    tone: str
    told: Instant | None
    not_told: str | None
    """Why it was never reached (R35)."""
    given: Instant | None
    exempt: str | None


@dataclass(frozen=True, slots=True)
class RestrictionView:
    """Why data is kept, by which law, until when (P47)."""

    ground: str
    law: str
    reference: str | None
    until: Instant
    in_force: bool


@dataclass(frozen=True, slots=True)
class WithdrawalView:
    """One withdrawal."""

    id: str
    serial: int
    title: str
    tone: str
    done: bool
    has_paper: bool
    """Whether its signed end document can be had."""
    received: Instant
    destroy_by: Instant
    left: str | None
    """How long until the deadline; None once it has passed or does not matter."""
    freeze_by: Instant | None
    frozen: Instant | None
    overdue: Instant | None
    untold: bool
    """Whether it is overdue for someone who could not be told, and for nobody else."""
    awaits_guardian: bool
    uploaded: Instant | None
    """When a guardian's documents came that nobody has looked at yet."""
    held: bool
    ethics: Instant | None
    completed: Instant | None
    late: bool
    taken: tuple[str, ...]
    answers: tuple[AnswerLine, ...]
    restriction: RestrictionView | None
    facts: tuple[tuple[str, str], ...]
    """What was recorded on the chain, and where."""


@dataclass(frozen=True, slots=True)
class ConsentView:
    """A consent as its subject sees it."""

    name: str
    guardian: str | None
    controller: str
    code: str
    given: Instant
    until: Instant
    expired: bool
    method: str
    version: int
    beyond: tuple[BeyondView, ...]
    """Later versions that the consent does not cover, the newest first."""
    genetic: bool
    scopes: tuple[Answered, ...]
    recipients: tuple[Answered, ...]
    purposes: tuple[tuple[str, str], ...]
    """Purpose, and how it is done."""
    kinds: tuple[str, ...]
    held_at: str
    retention: str
    safeguards: tuple[str, ...]
    refusal: str
    withdraw: str
    uses: tuple[UseLine, ...]
    openings: tuple[OpeningLine, ...]
    withdrawals: tuple[WithdrawalView, ...]
    anything: bool
    """Whether anything is left to be withdrawn."""
    demonstration: bool


def consent_view(seen: Mapping[str, Any], now: int, language: Language) -> ConsentView:
    """The desk's answer to `see`; raises `DataFault` where it is not what S10 describes."""
    consent, notice = parse_consent(seen["consent"]), parse_notice(seen["notice"])
    scopes, granted = set(seen["in_force"]["scopes"]), {one["code"] for one in seen["in_force"]["grants"]}
    expired = now >= consent.until
    names = names_of(consent)
    return ConsentView(
        name=consent.person.name,
        guardian=None if consent.guardian is None else consent.guardian.name,
        controller=consent.controller.name,
        code=consent.controller.code,
        given=instant(consent.given_at, language, day_only=True),
        until=instant(consent.until, language, day_only=True),
        expired=expired,
        method=say(METHODS[consent.method], language),
        version=notice.version,
        beyond=tuple(beyond_view(one, language) for one in seen["beyond"]),
        genetic=consent.genetic,
        scopes=_scopes(consent, scopes, language),
        recipients=_recipients(consent, granted, language),
        purposes=_purposes(notice, language),
        kinds=notice.kinds,
        held_at=notice.held_at,
        retention=months(notice.retention_months, language),
        safeguards=notice.safeguards,
        refusal=notice.refusal,
        withdraw=notice.withdraw,
        uses=_uses(seen["uses"], names, {one["notice"]: one["version"] for one in seen["beyond"]}, language),
        openings=tuple(_opening(one, language) for one in seen["openings"]),
        withdrawals=withdrawal_views(seen, now, language, names),
        anything=bool(scopes or granted) and not expired,
        demonstration=is_demonstration(seen),
    )


def is_demonstration(seen: Mapping[str, Any]) -> bool:
    """Whether the desk's answer to `see` is about a consent without any effect (S2.5)."""
    return str(seen["profile"]).startswith("DEMO/")


def names_of(consent: Consent) -> dict[str, str]:
    """Names of the organisations of a consent by credit code."""
    found = {one.code: one.name for one in consent.recipients}
    return {**found, consent.controller.code: consent.controller.name}


def withdrawal_views(
    seen: Mapping[str, Any], now: int, language: Language, names: Mapping[str, str]
) -> tuple[WithdrawalView, ...]:
    """The withdrawals of a consent, the latest first."""
    return tuple(_withdrawal(one, now, language, names) for one in reversed(seen["withdrawals"]))


def portion(
    scopes: Sequence[str], codes: Sequence[str], names: Mapping[str, str], language: Language
) -> tuple[str, ...]:
    """Scopes and recipients in words."""
    said = [_said(SCOPE_WORDS[scope], language) for scope in SCOPES if scope in scopes]
    return (*said, *(names.get(code, code) for code in sorted(set(codes))))


def _said(phrase: Phrase, language: Language) -> str:
    return phrase.said(language)


def _scopes(consent: Consent, scopes: set[str], language: Language) -> tuple[Answered, ...]:
    return tuple(
        Answered(scope, _said(SCOPE_WORDS[scope], language), (), answer is True, scope in scopes)
        for scope, answer in zip(SCOPES, consent.scopes, strict=True)
    )


def _recipients(consent: Consent, granted: set[str], language: Language) -> tuple[Answered, ...]:
    """One for each organisation, whatever number of scopes it stands under: it is withdrawn as a whole."""
    comma = "，" if language == "zh" else ", "
    found: dict[str, Answered] = {}
    for one in consent.recipients:
        words = (_said(SCOPE_WORDS[one.scope], language), one.use, _said(ROUTES[one.route], language))
        before = found.get(one.code)
        details = (*(before.details if before else ()), comma.join(words))
        yes = one.answer is True or (before is not None and before.yes)
        found[one.code] = Answered(one.code, one.name, details, yes, one.code in granted)
    return tuple(found.values())


def _purposes(notice: Notice, language: Language) -> tuple[tuple[str, str], ...]:
    dot = " · "
    return tuple(
        (
            one.purpose,
            dot.join(
                (_said(SCOPE_WORDS[one.scope], language), one.method, _said(ROUTES[one.route], language))
            ),
        )
        for one in notice.purposes
    )


def _uses(
    uses: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    versions: Mapping[str, int],
    language: Language,
) -> tuple[UseLine, ...]:
    return tuple(
        UseLine(
            at=instant(one["at"], language),
            purpose=one["purpose"],
            organisation=names.get(one["organisation"], one["organisation"]),
            operator=one["operator"],
            basis=_said(BASES[one["basis"]] if one["scope"] is None else SCOPE_WORDS[one["scope"]], language),
            outside=one["covered"] is False,
            version=_version(one["under"], versions),
        )
        for one in reversed(uses)
    )


def _version(leaf: str | None, versions: Mapping[str, int]) -> str:
    """Number of a version, or the beginning of its leaf hash where it is not among those shown."""
    return "" if leaf is None else str(versions.get(leaf, leaf[:8]))


def _opening(one: Mapping[str, Any], language: Language) -> OpeningLine:
    """Words for codes; a function that has no word of its own is shown as it is."""
    function = FUNCTIONS.get(one["function"])
    told = one["function"] if function is None else _said(function, language)
    action, kind = _said(ACTIONS[one["action"]], language), _said(KINDS[one["kind"]], language)
    return OpeningLine(
        at=instant(one["at"], language),
        who=told if one["name"] is None else f"{one['name']} · {told}",
        deed=f"{action}{kind}" if language == "zh" else f"{action} {kind}",
        purpose=_said(PURPOSES[one["purpose"]], language),
        own=one["organisation"] is None,
        logged=bool(one["logged"]),
        number=int(one["number"]),
    )


def _withdrawal(
    one: Mapping[str, Any], now: int, language: Language, names: Mapping[str, str]
) -> WithdrawalView:
    done, overdue = one["state"] in _ENDED, one["overdue_since"]
    restricted = one["restriction"] is not None and one["restriction"]["in_force"]
    name = _headline(one)
    running = not done and not restricted and not one["held"] and now < one["destroy_by"]
    taken = one["taken"]
    return WithdrawalView(
        id=one["withdrawal"],
        serial=one["serial"],
        title=say(STATES[name], language),
        tone="good" if done else "bad" if overdue is not None else "warn" if restricted else "going",
        done=done,
        has_paper=done or one["restriction"] is not None,
        received=instant(one["received_at"], language),
        destroy_by=instant(one["destroy_by"], language),
        left=hours(one["destroy_by"] - now, language) if running else None,
        freeze_by=_instant(one["freeze_by"], language),
        frozen=_instant(one["frozen_at"], language),
        overdue=_instant(overdue, language),
        untold=name == "overdue_untold",
        awaits_guardian=bool(one["awaits_guardian"]),
        uploaded=_instant(one["uploaded_at"], language),
        held=bool(one["held"]),
        ethics=_instant(one["ethics_at"], language),
        completed=_instant(one["completed_at"], language),
        late=bool(one["late"]),
        taken=portion(taken["scopes"], [grant["code"] for grant in taken["grants"]], names, language),
        answers=tuple(_answer(answer, one["destroy_by"], now, language) for answer in one["answers"]),
        restriction=_restriction(one["restriction"], language),
        facts=tuple(_fact(fact, language) for fact in one["facts"]),
    )


def _headline(one: Mapping[str, Any]) -> str:
    """The word for where it stands; that nobody was reached is no refusal (R35)."""
    if one["overdue_since"] is None:
        return str(one["state"])
    silent = [a for a in one["answers"] if a["given_at"] is None and a["exempt"] is None]
    untold = bool(silent) and all(a["not_told"] is not None for a in silent)
    return "overdue_untold" if untold else "overdue"


def _answer(one: Mapping[str, Any], destroy_by: int, now: int, language: Language) -> AnswerLine:
    exempt, given = one["exempt"], one["given_at"]
    if exempt is not None:
        state, tone = "exempt", "unknown"
    elif given is not None:
        state, tone = ("late", "warn") if one["late"] else ("done", "good")
    elif one["not_told"] is not None:
        # It owes all the same, but it does not refuse: nobody reached it.
        state, tone = ("untold_overdue", "bad") if now > destroy_by else ("untold", "warn")
    elif now > destroy_by:
        state, tone = "overdue", "bad"
    else:
        state, tone = "waiting", "unknown"
    return AnswerLine(
        name=one["name"],
        duty=say(DUTIES[one["duty"]], language),
        state=say(DUTY_STATES[state], language),
        tone=tone,
        told=_instant(one["told_at"], language),
        not_told=None if one["not_told"] is None else say(NOT_TOLD[one["not_told"]["reason"]], language),
        given=_instant(given, language),
        exempt=None if exempt is None else str(exempt[language]),
    )


def _restriction(one: Mapping[str, Any] | None, language: Language) -> RestrictionView | None:
    if one is None:
        return None
    return RestrictionView(
        ground=str(one["ground"][language]),
        law=one["law"],
        reference=one["reference"],
        until=instant(one["until"], language),
        in_force=bool(one["in_force"]),
    )


def _fact(one: Mapping[str, Any], language: Language) -> tuple[str, str]:
    label = CALLS.get(one["what"])
    what = one["what"] if label is None else say(label, language)
    if one["block"] is None:
        return what, "待写入链" if language == "zh" else "waiting for a block"
    return what, f"{'区块' if language == 'zh' else 'block'} {one['block']}"


def _instant(seconds: int | None, language: Language) -> Instant | None:
    return None if seconds is None else instant(seconds, language)
