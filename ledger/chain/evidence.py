"""Chain evidence for the verifier (S7.3), collected from any node that can be asked: ours or a foreign one.

Nothing here needs web3: how a node is asked comes in as a function.

What a node answers is checked before it is handed on: each header's hash against its fields, each header
against the one before, each proof against the state root. A lying node is caught here already, though the
verifier does not count on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from yinzheng.verifier.chain.consensus import Consensus
from yinzheng.verifier.chain.header import FIELDS, FORKS, Field, Header, parse_header
from yinzheng.verifier.chain.layout import (
    RECORD_SLOTS,
    ChainRecord,
    decode_record,
    record_slots,
    root_slot,
)
from yinzheng.verifier.chain.mpt import EMPTY_ROOT, MAX_NODE, Nodes, prove_secure
from yinzheng.verifier.chain.rlp import Item, decode_integer, decode_item, encode_integer, encode_item
from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.judge.certificate.moved import moved_slots
from yinzheng.verifier.judge.trust import TrustPolicy

Ask: TypeAlias = "Callable[[str, list[Any]], Any]"
"""Asks a node: method and parameters in, the result of the answer out.

Raises `EnvironmentFault` `node-unreachable`, or `node-refused` for an error instead of a result.
"""

Wanted: TypeAlias = "Sequence[tuple[bytes, Sequence[bytes]]]"
"""Accounts (20 bytes), each with the slots (32 bytes) asked for."""


def nobody_else(_why: str) -> bool:
    """Say that there is one node alone."""
    return False


_STORAGE_ROOT: Final = 2
_EMPTY_NODE: Final = b"\x80"
_LIES: Final = "gives blocks or proofs that cannot be"


@dataclass(frozen=True, slots=True)
class Collected:
    """Evidence, and what it says."""

    evidence: dict[str, Any]
    """As S7.3 writes it."""
    words: Mapping[bytes, Sequence[int]]
    """By address, those of its slots in their order, whichever its code is."""


@dataclass(frozen=True, slots=True)
class Prover:
    """Collects evidence from one node, of as many headers as the network's consensus asks for (S7.2)."""

    ask: Ask
    consensus: Consensus
    validators: int
    """How many the network has; 0 where nobody knows them."""
    other: Callable[[str], bool] = nobody_else
    """Is told that what the node said cannot be; gives whether another answers from now on."""

    @property
    def needed(self) -> int:
        """Headers until a block is final.

        Where nobody named the validators and seals of later blocks count, there are as many as the first
        block names at least: one alone makes no block final.
        """
        known = self.validators
        if not known and self.consensus.later_seals_count:
            first = self.ask("eth_getBlockByNumber", ["0x0", False])
            known = 0 if first is None else len(self.consensus.listed(header_of(first)))
        return self.consensus.headers_until_final(known)

    @property
    def whole(self) -> int:
        """Headers that leave no reader waiting: where later seals count, as many as there are validators, for
        each reader may insist on another's (S8.1).
        """
        return max(self.needed, self.validators if self.consensus.later_seals_count else 0)

    def last_final(self, at: int | None = None) -> int:
        """Number of the last block that is final and, if `at` is given, not after that instant.

        Found by bisection on block times, which never fall. Before the first block it is block 0.
        """
        head = int(self.ask("eth_blockNumber", []), 16)
        final = max(0, head - (self.needed - 1))
        if at is None:
            return final
        low, high = 0, final
        while low < high:
            middle = (low + high + 1) // 2
            block = self.ask("eth_getBlockByNumber", [hex(middle), False])
            if block is not None and int(block["timestamp"], 16) <= at:
                low = middle
            else:
                high = middle - 1
        return low

    def collect(self, block: int, wanted: Wanted) -> dict[str, Any]:
        """Evidence of the storage of accounts after `block`, as S7.3 writes it (JSON: hex without prefix).

        Of the later headers as many come along as make it `whole`, one at least; or as there are yet.

        Raises `EnvironmentFault` `node-unreachable`, `node-refused` (an error instead of an answer) or
        `node-no-block`; `DataFault` `node-inconsistent` for answers that do not fit together.
        """
        return self.collected(block, wanted).evidence

    def collected(self, block: int, wanted: Wanted, headers: Sequence[Header] = ()) -> Collected:
        """As `collect`, with the words found; ``headers``: those that `from_block` gave before."""
        again = bool(headers)
        while True:
            try:
                headers = headers or self.from_block(block)
                state: Nodes = {}
                found = [
                    _account(self.ask, block, headers[0].state_root, address, slots, state)
                    for address, slots in wanted
                ]
                evidence = {
                    "headers": [header.encoded.hex() for header in headers],
                    "accounts": [account for account, _ in found],
                }
                return Collected(
                    evidence, {one[0]: words for one, (_, words) in zip(wanted, found, strict=True)}
                )
            except DataFault as fault:
                if again or self.other(_LIES):  # the headers given may be those of another node
                    headers, again = (), False
                    continue
                raise fault if fault.code == "node-inconsistent" else _inconsistent(fault.message) from fault

    def from_block(self, block: int) -> Sequence[Header]:
        """The header of a block, and those after it that come along. Raises as `collect`."""
        return self._headers(block, max(2, self.whole))

    def newest(self, wanted: Wanted, at: int | None = None) -> dict[str, Any]:
        """Evidence after the last final block, not after `at` if that is given."""
        return self.collect(self.last_final(at), wanted)

    def _headers(self, first: int, count: int) -> list[Header]:
        """The header of block `first`, and up to `count` - 1 that follow."""
        headers: list[Header] = []
        for number in range(first, first + count):
            answer = self.ask("eth_getBlockByNumber", [hex(number), False])
            if answer is None:
                break
            header = header_of(answer, self.consensus)
            if headers and header.parent != self.consensus.block_hash(headers[-1]):
                raise _inconsistent("a block is not the child of the one before")
            headers.append(header)
        if not headers:
            raise EnvironmentFault(
                f"The node has no block {first}.",
                code="node-no-block",
                hint="It may still be synchronising, or belong to another network.",
            )
        return headers


