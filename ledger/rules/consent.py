"""What makes a consent lawful (R26 to R29), and what its subject may see (R30).

The form of notices and consents is `verifier.notice` and `verifier.consent` (S10.2, S10.3). Unset means no;
nothing is assumed, renewed or granted in silence.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from yinzheng.ledger.rules.calendar import date_of, day_of
from yinzheng.ledger.rules.retention import months_after
from yinzheng.ledger.rules.terms import InformationRoute, LawfulBasis
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.consent import Consent
from yinzheng.verifier.formats.notice import SCOPES, Notice


class Scope(StrEnum):
    """What a consent can be given for (R26): the base scope, then six extended scopes.

    Their words are `verifier.words.receipt.SCOPES`, on every face.
    """

    BASE = "base"
    """Medical research and clinical reference together."""
    THIRD_PARTY_RESEARCH = "third_party_research"
    COMMERCIAL_USE = "commercial_use"
    PUBLIC_HEALTH_STATISTICS = "public_health_statistics"
    DIAGNOSTIC_AI = "diagnostic_ai"
    PROFESSIONAL_TRAINING = "professional_training"
    INSURANCE = "insurance"


_ANY = frozenset(InformationRoute)


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """The forms a scope's data may have, and whether it is nothing without a named recipient."""

    routes: frozenset[InformationRoute] = _ANY
    needs_recipient: bool = False


SCOPE_RULES: Mapping[Scope, ScopeRule] = MappingProxyType(
    {
        Scope.BASE: ScopeRule(),
        Scope.THIRD_PARTY_RESEARCH: ScopeRule(needs_recipient=True),
        Scope.COMMERCIAL_USE: ScopeRule(frozenset({InformationRoute.ANONYMISED}), needs_recipient=True),
        Scope.PUBLIC_HEALTH_STATISTICS: ScopeRule(
            frozenset({InformationRoute.ANONYMISED, InformationRoute.DEIDENTIFIED})
        ),
        Scope.DIAGNOSTIC_AI: ScopeRule(),
        Scope.PROFESSIONAL_TRAINING: ScopeRule(),
        Scope.INSURANCE: ScopeRule(needs_recipient=True),
    }
)


class AgeGroup(StrEnum):
    """Ages that the rules tell apart (R29, R33)."""

    UP_TO_14 = "up_to_14"
    """14 included (14周岁以下): the guardian alone."""
    MINOR = "minor"
    """15 to 17: together with a guardian."""
    ADULT = "adult"

    @property
    def is_minor(self) -> bool:
        """Tell whether the person is under 18 (R33)."""
        return self is not AgeGroup.ADULT


def age_group(born: date, instant: int) -> AgeGroup:
    """Give the age group at a UTC instant, birthdays counted at +08:00; one of 29 February falls on 1 March.

    Raises:
        DataFault: `born-in-future`.
    """
    today = date_of(day_of(instant))
    if born > today:
        raise DataFault("The date of birth lies in the future.", code="born-in-future")
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return AgeGroup.UP_TO_14 if age <= 14 else AgeGroup.MINOR if age < 18 else AgeGroup.ADULT


def age_group_of(consent: Consent, instant: int) -> AgeGroup:
    """Give the age group, at a UTC instant, of the person a consent is about. Raises as `age_group`."""
    return age_group(date.fromisoformat(consent.person.born), instant)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that makes a consent unlawful. `code` is stable; `what` names nobody."""

    code: str
    what: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What consents to one notice are held against, worked out once: a million consents name few notices."""

    notice: Notice
    digest: DigestPair
    scopes: frozenset[str]
    recipients: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """Work out the terms of a notice."""
        return cls(
            notice,
            notice.digest(),
            frozenset(purpose.scope for purpose in notice.purposes),
            frozenset((r.name, r.code, r.scope, r.use, r.route) for r in notice.recipients),
        )


def consent_problems(consent: Consent, terms: Terms) -> tuple[Problem, ...]:
    """List everything that makes a consent to a notice unlawful; empty when nothing does."""
    return (
        *_blanket_problems(consent),
        *_notice_problems(consent, terms),
        *_term_problems(consent, terms),
        *_answer_problems(consent, terms),
        *_scope_problems(consent),
        *_guardian_problems(consent),
    )


def moment_problems(consent: Consent, terms: Terms) -> tuple[Problem, ...]:
    """List those problems that turn on who consents and when, not on what is consented to.

    The others look at controller, notice, scopes, recipients and genetic information alone: consents that
    agree in these have all of them or none.
    """
    return (*_term_problems(consent, terms), *_guardian_problems(consent))


def require_lawful(consent: Consent, terms: Terms) -> None:
    """Raise unless the consent is lawful under the notice it names.

    Raises:
        DataFault: with the first problem's code; `problems` and `codes` list all of them.
    """
    if problems := consent_problems(consent, terms):
        raise DataFault(
            f"This is no lawful consent: {'; '.join(problem.what for problem in problems)}.",
            code=problems[0].code,
            hint="Record what the person was told and answered; nothing was recorded now.",
            problems=[problem.what for problem in problems],
            codes=[problem.code for problem in problems],
        )


