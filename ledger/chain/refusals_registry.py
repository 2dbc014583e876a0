"""What the custom errors of the deployment mean: authority, anchor and rights (S5.4 to S5.9)."""

from collections.abc import Mapping

from yinzheng.ledger.chain.refusals import (
    AlreadyAnchored,
    ApprovalRefused,
    CalendarShort,
    HeadRefused,
    Meaning,
    NotEntitled,
    TooEarly,
    ValueRefused,
    WrongState,
)

_CALENDAR = "Extend the working-day calendar on the chain with the published days, then try again."
_APPROVE = "Collect the signatures the procedure needs: the registry first, then the committee (S5.6)."
_LOOK = "Read its state again: someone may have moved it meanwhile."
_ROLE = "Ask the administrator which account or person holds the role, or to grant it."
_AUDIT = "Stop and run an audit: the log's files differ from what was anchored."

AUTHORITY_REFUSALS: Mapping[str, Meaning] = {
    "AccessManagerUnauthorizedAccount": Meaning(
        NotEntitled, "sender-not-entitled", "The account {msgsender} does not hold the role {roleId}.", _ROLE
    ),
}

ANCHOR_REFUSALS: Mapping[str, Meaning] = {
    "AccessManagedUnauthorized": Meaning(
        NotEntitled, "sender-not-entitled", "The account {caller} may not make this call.", _ROLE
    ),
    "AlreadyAnchored": Meaning(AlreadyAnchored, "head-anchored", "This head is anchored already.", ""),
    "HeadConflict": Meaning(
        HeadRefused, "head-conflict", "Another root is anchored for the size {size}.", _AUDIT
    ),
    "HeadNotConsistent": Meaning(
        HeadRefused,
        "head-inconsistent",
        "The head of size {size} is not proved to extend the anchored head of size {latestSize}.",
        _AUDIT,
    ),
    "SizeNotAfter": Meaning(
        HeadRefused,
        "head-not-after",
        "The head of size {given} is smaller than the anchored {latest}.",
        _AUDIT,
    ),
    "HeadEmpty": Meaning(ValueRefused, "head-empty", "An empty tree cannot be anchored.", ""),
    "ProofNotEmpty": Meaning(ValueRefused, "head-proof-surplus", "The first head takes no proof.", ""),
}

