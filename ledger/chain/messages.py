"""What makes a value an EIP-712 message: its fields as contracts write them, and their values in order."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from yinzheng.verifier.log.statement import profile_bytes


class Message:
    """A message that someone signs. Attributes are its fields, `caseId` being `case_id`.

    Identifiers and hashes are 32 bytes, addresses 20, times UTC seconds.
    """

    __slots__ = ()

    FIELDS: ClassVar[str]
    """As in the type string of S5, between the brackets."""

    @classmethod
    def types(cls) -> list[tuple[str, str]]:
        """Give name and type of each field."""
        pairs = (field.split(" ") for field in cls.FIELDS.split(","))
        return [(name, kind) for kind, name in pairs]

    def values(self) -> tuple[Any, ...]:
        """Give the values in the order of `FIELDS`, as contracts and wallets take them."""
        return tuple(_value(kind, getattr(self, _attribute(name))) for name, kind in self.types())


def _attribute(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: "_" + found[1].lower(), name)


def _value(kind: str, value: Any) -> Any:
    if kind.endswith("[]"):
        return [_value(kind[:-2], one) for one in value]
    match kind, value:
        case "address", bytes():
            return "0x" + value.hex()
        case "bytes32", str():
            return profile_bytes(value)
        case "bool" | "bytes32", _:
            return value
    return int(value)