def collect_certificate(
    prover: Prover,
    block: int,
    subject: bytes,
    size: int | None,
    trust: TrustPolicy,
    headers: Sequence[Header] = (),
) -> dict[str, Any]:
    """Evidence about a certificate after `block`: its record, what became of it (S9.2a), and if `size` is
    given the anchored root of that size, each of the contract that the policy pins. ``headers``: as
    `Prover.collected`. Raises as `Prover.collect`.
    """
    wanted: dict[bytes, list[bytes]] = {trust.rights.address: record_slots(subject)}
    wanted |= moved_slots(subject, None, trust)
    if size is not None:
        wanted[trust.anchor.address] = [root_slot(size)]
    found = prover.collected(block, list(wanted.items()), headers)
    # Whom the record names is known only now; that they name it back stands in their own records.
    record = _record_of(found.words[trust.rights.address][:RECORD_SLOTS])
    back = moved_slots(subject, record, trust).get(trust.rights.address)
    if not back:
        return found.evidence
    wanted[trust.rights.address] += back
    return prover.collected(block, list(wanted.items()), headers).evidence


def _record_of(words: Sequence[int]) -> ChainRecord | None:
    if len(words) < RECORD_SLOTS:
        return None  # the policy pins one address for two contracts
    try:
        return decode_record(words)
    except DataFault:
        return None  # whoever verifies it will say what is wrong


def header_of(answer: Mapping[str, Any], consensus: Consensus | None = None) -> Header:
    """The header in a node's answer about a block; its hash is checked if the consensus is known.

    Raises `DataFault` `node-inconsistent` if it has no fork's fields, or the hash is another.
    """
    try:
        names = [field.name for field in FIELDS]
        count = next((at for at, name in enumerate(names) if answer.get(name) is None), len(names))
        encoded = encode_item([_field(field, answer[field.name]) for field in FIELDS[:count]])
        said = bytes.fromhex(answer["hash"].removeprefix("0x"))
        header = parse_header(encoded)
    except (KeyError, TypeError, ValueError, AttributeError, DataFault) as error:
        raise _inconsistent(f"a block has the fields of no fork from {FORKS[min(FORKS)]} on") from error
    if consensus is not None and consensus.block_hash(header) != said:
        raise _inconsistent("a block's hash is not that of its fields")
    return header


def _field(field: Field, value: str) -> bytes:
    if field.integer:
        return encode_integer(int(value, 16))
    return bytes.fromhex(value.removeprefix("0x"))


def _account(
    ask: Ask, block: int, state_root: bytes, address: bytes, slots: Sequence[bytes], state: Nodes
) -> tuple[dict[str, Any], list[int]]:
    """An account as S7.3 has it, and the words at its slots; ``state``: nodes of the state loaded before."""
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
    account = prove_secure(state_root, address, proof, state)
    root = EMPTY_ROOT if account is None else _storage_root(account)
    known: Nodes = {}
    values = [prove_secure(root, slot, nodes, known) for slot, nodes in zip(slots, proofs, strict=True)]
    shown_by = {
        "address": address.hex(),
        "proof": [node.hex() for node in proof],
        "storage": [
            {"slot": slot.hex(), "proof": [node.hex() for node in nodes]}
            for slot, nodes in zip(slots, proofs, strict=True)
        ],
    }
    return shown_by, [_word(value) for value in values]


def _word(value: bytes | None) -> int:
    """What a storage trie's value says; 0 where there is none."""
    if value is None:
        return 0
    item = decode_item(value, limit=MAX_NODE, what="a storage value")
    return decode_integer(item, size=32, what="a storage value")


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


def _inconsistent(reason: str) -> DataFault:
    return DataFault(f"The node's answers do not fit together: {reason}.", code="node-inconsistent")
