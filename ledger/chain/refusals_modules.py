"""What the custom errors of the modules mean: consents and preservation (S5.10 ff.)."""

from collections.abc import Mapping

from yinzheng.ledger.chain.refusals import Meaning, NotEntitled, TooEarly, ValueRefused, WrongState

_LOOK = "Read its state again: someone may have moved it meanwhile."

CONSENT_REFUSALS: Mapping[str, Meaning] = {
    "WithdrawalNotIn": Meaning(
        WrongState,
        "withdrawal-state",
        "The withdrawal is in state {actual}; {expected} was expected.",
        _LOOK,
    ),
    "WithdrawalOutOfTurn": Meaning(
        ValueRefused,
        "withdrawal-turn",
        "The consent has {opened} withdrawals: the first has the consent's identifier, a later one another.",
        "Check that withdrawals of one consent are sent in their order.",
    ),
    "WithdrawalUnknown": Meaning(
        WrongState, "withdrawal-unknown", "Nobody withdrew this consent.", "Check the consent's identifier."
    ),
    "ReceivedTimeOutside": Meaning(
        ValueRefused,
        "withdrawal-received",
        "The time of receipt {receivedAt:t} lies outside {earliest:t} to {latest:t}.",
        "A withdrawal reaches the chain within a day of its receipt; receive it anew and record why.",
        dated="receivedAt",
    ),
    "RecipientCount": Meaning(
        ValueRefused, "recipient-count", "A withdrawal has 1 to {most} recipients, not {given}.", ""
    ),
    "RecipientsNotAscending": Meaning(
        ValueRefused,
        "recipients-order",
        "Recipient {index} is zero, repeated or out of order.",
        "List each recipient's hash once, in ascending order.",
    ),
    "ReceiptNotIn": Meaning(
        WrongState,
        "receipt-state",
        "The recipient's receipt is in state {actual}; {expected} was expected.",
        "Only recipients named at the withdrawal give a receipt, once each.",
    ),
    "AnnouncementNotIn": Meaning(
        WrongState,
        "receipt-announced",
        "A receipt of that name was announced already, or (where one must be: {expected}) none waits.",
        "An announcement is made once, and counts once.",
    ),
    "ReceiptsMissing": Meaning(
        TooEarly, "receipts-missing", "{missing} recipients owe a receipt.", "Remind them (R32)."
    ),
    "ConsentHeld": Meaning(
        TooEarly,
        "consent-held",
        "A dispute holds the consent: nothing is destroyed.",
        "Record a restriction until the hold is released (R35, R39).",
    ),
    "RestrictionNotEnded": Meaning(
        TooEarly,
        "restriction-not-ended",
        "The restriction lasts until {until:t}, and the chain's time is {blockTime:t}.",
        "Complete it afterwards, or record a restriction with an earlier end.",
    ),
    "RestrictionOutside": Meaning(
        ValueRefused,
        "restriction-end",
        "The end of the restriction {until:t} lies outside {earliest:t} to {latest:t}.",
        "",
    ),
    "HoldsOutside": Meaning(
        ValueRefused,
        "holds-outside",
        "The consent has {holds} holds: none to release, or none to add.",
        _LOOK,
    ),
    "InstantBeforeChange": Meaning(
        ValueRefused,
        "instant-past",
        "The withdrawal last changed at {changedAt:t}, after the time asked.",
        "Ask at a block of that time.",
    ),
}

PRESERVATION_REFUSALS: Mapping[str, Meaning] = {
    "DisputeNotIn": Meaning(
        WrongState, "dispute-state", "The dispute is in state {actual}; {expected} was expected.", _LOOK
    ),
    "OpeningNeedsRelay": Meaning(
        NotEntitled,
        "opening-by-relay",
        "A party's opening is sent by the registry, not by {sender}.",
        "Hand it in at the desk; a forum sends its own.",
    ),
    "OpeningKindMissing": Meaning(
        ValueRefused, "dispute-kind", "A dispute is opened by a forum or by a party.", ""
    ),
    "PartyCount": Meaning(
        ValueRefused, "party-count", "A dispute has {fewest} to {most} parties, not {given}.", ""
    ),
    "SubjectCount": Meaning(
        ValueRefused,
        "subject-count",
        "A dispute has 1 to {most} subjects, not {given}.",
        "Spread them over several cases.",
    ),
    "ListNotAscending": Meaning(
        ValueRefused,
        "list-order",
        "Entry {index} of a list is zero, repeated or out of order.",
        "List parties and subjects once each, in ascending order.",
    ),
    "RootKnown": Meaning(WrongState, "evidence-known", "This evidence was added already.", ""),
    "SignerNotParty": Meaning(
        NotEntitled,
        "signer-not-party",
        "The signer {signer} is not the party expected, or signed something else.",
        "A settlement takes every party's signature, in the order of the opening.",
    ),
    "ForumIsParty": Meaning(
        NotEntitled, "forum-is-party", "The forum {signer} is a party of this dispute.", "Ask another forum."
    ),
    "HoldsExhausted": Meaning(
        ValueRefused, "holds-exhausted", "The subject takes no more holds.", "It is held as it is."
    ),
    "RecordHeld": Meaning(
        WrongState,
        "record-held",
        "Disputes hold the record ({holds}): it is not changed, transferred, reserved or cancelled.",
        "Wait until the holds are released (R38, R39).",
    ),
    "HoldsReserved": Meaning(
        NotEntitled, "holds-reserved", "Only preservation sets and releases holds.", "Leave them as they are."
    ),
}
