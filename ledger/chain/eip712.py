"""The hash that EIP-712 gives a message, for the types our contracts use; wallets come to the same one.

`uintN`, `bool`, `bytes32`, `address`, `string`, and lists of these. A structure has no structure inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yinzheng.verifier.bytes.algorithms import keccak256

Fields = Sequence[Mapping[str, str]]


def message_digest(message: Mapping[str, Any]) -> bytes:
    """The 32 bytes that are signed for a full message: `types`, `primaryType`, `domain`, `message`.

    Raises `ValueError` for a type or value that is none of these.
    """
    types, name = message["types"], message["primaryType"]
    domain = _struct("EIP712Domain", types["EIP712Domain"], message["domain"])
    return keccak256(b"\x19\x01" + domain + _struct(name, types[name], message["message"]))


def _struct(name: str, fields: Fields, values: Mapping[str, Any]) -> bytes:
    listed = ",".join(f"{field['type']} {field['name']}" for field in fields)
    kind = f"{name}({listed})"
    encoded = (_word(field["type"], values[field["name"]]) for field in fields)
    return keccak256(keccak256(kind.encode()) + b"".join(encoded))


def _word(kind: str, value: Any) -> bytes:
    """One value as 32 bytes."""
    if kind.endswith("[]"):
        return keccak256(b"".join(_word(kind[:-2], one) for one in value))
    match kind, value:
        case "string", str():
            return keccak256(value.encode())
        case "bool", bool():
            return int(value).to_bytes(32, "big")
        case "bytes32", bytes() if len(value) == 32:
            return value
        case "address", str() if len(value) == 42 and value.startswith("0x"):
            return bytes(12) + bytes.fromhex(value[2:])
        case _, int() if kind.startswith("uint") and 0 <= value < 1 << int(kind[4:]):
            return int(value).to_bytes(32, "big")
    raise ValueError(kind)
