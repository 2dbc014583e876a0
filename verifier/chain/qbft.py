"""QBFT (S7.2; GoQuorum and Besu): a quorum of the validators seals each block, which is then final.

Neither the round nor the seals are part of a block's hash: blocks are compared by hash, seals by signer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.bytes.algorithms import recover_address
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.chain.header import MAX_HEADER, Header
from yinzheng.verifier.chain.rlp import Item, decode_fixed, decode_integer, decode_item, encode_item
from yinzheng.verifier.errors import DataFault

MIX_HASH: Final = b"ctical byzantine fault tolerance"
"""What tells a BFT block, of IBFT and QBFT alike, from others."""

_VOTES: Final = (b"\xff", b"")
"""To add a validator, to drop one."""


@dataclass(frozen=True, slots=True)
class Extra:
    """A QBFT header's `extraData`, read strictly."""

    validators: tuple[bytes, ...]
    """Who may seal this block, 20 bytes each, ascending; none where a contract keeps them."""
    seals: tuple[bytes, ...]
    """``r || s || v``, 65 bytes each."""
    unsealed: bytes
    """`extraData` without the seals: what is signed has this."""
    bare: bytes
    """The same with round 0: the block's hash is over this."""


def recognises(header: Header) -> bool:
    """Whether the header says that it is a BFT block's."""
    return header.field("mixHash") == MIX_HASH


def read_extra(header: Header) -> Extra:
    """Read a QBFT header's `extraData`; raises `DataFault` `header-malformed` for any other shape."""
    try:
        return _extra(header)
    except DataFault as fault:
        raise DataFault(
            f"block {header.number} has not the form of QBFT: {fault}",
            code="header-malformed",
            block=header.number,
        ) from fault


def block_hash(header: Header) -> bytes:
    """The hash that children name: of the header with round 0 and without seals.

    A header that has not QBFT's form names no block that another could follow: the hash is of it as it is.
    """
    try:
        return header.digest(extra=read_extra(header).bare)
    except DataFault:
        return header.digest()


def listed(header: Header) -> tuple[bytes, ...]:
    """Who may seal this block; none where a contract keeps them. Raises as `read_extra`."""
    return read_extra(header).validators


def sealers(header: Header, pinned: frozenset[bytes]) -> frozenset[bytes]:
    """Who sealed the block, addresses of 20 bytes: each once, each one of those pinned.

    Raises `NotGiven`: `consensus-differs`, `unsealed` (the genesis, or a header without seals),
    `validators-not-pinned` (the header lists others: a policy may be old), `sealer-not-pinned` (the same
    where it lists none); `DataFault`: `header-malformed`, `seal-malformed`, `seal-twice`, `seal-of-stranger`
    (someone else than the header itself lists).
    """
    number = header.number
    if not recognises(header):
        raise NotGiven(f"block {number} is not one of QBFT", code="consensus-differs", block=number)
    extra = read_extra(header)
    if extra.validators and frozenset(extra.validators) != pinned:
        raise NotGiven(
            f"block {number} lists other validators than the policy pins",
            code="validators-not-pinned",
            block=number,
        )
    if not extra.seals:
        raise NotGiven(f"block {number} carries no seal", code="unsealed", block=number)
    signed = header.digest(extra=extra.unsealed)
    if len(extra.seals) > len(pinned):
        raise DataFault(f"block {number} has more seals than validators", code="seal-twice", block=number)
    found = [_signer(signed, seal, number) for seal in extra.seals]
    if len(set(found)) != len(found):
        raise DataFault(f"a validator seals block {number} twice", code="seal-twice", block=number)
    strangers = sorted(address.hex() for address in set(found) - pinned)
    if strangers and extra.validators:
        raise DataFault(
            f"block {number} is sealed by someone whom it does not list",
            code="seal-of-stranger",
            block=number,
            sealers=strangers,
        )
    if strangers:
        raise NotGiven(
            f"block {number} is sealed by someone the policy does not pin",
            code="sealer-not-pinned",
            block=number,
            sealer=strangers[0],
        )
    return frozenset(found)


def quorum(validators: int) -> int:
    """⌈2N/3⌉: what validators agree by. Nodes that take in a block of others ask for less."""
    return -(-2 * validators // 3)


def _signer(signed: bytes, seal: bytes, number: int) -> bytes:
    try:
        return recover_address(signed, seal, low_s=True)
    except DataFault as fault:
        raise DataFault(
            f"a seal of block {number} is not a signature", code="seal-malformed", block=number
        ) from fault


def _extra(header: Header) -> Extra:
    if header.field("difficulty") != b"\1" or any(header.field("nonce")):
        raise DataFault("difficulty is always 1 and the nonce 0", code="header-malformed")
    vanity, validators, vote, round_, seals = _list(
        decode_item(header.extra, limit=MAX_HEADER, what="extraData"), "extraData", 5
    )
    decode_fixed(vanity, size=32, what="the vanity")
    addresses = [decode_fixed(one, size=20, what="a validator") for one in _list(validators, "validators")]
    if addresses != sorted(set(addresses)):
        raise DataFault("the validators do not ascend", code="header-malformed")
    if vote != []:
        candidate, kind = _list(vote, "a vote", 2)
        decode_fixed(candidate, size=20, what="a vote's candidate")
        if kind not in _VOTES:
            raise DataFault("a vote neither adds nor drops", code="header-malformed")
    decode_integer(round_, size=4, what="the round")
    return Extra(
        validators=tuple(addresses),
        seals=tuple(decode_fixed(one, size=65, what="a seal") for one in _list(seals, "seals")),
        unsealed=encode_item([vanity, validators, vote, round_, []]),
        bare=encode_item([vanity, validators, vote, b"", []]),
    )


def _list(item: Item, what: str, length: int | None = None) -> list[Item]:
    if not isinstance(item, list) or (length is not None and len(item) != length):
        raise DataFault(f"{what} is not a list of that length", code="header-malformed")
    return item
