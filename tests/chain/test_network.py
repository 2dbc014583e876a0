"""Evidence from other networks than ours, and what they are: a node that answers as GoQuorum did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import rlp

from tests.verifier.chain.test_header import FIELDS, WHOLE
from tests.verifier.chain.test_qbft import BLOCKS, PROOFS, VECTORS, addresses, raw
from tests.verifier.world import OUTSIDER, VALIDATORS, address_of, seal
from yinzheng.ledger.chain import network
from yinzheng.ledger.chain.evidence import Prover, header_of
from yinzheng.ledger.chain.network import read_network, sets_since
from yinzheng.ledger.chain.wire import RESULTS
from yinzheng.verifier.chain import header as headers
from yinzheng.verifier.chain.consensus import CLIQUE, QBFT, UNPROVEN, Consensus
from yinzheng.verifier.chain.evidence import parse_evidence
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.judge.seals import sealed
from yinzheng.verifier.judge.trust import parse_trust

FOUR = addresses(BLOCKS["quiet"]["validators"])
FIVE = next(name for name, block in BLOCKS.items() if len(block["validators"]) == 5)


class Node:
    """Answers about the blocks it was given, and `eth_getProof` as it was recorded."""

    def __init__(self, *blocks: dict[str, Any]) -> None:
        self.blocks = {int(block["number"], 16): block for block in blocks}

    def __call__(self, method: str, parameters: list[Any]) -> Any:
        if method == "eth_blockNumber":
            return hex(max(self.blocks))
        if method == "eth_getProof":
            asked = [(parameters[0], int(parameters[2], 16))]
            return next(p["proof"] for p in PROOFS if [(p["proof"]["address"], p["number"])] == asked)
        if method == "clique_getSigners":
            raise EnvironmentFault("The node refuses it.", code="node-refused")
        assert method == "eth_getBlockByNumber"
        which = max(self.blocks, default=0) if parameters[0] == "latest" else int(parameters[0], 16)
        answer = self.blocks.get(which)
        return None if answer is None else RESULTS[method](answer)


def recorded(*names: str) -> list[dict[str, Any]]:
    return [BLOCKS[name]["header"] for name in names]


def answered(raw_header: bytes, consensus: Consensus = CLIQUE) -> dict[str, Any]:
    """A header as a node answers it."""
    fields = dict(zip((field.name for field in headers.FIELDS), rlp.decode(raw_header), strict=False))
    shown = {name: "0x" + (value.hex() or "0") for name, value in fields.items()}
    shown["extraData"] = "0x" + fields["extraData"].hex()
    return {**shown, "hash": "0x" + consensus.block_hash(headers.parse_header(raw_header)).hex()}


def test_evidence_of_a_qbft_network_is_verified_under_its_policy() -> None:
    node = Node(*recorded("genesis", "quiet", "one-transaction", "after-one-transaction"))
    prover = Prover(node, QBFT, 4)
    assert (prover.needed, prover.last_final()) == (1, 121)
    assert Prover(node, CLIQUE, 4).last_final() == 119
    found = next(p for p in PROOFS if p["id"] == "contract-early")["proof"]
    slots = [int(one["key"], 16).to_bytes(32, "big") for one in found["storageProof"]]
    evidence = parse_evidence(prover.collect(120, [(raw(found["address"]), slots)]))
    assert [header.number for header in evidence.headers] == [120, 121]
    trust = parse_trust((VECTORS / "sample" / "trust-qbft.json").read_bytes())
    sealed(evidence, trust)
    values = [int(one["value"], 16) for one in found["storageProof"]]
    assert evidence.words(trust.anchor, slots) == values


def test_of_validators_that_nobody_named_one_alone_makes_no_block_final() -> None:
    """`init` without them took each block for final that one validator had sealed."""
    extra = bytes(32) + b"".join(FOUR) + bytes(65)
    first = {**answered(seal(WHOLE[:16], VALIDATORS[0])), "number": "0x0", "extraData": "0x" + extra.hex()}
    node = Node(first, *recorded("after-one-transaction"))
    assert Prover(node, CLIQUE, 0).last_final() == 119
    assert Prover(node, CLIQUE, 1).last_final() == 121
    assert Prover(Node(*recorded("after-one-transaction")), QBFT, 0).last_final() == 121


def test_headers_of_another_node_are_asked_for_anew() -> None:
    prover = Prover(Node(*recorded("one-transaction", "after-one-transaction")), QBFT, 4)
    found = next(p for p in PROOFS if p["id"] == "contract-early")["proof"]
    slots = [int(one["key"], 16).to_bytes(32, "big") for one in found["storageProof"]]
    wanted = [(raw(found["address"]), slots)]
    evidence = prover.collect(120, wanted)
    assert prover.collected(120, wanted, prover.from_block(120)).evidence == evidence
    first, *rest = prover.from_block(120)
    at = next(at for at, one in enumerate(headers.FIELDS) if one.name == "stateRoot")
    other = replace(first, fields=(*first.fields[:at], bytes(32), *first.fields[at + 1 :]))
    assert prover.collected(120, wanted, [other, *rest]).evidence == evidence
    words = prover.collected(120, wanted).words[raw(found["address"])]
    assert words == [int(one["value"], 16) for one in found["storageProof"]]


def test_what_the_newest_block_proves() -> None:
    node = Node(*recorded("one-transaction", "after-one-transaction"))
    evidence = parse_evidence(Prover(node, QBFT, 4).newest([]))
    assert [header.number for header in evidence.headers] == [121]


def test_a_qbft_hash_is_no_hash_of_the_whole_header() -> None:
    node = Node(*recorded("one-transaction", "after-one-transaction"))
    with pytest.raises(DataFault) as caught:
        Prover(node, CLIQUE, 4).collect(120, [])
    assert caught.value.code == "node-inconsistent"


@pytest.mark.parametrize("count", [15, 16, 17, 20, 21])
def test_headers_of_each_fork_are_read_from_a_nodes_answer(count: int) -> None:
    raw_header = seal(WHOLE[:count], VALIDATORS[0])
    header = header_of(answered(raw_header), CLIQUE)
    assert (header.encoded, len(header.fields)) == (raw_header, count)


def test_a_header_between_two_forks_is_none() -> None:
    answer = answered(seal(WHOLE, VALIDATORS[0]))
    for missing in ("blobGasUsed", "excessBlobGas", "nonce"):
        with pytest.raises(DataFault) as caught:
            header_of({**answer, missing: None}, CLIQUE)
        assert caught.value.code == "node-inconsistent"
    with pytest.raises(DataFault):  # what comes behind what is missing is part of the hash
        header_of({**answer, "withdrawalsRoot": None}, CLIQUE)


def test_a_qbft_network_names_its_validators_itself() -> None:
    node = Node(*recorded("genesis", "quiet"))
    network = read_network(node, ())
    assert (network.consensus, frozenset(network.validators)) == (QBFT, FOUR)
    assert network.genesis == raw(BLOCKS["genesis"]["hash"])
    assert network.provable
    assert read_network(node, sorted(FOUR)) == network
    with pytest.raises(UsageFault) as caught:
        read_network(node, tuple(FOUR)[:3])
    assert caught.value.code == "validators-differ"
    with pytest.raises(UsageFault):
        read_network(Node(*recorded("genesis", "five-first")), tuple(FOUR))


def test_a_clique_network_is_told_by_its_seal() -> None:
    first = answered(seal([*FIELDS[:8], 0, *FIELDS[9:]], VALIDATORS[0]))
    node = Node(first, answered(seal(FIELDS, VALIDATORS[1])))
    named = [address_of(key) for key in VALIDATORS]
    network = read_network(node, named)
    assert (network.consensus, network.validators) == (CLIQUE, tuple(named))
    assert network.provable
    assert not read_network(node, ()).provable  # its blocks do not say who may seal
    with pytest.raises(UsageFault) as caught:
        read_network(node, [address_of(OUTSIDER)])
    assert caught.value.code == "validators-differ"


def test_an_epoch_of_clique_lists_its_validators() -> None:
    listed = b"".join(address_of(key) for key in VALIDATORS)
    epoch = [*FIELDS[:12], bytes(32) + listed, *FIELDS[13:]]
    blocks = (seal([*epoch[:8], number, *epoch[9:]], VALIDATORS[0]) for number in (0, 30_000))
    node = Node(*map(answered, blocks))
    assert read_network(node, ()).validators == tuple(address_of(key) for key in VALIDATORS)


def test_a_chain_that_nobody_seals_is_told() -> None:
    bare = [answered(seal([*FIELDS[:8], number, *FIELDS[9:]], None)) for number in (0, 7)]
    bare[0]["hash"] = "0x" + "ab" * 32  # a development node's own way to hash it
    network = read_network(Node(*bare), ())
    assert (network.consensus, network.provable) == (UNPROVEN, False)
    assert network.genesis == b"\xab" * 32


def test_a_node_without_blocks() -> None:
    with pytest.raises(EnvironmentFault) as caught:
        read_network(Node(), ())
    assert caught.value.code == "node-no-block"


class Changing:
    """A network whose validators change: `since` tells who might seal from which block on, `newest` the last.

    Of QBFT the headers tell it, of Clique the node, about who may follow a block. It counts who is asked for.
    """

    def __init__(self, consensus: Consensus, newest: int, since: dict[int, str]) -> None:
        self.consensus, self.newest, self.since, self.asked = consensus, newest, since, 0
        self.sets = {name: frozenset(addresses(BLOCKS[name]["validators"])) for name in since.values()}

    def at(self, number: int) -> str:
        return self.since[max(one for one in self.since if one <= number)]

    def __call__(self, method: str, parameters: list[Any]) -> Any:
        if method == "eth_blockNumber":
            return hex(self.newest)
        self.asked += 1
        if method == "clique_getSigners":
            assert self.consensus is CLIQUE
            return ["0x" + one.hex() for one in self.sets[self.at(int(parameters[0], 16) + 1)]]
        assert (method, self.consensus) == ("eth_getBlockByNumber", QBFT)
        number = int(parameters[0], 16)
        assert number <= self.newest
        fields = rlp.decode(raw(BLOCKS[self.at(number)]["header_rlp"]))
        fields[[field.name for field in headers.FIELDS].index("number")] = rlp.sedes.big_endian_int.serialize(
            number
        )
        return RESULTS["eth_getBlockByNumber"](answered(rlp.encode(fields), QBFT))


@pytest.mark.parametrize("consensus", [CLIQUE, QBFT], ids=lambda one: one.name)
@pytest.mark.parametrize(
    "since",
    [
        {0: "four", 7: "five", 8: "four"},
        {0: "four", 2: "five", 3: "four", 9: "five", 20: "four"},
        {0: "four", 39: "five"},
        {0: "four", 12: "five", 13: "four", 14: "five"},
    ],
    ids=["one block", "twice", "the last", "and again"],
)
def test_every_set_since_a_block_is_found(consensus: Consensus, since: dict[int, str]) -> None:
    names = {"four": "quiet", "five": FIVE}
    changing = Changing(consensus, 39, {number: names[one] for number, one in since.items()})
    newest, known = (changing.sets[changing.at(number)] for number in (40, 1))
    found = sets_since(changing, consensus, newest, known, after=1)
    assert found == [(number, changing.sets[one]) for number, one in changing.since.items() if number]


@pytest.mark.parametrize("consensus", [CLIQUE, QBFT], ids=lambda one: one.name)
def test_of_a_long_chain_no_more_is_asked_than_is_said(
    consensus: Consensus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stood as long as lies between two looks is found all the same, what did not may be missed."""
    monkeypatch.setattr(network, "LOOKS", 16)
    changing = Changing(
        consensus, 15_999, {0: "quiet", 7_003: FIVE, 8_003: "quiet", 12_001: FIVE, 12_002: "quiet"}
    )
    known = changing.sets["quiet"]
    found = sets_since(changing, consensus, known, known, after=0)
    assert found == [(7_003, changing.sets[FIVE]), (8_003, known)]
    assert changing.asked <= 16 + 2 * 12
    del changing.since[7_003], changing.since[8_003]
    assert sets_since(changing, consensus, known, known, after=0) == [(1, known)]
