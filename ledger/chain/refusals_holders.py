"""What the custom errors of `Holders` mean (S5.18, S5.19)."""

from collections.abc import Mapping

from yinzheng.ledger.chain.refusals import Meaning, NotEntitled, TooEarly, ValueRefused, WrongState

_LOOK = "Read the organisation again: someone may have changed its account meanwhile."

HOLDER_REFUSALS: Mapping[str, Meaning] = {
    "HolderKnown": Meaning(
        WrongState,
        "holder-known",
        "The organisation has an account already.",
        "Rotate it with its own signature, or replace it (S5.19).",
    ),
    "HolderUnknown": Meaning(
        WrongState, "holder-unknown", "No such organisation is entered.", "Enter it with its account first."
    ),
    "AccountTaken": Meaning(
        ValueRefused,
        "account-taken",
        "The account {account} is or was an organisation's, and stays so for ever.",
        "Make a new key.",
    ),
    "AccountHasRole": Meaning(
        NotEntitled,
        "account-has-role",
        "The account {account} holds the role {role}: nobody approves, sends or decides as a holder too.",
        "Make a key for the organisation alone.",
    ),
    "SerialNotNext": Meaning(
        WrongState,
        "serial-not-next",
        "The organisation's next change is number {expected}, not {given}.",
        _LOOK,
    ),
    "AccountNotIn": Meaning(
        WrongState, "account-state", "The account is {actual}; {expected} was expected.", _LOOK
    ),
    "SignerNotAccount": Meaning(
        NotEntitled,
        "signer-not-account",
        "{signer} is not the account expected, {expected}, or signed something else.",
        "Have the message signed with the account's key.",
    ),
    "ReplacementAnnounced": Meaning(
        TooEarly,
        "replacement-announced",
        "A replacement is announced already, for {effectiveFrom:t}.",
        "Wait for it, let the account veto, or bring a forum's signature.",
    ),
    "NothingAnnounced": Meaning(
        WrongState, "nothing-announced", "No replacement is announced, or its time has come.", _LOOK
    ),
    "ReplacementContested": Meaning(
        NotEntitled,
        "replacement-contested",
        "The account vetoed its replacement.",
        "Only a forum replaces it now: bring an effective document and its signature.",
    ),
    "ReasonMissing": Meaning(ValueRefused, "revocation-reason", "An account is lost or compromised.", ""),
    "LossOutside": Meaning(
        ValueRefused,
        "loss-outside",
        "The loss at {since:t} lies outside {earliest:t} to {latest:t}.",
        "",
    ),
}
