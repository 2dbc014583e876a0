"""Deterministic CBOR (RFC 8949 section 4.2.1) as our cores have it, read strictly in one pass.

Written out here, though there is a package for it, because what strangers hand over is read with it: texts,
bytes, integers, true, false, null and lists of them, and a map above all. Lengths and numbers in their
shortest form, names in ascending order: one encoding alone is read, so that nothing is written again to
compare. No tags: those for shared values (28, 29) have a kilobyte stand for terabytes. Tests compare with the
package.
"""

from __future__ import annotations

from typing import Any, Final

_DEPTH: Final = 6
"""Nesting of lists; ours need three."""

_NAMES: Final = 24
"""Names of a map are numbers below this, which take one byte each."""

_SIMPLE: Final = {0xF4: False, 0xF5: True, 0xF6: None}


class Foreign(ValueError):  # noqa: N818 - nothing need be wrong with it
    """A value of a kind that our formats have none of."""


def load_map(data: bytes) -> dict[int, Any]:
    """The map that fills ``data``: numbers from 0 to 23, ascending, each with its value.

    Raises `Foreign` where it is no such map or holds a value of another kind, `ValueError` where anything is
    not in its one form, cut off, or followed by more.
    """
    first = data[0] if data else 0
    if not 0xA0 <= first < 0xB8:
        raise Foreign("no map of few names")
    found: dict[int, Any] = {}
    at, last = 1, -1
    try:
        for _ in range(first - 0xA0):
            name = data[at]
            if name >= _NAMES:
                raise Foreign("a name that is no small number")
            if name <= last:
                raise ValueError("names out of order")
            found[name], at = _read(data, at + 1, _DEPTH)
            last = name
    except IndexError:
        raise ValueError("cut off") from None
    if at != len(data):
        raise ValueError("cut off, or followed by more")
    return found


def _read(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """The value at ``at`` and where the next one begins. Raises also `IndexError` past the end."""
    first = data[at]
    major, number = first >> 5, first & 31
    at += 1
    if major > 4:
        if first in _SIMPLE:
            return _SIMPLE[first], at
        raise Foreign("a map, a tag or another simple value within")
    if number > 23:
        size = 1 << (number - 24)
        if size > 8:
            raise ValueError("an indefinite length")
        end = at + size
        number = int.from_bytes(data[at:end], "big")
        if end > len(data) or number < 24 or (size > 1 and number >> 4 * size == 0):
            raise ValueError("a number in a longer form than it needs")
        at = end
    if major == 3:
        return data[at : at + number].decode(), at + number
    if major == 2:
        return data[at : at + number], at + number
    if major == 4:
        if depth == 0:
            raise Foreign("lists too deep in each other")
        items = []
        for _ in range(number):
            item, at = _read(data, at, depth - 1)
            items.append(item)
        return items, at
    return (number if major == 0 else -1 - number), at


def head(major: int, number: int) -> bytes:
    """The shortest beginning of an item: its kind (0 to 7) and its number or length, below 2^64."""
    first = major << 5
    if number < 24:
        return bytes((first | number,))
    size = 1 if number < 1 << 8 else 2 if number < 1 << 16 else 4 if number < 1 << 32 else 8
    return bytes((first | 23 + size.bit_length(),)) + number.to_bytes(size, "big")


def byte_string(data: bytes) -> bytes:
    """The encoding of bytes."""
    return head(2, len(data)) + data
