"""Chain evidence for the verifier (S7.3), collected from any web3 instance: ours or a foreign node's.

What a node answers is checked before it is handed on: each header's hash against its fields, each header
against the one before, each proof against the state root. A lying node is caught here already, though the
verifier does not count on it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import rlp
from eth_hash.auto import keccak
from web3 import Web3
from web3.types import RPCEndpoint

from verifier.errors import DataFault, EnvironmentFault
from verifier.ethereum.mpt import EMPTY_ROOT, prove_secure

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


def collect_evidence(
    w3: Web3,
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
    headers = _headers(w3, block, validators // 2 + 1)
    state_root = cast("bytes", rlp.decode(headers[0])[_FIELDS.index("stateRoot")])
    return {
        "headers": [header.hex() for header in headers],
        "accounts": [_account(w3, block, state_root, address, slots) for address, slots in wanted],
    }


def encode_header(fields: Mapping[str, Any]) -> bytes:
    """RLP of a header from a block's JSON, checked against its hash.

    Raises `DataFault` `node-inconsistent` if fields are missing or the hash is another.
    """
    try:
        count = max(_LONDON, sum(fields.get(name) is not None for name in _FIELDS))
        encoded = cast("bytes", rlp.encode([_field(name, fields[name]) for name in _FIELDS[:count]]))
        expected = bytes.fromhex(fields["hash"].removeprefix("0x"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _inconsistent("a block is not one of London or later") from error
    if keccak(encoded) != expected:
        raise _inconsistent("a block's hash is not that of its fields")
    return encoded


def _field(name: str, value: str) -> bytes:
    if name in _QUANTITIES:
        number = int(value, 16)
        return number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes.fromhex(value.removeprefix("0x"))


def _headers(w3: Web3, first: int, count: int) -> list[bytes]:
    """The encoded header of block `first`, and up to `count` - 1 that follow."""
    headers: list[bytes] = []
    for number in range(first, first + count):
        answer = _ask(w3, "eth_getBlockByNumber", [hex(number), False])
        if answer is None:
            break
        header = encode_header(answer)
        if headers and rlp.decode(header)[0] != keccak(headers[-1]):
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
    w3: Web3, block: int, state_root: bytes, address: bytes, slots: Sequence[bytes]
) -> dict[str, Any]:
    # Positions as 32 bytes: anvil refuses shorter ones, and every node takes these.
    positions = ["0x" + slot.hex() for slot in slots]
    answer = _ask(w3, "eth_getProof", ["0x" + address.hex(), positions, hex(block)])
    try:
        proof = _nodes(answer["accountProof"])
        proofs = [_nodes(entry["proof"]) for entry in answer["storageProof"]]
        shown = [_slot(entry["key"]) for entry in answer["storageProof"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _inconsistent("an answer to eth_getProof is malformed") from error
    if shown != list(slots):
        raise _inconsistent("proofs of other slots than asked for")
    account = prove_secure(state_root, address, proof)
    root = EMPTY_ROOT if account is None else cast("bytes", rlp.decode(account)[_STORAGE_ROOT])
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


def _nodes(listed: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(node.removeprefix("0x")) for node in listed]


def _slot(key: str) -> bytes:
    return int(key, 16).to_bytes(32, "big")


def _ask(w3: Web3, method: str, arguments: list[Any]) -> Any:
    """A node's raw answer: below web3's middleware, which would rename and convert fields."""
    try:
        response = w3.provider.make_request(RPCEndpoint(method), arguments)
    except (OSError, ValueError) as error:  # requests' exceptions are OSErrors; ValueError: not JSON
        raise EnvironmentFault(
            "The node does not answer.",
            code="node-unreachable",
            hint="Check its address and that it runs; nothing is known about the data.",
        ) from error
    if response.get("error") is not None:
        raise EnvironmentFault(
            f"The node refuses {method}.",
            code="node-refused",
            hint="An archive node is needed for old blocks, and one that allows this method.",
        )
    return response.get("result")


def _inconsistent(reason: str) -> DataFault:
    return DataFault(f"The node's answers do not fit together: {reason}.", code="node-inconsistent")
