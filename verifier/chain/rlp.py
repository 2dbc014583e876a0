"""RLP (Ethereum Yellow Paper, appendix B), strict, for bytes that strangers hand over.

Written out here, though there is a package for it: that one brings a second of imports, and recursion without
a bound. Tests compare the two.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from yinzheng.verifier.errors import DataFault

Item: TypeAlias = "bytes | list[Item]"

_DEPTH: Final = 8
"""Nesting of lists. Trie nodes embed nodes only below 32 bytes, headers do not nest."""


def decode_item(data: bytes, *, limit: int, what: str) -> Item:
    """Decode one RLP item that fills ``data`` exactly.

    Non-canonical lengths, trailing bytes, more than ``limit`` bytes and deep nesting are refused with a
    `DataFault` (`rlp-too-large`, `rlp-malformed`) that names ``what``.
    """
    if len(data) > limit:
        raise DataFault(f"{what} has {len(data)} bytes, more than {limit}", code="rlp-too-large")
    try:
        item, end = _read(data, 0, len(data), _DEPTH)
    except ValueError as error:
        raise DataFault(f"{what} is not canonical RLP", code="rlp-malformed") from error
    if end != len(data):
        raise DataFault(f"{what} has bytes after its end", code="rlp-malformed")
    return item


def _read(data: bytes, at: int, end: int, depth: int) -> tuple[Item, int]:
    """The item at ``at`` and where the next one begins; `ValueError` if it is not one, or passes ``end``."""
    if at >= end or depth == 0:
        raise ValueError
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    start, size = at + 1, first - (0xC0 if first >= 0xC0 else 0x80)
    if size > 55:
        start += size - 55
        digits = data[at + 1 : start]
        size = int.from_bytes(digits, "big")
        if size <= 55 or digits[0] == 0:
            raise ValueError
    stop = start + size
    if stop > end:
        raise ValueError
    if first < 0xC0:
        if size == 1 and data[start] < 0x80:
            raise ValueError
        return data[start:stop], stop
    items: list[Item] = []
    if depth == 1 and start < stop:
        raise ValueError
    while start < stop:
        first = data[start]
        if first < 0x80:
            items.append(data[start : start + 1])
            start += 1
        elif first < 0xB8:  # nearly all there is: taken here, without a call for each
            following = start + first - 0x7F
            if following > stop or (first == 0x81 and data[start + 1] < 0x80):
                raise ValueError
            items.append(data[start + 1 : following])
            start = following
        else:
            item, start = _read(data, start, stop, depth - 1)
            items.append(item)
    return items, stop


def encode_item(item: Item) -> bytes:
    """Encode bytes, or lists of items, as RLP."""
    if isinstance(item, list):
        content = b"".join(encode_item(member) for member in item)
        return _prefix(len(content), 0xC0) + content
    if len(item) == 1 and item[0] < 0x80:
        return item
    return _prefix(len(item), 0x80) + item


def _prefix(size: int, offset: int) -> bytes:
    if size <= 55:
        return bytes((offset + size,))
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((offset + 55 + len(digits),)) + digits


def encode_integer(value: int) -> bytes:
    """A number as RLP has it: big-endian, none of its first bytes zero; 0 is b""."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def decode_integer(item: Item, *, size: int, what: str) -> int:
    """Read a non-negative integer of at most ``size`` bytes, big-endian without leading zeros."""
    if not isinstance(item, bytes) or len(item) > size or item[:1] == b"\0":
        raise DataFault(f"{what} is not an integer of at most {size} bytes", code="rlp-malformed")
    return int.from_bytes(item, "big")


def decode_fixed(item: Item, *, size: int, what: str) -> bytes:
    """Read a byte string of exactly ``size`` bytes."""
    if not isinstance(item, bytes) or len(item) != size:
        raise DataFault(f"{what} is not {size} bytes long", code="rlp-malformed")
    return item
