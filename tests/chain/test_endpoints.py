"""Several nodes in order: what lags, hangs, errs, lies or is of another chain is left, and named."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from web3.types import RPCEndpoint

from tests.chain.test_network import answered
from tests.listening import Quiet, listening
from tests.verifier.chain.test_header import FIELDS
from tests.verifier.world import OUTSIDER, VALIDATORS, address_of, seal
from yinzheng.ledger.chain import endpoints
from yinzheng.ledger.chain.endpoints import LEFT_SECONDS, Chain, Endpoints, shown
from yinzheng.ledger.chain.evidence import header_of
from yinzheng.ledger.chain.reverts import ChainUnreachable
from yinzheng.verifier.chain.consensus import CLIQUE, UNPROVEN


def block(number: int, *, by: int = 0, key: Any = None) -> dict[str, Any]:
    return answered(seal([*FIELDS[:8], number, *FIELDS[9:]], key or VALIDATORS[by]))


FIRST = block(0)
CHAIN = Chain(7, CLIQUE.block_hash(header_of(FIRST)), CLIQUE, frozenset(map(address_of, VALIDATORS)))

UNSEALED = replace(CHAIN, consensus=UNPROVEN)


@dataclass
class Node:
    """A node that behaves as it is told."""

    newest: dict[str, Any] = field(default_factory=lambda: block(100))
    first: dict[str, Any] = field(default_factory=lambda: FIRST)
    status: int = 200
    html: bool = False
    sends: bool = True
    asked: list[str] = field(default_factory=list)
    hang: threading.Event | None = None
    url: str = ""

    def answer(self, body: Any) -> bytes:
        if isinstance(body, list):
            return json.dumps([json.loads(self.answer(one)) for one in body]).encode()
        self.asked.append(body["method"])
        result: Any = {
            "eth_chainId": "0x7",
            "eth_blockNumber": self.newest["number"],
            "eth_getBlockByNumber": self.first if body["params"][:1] == ["0x0"] else self.newest,
            "eth_sendRawTransaction": "0x" + "ab" * 32,
        }[body["method"]]
        if body["method"] == "eth_sendRawTransaction" and not self.sends:
            return json.dumps(
                {"jsonrpc": "2.0", "id": body["id"], "error": {"code": -32000, "message": "no"}}
            ).encode()
        return json.dumps({"jsonrpc": "2.0", "id": body["id"], "result": result}).encode()


@contextmanager
def serving(node: Node) -> Iterator[str]:
    class Handler(Quiet):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if node.hang is not None:
                node.hang.wait(20)
            self.answer(node.status, b"<html>Bad gateway</html>" if node.html else node.answer(body))

    with listening(Handler) as node.url:
        try:
            yield node.url
        finally:
            if node.hang is not None:
                node.hang.set()


@dataclass
class Time:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@contextmanager
def among(time: Time, *nodes: Node, chain: Chain = CHAIN) -> Iterator[Endpoints]:
    with ExitStack() as stack:
        yield Endpoints([stack.enter_context(serving(node)) for node in nodes], chain, monotonic=time)


def number(asked: Endpoints) -> int:
    return int(asked.make_request(RPCEndpoint("eth_blockNumber"), [])["result"], 16)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (Node(status=429), "answers 429"),
        (Node(status=503), "answers 503"),
        (Node(html=True), "answers nonsense"),
        (Node(first=block(0, by=1)), "is of another chain"),
        (Node(newest=block(90)), "is 10 blocks behind"),
    ],
    ids=["429", "503", "html", "another chain", "lags"],
)
def test_a_bad_node_is_left_and_named(bad: Node, why: str, time: Time) -> None:
    with among(time, bad, Node()) as asked:
        assert number(asked) == 100
        assert [(one.name, one.fault) for one in asked.left()] == [(bad.url, why)]
        bad.asked.clear()
        assert number(asked) == 100
        assert bad.asked == []  # not for a while


def test_a_node_that_hangs_is_left(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "HANGS", 0.3)
    with among(time, Node(hang=threading.Event()), Node()) as asked:
        assert number(asked) == 100
        assert [one.fault for one in asked.left()] == ["did not answer in 0 seconds"]


def test_one_that_is_well_again_has_its_place_again(time: Time) -> None:
    first = Node(status=500)
    with among(time, first, Node(newest=block(101))) as asked:
        assert number(asked) == 101
        first.status = 200
        assert number(asked) == 101
        time.now += LEFT_SECONDS
        assert number(asked) == 100
        assert asked.left() == []


def test_a_height_that_nobody_sealed_makes_no_other_lag(time: Time) -> None:
    liar = Node(newest={**block(9000), "hash": "0x" + "11" * 32})
    with among(time, Node(), liar) as asked:
        assert number(asked) == 100
        assert [one.fault for one in asked.left()] == ["says what cannot be of its newest block"]
    voted_in = Node(newest=block(9000, key=OUTSIDER))  # under Clique nothing tells it from a liar
    with among(time, voted_in, Node()) as asked:
        assert number(asked) == 9000


def test_one_on_blocks_that_are_yet_to_come_is_left_unless_all_are(time: Time) -> None:
    dated = int(block(100)["timestamp"], 16)
    early = dict(block(100), timestamp=hex(dated - 60))

    def wall() -> float:
        return dated - 30.0

    with ExitStack() as stack:
        ahead, right = (stack.enter_context(serving(Node(newest=one))) for one in (block(100), early))
        asked = Endpoints([ahead, right], UNSEALED, monotonic=time, wall=wall)
        assert number(asked) == 100
        (left,) = asked.left()
        assert (left.name, left.fault) == (ahead, "has a block dated 30 seconds ahead of our clock")
        alone = Endpoints([ahead, ahead], UNSEALED, monotonic=time, wall=wall)
        assert number(alone) == 100
        assert alone.left() == []


def test_where_none_is_well_each_is_named(time: Time) -> None:
    with among(time, Node(status=429), Node(html=True)) as asked:
        with pytest.raises(ChainUnreachable) as fault:
            number(asked)
        assert fault.value.code == "chain-unreachable"
        for words in ("answers 429", "answers nonsense", *(one.name for one in asked.left())):
            assert words in fault.value.message
        assert not asked.is_connected()
    with among(time, Node(first=block(0, by=1))) as asked, pytest.raises(ChainUnreachable) as fault:
        number(asked)
    assert fault.value.code == "other-chain"


def test_what_is_sent_goes_to_all(time: Time) -> None:
    nodes = (Node(sends=False), Node(), Node(status=500))
    with among(time, *nodes) as asked:
        sent = asked.make_request(RPCEndpoint("eth_sendRawTransaction"), ["0xab"])
        assert sent["result"] == "0x" + "ab" * 32
        assert [one.asked.count("eth_sendRawTransaction") for one in nodes] == [1, 1, 0]
        both = asked.make_batch_request([(RPCEndpoint("eth_sendRawTransaction"), ["0xab"])] * 2)
        assert len(both) == 2
        assert [one.asked.count("eth_sendRawTransaction") for one in nodes] == [3, 3, 0]


def test_one_that_lies_is_left(time: Time) -> None:
    with among(time, Node(), Node(newest=block(101))) as asked:
        assert number(asked) == 100
        assert asked.lies("gives proofs that cannot be")
        assert number(asked) == 101
        assert not asked.lies("gives proofs that cannot be")
        assert [one.asked for one in asked.conditions()] == [True, False]


def test_an_address_is_shown_without_what_opens_it() -> None:
    assert shown("https://user:secret@node.example:8545/v3/token?key=1") == "https://node.example:8545"
