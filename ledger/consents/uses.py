"""Uses of a consent's data: when, for which purpose, by which operator, resting on what (R30).

A use is an access line (S19) like an opening. The organisation says which scope of the consent it rests on,
or which other basis (R27), and under which version of the notice; whether an answer that was in force then
covers it is worked out here. What a later version took beyond the one consented to, the consent does not
cover (R28). What was used outside the consent is written down all the same: a log that hid it would be none.
Its free words lie under the consent's key: the subject sees them with the receipt, and once the key is
destroyed nobody does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.opening import Lines
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.consents.reading import OpenedConsent, force_at, open_consent, require_named
from yinzheng.ledger.consents.versions import Version, naming, notice_at, row_at
from yinzheng.ledger.flow.threads import unknown_consent
from yinzheng.ledger.organisations.keys import require
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.consent import Scope, Use, is_in_term
from yinzheng.ledger.rules.extent import covers
from yinzheng.ledger.rules.notices import rests_on_wider, scopes_of, wider
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.rules.terms import LawfulBasis
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.ledger.store.models_consents import Notice as NoticeRow
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes.canonical import nullable, one_of
from yinzheng.verifier.bytes.shape import read_shape
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access import Words
from yinzheng.verifier.formats.notice import SCOPES, Notice

_SCOPE: Final = nullable(one_of(*SCOPES))


@dataclass(frozen=True, slots=True)
class Told:
    """What an organisation says of a use. It rests on a scope of the consent, or on another basis."""

    subject: bytes
    at: int
    """UTC seconds."""
    purpose: str
    operator: str
    scope: str | None
    basis: str
    ground: str | None
    """The law, order or approval of a basis other than consent."""
    notice: bytes | None = None
    """Leaf hash of the version of the notice it was made under; None: the one consented to."""


@dataclass(frozen=True, slots=True)
class Noted:
    """The line a use became, and whether an answer in force then covers it; None on another basis."""

    number: int
    covered: bool | None


def record_use(registry: Registry, told: Told, by: Reader) -> Noted:
    """Write down that the data of a consent was used, told by the organisation `by`.

    The controller tells its own uses, a recipient that the consent names its own, whatever it was answered.
    Raises `UsageFault` (`consent-unknown`, also to who is not named in it; `consent-erased`,
    `organisation-…`), `DataFault` (`field-…`, `encoded-bytes`, `use-future`, `use-early`, `use-basis`,
    `use-notice`).
    """
    words = read_shape(
        Words, {"v": 1, "purpose": told.purpose, "operator": told.operator, "ground": told.ground}
    )
    _check_basis(told)
    if told.at > registry.clock():
        raise DataFault(
            "the use would lie in the future", code="use-future", hint="Set the clock; note a use afterwards."
        )
    with registry.store.transaction() as session:
        require_named(session, told.subject, by.organisation or "")
        opened = open_consent(registry, session, told.subject)
        role = _role(session, opened, by.organisation or "")
        if told.at < opened.consent.given_at:
            raise DataFault(
                "the use lies before the consent was given",
                code="use-early",
                hint="Check the consent's subject and the time of the use.",
            )
        covered, version = None, None
        if told.scope is not None:
            covered, version = _judged(session, opened, told, told.scope, by.organisation or "")
        access = Access(
            "use",
            "data",
            (told.subject if version is None else version.row.leaf).hex(),
            "stated",
            consent=told.subject,
            basis=told.basis,
            scope=told.scope,
            covered=covered,
            at=told.at,
            words=words,
            seal=opened.seal,
        )
        return Noted(note(registry, session, by.acting_as(role.value), access), covered)


def _check_basis(told: Told) -> None:
    """Consent is named by its scope; every other basis by what it rests on, never assumed (R27)."""
    _SCOPE(told.scope, "$.scope")
    of_consent = told.basis == LawfulBasis.CONSENT.value
    wrong = (told.scope is not None) is not of_consent or (told.ground is not None) is of_consent
    if wrong or (told.notice is not None and not of_consent):
        raise DataFault(
            "a use rests on a scope of the consent, under a version of its notice; or on another basis and "
            "its ground",
            code="use-basis",
            hint="Name the scope; or the basis with the law, order or approval.",
        )


def _role(session: Session, opened: OpenedConsent, code: str) -> Role:
    """In what role an organisation that the consent names uses the data; to others there is no consent."""
    if code == opened.consent.controller.code:
        require(session, code, Role.CONTROLLER)
        return Role.CONTROLLER
    if any(one.code == code for one in opened.consent.recipients):
        require(session, code, Role.RECIPIENT)
        return Role.RECIPIENT
    raise unknown_consent()


def _judged(
    session: Session, opened: OpenedConsent, told: Told, scope: str, code: str
) -> tuple[bool, Version | None]:
    """Whether a use is covered, and the version it was made under; None for the one consented to.

    Words give a use away where a notice has them for something else, word for word: for other scopes alone,
    or only in a version, or in a notice, that is not the one consented to. Raises `DataFault` `use-notice`.
    """
    own, answered = row_at(session, opened.notice_leaf), _covered(opened, scope, code, told.at)
    version = None if told.notice in (None, own.leaf) else _named(session, own, opened.notice, told)
    notice = opened.notice if version is None else version.notice
    meant = scopes_of(notice, told.purpose, code)
    if not meant and version is None:
        for row, other in naming(session, own, told.purpose):
            if scopes_of(other, told.purpose, code):
                is_version = row.subject == own.subject
                return False, Version(row, other, wider(opened.notice, other)) if is_version else None
    if version is not None and rests_on_wider(version.wider, notice, scope, told.purpose, code):
        return False, version
    return answered and (not meant or scope in meant), version


def _named(session: Session, own: NoticeRow, agreed: Notice, told: Told) -> Version:
    """The other version of the consent's notice that a use names."""
    query = select(NoticeRow).where(NoticeRow.leaf == told.notice, NoticeRow.subject == own.subject)
    row = session.exec(query).first()
    if row is None or row.published_at > told.at:
        raise DataFault(
            "the use names a notice of which the consent's is no version, or that was not published then",
            code="use-notice",
            hint="Name the leaf hash of the version it was made under; or none, for the one consented to.",
        )
    notice = notice_at(session, row.leaf)
    return Version(row, notice, wider(agreed, notice))