RIGHTS_REFUSALS: Mapping[str, Meaning] = {
    "ApprovalCount": Meaning(
        ApprovalRefused,
        "approval-count",
        "The decision needs {expected} signatures, and {given} were given.",
        _APPROVE,
    ),
    "ApprovalMalformed": Meaning(
        ApprovalRefused,
        "approval-malformed",
        "Signature {index} is malformed.",
        "Ask the approver to sign again.",
    ),
    "ApproverRepeated": Meaning(
        ApprovalRefused, "approver-repeated", "One person approved twice.", "Ask a second, different person."
    ),
    "ApproverNotEntitled": Meaning(
        NotEntitled,
        "approver-not-entitled",
        "The signer {signer} does not hold the role {role}, or signed something else.",
        _ROLE,
    ),
    "CaseNotIn": Meaning(
        WrongState, "case-state", "The case is in state {actual}; {expected} was expected.", _LOOK
    ),
    "RecordNotIn": Meaning(
        WrongState, "record-state", "The record's status is {actual}; {expected} was expected.", _LOOK
    ),
    "ObjectionNotIn": Meaning(
        WrongState, "objection-state", "The objection is in state {actual}; {expected} was expected.", _LOOK
    ),
    "PublicityNotEnded": Meaning(
        TooEarly,
        "publicity-not-ended",
        "Publicity lasts until {publicityEnd:t}, and the chain's time is {blockTime:t}.",
        "Deposit after it has ended.",
    ),
    "PublicityOver": Meaning(
        WrongState,
        "publicity-over",
        "Publicity ended at {publicityEnd:t}, and the chain's time is {blockTime:t}.",
        "From then on the registry takes objections in, until the deposit; then R25 holds.",
    ),
    "ObjectionsOpen": Meaning(
        WrongState, "objections-open", "{open} objections are open.", "Conclude every objection first."
    ),
    "CaseHeld": Meaning(
        WrongState, "case-held", "The case is held for a dispute.", "Wait until the hold is released (R39)."
    ),
    "RegistrationTimeOutside": Meaning(
        ValueRefused,
        "registration-time",
        "The time of registration {registeredAt:t} lies outside {earliest:t} to {latest:t}.",
        "Date it now, and let it be approved again.",
        dated="registeredAt",
    ),
    "ValidityOutside": Meaning(
        ValueRefused,
        "validity-outside",
        "The end of validity {validUntil:t} lies outside {earliest:t} to {latest:t}.",
        "Validity is at most five years from registration (R9).",
    ),
    "RemarksUnknown": Meaning(
        ValueRefused,
        "remarks-unknown",
        "The remark bits {remarks} have no meaning.",
        "Use bits 1, 2, 4, 8, 16.",
    ),
    "RemarksFixed": Meaning(
        WrongState, "remarks-fixed", "The remarks of a record that is over ({status}) are fixed.", _LOOK
    ),
    "IdentifierZero": Meaning(ValueRefused, "identifier-zero", "An identifier or leaf hash is zero.", ""),
    "ProcedureMissing": Meaning(ValueRefused, "procedure-missing", "No procedure was named.", ""),
    "ProfileMalformed": Meaning(
        ValueRefused,
        "profile-malformed",
        "A profile has one duration; in seconds only with a tag that begins with DEMO/.",
        "",
    ),
    "ProfileAlreadyDefined": Meaning(
        WrongState, "profile-defined", "The profile is written already.", "Make a new version with a new tag."
    ),
    "ProfileUnknown": Meaning(
        WrongState, "profile-unknown", "The chain does not know the profile.", "Define it on the chain first."
    ),
    "CalendarNotContiguous": Meaning(
        ValueRefused,
        "calendar-gap",
        "The extension begins at day {given}; the calendar ends at {expected}.",
        "",
    ),
    "CalendarExtensionMalformed": Meaning(
        ValueRefused,
        "calendar-extension",
        "An extension has 1 to 256 days and no bit beyond them.",
        "",
    ),
    "CalendarDayUnknown": Meaning(
        CalendarShort, "calendar-day-unknown", "The chain's calendar does not know day {day}.", _CALENDAR
    ),
    "CalendarDayBegun": Meaning(
        WrongState, "calendar-day-begun", "Day {day} has begun and can no longer be corrected.", ""
    ),
    "StatusMoveRefused": Meaning(
        WrongState, "status-move", "No lawful move leads from {from} to {to}.", _LOOK
    ),
    "EndingRefused": Meaning(
        ValueRefused,
        "ending-refused",
        "By whom and on which ground a certificate is cancelled is said when it is, and stays.",
        "Name who and the ground (R7).",
    ),
    "RecordBlocked": Meaning(
        WrongState,
        "record-blocked",
        "The record has {holds} holds and {objections} open objections.",
        "Wait until they have ended (R25, R38).",
    ),
    "CountOutside": Meaning(
        ValueRefused, "count-outside", "The count {given} lies outside {lowest} to {highest}.", _LOOK
    ),
    "SuccessorCount": Meaning(
        ValueRefused, "successor-count", "A certificate is replaced by 1 to {most}, not {given}.", ""
    ),
    "SuccessorCase": Meaning(
        ValueRefused, "successor-case", "The certificates that replace one come from one case.", ""
    ),
    "RecordExpired": Meaning(
        WrongState,
        "record-expired",
        "The record's validity ended at {validUntil:t}, and the chain's time is {blockTime:t}.",
        "Nothing more is registered on it (R12): register anew.",
    ),
    "ReservationRefused": Meaning(
        ValueRefused,
        "reservation-refused",
        "The record cannot be reserved so: it is reserved or over, or the time is more than 72 hours ahead.",
        "Wait until the running reservation ends (R46).",
    ),
}
