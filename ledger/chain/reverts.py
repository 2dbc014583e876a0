"""The contracts' refusals as typed errors: every custom error by name, its arguments as data."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from enum import IntEnum
from functools import cache
from string import Formatter
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError
from web3.exceptions import ContractLogicError, ProviderConnectionError, TimeExhausted, Web3Exception

from yinzheng.contracts import artifact
from yinzheng.ledger.chain.contracts import CONTRACTS
from yinzheng.ledger.chain.records import (
    CaseState,
    DisputeState,
    ObjectionState,
    ReceiptState,
    Status,
    WithdrawalState,
)
from yinzheng.ledger.chain.records_holders import AccountState
from yinzheng.ledger.chain.records_moves import CancellationGround, Initiator, LicenceState
from yinzheng.ledger.chain.refusals import (
    AlreadyAnchored,
    ApprovalRefused,
    BlockBehind,
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
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.bytes.china_time import CHINA, LAST_INSTANT
from yinzheng.verifier.errors import YinzhengError

__all__ = [
    "AlreadyAnchored",
    "ApprovalRefused",
    "BlockBehind",
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

_ENUMS: Mapping[str, type[IntEnum]] = {
    "enum Status": Status,
    "enum CaseState": CaseState,
    "enum ObjectionState": ObjectionState,
    "enum WithdrawalState": WithdrawalState,
    "enum ReceiptState": ReceiptState,
    "enum DisputeState": DisputeState,
    "enum AccountState": AccountState,
    "enum LicenceState": LicenceState,
    "enum CancellationGround": CancellationGround,
    "enum Initiator": Initiator,
}

_MEANINGS: Mapping[str, Meaning] = {
    name: meaning for row in CONTRACTS.values() for name, meaning in row.refusals.items()
}

_STRING_ERROR = keccak256(b"Error(string)")[:4]
_PANIC = keccak256(b"Panic(uint256)")[:4]


@cache
def _errors() -> Mapping[bytes, tuple[str, tuple[tuple[str, str, str], ...]]]:
    """Map each selector to the error's name and its inputs (name, ABI type, Solidity type)."""
    found = {}
    for item in (
        item for row in CONTRACTS.values() for item in artifact(row.artifact).abi if item["type"] == "error"
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
    message = _Said().format(meaning.message, **values)
    kind = meaning.kind
    if meaning.dated is not None and values[meaning.dated] > values["latest"]:
        kind, values = BlockBehind, {**values, "due": values[meaning.dated]}
    return kind(message, code=meaning.code, hint=meaning.hint, error=name, **values)


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


class _Said(Formatter):
    """Writes arguments as people read them."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "t" and value <= LAST_INSTANT:
            return datetime.fromtimestamp(value, CHINA).isoformat(" ")
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
