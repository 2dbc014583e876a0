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

_VALUE: Final = -1
_BYTES: Final = 2
_TEXT: Final = 3
_LIST: Final = 4
_FOREIGN: Final = 5


def _heads() -> list[tuple[int, Any]]:
    """Kind and number that each first byte of an item tells; of a `_VALUE` all of it.

    A number of 24 to 27 stands in 1, 2, 4 or 8 bytes that follow.
    """
    told: list[tuple[int, Any]] = [(min(first >> 5, _FOREIGN), first & 31) for first in range(256)]
    told[0x00:0x18] = [(_VALUE, number) for number in range(24)]
    told[0x20:0x38] = [(_VALUE, -1 - number) for number in range(24)]
    told[0xF4:0xF7] = [(_VALUE, False), (_VALUE, True), (_VALUE, None)]
    return told


_HEADS: Final = _heads()


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
            if not last < name < _NAMES:
                raise Foreign("a name that is no small number") if name >= _NAMES else ValueError("no order")
            found[name], at = _read(data, at + 1, _DEPTH)
            last = name
    except IndexError:
        raise ValueError("cut off") from None
    if at != len(data):
        raise ValueError("cut off, or followed by more")
    return found


def _read(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """The value at ``at`` and where the next one begins. Raises also `IndexError` past the end."""
    kind, number = _HEADS[data[at]]
    at += 1
    if kind == _VALUE:
        return number, at
    if kind == _FOREIGN:
        raise Foreign("a map, a tag or another simple value within")
    if number == 24:
        number = data[at]
        at += 1
        if number < 24:
            raise ValueError("a number in a longer form than it needs")
    elif number > 24:
        number, at = _number(data, at, 1 << (number - 24))
    if kind == _TEXT:
        end = at + number
        return data[at:end].decode(), end
    if kind == _LIST:
        if depth == 0:
            raise Foreign("lists too deep in each other")
        items = []
        for _ in range(number):
            item, at = _read(data, at, depth - 1)
            items.append(item)
        return items, at
    if kind == _BYTES:
        end = at + number
        return data[at:end], end
    return (-1 - number if kind else number), at


def _number(data: bytes, at: int, size: int) -> tuple[int, int]:
    """The number in ``size`` bytes, 2, 4 or 8, at ``at``, and where they end."""
    if size > 8:
        raise ValueError("an indefinite length")
    end = at + size
    number = int.from_bytes(data[at:end], "big")
    if end > len(data) or number >> 4 * size == 0:
        raise ValueError("a number in a longer form than it needs, or cut off")
    return number, end


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
