"""Strict RLP (Ethereum Yellow Paper, appendix B) for bytes that strangers hand over."""

from __future__ import annotations

from typing import TypeAlias, cast

import rlp
from rlp.exceptions import DecodingError

from verifier.errors import DataFault

Item: TypeAlias = "bytes | list[Item]"


def decode_item(data: bytes, *, limit: int, what: str) -> Item:
    """Decode one RLP item that fills ``data`` exactly.

    Non-canonical lengths, trailing bytes, more than ``limit`` bytes and absurd nesting are refused with a
    ``DataFault`` (``rlp-too-large``, ``rlp-malformed``) that names ``what``.
    """
    if len(data) > limit:
        raise DataFault(f"{what} has {len(data)} bytes, more than {limit}", code="rlp-too-large")
    try:
        return cast("Item", rlp.decode(data, strict=True))
    except (DecodingError, RecursionError) as error:
        raise DataFault(f"{what} is not canonical RLP", code="rlp-malformed") from error


def encode_item(item: Item) -> bytes:
    """Encode bytes, or lists of items, as RLP."""
    return cast("bytes", rlp.encode(item))


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
