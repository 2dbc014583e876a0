"""The compiled contracts as package data: what `scripts/contracts` made of `contracts/src` (D5)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract."""

    name: str
    abi: tuple[Mapping[str, Any], ...]
    """Functions, events and errors, as solc writes them."""
    bytecode: bytes
    """Creation code, without constructor arguments."""
    deployed_bytecode: bytes
    """Runtime code, zeros where the constructor fills in immutables."""
    immutable_references: tuple[tuple[int, int], ...]
    """(start, length) in bytes of each immutable's place in the runtime code."""
    storage_layout: Mapping[str, Any]

    def matches(self, code: bytes) -> bool:
        """Whether `code`, read from a chain, is this contract whatever its immutables."""
        masked = bytearray(code)
        for start, length in self.immutable_references:
            masked[start : start + length] = bytes(length)
        return bytes(masked) == self.deployed_bytecode


@cache
def artifact(name: str) -> Artifact:
    """Load the artifact of the contract `name`.

    Raises:
        FileNotFoundError: there is none of this name; a mistake of the programmer's.
    """
    value = _read(f"{name}.json")
    return Artifact(
        name=value["name"],
        abi=tuple(value["abi"]),
        bytecode=bytes.fromhex(value["bytecode"]),
        deployed_bytecode=bytes.fromhex(value["deployedBytecode"]),
        immutable_references=tuple((r["start"], r["length"]) for r in value["immutableReferences"]),
        storage_layout=value["storageLayout"],
    )


def _read(name: str) -> Any:
    text = resources.files(__package__).joinpath("artifacts", name).read_text("utf-8")
    return json.loads(text)
