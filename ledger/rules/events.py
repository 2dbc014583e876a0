"""Types of statements (S3.2) that do not belong to a first registration, one enumeration a course of events.

Those of a first registration are in `ledger.rules.states`.
"""

from enum import StrEnum


class OrganisationStatement(StrEnum):
    """What is said of an organisation and its keys (R41)."""

    ENROLLED = "organisation.enrolled"
    KEY_ROTATED = "organisation.key-rotated"
    KEY_REVOKED = "organisation.key-revoked"


class ConsentStatement(StrEnum):
    """From the notice shown to the consent given (R26, R28)."""

    NOTICE_PUBLISHED = "notice.published"
    CONSENT_GRANTED = "consent.granted"


class WithdrawalStatement(StrEnum):
    """The course of a withdrawal (R35)."""

    REQUESTED = "withdrawal.requested"
    VERIFIED = "withdrawal.verified"
    FROZEN = "withdrawal.frozen"
    NOTIFIED = "withdrawal.notified"
    RECEIPT = "withdrawal.receipt"
    COMPLETED = "withdrawal.completed"
    RESTRICTED = "withdrawal.restricted"


class ErasureStatement(StrEnum):
    """What remains of an erased record (R49)."""

    TOMBSTONE = "erasure.tombstone"


class DisputeStatement(StrEnum):
    """The course of a dispute (R37, R39)."""

    OPENED = "dispute.opened"
    EVIDENCE = "dispute.evidence"
    RELEASED = "dispute.released"
