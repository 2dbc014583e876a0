"""Ethereum London headers and the seals of Clique (S7.1; Yellow Paper 4.3, EIP-1559, EIP-225)."""

from __future__ import annotations

from dataclasses import dataclass

from yinzheng.verifier.bytes.algorithms import keccak256, recover_address
from yinzheng.verifier.chain.rlp import Item, decode_fixed, decode_integer, decode_item, encode_item
from yinzheng.verifier.errors import DataFault

MAX_HEADER = 16 * 1024
"""Bytes of one header. Some 600 without ``extraData``, which lists the validators at an epoch's start."""

VANITY = 32
"""Bytes of ``extraData`` before the validators and the seal (EIP-225)."""

SEAL = 65
"""Bytes of a seal, the last of ``extraData``: ``r || s || v``."""

_FIELDS = 16
_EXTRA = 12


@dataclass(frozen=True, slots=True)
class Header:
    """A block's header, as far as a verifier needs it."""

    hash: bytes
    """keccak256 of the encoded header."""
    parent: bytes
    """Hash of the block before."""
    state_root: bytes
    number: int
    time: int
    """UTC seconds."""
    extra: bytes
    """Vanity, validators at an epoch's start, seal."""
    seal_hash: bytes | None
    """What the sealer signed, or None when there is no room for a seal."""


def parse_header(raw: bytes) -> Header:
    """Decode the canonical RLP of a London header.

    Raises ``DataFault``: ``header-malformed`` when it has not exactly the 16 fields of London with their
    sizes, or one of ``items``.
    """
    fields = decode_item(raw, limit=MAX_HEADER, what="a block header")
    if not isinstance(fields, list) or len(fields) != _FIELDS:
        raise DataFault("a block header has not the 16 fields of London", code="header-malformed")
    hashes = {0: 32, 1: 32, 2: 20, 3: 32, 4: 32, 5: 32, 6: 256, 13: 32, 14: 8}
    integers = {7: 32, 8: 8, 9: 8, 10: 8, 11: 8, 15: 32}
    try:
        fixed = {at: decode_fixed(fields[at], size=size, what=f"field {at}") for at, size in hashes.items()}
        number = {at: decode_integer(fields[at], size=n, what=f"field {at}") for at, n in integers.items()}
    except DataFault as fault:
        raise DataFault(f"a block header is malformed: {fault}", code="header-malformed") from fault
    extra = fields[_EXTRA]
    if not isinstance(extra, bytes):
        raise DataFault("a block header has a list for its extra data", code="header-malformed")
    return Header(
        hash=keccak256(raw),
        parent=fixed[0],
        state_root=fixed[3],
        number=number[8],
        time=number[11],
        extra=extra,
        seal_hash=_seal_hash(fields, extra),
    )


def _seal_hash(fields: list[Item], extra: bytes) -> bytes | None:
    if len(extra) < VANITY + SEAL:
        return None
    return keccak256(encode_item([*fields[:_EXTRA], extra[:-SEAL], *fields[_EXTRA + 1 :]]))


def sealer(header: Header) -> bytes:
    """Return the address (20 bytes) whose key sealed the block.

    A chain without proof of authority (a development node) leaves no room for a seal, or zeros in it: that is
    ``unsealed``. A seal no key can have made is ``seal-malformed``. Both are a ``DataFault``.
    """
    seal = header.extra[-SEAL:]
    if header.seal_hash is None or not any(seal):
        raise DataFault(f"block {header.number} carries no seal", code="unsealed", block=header.number)
    try:
        return recover_address(header.seal_hash, seal)
    except DataFault as fault:
        raise DataFault(
            f"the seal of block {header.number} is not a signature",
            code="seal-malformed",
            block=header.number,
        ) from fault
