"""What consents are held against: the notices of one controller (R28), as plain values.

Which version a consent names must have stood when it was given: neither before it was published nor after
another replaced it. Nothing here needs the database, so that worker processes can check consents (`bulk`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yinzheng.ledger.rules.consent import Terms, require_lawful
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.consent import Consent


@dataclass(frozen=True, slots=True)
class KnownNotice:
    """One version of a notice as consents are held against it, worked out once."""

    id: int
    leaf: bytes
    terms: Terms
    replaced_at: int | None
    """When the next version was published; None for the latest."""


@dataclass(frozen=True, slots=True)
class NoticeBook:
    """Every version of one controller's notices, and which leaf hashes are other controllers' notices.

    Plain values only, so that it can be handed to another process.
    """

    code: str
    known: Mapping[bytes, KnownNotice]
    foreign: frozenset[bytes]

    def find(self, consent: Consent) -> KnownNotice:
        """Find the version a consent names, if it was this controller's to name.

        Raises `DataFault`: `consent-foreign` (the body names another controller), `consent-controller`
        (another controller's notice), `consent-notice-unknown`.
        """
        if consent.controller.code != self.code:
            raise DataFault(
                "the consent was given to another controller than the one that registers it",
                code="consent-foreign",
                hint="Each controller registers its own consents.",
            )
        known = self.known.get(consent.notice.leaf)
        if known is not None:
            return known
        if consent.notice.leaf in self.foreign:
            raise DataFault("the notice is another controller's", code="consent-controller")
        raise DataFault(
            "the consent names no notice that was published here (R28)",
            code="consent-notice-unknown",
            hint="Publish the notice first; name it by the leaf hash of its statement.",
        )

    def require(self, consent: Consent, now: int) -> KnownNotice:
        """Require that this is a lawful consent to one of the notices, given by `now`, a UTC instant.

        Raises `DataFault`: as `find`, as `ledger.rules.consent.require_lawful`, and as `require_standing`.
        """
        known = self.find(consent)
        require_lawful(consent, known.terms)
        require_standing(known, consent.given_at, now)
        return known


def require_standing(known: KnownNotice, given_at: int, now: int) -> None:
    """Require that a consent was given by now, and while its notice was the latest.

    Raises `DataFault`: `consent-future`, `consent-notice-replaced`.
    """
    if given_at > now:
        raise DataFault("the consent would be given in the future", code="consent-future")
    if known.replaced_at is not None and given_at >= known.replaced_at:
        raise DataFault(
            "a newer version of the notice had replaced the one named when consent was given (R28)",
            code="consent-notice-replaced",
            hint="Ask again, with the newest version.",
        )
