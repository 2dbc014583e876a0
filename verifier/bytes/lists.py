"""Lists whose items are checked all at once."""

from __future__ import annotations

from itertools import combinations
from typing import Final

from yinzheng.verifier.bytes.canonical import Check, hex_bytes, list_of, one_of
from yinzheng.verifier.errors import DataFault

_LISTED: Final = 4
"""Of so few strings, at most, all that some of them can be is listed."""


def list_of_hex(size: tuple[int, int], low: int, high: int) -> Check[list[bytes]]:
    """Check for a list of `low`…`high` items, each `hex_bytes` of that least and greatest size."""
    least, most = size
    item_by_item = list_of(hex_bytes(least, most), low, high)

    def check(value: object, path: str) -> list[bytes]:
        if type(value) is list and low <= len(value) <= high:
            try:
                found = [*map(bytes.fromhex, value)]
            except (TypeError, ValueError):
                found = []
            # One spelling each, as `hex_bytes` has it, told of all at once.
            if [*map(bytes.hex, found)] == value and all(least <= len(one) <= most for one in found):
                return found
        return item_by_item(value, path)

    return check


def some_of(*values: str) -> Check[tuple[str, ...]]:
    """Check for a list of some of these strings, one at least, each once and in this order."""
    members = list_of(one_of(*values), 1, len(values))
    sizes = range(1, len(values) + 1) if len(values) <= _LISTED else ()
    right = {one for size in sizes for one in combinations(values, size)}

    def check(value: object, path: str) -> tuple[str, ...]:
        try:
            if type(value) is list and (found := tuple(value)) in right:
                return found
        except TypeError:
            pass  # something that is no string, and has no hash
        some = members(value, path)
        if len(some) > 1 and some != [one for one in values if one in some]:
            raise DataFault(f"{path} does not list each once, in order", code="field-value", path=path)
        return tuple(some)

    return check