def _notice_problems(consent: Consent, terms: Terms) -> Iterable[Problem]:
    if not consent.notice.digest.matches(terms.digest):
        yield Problem("consent-notice", "it names another version of the notice than the one given (R28)")
    if consent.controller.code != terms.notice.controller.code:
        yield Problem("consent-controller", "the notice is another controller's")


def _term_problems(consent: Consent, terms: Terms) -> Iterable[Problem]:
    notice = terms.notice
    if consent.given_at < notice.published_at:
        yield Problem("consent-early", "it was given before the notice was published")
    if consent.until > months_after(consent.given_at, notice.term_months):
        yield Problem("consent-term", "it lasts longer than the notice says (R28)")


def _answer_problems(consent: Consent, terms: Terms) -> Iterable[Problem]:
    notice, granted = terms.notice, consent.granted
    if consent.genetic and not notice.genetic:
        yield Problem("consent-genetic", "the notice does not say that genetic information is concerned")
    if not granted <= terms.scopes:
        yield Problem("consent-scope-unannounced", "the notice names no purpose for a scope granted (R28)")
    if any((r.name, r.code, r.scope, r.use, r.route) not in terms.recipients for r in consent.recipients):
        yield Problem("consent-recipient-unlisted", "a recipient is not the notice's, by name and use (R26)")
    for purpose in notice.purposes:
        if purpose.scope in granted and purpose.route not in SCOPE_RULES[Scope(purpose.scope)].routes:
            yield Problem("consent-form", f"{purpose.scope} does not allow {purpose.route} data (R26)")


def _blanket_problems(consent: Consent) -> Iterable[Problem]:
    # First, for whatever else is wrong follows from it.
    if consent.granted == frozenset(SCOPES) and not any(r.answer for r in consent.recipients):
        yield Problem("consent-blanket", "every scope to recipients nobody names is a blanket consent (R26)")


def _scope_problems(consent: Consent) -> Iterable[Problem]:
    granted = consent.granted
    if not granted:
        yield Problem("consent-empty", "no scope is answered yes; unset means no (R26)")
    given = [r for r in consent.recipients if r.answer is True]
    for scope in Scope:
        named = any(r.scope == scope for r in given)
        if scope in granted and SCOPE_RULES[scope].needs_recipient and not named:
            yield Problem("consent-recipient-unnamed", f"{scope} is granted to no recipient by name (R26)")
    for recipient in given:
        if recipient.scope not in granted:
            yield Problem(
                "consent-recipient-scope", f"a recipient has yes where {recipient.scope} has no (R26)"
            )
        elif recipient.route not in SCOPE_RULES[Scope(recipient.scope)].routes:
            yield Problem("consent-form", f"{recipient.scope} does not allow {recipient.route} data (R26)")


def _guardian_problems(consent: Consent) -> Iterable[Problem]:
    guardian = consent.guardian
    group = age_group_of(consent, consent.given_at)
    if guardian is None:
        if group is AgeGroup.UP_TO_14:
            yield Problem("consent-guardian", "the guardian consents, up to and including 14 (R29)")
        elif group is AgeGroup.MINOR:
            yield Problem("consent-guardian", "from 15 to 17 consent is given together with a guardian (R29)")
        return
    if group is AgeGroup.UP_TO_14 and guardian.live_face is None:
        yield Problem(
            "consent-live-face", "up to and including 14 a guardian's live-face result is needed (R29)"
        )
    if group is not AgeGroup.MINOR and guardian.guardianship is None:
        yield Problem("consent-guardianship", "proof of guardianship is needed (R29)")
    proofs = (guardian.identity, guardian.live_face, guardian.guardianship)
    if any(proof is not None and proof.checked_at > consent.given_at for proof in proofs):
        yield Problem("consent-proof-late", "a proof was checked only after consent was given (R29)")


def basis_ground_problem(
    basis: LawfulBasis, route: InformationRoute, ground: str, *, retrospective: bool = False
) -> Problem | None:
    """Say what is wrong with processing under `basis`, or None: bases are named, not assumed (R27).

    `ground` names the law, order or approval relied on; consent has none beside itself.
    """
    if basis is LawfulBasis.CONSENT:
        return Problem("basis-ground", "consent needs no other ground") if ground else None
    if not ground.strip():
        return Problem("basis-ground", "name the law, order or approval that is relied on (R27)")
    if basis is LawfulBasis.ETHICS_WAIVER and (
        route is not InformationRoute.DEIDENTIFIED or not retrospective
    ):
        return Problem(
            "basis-waiver", "an ethics waiver is for retrospective studies of de-identified data (R27)"
        )
    return None


def is_in_term(consent: Consent, instant: int) -> bool:
    """Tell whether the consent has begun and not ended by itself; nothing renews it (R26)."""
    return consent.given_at <= instant < consent.until


@dataclass(frozen=True, slots=True)
class Use:
    """One line of the use log: when, for which purpose, by which operator, resting on what (R30)."""

    at: int
    purpose: str
    operator: str
    organisation: str
    """Credit code."""
    scope: str | None
    """Of the consent; None where it rests on another basis."""
    basis: str
    covered: bool | None
    """Whether an answer in force then covers it; None on another basis."""
    under: str | None = None
    """Leaf hash of the version of the notice it was made under, hex; None for the one consented to."""
