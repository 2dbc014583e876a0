"""RLP as py-evm writes and reads it, for the common shapes without its checks of types (ADR 80).

A node of a state trie is a list of some strings of bytes. pyrlp asks each of them in turn, through abstract
base classes, what it is, and keeps of each that it reads how it was written. Here such lists are written and
read straight; whatever else comes, and all that is wrong, is left to pyrlp as it is.
"""

from __future__ import annotations

from typing import Any, Final, cast

from rlp import codec
from trie import hexary

_encode: Final = codec.encode_raw
_decode: Final = codec.decode_raw

_SHORT: Final = 56
_STRING: Final = [bytes((0x80 + length,)) for length in range(_SHORT)]
_LIST: Final = [bytes((0xC0 + length,)) for length in range(_SHORT)]


def encode(item: Any) -> bytes:
    """The RLP of bytes, and of lists of what has one. Raises as pyrlp."""
    kind = type(item)
    if kind is bytes:
        return _written(item)
    if kind is not list and kind is not tuple:
        return cast("bytes", _encode(item))
    payload = b"".join([_written(one) if type(one) is bytes else encode(one) for one in item])
    length = len(payload)
    return (_LIST[length] if length < _SHORT else _long(length, 0xC0)) + payload


def _written(string: bytes) -> bytes:
    length = len(string)
    if length == 1 and string[0] < 0x80:
        return string
    return (_STRING[length] if length < _SHORT else _long(length, 0x80)) + string


def _long(length: int, kind: int) -> bytes:
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((kind + _SHORT - 1 + len(digits),)) + digits


def decode(data: Any, strict: bool, keeps: bool) -> tuple[Any, Any]:
    """What RLP says, and what each part was written as: nothing unless `keeps`.

    Raises as pyrlp.
    """
    if type(data) is bytes and strict and not keeps and data and data[0] >= 0xC0:
        found = _strings(data)
        if found is not None:
            return found, []
    return cast("tuple[Any, Any]", _decode(data, strict, keeps))


def _strings(data: bytes) -> list[bytes] | None:
    """A list of strings, none longer than 55 bytes, that is all there is; None of everything else."""
    at, end = _begins(data), len(data)
    if at is None:
        return None
    found = []
    while at < end:
        first = data[at]
        if first < 0x80:
            found.append(data[at : at + 1])
            at += 1
            continue
        after = at + first - 0x7F
        if first >= 0x80 + _SHORT or after > end or (first == 0x81 and data[at + 1] < 0x80):
            return None
        found.append(data[at + 1 : after])
        at = after
    return found


def _begins(data: bytes) -> int | None:
    """Where the first string of a list begins that takes all of the data; None where it does not."""
    first = data[0]
    if first < 0xC0 + _SHORT:
        return 1 if len(data) == 1 + first - 0xC0 else None
    at = 1 + first - (0xC0 + _SHORT - 1)
    length = int.from_bytes(data[1:at], "big")
    return at if length >= _SHORT and data[1] and len(data) == at + length else None


def code_quickly() -> None:
    """Have py-evm and what it stands on write and read RLP so: one choice for a process."""
    for module, name, ours in (
        (codec, "encode_raw", encode),
        (codec, "decode_raw", decode),
        (hexary, "encode_raw", encode),
    ):
        setattr(module, name, ours)
