"""Many bytes in hex, checked all at once."""

from __future__ import annotations

from yinzheng.verifier.bytes.canonical import Check, hex_bytes, list_of


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
