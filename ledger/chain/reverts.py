"""The contracts' refusals as typed errors: every custom error by name, its arguments as data."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import IntEnum
from functools import cache
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from web3.exceptions import ContractLogicError, ProviderConnectionError, TimeExhausted, Web3Exception

from yinzheng.contracts import MODULE_NAMES, NAMES, artifact
from yinzheng.ledger.chain.records import (
    CaseState,
    DisputeState,
    ObjectionState,
    ReceiptState,
    Status,
    WithdrawalState,
)
from yinzheng.ledger.chain.refusals import (
    AlreadyAnchored,
    ApprovalRefused,
    CalendarShort,
    ChainUnreachable,
    ContractRefused,
    HeadRefused,
    Meaning,
    NodeRefused,
    NotEntitled,
    RevertUnknown,
    TooEarly,
    ValueRefused,
    WrongState,
)
from yinzheng.ledger.chain.refusals_modules import MODULE_MEANINGS
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.errors import YinzhengError

__all__ = [
    "AlreadyAnchored",
    "ApprovalRefused",
    "CalendarShort",
    "ChainUnreachable",
    "ContractRefused",
    "HeadRefused",
    "NodeRefused",
    "NotEntitled",
    "RevertUnknown",
    "TooEarly",
    "ValueRefused",
    "WrongState",
    "decode_revert",
    "translated",
]

_CALENDAR = "Extend the working-day calendar on the chain with the published days, then try again."
_APPROVE = "Collect the signatures the procedure needs: the registry first, then the committee (S5.6)."
_LOOK = "Read its state again: someone may have moved it meanwhile."
_ROLE = "Ask the administrator which account or person holds the role, or to grant it."
_AUDIT = "Stop and run an audit: the log's files differ from what was anchored."

_MEANINGS: Mapping[str, Meaning] = {
    **MODULE_MEANINGS,
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
    "AccessManagedUnauthorized": Meaning(
        NotEntitled, "sender-not-entitled", "The account {caller} may not make this call.", _ROLE
    ),
    "AccessManagerUnauthorizedAccount": Meaning(
        NotEntitled, "sender-not-entitled", "The account {msgsender} does not hold the role {roleId}.", _ROLE
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
        "Publicity lasts until {publicityEnd}, and the chain's time is {blockTime}.",
        "Deposit after it has ended.",
    ),
    "ObjectionsOpen": Meaning(
        TooEarly, "objections-open", "{open} objections are open.", "Conclude every objection first."
    ),
    "CaseHeld": Meaning(
        TooEarly, "case-held", "The case is held for a dispute.", "Wait until the hold is released (R39)."
    ),
    "RegistrationTimeOutside": Meaning(
        ValueRefused,
        "registration-time",
        "The time of registration {registeredAt} lies outside {earliest} to {latest}.",
        "Date it now, and let it be approved again.",
    ),
    "ValidityOutside": Meaning(
        ValueRefused,
        "validity-outside",
        "The end of validity {validUntil} lies outside {earliest} to {latest}.",
        "Validity is at most five years from registration (R9).",
    ),
    "RemarksUnknown": Meaning(
        ValueRefused, "remarks-unknown", "The remark bits {remarks} have no meaning.", "Use bits 1, 2, 4, 8."
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
    "RecordBlocked": Meaning(
        WrongState,
        "record-blocked",
        "The record has {holds} holds and {objections} open objections.",
        "Wait until they have ended (R25, R38).",
    ),
    "CountOutside": Meaning(
        ValueRefused, "count-outside", "The count {given} lies outside {lowest} to {highest}.", _LOOK
    ),
    "SuccessorRefused": Meaning(
        ValueRefused, "successor-refused", "A superseded record names a successor that is in force.", ""
    ),
    "ReservationRefused": Meaning(
        ValueRefused,
        "reservation-refused",
        "The record cannot be reserved so: it is reserved or over, or the time is more than 72 hours ahead.",
        "Wait until the running reservation ends (R46).",
    ),
}

_ENUMS: Mapping[str, type[IntEnum]] = {
    "enum Status": Status,
    "enum CaseState": CaseState,
    "enum ObjectionState": ObjectionState,
    "enum WithdrawalState": WithdrawalState,
    "enum ReceiptState": ReceiptState,
    "enum DisputeState": DisputeState,
}

_STRING_ERROR = keccak256(b"Error(string)")[:4]
_PANIC = keccak256(b"Panic(uint256)")[:4]


@cache
def _errors() -> Mapping[bytes, tuple[str, tuple[tuple[str, str, str], ...]]]:
    """Map each selector to the error's name and its inputs (name, ABI type, Solidity type)."""
    found = {}
    for item in (
        item for name in (*NAMES, *MODULE_NAMES) for item in artifact(name).abi if item["type"] == "error"
    ):
        inputs = tuple((i["name"], i["type"], i.get("internalType", "")) for i in item["inputs"])
        signature = f"{item['name']}({','.join(kind for _, kind, _ in inputs)})"
        found[keccak256(signature.encode())[:4]] = (item["name"], inputs)
    return found


