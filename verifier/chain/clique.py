"""Clique (EIP-225, S7.2): one validator seals each block, and later seals make it final."""

from __future__ import annotations

from typing import Final

from yinzheng.verifier.bytes.algorithms import recover_address
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.chain.header import Header
from yinzheng.verifier.errors import DataFault

VANITY: Final = 32
"""Bytes of ``extraData`` before the validators, which it lists at an epoch's start, and the seal."""

SEAL: Final = 65
"""Bytes of a seal, the last of ``extraData``: ``r || s || v``, v 0 or 1."""


def recognises(header: Header) -> bool:
    """Whether the header has room for a seal, and zeros where EIP-225 asks for them."""
    return _has_room(header) and not any(header.field("mixHash"))


def block_hash(header: Header) -> bytes:
    """The hash that children name: of the whole header, its seal included."""
    return header.digest()


def listed(header: Header) -> tuple[bytes, ...]:
    """The validators between vanity and seal: at the start of an epoch all of them, else none."""
    between = header.extra[VANITY:-SEAL]
    return tuple(between[at : at + 20] for at in range(0, len(between), 20))


def sealers(header: Header, pinned: frozenset[bytes]) -> frozenset[bytes]:
    """Who sealed the block: the one address, 20 bytes, if it is pinned.

    Any seal recovers to some address, so that of an altered header and that of a validator whom the policy
    does not know look alike. Raises `NotGiven`: `unsealed` (a development node leaves no room for a seal, or
    zeros in it), `sealer-not-pinned`; `DataFault` `seal-malformed`: no key made it.
    """
    number, seal = header.number, header.extra[-SEAL:]
    if not _has_room(header) or not any(seal):
        raise NotGiven(f"block {number} carries no seal", code="unsealed", block=number)
    try:
        address = recover_address(header.digest(extra=header.extra[:-SEAL]), seal)
    except DataFault as fault:
        raise DataFault(
            f"the seal of block {number} is not a signature", code="seal-malformed", block=number
        ) from fault
    if address not in pinned:
        raise NotGiven(
            f"block {number} is sealed by someone the policy does not pin",
            code="sealer-not-pinned",
            block=number,
            sealer=address.hex(),
        )
    return frozenset((address,))


def quorum(validators: int) -> int:
    """More than half."""
    return validators // 2 + 1


def _has_room(header: Header) -> bool:
    return len(header.extra) >= VANITY + SEAL
