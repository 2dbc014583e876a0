"""JSON-RPC parameters, parsed strictly (Ethereum execution API: QUANTITY, DATA, block identifiers)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

INVALID_PARAMS = -32602
MAX_DATA = 1024 * 1024
"""Bytes of one DATA parameter."""

_QUANTITY = re.compile(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


class RpcError(Exception):
    """A JSON-RPC error object: `code`, `message` and perhaps `data` (JSON)."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def as_json(self) -> dict[str, Any]:
        """The error object of JSON-RPC 2.0."""
        shown: dict[str, Any] = {"code": self.code, "message": self.message}
        return shown if self.data is None else {**shown, "data": self.data}


def invalid(message: str) -> RpcError:
    """The error for a parameter that is not what its method takes."""
    return RpcError(INVALID_PARAMS, message)


def quantity(value: Any, name: str, *, bits: int = 256) -> int:
    """A QUANTITY: `0x` and hex digits without leading zeros, below 2^`bits`."""
    if not isinstance(value, str) or _QUANTITY.fullmatch(value) is None:
        raise invalid(f"{name}: a hex quantity such as 0x1f was expected")
    number = int(value, 16)
    if number >> bits:
        raise invalid(f"{name}: more than {bits} bits")
    return number


def data(value: Any, name: str, *, size: int | None = None) -> bytes:
    """DATA: `0x` and pairs of hex digits, exactly `size` bytes if given."""
    if not isinstance(value, str) or len(value) > 2 + 2 * MAX_DATA or _DATA.fullmatch(value) is None:
        raise invalid(f"{name}: hex bytes with 0x were expected")
    raw = bytes.fromhex(value[2:])
    if size is not None and len(raw) != size:
        raise invalid(f"{name}: {size} bytes were expected")
    return raw


def boolean(value: Any, name: str) -> bool:
    """`true` or `false`."""
    if not isinstance(value, bool):
        raise invalid(f"{name}: true or false was expected")
    return value


def slot(value: Any, name: str) -> int:
    """A storage position, as a QUANTITY or as 32 bytes of DATA: nodes differ, so both are read."""
    if isinstance(value, str) and len(value) == 66:
        return int.from_bytes(data(value, name, size=32), "big")
    return quantity(value, name)


def items(value: Any, name: str, *, limit: int) -> Sequence[Any]:
    """A list of at most `limit` elements."""
    if not isinstance(value, list) or len(value) > limit:
        raise invalid(f"{name}: a list of at most {limit} was expected")
    return value


def mapping(value: Any, name: str, known: frozenset[str]) -> Mapping[str, Any]:
    """An object with no other names than `known`."""
    if not isinstance(value, dict):
        raise invalid(f"{name}: an object was expected")
    unknown = sorted(set(value) - known)
    if unknown:
        raise invalid(f"{name}: unknown field {unknown[0][:40]}")
    return value
