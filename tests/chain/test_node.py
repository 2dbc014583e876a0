"""JSON-RPC over HTTP: the protocol, its limits, and who may speak."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.api.flood import served, status
from tests.chain.embedded_world import Clock, create, transfer
from yinzheng.api import node
from yinzheng.api.http.bodies import BodyPace
from yinzheng.api.http.connections import ConnectionLimits
from yinzheng.ledger.chain.embedded import jsonrpc, rpc
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.jsonrpc import MAX_BATCH, respond
from yinzheng.verifier.errors import EnvironmentFault


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedChain]:
    with create(tmp_path_factory.mktemp("chain"), Clock()) as made:
        yield made


@pytest.fixture
def client(chain: EmbeddedChain) -> TestClient:
    return TestClient(node.create_app(chain), base_url="http://localhost:8545")


def request(method: str, *arguments: Any, number: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(arguments)}


def answer(chain: EmbeddedChain, asked: Any) -> Any:
    body = respond(chain, json.dumps(asked).encode())
    return None if body is None else json.loads(body)


def test_one_request(chain: EmbeddedChain) -> None:
    assert answer(chain, request("eth_blockNumber", number="a")) == {
        "jsonrpc": "2.0",
        "id": "a",
        "result": "0x0",
    }
    assert answer(chain, {"jsonrpc": "2.0", "id": None, "method": "eth_chainId"})["id"] is None


def test_a_batch_is_answered_in_order_without_its_notifications(chain: EmbeddedChain) -> None:
    note = {"jsonrpc": "2.0", "method": "eth_blockNumber"}
    answers = answer(chain, [request("eth_chainId", number=5), note, 7, request("nonsense", number=6)])
    assert [one["id"] for one in answers] == [5, None, 6]
    assert [one.get("error", {}).get("code") for one in answers] == [None, -32600, -32601]
    assert answer(chain, note) is None
    assert answer(chain, [note, note]) is None


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ([], -32600),
        ([request("eth_chainId")] * (MAX_BATCH + 1), -32600),
        (5, -32600),
        (None, -32600),
        ({"id": 1, "method": "eth_chainId"}, -32600),
        ({"jsonrpc": "1.0", "id": 1, "method": "eth_chainId"}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": 5}, -32600),
        ({"jsonrpc": "2.0", "id": {}, "method": "eth_chainId"}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "extra": 1}, -32600),
        (request("eth_sendTransaction", {}), -32601),
        (request("debug_setHead", "0x0"), -32601),
        (request("eth_getBalance", "0x1"), -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": {"a": 1}}, -32602),
        (request("eth_call", {"data": "0x60006000fd"}), 3),
        (request("eth_sendRawTransaction", "0x00"), -32000),
    ],
)
def test_errors_by_their_code(chain: EmbeddedChain, asked: Any, code: int) -> None:
    assert answer(chain, asked)["error"]["code"] == code


def test_brackets_in_strings_do_not_nest(chain: EmbeddedChain) -> None:
    number = '\\"[[[[[[[[[[[[[[[[[[[[\\\\'
    body = b'{"jsonrpc":"2.0","method":"eth_chainId","id":"%s"}' % number.encode()
    assert json.loads(respond(chain, body) or b"")["id"] == '"[[[[[[[[[[[[[[[[[[[[\\'
    assert json.loads(respond(chain, b'"\\"' * 400_000) or b"")["error"]["code"] == -32700


def test_what_does_not_parse(chain: EmbeddedChain) -> None:
    for body in (b"", b"{", b"\xff\xfe", b"[" * 100_000, b'[""' + b"[{}," * 99 + b'"[['):
        assert json.loads(respond(chain, body) or b"")["error"]["code"] == -32700


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("0x00") | st.just("latest"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(method=st.sampled_from(sorted(rpc.METHODS)), arguments=st.lists(JSON, max_size=3))
def test_no_parameters_bring_it_down(chain: EmbeddedChain, method: str, arguments: list[Any]) -> None:
    reply = answer(chain, request(method, *arguments))
    assert "result" in reply or reply["error"]["code"] in {-32602, -32000, 3}


def test_revert_data_and_faults_are_carried(chain: EmbeddedChain, tmp_path: Path) -> None:
    revert = answer(chain, request("eth_call", {"data": "0x602a60005260206000fd"}))["error"]
    assert (revert["code"], revert["data"]) == (3, "0x" + "00" * 31 + "2a")
    create(tmp_path, Clock()).close()
    with EmbeddedChain.open(tmp_path, clock=Clock()) as reader:
        for asked in (request("eth_sendRawTransaction", "0x" + transfer(0).hex()), None):
            both = (
                asked
                if asked is not None
                else [request("eth_sendRawTransaction", "0x" + transfer(0).hex())] * 2
            )
            replies = answer(reader, both)
            for reply in replies if isinstance(replies, list) else [replies]:
                assert reply["error"]["code"] == jsonrpc.UNAVAILABLE
                assert reply["error"]["data"]["code"] == "chain-read-only"


def test_our_own_defects_stay_inside(chain: EmbeddedChain, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(rpc, "call", broken)
    monkeypatch.setattr(rpc, "send_batch", broken)
    assert answer(chain, request("eth_chainId"))["error"] == {"code": -32603, "message": "internal error"}
    both = answer(chain, [request("eth_sendRawTransaction", "0x00")] * 2)
    assert [one["error"]["code"] for one in both] == [-32603, -32603]


def test_a_batch_of_transactions_is_sealed_together(client: TestClient, chain: EmbeddedChain) -> None:
    before = chain.head().block_number
    batch = [
        request("eth_sendRawTransaction", "0x" + transfer(nonce).hex(), number=nonce) for nonce in (0, 1, 9)
    ]
    replies = client.post("/", json=batch).json()
    assert [("result" in one, one["id"]) for one in replies] == [(True, 0), (True, 1), (False, 9)]
    assert chain.head().block_number == before + 1


def test_http(client: TestClient) -> None:
    good = client.post("/", json=request("eth_chainId"))
    assert good.status_code == 200
    assert good.headers["content-type"] == "application/json"
    assert not any(name.startswith("access-control") for name in good.headers)
    assert client.post("/", json={"jsonrpc": "2.0", "method": "eth_chainId"}).status_code == 204
    assert client.get("/").status_code == 405
    assert client.options("/", headers={"Origin": "http://evil.example"}).status_code == 405
    assert client.post("/other", json=request("eth_chainId")).status_code == 404


def test_what_a_browser_page_could_send_is_refused(client: TestClient) -> None:
    body = json.dumps(request("eth_chainId"))
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert client.post("/", content=body, headers={"Content-Type": kind}).status_code == 415
    rebound = client.post("/", json=request("eth_chainId"), headers={"Host": "evil.example:8545"})
    assert rebound.status_code == 400


def test_bodies_are_bounded(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(node.MAX_BODY // 2**16 + 2):
            yield b" " * 2**16

    json_type = {"Content-Type": "application/json"}
    assert client.post("/", content=b" " * (node.MAX_BODY + 1), headers=json_type).status_code == 413
    assert client.post("/", content=chunks(), headers=json_type).status_code == 413


def test_a_port_in_use_is_reported(tmp_path: Path) -> None:
    create(tmp_path, Clock()).close()
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(EnvironmentFault) as fault:
        node.serve_node(tmp_path, clock=Clock(), port=taken.getsockname()[1])
    assert fault.value.code == "port-taken"


LIMITS = ConnectionLimits(total=12, each=8, head_seconds=5, idle_seconds=5)
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
ASKED = json.dumps(request("eth_chainId")).encode()


def asking(length: int = len(ASKED)) -> bytes:
    return HEAD + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % length


def test_a_batch_is_worked_on_for_a_time(chain: EmbeddedChain, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred simulations of seconds each cost their sender nothing: what was not begun is refused."""
    monkeypatch.setattr(jsonrpc, "BATCH_SECONDS", 0.5)
    endless = request("eth_call", {"data": "0x5b600056", "gas": hex(4_000_000)})
    codes = [one["error"]["code"] for one in answer(chain, [endless] * MAX_BATCH)]
    begun = codes.index(jsonrpc.LIMITED)
    assert 0 < begun < 10
    assert codes == [-32000] * begun + [jsonrpc.LIMITED] * (MAX_BATCH - begun)


