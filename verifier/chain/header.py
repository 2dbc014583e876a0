"""Ethereum headers, each fork's by its own list of fields (S7.1; Yellow Paper 4.3, the EIPs named below).

What a header's hash is, who sealed it and whether that suffices is its consensus's to say: `clique`, `qbft`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.rlp import Item, decode_fixed, decode_integer, decode_item, encode_item
from yinzheng.verifier.errors import DataFault

MAX_HEADER: Final = 32 * 1024
"""Bytes of one header. Some 600 without ``extraData``, where QBFT's list and seals of 256 validators take 17
thousand.
"""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a header: its name as nodes answer it, and its form."""

    name: str
    size: int | None
    """Bytes; of an integer at most; None: any number of them."""
    integer: bool = False


FIELDS: Final = (
    Field("parentHash", 32),
    Field("sha3Uncles", 32),
    Field("miner", 20),
    Field("stateRoot", 32),
    Field("transactionsRoot", 32),
    Field("receiptsRoot", 32),
    Field("logsBloom", 256),
    Field("difficulty", 32, integer=True),
    Field("number", 8, integer=True),
    Field("gasLimit", 8, integer=True),
    Field("gasUsed", 8, integer=True),
    Field("timestamp", 8, integer=True),
    Field("extraData", None),
    Field("mixHash", 32),
    Field("nonce", 8),
    Field("baseFeePerGas", 32, integer=True),  # London, EIP-1559
    Field("withdrawalsRoot", 32),  # Shanghai, EIP-4895
    Field("blobGasUsed", 8, integer=True),  # Cancun, EIP-4844
    Field("excessBlobGas", 8, integer=True),
    Field("parentBeaconBlockRoot", 32),  # EIP-4788
    Field("requestsHash", 32),  # Prague, EIP-7685
)
"""All fields in their order. A fork adds some behind those of the forks before it."""

FORKS: Final = {15: "Berlin", 16: "London", 17: "Shanghai", 20: "Cancun", 21: "Prague"}
"""Lengths that headers have, with the first fork to have each (Berlin: or any before it)."""

_AT: Final = {field.name: at for at, field in enumerate(FIELDS)}


@dataclass(frozen=True, slots=True)
class Header:
    """A block's header: as many of `FIELDS` as its fork has, integers without leading zeros."""

    fields: tuple[bytes, ...]
    encoded: bytes
    """Canonical RLP of them."""

    def field(self, name: str) -> bytes:
        """The bytes of a field that every fork has."""
        return self.fields[_AT[name]]

    @property
    def parent(self) -> bytes:
        """Hash of the block before."""
        return self.field("parentHash")

    @property
    def state_root(self) -> bytes:
        """Root of the state after the block."""
        return self.field("stateRoot")

    @property
    def number(self) -> int:
        """How many blocks came before."""
        return int.from_bytes(self.field("number"), "big")

    @property
    def time(self) -> int:
        """UTC seconds. Under QBFT of the proposal; the agreement may come minutes later."""
        return int.from_bytes(self.field("timestamp"), "big")

    @property
    def extra(self) -> bytes:
        """`extraData`, where a consensus keeps its seals."""
        return self.field("extraData")

    def digest(self, *, extra: bytes | None = None) -> bytes:
        """keccak256 of the encoded header, with another `extraData` if one is given."""
        if extra is None:
            return keccak256(self.encoded)
        fields: list[Item] = list(self.fields)
        fields[_AT["extraData"]] = extra
        return keccak256(encode_item(fields))


def parse_header(raw: bytes) -> Header:
    """Decode the canonical RLP of a header of any fork up to Prague.

    Raises ``DataFault``: ``header-malformed`` when it has not exactly a fork's fields with their sizes, or
    one of ``rlp``.
    """
    items = decode_item(raw, limit=MAX_HEADER, what="a block header")
    if not isinstance(items, list) or len(items) not in FORKS:
        raise DataFault("a block header has the fields of no fork", code="header-malformed")
    try:
        return Header(tuple(_read(field, item) for field, item in zip(FIELDS, items, strict=False)), raw)
    except DataFault as fault:
        raise DataFault(f"a block header is malformed: {fault}", code="header-malformed") from fault


def _read(field: Field, item: Item) -> bytes:
    if field.size is None:
        if not isinstance(item, bytes):
            raise DataFault(f"{field.name} is a list", code="header-malformed")
    elif field.integer:
        decode_integer(item, size=field.size, what=field.name)
    else:
        decode_fixed(item, size=field.size, what=field.name)
    assert isinstance(item, bytes)
    return item
