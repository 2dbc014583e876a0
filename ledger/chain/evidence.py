"""Chain evidence for the verifier (S7.3), collected from any node that can be asked: ours or a foreign one.

Nothing here needs web3: how a node is asked comes in as a function.

What a node answers is checked before it is handed on: each header's hash against its fields, each header
against the one before, each proof against the state root. A lying node is caught here already, though the
verifier does not count on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.header import MAX_HEADER
from yinzheng.verifier.chain.mpt import EMPTY_ROOT, MAX_NODE, prove_secure
from yinzheng.verifier.chain.rlp import Item, decode_item, encode_item
from yinzheng.verifier.errors import DataFault, EnvironmentFault

Ask: TypeAlias = "Callable[[str, list[Any]], Any]"
"""Asks a node: method and parameters in, the result of the answer out.

Raises `EnvironmentFault` `node-unreachable`, or `node-refused` for an error instead of a result.
"""

_BYTES = (
    "parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty number gasLimit"
    " gasUsed timestamp extraData mixHash nonce baseFeePerGas withdrawalsRoot blobGasUsed excessBlobGas"
    " parentBeaconBlockRoot requestsHash"
)
_FIELDS = tuple(_BYTES.split())
_LONDON = _FIELDS.index("baseFeePerGas") + 1
_QUANTITIES = frozenset(
    (
        "difficulty",
        "number",
        "gasLimit",
        "gasUsed",
        "timestamp",
        "baseFeePerGas",
        "blobGasUsed",
        "excessBlobGas",
    )
)
_STORAGE_ROOT = 2
_EMPTY_NODE = b"\x80"


def collect(
    ask: Ask,
    block: int,
    wanted: Sequence[tuple[bytes, Sequence[bytes]]],
    *,
    validators: int = 1,
) -> dict[str, Any]:
    """Evidence of the storage of accounts after `block`, as S7.3 writes it (JSON: hex without prefix).

    `wanted` lists 20-byte addresses, each with its 32-byte slots. `validators` is how many the chain has:
    of the later headers as many come along as finality needs (S7.2), or as there are yet. A Clique signer
    may sign only one of any ⌊n/2⌋+1 consecutive blocks, so that many suffice.

    Raises `EnvironmentFault` `node-unreachable`, `node-refused` (an error instead of an answer) or
    `node-no-block`; `DataFault` `node-inconsistent` for answers that do not fit together.
    """
    headers = _headers(ask, block, max(2, validators // 2 + 1))
    state_root = cast("bytes", _list(headers[0], MAX_HEADER)[_FIELDS.index("stateRoot")])
    return {
        "headers": [header.hex() for header in headers],
        "accounts": [_account(ask, block, state_root, address, slots) for address, slots in wanted],
    }


def encode_header(fields: Mapping[str, Any]) -> bytes:
    """RLP of a header from a block's JSON, checked against its hash.

    Raises `DataFault` `node-inconsistent` if fields are missing or the hash is another.
    """
    try:
        count = max(_LONDON, sum(fields.get(name) is not None for name in _FIELDS))
        encoded = encode_item([_field(name, fields[name]) for name in _FIELDS[:count]])
        expected = bytes.fromhex(fields["hash"].removeprefix("0x"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _inconsistent("a block is not one of London or later") from error
    if keccak256(encoded) != expected:
        raise _inconsistent("a block's hash is not that of its fields")
    return encoded


def _field(name: str, value: str) -> bytes:
    if name in _QUANTITIES:
        number = int(value, 16)
        return number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes.fromhex(value.removeprefix("0x"))


def _headers(ask: Ask, first: int, count: int) -> list[bytes]:
    """The encoded header of block `first`, and up to `count` - 1 that follow."""
    headers: list[bytes] = []
    for number in range(first, first + count):
        answer = ask("eth_getBlockByNumber", [hex(number), False])
        if answer is None:
            break
        header = encode_header(answer)
        if headers and _list(header, MAX_HEADER)[0] != keccak256(headers[-1]):
            raise _inconsistent("a block is not the child of the one before")
        headers.append(header)
    if not headers:
        raise EnvironmentFault(
            f"The node has no block {first}.",
            code="node-no-block",
            hint="It may still be synchronising, or belong to another network.",
        )
    return headers


def _account(
    ask: Ask, block: int, state_root: bytes, address: bytes, slots: Sequence[bytes]
) -> dict[str, Any]:
    # Positions as 32 bytes: anvil refuses shorter ones, and every node takes these.
    positions = ["0x" + slot.hex() for slot in slots]
    answer = ask("eth_getProof", ["0x" + address.hex(), positions, hex(block)])
    try:
        proof = _nodes(answer["accountProof"])
        proofs = [_nodes(entry["proof"]) for entry in answer["storageProof"]]
        shown = [_slot(entry["key"]) for entry in answer["storageProof"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _inconsistent("an answer to eth_getProof is malformed") from error
    if shown != list(slots):
        raise _inconsistent("proofs of other slots than asked for")
    account = prove_secure(state_root, address, proof)
    root = EMPTY_ROOT if account is None else _storage_root(account)
    for slot, nodes in zip(slots, proofs, strict=True):
        prove_secure(root, slot, nodes)
    return {
        "address": address.hex(),
        "proof": [node.hex() for node in proof],
        "storage": [
            {"slot": slot.hex(), "proof": [node.hex() for node in nodes]}
            for slot, nodes in zip(slots, proofs, strict=True)
        ],
    }


def _storage_root(account: bytes) -> bytes:
    fields = _list(account, MAX_NODE)
    root = fields[_STORAGE_ROOT] if len(fields) > _STORAGE_ROOT else None
    if not isinstance(root, bytes) or len(root) != 32:
        raise _inconsistent("an account is none")
    return root


def _nodes(listed: Sequence[str]) -> list[bytes]:
    """The nodes of a proof. Anvil lists the root of an empty trie, other nodes (and S7.3) list nothing."""
    nodes = [bytes.fromhex(node.removeprefix("0x")) for node in listed]
    return [] if nodes == [_EMPTY_NODE] else nodes


def _slot(key: str) -> bytes:
    return int(key, 16).to_bytes(32, "big")


def _list(encoded: bytes, limit: int) -> list[Item]:
    fields = decode_item(encoded, limit=limit, what="a node's answer")
    if not isinstance(fields, list):
        raise _inconsistent("a structure is not a list")
    return fields


def last_final_block(ask: Ask, validators: int, at: int | None) -> int:
    """Number of the last block that is final (S7.2) and, if `at` is given, not after that instant.

    Found by bisection on block times, which only rise. Before the first block it is block 0.
    """
    head = int(ask("eth_blockNumber", []), 16)
    final = max(0, head - validators // 2)
    if at is None:
        return final
    low, high = 0, final
    while low < high:
        middle = (low + high + 1) // 2
        block = ask("eth_getBlockByNumber", [hex(middle), False])
        if block is not None and int(block["timestamp"], 16) <= at:
            low = middle
        else:
            high = middle - 1
    return low


def _inconsistent(reason: str) -> DataFault:
    return DataFault(f"The node's answers do not fit together: {reason}.", code="node-inconsistent")