def decode_revert(data: bytes) -> YinzhengError:
    """Turn the bytes a contract reverted with into the typed error to raise. Never raises itself."""
    name, values = _decode(data)
    meaning = _MEANINGS.get(name)
    if meaning is None:
        return RevertUnknown(
            f"The contract refused the call: {name}.",
            code="contract-reverted",
            hint="The deployed contract may be newer than this program.",
            error=name,
            **values,
        )
    message = meaning.message.format(**{key: _shown(value) for key, value in values.items()})
    return meaning.kind(message, code=meaning.code, hint=meaning.hint, error=name, **values)


def _decode(data: bytes) -> tuple[str, dict[str, Any]]:
    if not data:
        return "without a reason", {}
    selector, body = data[:4], data[4:]
    try:
        if selector == _STRING_ERROR:
            return str(abi_decode(["string"], body)[0])[:200], {}
        if selector == _PANIC:
            return f"panic 0x{abi_decode(['uint256'], body)[0]:02x}", {}
        if selector not in _errors():
            return f"unknown error 0x{selector.hex()}", {}
        name, inputs = _errors()[selector]
        raw = abi_decode([kind for _, kind, _ in inputs], body)
    except (DecodingError, UnicodeDecodeError):
        return f"undecodable error 0x{selector.hex()}", {}
    return name, {field: _value(v, solidity) for (field, _, solidity), v in zip(inputs, raw, strict=True)}


def _value(value: Any, solidity: str) -> Any:
    enum = _ENUMS.get(solidity)
    return enum(value) if enum and value in set(enum) else value


def _shown(value: Any) -> str:
    if isinstance(value, IntEnum):
        return value.name.lower().replace("_", " ")
    return value.hex() if isinstance(value, bytes) else str(value)


@contextmanager
def translated() -> Iterator[None]:
    """Raise what web3 and its transports raise as errors of this module.

    Raises:
        ContractRefused, HeadRefused, CalendarShort, RevertUnknown: the contract refused.
        ChainUnreachable: the node does not answer.
        NodeRefused: the node answered with an error of its own.
    """
    try:
        yield
    except ContractLogicError as error:
        raise decode_revert(_revert_data(error)) from error
    except (ProviderConnectionError, TimeExhausted, OSError) as error:
        raise ChainUnreachable(
            "The chain's node does not answer.",
            code="chain-unreachable",
            hint="Check that the node runs and its address is right; what was sent is looked up by its hash.",
        ) from error
    except (Web3Exception, DecodingError) as error:
        raise NodeRefused(
            "The chain's node refused the request.",
            code="chain-refused",
            hint="See the cause in the log; check the account's balance, nonce and the node's version.",
        ) from error


def _revert_data(error: ContractLogicError) -> bytes:
    data = error.data
    if isinstance(data, str) and data.startswith("0x"):
        with suppress(ValueError):
            return bytes.fromhex(data[2:])
    return b""
