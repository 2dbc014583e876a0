"""Types of statements (S3.2) that do not belong to a first registration, one enumeration a course of events.

Those of a first registration are in `ledger.rules.states`.
"""

from enum import StrEnum


class WithdrawalStatement(StrEnum):
    """The course of a withdrawal (R35)."""

    REQUESTED = "withdrawal.requested"
    VERIFIED = "withdrawal.verified"
    FROZEN = "withdrawal.frozen"
    NOTIFIED = "withdrawal.notified"
    RECEIPT = "withdrawal.receipt"
    COMPLETED = "withdrawal.completed"
    RESTRICTED = "withdrawal.restricted"


class DisputeStatement(StrEnum):
    """The course of a dispute (R37, R39)."""

    OPENED = "dispute.opened"
    EVIDENCE = "dispute.evidence"
    RELEASED = "dispute.released"


class StandingStatement(StrEnum):
    """What becomes of a registered certificate outside of any case (R7, R10, R16, R25, R55)."""

    REMARKED = "remark.entered"
    LIFTED = "remark.lifted"
    LAPSED = "certificate.lapsed"
    CANCELLED = "certificate.cancelled"
    RESERVED = "reservation.made"
    RELEASED = "reservation.released"
    OBJECTED = "certificate.objected"
    TOLD = "certificate.objection-told"
    ANSWERED = "certificate.objection-answered"
    CONCLUDED = "certificate.objection-concluded"


class SupervisionStatement(StrEnum):
    """The course of a suspected breach of law by a right holder (R52)."""

    OPENED = "supervision.opened"
    MEASURE = "supervision.measure"
    REPORTED = "supervision.reported"
    CLOSED = "supervision.closed"


class ContractStatement(StrEnum):
    """The course of a contract about data (R56)."""

    CONCLUDED = "contract.concluded"
    DELIVERED = "contract.delivered"
    ACCEPTED = "contract.accepted"
    OBJECTED = "contract.objected"
    SETTLED = "contract.settled"
    TRACKED = "contract.tracked"
    DESTROYED = "contract.destroyed"
    ENDED = "contract.ended"