def test_a_batch_is_answered_up_to_a_length(chain: EmbeddedChain, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand proofs of a thousand slots each would take gigabytes before the first byte is sent."""
    monkeypatch.setattr(jsonrpc, "MAX_ANSWERS", 100_000)
    proof = request("eth_getProof", "0x" + "11" * 20, [hex(slot) for slot in range(300)], "latest")
    answered = ["result" in one for one in answer(chain, [proof] * 50)]
    begun = answered.index(False)
    assert 0 < begun < 10
    assert answered == [True] * begun + [False] * (50 - begun)
    assert {one["error"]["code"] for one in answer(chain, [proof] * 50)[begun:]} == {jsonrpc.LIMITED}


def test_whoever_has_much_simulated_keeps_nobody_else_out(
    chain: EmbeddedChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many long requests of one address as there are threads, and more: another's is answered between."""
    held = threading.Event()

    def simulated(of: EmbeddedChain, body: bytes) -> bytes | None:
        assert b"eth_chainId" in body or held.wait(20)
        return respond(of, body)

    monkeypatch.setattr(node, "respond", simulated)
    long = json.dumps(request("eth_call", {"data": "0x00"})).encode()
    with served(node.create_app(chain), ConnectionLimits()) as target, contextlib.ExitStack() as open_:
        for _ in range(3 * node._WORKERS):
            open_.enter_context(target.connect("127.0.0.2")).sendall(asking(len(long)) + long)
        assert status(target.ask(asking() + ASKED, "127.0.0.3")) == 200
        held.set()


def test_silent_connections_keep_nobody_out(chain: EmbeddedChain) -> None:
    with served(node.create_app(chain), LIMITS) as target:
        silent = [target.connect(f"127.0.0.{address}") for address in (2, 3) for _ in range(8)]
        assert status(target.ask(asking() + ASKED)) == 200
        ended = sum(1 for one in silent if gone(one))
        assert ended >= len(silent) - LIMITS.total
        for one in silent:
            one.close()


def gone(connection: socket.socket) -> bool:
    """Whether the other side has closed it."""
    connection.settimeout(0.05)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False


def test_a_body_that_stops_coming_is_given_up(chain: EmbeddedChain) -> None:
    pace = BodyPace(seconds=0.2, per_second=16)
    with served(node.create_app(chain, pace=pace), LIMITS) as target:
        assert status(target.ask(asking() + ASKED[:-1])) == 408
        assert status(target.ask(asking() + ASKED)) == 200


def test_large_bodies_of_one_client_have_a_share(chain: EmbeddedChain) -> None:
    with served(node.create_app(chain), ConnectionLimits()) as target:
        large = node.MAX_BODY - 1
        held = []
        for _ in range(4):
            one = target.connect()
            one.sendall(asking(large) + b" " * (large - 1))
            held.append(one)
        assert status(target.ask(asking() + ASKED)) == 200
        assert status(target.ask(asking(large) + b" " * (large - 1), "127.0.0.1")) == 429
        assert status(target.ask(asking(large) + b" " * large, "127.0.0.9")) == 200
        for one in held:
            one.close()
