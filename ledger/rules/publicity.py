"""Publicity (R24): how long it lasts, what the public sees, and how it is waived."""

from dataclasses import dataclass
from typing import TypedDict

from yinzheng.ledger.rules.calendar import WorkingCalendar
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.profiles import Profile, Unit
from yinzheng.verifier.errors import UsageFault

MAX_REASON = 400

FORM_FILES = 5
FORM_BYTES = 8 * 1024 * 1024
"""What the form on a notice takes of files, and of bytes of all together; a counter takes more (R24)."""


class NoticeBody(TypedDict):
    """Public body of `publicity.opened` (S3.2): what is shown, and nothing else of the dossier."""

    v: int
    type: str
    certificate: str | None
    profile: str
    procedure: str
    applicant: str
    asset: str
    overview: str
    limits: str
    importance: str
    opened_at: int
    ends_at: int
    waived: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A public notice. `ends_at` is in UTC seconds; publicity is over at that instant and later.

    `reason` is empty unless publicity was waived: then it is the applicant's request as accepted.
    `importance` is `important` or `core` where the data was decided to be such (R23), else empty.
    """

    type: CaseType
    certificate: str | None
    """Of a move the certificate it is about (R6, R7)."""
    profile: str
    procedure: str
    applicant: str
    asset: str
    overview: str
    limits: str
    opened_at: int
    ends_at: int
    waived: bool = False
    reason: str = ""
    importance: str = ""

    def body(self) -> NoticeBody:
        """Give the body as it is hashed and shown."""
        return NoticeBody(
            v=2,
            type=self.type.value,
            certificate=self.certificate,
            profile=self.profile,
            procedure=self.procedure,
            applicant=self.applicant,
            asset=self.asset,
            overview=self.overview,
            limits=self.limits,
            importance=self.importance,
            opened_at=self.opened_at,
            ends_at=self.ends_at,
            waived=self.waived,
            reason=self.reason,
        )


def publicity_end(
    calendar: WorkingCalendar, profile: Profile, opened_at: int, *, waived: bool = False
) -> int:
    """Give the instant at which publicity is over, as the chain computes it (S5.7).

    Raises:
        EnvironmentFault: `calendar-year-unknown`.
    """
    if waived:
        return opened_at
    if profile.publicity.unit is Unit.SECONDS:
        return opened_at + profile.publicity.amount
    return calendar.add_working_days(opened_at, profile.publicity.amount)


def check_waiver(reason: str) -> str:
    """Return the reason of a waiver: publicity is waived on reasoned request only, and the record says so.

    Raises:
        UsageFault: `waiver-reason`.
    """
    if not reason.strip() or len(reason) > MAX_REASON:
        raise UsageFault(
            f"Publicity is waived on reasoned request only (R24): give 1 to {MAX_REASON} characters.",
            code="waiver-reason",
            hint="Give the applicant's reason; it is shown on the record.",
        )
    return reason


def check_objection(reasons: str, material: int) -> None:
    """Check that an objection has reasons and at least one piece of material (R24).

    Raises:
        UsageFault: `objection-empty`.
    """
    if not reasons.strip() or material < 1:
        raise UsageFault(
            "An objection needs reasons and material (R24).",
            code="objection-empty",
            hint="State the reasons and attach at least one file that supports them.",
        )
