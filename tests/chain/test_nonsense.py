"""A node that answers nonsense is a silent node: any value in any place of any answer, to every method."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from eth_account import Account
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3 import Web3

from tests.chain.embedded_world import CHAIN_ID, RICH, Clock, create, raw_address, transfer
from yinzheng.api.rpc import RpcReader
from yinzheng.contracts import artifact
from yinzheng.ledger.chain import wire
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.connect import connect
from yinzheng.ledger.chain.deployment import Deployment
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.evidence import asking
from yinzheng.ledger.chain.embedded.jsonrpc import respond
from yinzheng.ledger.chain.modules import Modules
from yinzheng.ledger.chain.network import read_network
from yinzheng.ledger.chain.outcomes import outcome
from yinzheng.ledger.chain.reverts import ChainUnreachable, translated
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.ledger.net import client, plain
from yinzheng.ledger.net.exchange import Answer, Bounds, Sent
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.consensus import CLIQUE
from yinzheng.verifier.errors import EnvironmentFault, YinzhengError
from yinzheng.verifier.judge.trust import TrustPolicy

JUNK = st.one_of(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=8)
        | st.sampled_from(
            ["0x", "0x0", "0x1", "0xz", "0x" + "f" * 64, "0x" + "00" * 32, "0x" + "0" * 5000, "-0x1"]
        ),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=6,
    ),
    st.integers(1, 400).map(lambda depth: json.loads("[" * depth + "]" * depth)),
)
PATH = st.lists(st.integers(0, 30), max_size=5)
RAW = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"", b"null", b"[]", b"{}", b"<html>Bad gateway</html>", b"[" * 200_000, b'{"a":' * 50_000, b"NaN",
         b'{"jsonrpc":"2.0","id":1}', b"9" * 10_000, b"\xff\xfe", b'"' + b"x" * 10**6 + b'"']
    ),
)  # fmt: skip

DEPOSITED = [one for one in artifact("RightsRegistry").abi if one.get("name") == "Deposited"]
"""web3 makes a class for each part of a contract's interface, however few are used."""

Change = Callable[[str, bytes], bytes]


def altered(value: Any, path: list[int], junk: Any) -> Any:
    """The value with something else at a place; a path that leads on ends where there is nothing below."""
    if path and isinstance(value, dict) and value:
        name = sorted(value)[path[0] % len(value)]
        return {**value, name: altered(value[name], path[1:], junk)}
    if path and isinstance(value, list) and value:
        place = path[0] % len(value)
        return [*value[:place], altered(value[place], path[1:], junk), *value[place + 1 :]]
    return junk