def _covered(opened: OpenedConsent, scope: str, code: str, at: int) -> bool:
    """Whether an answer that was in force at `at` covers a use: a withdrawal ends it when it is received."""
    force = force_at(opened, at)
    named = frozenset((grant.code, Scope(grant.scope)) for grant in force.grants)
    scopes = frozenset(map(Scope, force.scopes))
    controller = code == opened.consent.controller.code
    return is_in_term(opened.consent, at) and covers(scopes, named, Scope(scope), code, controller=controller)


def uses_of(registry: Registry, session: Session, seal: SealedValue, subject: bytes) -> list[Use]:
    """List the uses of a consent's data as they were told, oldest first; `seal` is the consent's own.

    Raises `DataFault` (`seal-broken`, `access-…`).
    """
    lines = Lines(session, registry.keys)
    found = []
    query = select(AccessRow).where(AccessRow.consent == subject).order_by(col(AccessRow.number))
    for row in session.exec(query):
        line = lines.open(row).line
        said = lines.words(row, line, lambda _subject: seal) if line.action == "use" else None
        if said is not None:
            words, _ = said
            found.append(
                Use(
                    at=line.at,
                    purpose=words.purpose,
                    operator=words.operator or "",
                    organisation=line.organisation or "",
                    scope=line.scope,
                    basis=line.basis,
                    covered=line.covered,
                    under=None if line.object == subject.hex() else line.object,
                )
            )
    return found
