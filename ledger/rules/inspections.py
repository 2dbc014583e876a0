"""How a matter was looked into, and what it came to (R53)."""

from enum import StrEnum


class InspectionKind(StrEnum):
    """How it was looked into (R53)."""

    ON_SITE = "on_site"
    ENQUIRY = "enquiry"
    TECHNICAL = "technical"


class Outcome(StrEnum):
    """What it came to: as the application states it, otherwise, or still open."""

    AS_STATED = "as_stated"
    DIFFERS = "differs"
    OPEN = "open"