class Node:
    """Answers over no network at all; `change` has the last word."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self.chain = chain
        self.change: Change = lambda _method, data: data

    def __call__(self, sent: Sent, _bounds: Bounds, *_rest: object) -> Answer:
        assert isinstance(sent.body, bytes)
        asked = json.loads(sent.body)
        method = asked[0]["method"] if isinstance(asked, list) else asked["method"]
        return Answer(200, {}, self.change(method, respond(self.chain, sent.body) or b""))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with create(tmp_path_factory.mktemp("chain"), Clock()) as chain:
        for nonce in range(4):
            chain.send(transfer(nonce))
        yield Node(chain)


@contextmanager
def answering(node: Node, change: Change) -> Iterator[None]:
    node.change = change
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "send", node)
        patch.setattr(client.Client, "send", lambda _self, sent, bounds: node(sent, bounds))
        yield


def reader(node: Node) -> RpcReader:
    contracts = ("rights", "anchor", "consents", "moves", "standing")
    trust = SimpleNamespace(
        chain_id=CHAIN_ID,
        genesis=node.chain.meta.genesis,
        consensus=CLIQUE,
        **{
            name: SimpleNamespace(address=raw_address(RICH)[:19] + bytes([number]))
            for number, name in enumerate(contracts)
        },
        validators_at=lambda _number: frozenset({bytes(20)}),
    )
    return RpcReader("http://127.0.0.1:1", cast("TrustPolicy", trust), environment={})


def uses(node: Node) -> dict[str, Callable[[], object]]:
    """Everything of ours that asks a node."""
    w3 = connect("http://127.0.0.1:1")
    address = Web3.to_checksum_address(RICH.address)
    sent = keccak256(transfer(1))

    def logs() -> object:
        contract = w3.eth.contract(address=address, abi=DEPOSITED)
        return contract.events.Deposited().get_logs(from_block=0)

    return {
        "verify": lambda: reader(node).chain(bytes(32), 3, None),
        "verify of a day": lambda: reader(node).chain(bytes(32), None, 1_750_000_002),
        "withdrawals": lambda: reader(node).withdrawals([bytes(32)], 3, None),
        "chain": lambda: (w3.eth.chain_id, w3.eth.block_number, w3.eth.gas_price),
        "account": lambda: (w3.eth.get_balance(address), w3.eth.get_code(address)),
        "block": lambda: (w3.eth.get_block(1), w3.eth.get_block("latest")),
        "call": lambda: w3.eth.call({"to": address, "data": Web3.to_hex(b"abcd")}),
        "logs": logs,
        "outcome": lambda: outcome(w3, sent),
        "sender": lambda: Sender(w3, Account.from_key(bytes(31) + b"\2"), lambda _: None).next_nonce(),
        "broadcast": lambda: broadcast(w3),
        "network": lambda: read_network(asking(w3), ()),
    }


def broadcast(w3: Web3) -> None:
    sender = Sender(w3, Account.from_key(bytes(31) + b"\3"), lambda _: None)
    fees = sender.fees()
    sender.broadcast_all([sender.prepare(Call(bytes(20), b"", 21_000), n, fees) for n in range(2)])


def test_all_methods_are_asked(node: Node) -> None:
    """What follows would prove little about methods that nobody asked."""
    asked: set[str] = set()

    def note(method: str, data: bytes) -> bytes:
        asked.add(method)
        return data

    with answering(node, note):
        for use in uses(node).values():
            with contextlib.suppress(YinzhengError), translated():
                use()
    assert asked == set(wire.RESULTS)


@pytest.mark.parametrize("name", sorted(uses(cast("Node", None))))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(wire.RESULTS)), PATH, JUNK, st.booleans())
def test_any_value_in_any_place(
    node: Node, name: str, method: str, path: list[int], junk: Any, below: bool
) -> None:
    def change(asked: str, data: bytes) -> bytes:
        if asked != method or not data:
            return data
        value = json.loads(data)
        if below and isinstance(value, dict) and "result" in value:
            return json.dumps({**value, "result": altered(value["result"], path, junk)}).encode()
        return json.dumps(altered(value, path, junk)).encode()

    with answering(node, change), contextlib.suppress(YinzhengError), translated():
        uses(node)[name]()


@pytest.mark.parametrize("name", ["verify", "chain", "outcome", "broadcast"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RAW)
def test_what_is_no_answer_at_all(node: Node, name: str, data: bytes) -> None:
    began = time.monotonic()
    with answering(node, lambda _method, _data: data), pytest.raises(EnvironmentFault) as fault, translated():
        uses(node)[name]()
    assert fault.value.code in ("node-nonsense", "chain-nonsense", "chain-unreachable")
    assert time.monotonic() - began < 5


@settings(max_examples=150, deadline=None)
@given(st.integers(), st.text(max_size=20), st.binary(max_size=200), JUNK)
def test_errors_of_a_node(code: int, message: str, data: bytes, junk: Any) -> None:
    """A contract's refusal is decoded by us, whatever it says; a node's own is a refusal of the node."""
    offchain = bytes.fromhex("556f1830")
    for more in ({"data": "0x" + data.hex()}, {"data": "0x" + (offchain + data).hex()}, {"data": junk}, {}):
        error = {"code": code, "message": message, **more}

        def refuse(sent: Sent, _bounds: Bounds, error: Any = error) -> Answer:
            assert isinstance(sent.body, bytes)
            return Answer(200, {}, json.dumps({"id": json.loads(sent.body)["id"], "error": error}).encode())

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(client.Client, "send", lambda _self, sent, bounds: refuse(sent, bounds))
            w3 = connect("http://127.0.0.1:1")
            with pytest.raises(YinzhengError), translated():
                w3.eth.call({"to": Web3.to_checksum_address(RICH.address)})


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 255) | st.integers(0, 2**256 - 1), max_size=20))
def test_words_that_no_contract_says(words: list[int]) -> None:
    """Numbers of states that there are not, tags that are no text, too few words or too many."""
    data = b"".join(word.to_bytes(32, "big") for word in words)

    def say(_self: object, sent: Sent, _bounds: Bounds) -> Answer:
        assert isinstance(sent.body, bytes)
        answer = {"id": json.loads(sent.body)["id"], "result": "0x" + data.hex()}
        return Answer(200, {}, json.dumps(answer).encode())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client.Client, "send", say)
        one, two, three, *more = (bytes([n]) * 20 for n in range(1, 9))
        ours = ContractsClient(
            connect("http://127.0.0.1:1"),
            Deployment(1, 0, one, two, three, bytes(32), bytes(32), bytes(32)),
            Modules(1, 0, *more, *[bytes(32)] * 5),
        )
        objection = partial(ours.objection, bytes(32))
        reads = (
            ours.record,
            ours.case,
            ours.withdrawal,
            ours.dispute,
            ours.holder,
            ours.licence,
            ours.remark,
        )
        for read in (*reads, objection):
            with contextlib.suppress(YinzhengError):
                read(bytes(32))


def test_a_node_sends_us_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """EIP-3668: a contract's answer may ask the caller to fetch an address. Ours does not."""
    fields = Web3().codec.encode(
        ["address", "string[]", "bytes", "bytes4", "bytes"],
        ["0x" + "00" * 20, ["http://127.0.0.1:9/{sender}"], b"", b"abcd", b""],
    )
    error = {"code": 3, "message": "execution reverted", "data": "0x556f1830" + fields.hex()}
    asked: list[str] = []

    def send(_self: object, sent: Sent, _bounds: Bounds) -> Answer:
        assert isinstance(sent.body, bytes)
        asked.append(sent.url)
        return Answer(200, {}, json.dumps({"id": json.loads(sent.body)["id"], "error": error}).encode())

    monkeypatch.setattr(client.Client, "send", send)
    w3 = connect("http://127.0.0.1:1")
    with pytest.raises(YinzhengError) as fault, translated():
        w3.eth.call({"to": Web3.to_checksum_address("0x" + "00" * 20)})
    assert asked == ["http://127.0.0.1:1"]
    assert not isinstance(fault.value, ChainUnreachable)


