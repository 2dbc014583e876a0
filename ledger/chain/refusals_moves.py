"""What the custom errors of `RightsMoves` and `Standing` mean (S5.20 to S5.25)."""

from collections.abc import Mapping

from yinzheng.ledger.chain.refusals import Meaning, NotEntitled, TooEarly, ValueRefused, WrongState

_LOOK = "Read its state again: someone may have moved it meanwhile."

MOVE_REFUSALS: Mapping[str, Meaning] = {
    # Of both.
    "SignerNotHolder": Meaning(
        NotEntitled,
        "signer-not-holder",
        "{signer} is not the organisation's current account, {expected}, or signed something else.",
        "Have it signed with its account of now (S5.18), none that was lost; or bring a forum's signature.",
    ),
    "SignerNotExchange": Meaning(
        NotEntitled,
        "signer-not-exchange",
        "{signer} is not the exchange that reserved the certificate, {expected}, or signed something else.",
        "The exchange signs the move last.",
    ),
    "RecordSeized": Meaning(
        WrongState, "record-seized", "A judicial seizure bars it (R16).", "Wait until the seizure is lifted."
    ),
    "ReservationDiffers": Meaning(
        WrongState,
        "reservation-differs",
        "The certificate is reserved by account {reservedBy}, and this names {given} (zeros: nobody; R46).",
        "Settle it through the exchange that reserved it, or wait for its end (R46).",
    ),
    "HoldingsDiffer": Meaning(
        ValueRefused,
        "holdings-differ",
        "The list is not who holds what under the certificate.",
        "Take the holders of the certificate's body, ascending by identifier (S5.17).",
    ),
    "HoldingsMalformed": Meaning(
        ValueRefused,
        "holdings-malformed",
        "Entry {index} of the holdings is empty, repeated or out of order.",
        "No right under this certificate can be moved: what was deposited is wrong.",
    ),
    "RightsNotHeld": Meaning(
        NotEntitled,
        "rights-not-held",
        "The organisation has the rights {held} under the certificate, not all of {asked}.",
        "Nobody licenses or transfers what it does not hold (R4).",
    ),
    "RightsUnknown": Meaning(
        ValueRefused, "rights-unknown", "The bits {rights} are no rights.", "Use bits 1, 2, 4, one at least."
    ),
    # Of licences and successors.
    "LicenceNotIn": Meaning(
        WrongState, "licence-state", "The licence is {actual}; {expected} was expected.", _LOOK
    ),
    "LicenceOver": Meaning(
        WrongState, "licence-over", "The licence ran out at {validUntil:t}.", "There is nothing to end."
    ),
    "SameOrganisation": Meaning(
        ValueRefused,
        "same-organisation",
        "Nobody licenses or transfers to itself.",
        "Name another organisation.",
    ),
    "ActsUnknown": Meaning(
        ValueRefused, "acts-unknown", "The bits {acts} are no acts.", "Use the bits 1 to 32, one at least."
    ),
    "TerritoryUnknown": Meaning(
        ValueRefused,
        "territory-unknown",
        "The bits {territory} are no territory.",
        "Use the bits 0 to 33 of the province-level codes, one at least (S5.21).",
    ),
    "TermOutside": Meaning(
        ValueRefused,
        "licence-term",
        "The term {validFrom:t} to {validUntil:t} is not within {earliest:t} to {latest:t}, or is past.",
        "A licence begins a day ago at the earliest and ends with the certificate at the latest.",
    ),
    "ExclusiveOverlaps": Meaning(
        WrongState,
        "exclusive-overlaps",
        "An exclusive licence covers some of the same rights, acts, territory and time.",
        "End that one first, or leave out what it covers; it is named in the data.",
    ),
    "ExclusivesExhausted": Meaning(
        ValueRefused,
        "exclusives-exhausted",
        "A right bears at most {most} exclusive licences at a time.",
        "Wait until one is over, or end one.",
    ),
    "RemainderRefused": Meaning(
        ValueRefused,
        "remainder-refused",
        "What stays of a transfer has a certificate of its own exactly if something stays (R4).",
        "Name the second certificate, or none.",
    ),
    "ValidityRefused": Meaning(
        ValueRefused,
        "validity-refused",
        "The end of validity {given:t} does not go with the present one, {current:t}.",
        "Transfer and change keep it to the second; a renewal moves it on (R9, R10).",
    ),
    "RemarksDropped": Meaning(
        ValueRefused,
        "remarks-dropped",
        "The remarks {missing} stand on the predecessor and must stand on what follows it.",
        "Put them on the certificate, or have them lifted first (R16).",
    ),
    "RenewalOutside": Meaning(
        WrongState,
        "renewal-outside",
        "It is renewed from {earliest:t} to before {end:t}, and the chain's time is {blockTime:t}.",
        "Renew in the six months before its last day (R10); afterwards register anew.",
    ),
}

STANDING_REFUSALS: Mapping[str, Meaning] = {
    "StatementSpent": Meaning(
        WrongState,
        "statement-spent",
        "This statement has decided something already.",
        "It is done, or sign anew.",
    ),
    "RemarkKindUnknown": Meaning(
        ValueRefused, "remark-kind", "{kind} is no kind of remark.", "Use one of 1, 2, 4, 8, 16."
    ),
    "DocumentMissing": Meaning(
        ValueRefused,
        "remark-document",
        "The remark needs a document's digest.",
        "Name the seizure's document, or the pledge's register and number (R16, R55).",
    ),
    "RemarkNotStanding": Meaning(
        WrongState, "remark-not-standing", "No such remark stands on the certificate.", _LOOK
    ),
    "SeizedByForum": Meaning(
        NotEntitled, "seized-by-forum", "A forum seized it.", "Only a forum's signature lifts it."
    ),
    "ObjectorUnknown": Meaning(
        NotEntitled,
        "objector-unknown",
        "Nobody answers for the account {account}.",
        "Object through the registry, or from a forum's, an exchange's or an organisation's account.",
    ),
    "LaterObjectionNotIn": Meaning(
        WrongState, "objection-state", "The objection is {actual}; {expected} was expected.", _LOOK
    ),
    "ReservationOutside": Meaning(
        ValueRefused,
        "reservation-outside",
        "The reservation's end {until:t} is not after now and by {latest:t}.",
        "Reserve for at most 72 hours, within validity (R46).",
    ),
    "ReservationTooSoon": Meaning(
        TooEarly,
        "reservation-too-soon",
        "The exchange's last reservation of it has just ended; the next is possible from {earliest:t}.",
        "Wait a day: a certificate is not kept from trade for longer than 72 hours (R46).",
    ),
    "NotReserved": Meaning(WrongState, "not-reserved", "The certificate is not reserved.", _LOOK),
    "SignerNotReserver": Meaning(
        NotEntitled,
        "signer-not-exchange",
        "{signer} is not the exchange that reserved the certificate, {expected}, or signed something else.",
        "That exchange or a forum releases it.",
    ),
    "GroundRefused": Meaning(
        ValueRefused,
        "cancellation-ground",
        "{initiator} does not cancel on the ground {ground}.",
        "Holders cancel on (a) and (b), a forum on (c), the registry on all but (c) (R7).",
    ),
    "PublicityWaived": Meaning(
        WrongState,
        "cancellation-waived",
        "The publicity of this case was waived, and the registry cancels on its own motion.",
        "Open another case and publish it: nobody can ask for secrecy here (R24, N37).",
    ),
    "CaseSurplus": Meaning(
        ValueRefused, "cancellation-case", "A forum cancels without a case.", "Leave the case away."
    ),
}