def test_the_bad_node_of_the_first_version(node: Node) -> None:
    """`number` that is a number, a block without time, a block that is a text."""
    for block in ({"number": 5}, {"number": "0x36"}, "x"):

        def change(method: str, data: bytes, block: Any = block) -> bytes:
            value = json.loads(data)
            if method == "eth_blockNumber":
                return json.dumps({**value, "result": "0x36"}).encode()
            first = method == "eth_getBlockByNumber" and '"0x0"' in json.dumps(value.get("result"))
            return (
                data if method == "eth_chainId" or first else json.dumps({**value, "result": block}).encode()
            )

        with answering(node, change), pytest.raises(EnvironmentFault) as fault:
            reader(node).chain(bytes(32), None, None)
        assert fault.value.code in ("node-nonsense", "node-no-block")


def test_another_chain_is_said(node: Node) -> None:
    def with_result(wanted: str, result: Any) -> Change:
        return lambda method, data: (
            json.dumps({**json.loads(data), "result": result}).encode() if method == wanted else data
        )

    other = {"number": "0x0", "hash": "0x" + "77" * 32, "parentHash": "0x" + "00" * 32, "timestamp": "0x1"}
    for change in (with_result("eth_chainId", "0x1"), with_result("eth_getBlockByNumber", other)):
        with answering(node, change), pytest.raises(EnvironmentFault) as fault:
            reader(node).chain(bytes(32), None, None)
        assert fault.value.code == "other-chain"


def test_the_chain_is_asked_once(node: Node) -> None:
    asked: list[str] = []

    def note(method: str, data: bytes) -> bytes:
        asked.append(method)
        return data

    with answering(node, note):
        ours = reader(node)
        ours.chain(bytes(32), None, None)
        ours.chain(bytes(32), None, None)
    assert asked.count("eth_chainId") == 1
