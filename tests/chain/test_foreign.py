"""The same client code on the embedded chain, on our node over HTTP and on anvil; and ethers on our node."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak
from web3 import HTTPProvider, Web3
from web3.middleware import ExtraDataToPOAMiddleware
from web3.types import RPCEndpoint

from tests.chain.embedded_world import (
    CHAIN_ID,
    START,
    VALIDATOR,
    VALIDATOR_KEY,
    Clock,
    account,
    artifact,
    create,
    raw_address,
    transfer,
)
from yinzheng.ledger.chain.client import RegistryClient
from yinzheng.ledger.chain.deployment import RoleHolders, deploy
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.evidence import asking
from yinzheng.ledger.chain.embedded.genesis import FUNDS, Genesis
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.ledger.chain.evidence import Prover, Wanted
from yinzheng.ledger.chain.records import Head
from yinzheng.ledger.chain.sender import Sender
from yinzheng.verifier.chain.consensus import CLIQUE
from yinzheng.verifier.chain.header import parse_header
from yinzheng.verifier.chain.mpt import prove_secure
from yinzheng.verifier.errors import DataFault, EnvironmentFault, YinzhengError

NODE = Path(__file__).parent / "node"
ADMIN, RELAY, OFFICER, MEMBER = account(21), account(22), account(23), account(24)
HOLDERS = RoleHolders(
    relay=raw_address(RELAY), registry=(raw_address(OFFICER),), committee=(raw_address(MEMBER),)
)
ROOT = bytes(range(32))
SIZE = 5
ROOT_SLOT = keccak(SIZE.to_bytes(32, "big") + (1).to_bytes(32, "big"))
"""Where `CheckpointAnchor` keeps the root of that size (S5.2, contracts/artifacts/layout.json)."""


@dataclass(frozen=True)
class Connected:
    """A chain with our contracts on it and one head anchored, in block `block`."""

    w3: Web3
    client: RegistryClient
    relay: Sender
    block: int
    url: str = ""


def settle(w3: Web3, url: str = "") -> Connected:
    """Deploy and anchor, by the product's own client."""
    client = RegistryClient(w3, deploy(w3, Sender(w3, ADMIN, time.sleep), HOLDERS))
    relay = Sender(w3, RELAY, time.sleep)
    mined = relay.send(client.anchor(Head(SIZE, ROOT), []), 20)
    return Connected(w3, client, relay, mined.block_number, url)


def funded() -> Genesis:
    rich = {raw_address(one): FUNDS for one in (ADMIN, RELAY)}
    return Genesis(CHAIN_ID, raw_address(VALIDATOR), rich, START)


SERVER = """
import sys
from pathlib import Path
from yinzheng.api.node import serve_node
from tests.chain.embedded_world import START, VALIDATOR_KEY
def ready(url):
    print(url, flush=True)
serve_node(Path(sys.argv[1]), clock=lambda: START, port=0, key=VALIDATOR_KEY, ready=ready)
"""


@contextmanager
def running(command: list[str]) -> "Iterator[subprocess.Popen[str]]":
    """A process for as long as the context lasts."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def first_line_with(process: "subprocess.Popen[str]", word: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if word in line:
            return line.strip()
    raise AssertionError(f"it ended without saying {word}")


def over_http(url: str) -> Web3:
    w3 = Web3(HTTPProvider(url))
    w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return w3


def collect_evidence(w3: Web3, block: int, wanted: Wanted, *, validators: int = 1) -> dict[str, Any]:
    """As a Clique network of so many validators is asked."""
    return Prover(asking(w3), CLIQUE, validators).collect(block, wanted)


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder of the npm packages, installed if they are not."""
    modules = NODE / "node_modules"
    if not (modules / "ethers").is_dir():
        npm = shutil.which("npm")
        assert npm is not None, "Node.js with npm is needed; deselect with -m 'not node'"
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NODE, check=True, timeout=300
        )
    return modules


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    folder = tmp_path_factory.mktemp("chain")
    with EmbeddedChain.create(folder, funded(), key=VALIDATOR_KEY, clock=Clock()) as chain:
        yield settle(Web3(EmbeddedProvider(chain)))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    folder = tmp_path_factory.mktemp("chain")
    EmbeddedChain.create(folder, funded(), key=VALIDATOR_KEY, clock=Clock()).close()
    with running([sys.executable, "-c", SERVER, str(folder)]) as process:
        url = first_line_with(process, "http://")
        yield settle(over_http(url), url)


@pytest.fixture(scope="module")
def anvil(packages: Path) -> Iterator[Connected]:
    programs = sorted(packages.glob("@foundry-rs/anvil-*/bin/anvil"))
    assert programs, "the anvil package of this platform is not installed"
    command = [str(programs[0]), "--port", "0", "--hardfork", "london", "--chain-id", str(CHAIN_ID)]
    with running(command) as process:
        url = "http://" + first_line_with(process, "Listening on").rsplit(" ", 1)[1]
        w3 = over_http(url)
        for one in (ADMIN, RELAY):
            w3.provider.make_request(RPCEndpoint("anvil_setBalance"), [one.address, hex(10**24)])
        yield settle(w3, url)


CHAINS = [
    "embedded",
    "node",
    pytest.param("anvil", marks=pytest.mark.node),
]


@pytest.fixture
def connected(request: pytest.FixtureRequest) -> Connected:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Connected)
    return found


@pytest.mark.parametrize("connected", CHAINS, indirect=True)
def test_the_client_reads_what_it_wrote(connected: Connected) -> None:
    client = connected.client
    assert client.latest_anchor() == Head(SIZE, ROOT)
    assert client.anchored_root(SIZE) == ROOT
    assert client.anchored_root(SIZE + 1) is None
    assert client.anchored_root(SIZE, connected.block - 1) is None


@pytest.mark.parametrize("connected", CHAINS, indirect=True)
def test_refusals_are_typed_alike(connected: Connected) -> None:
    with pytest.raises(YinzhengError) as simulated:
        connected.client.simulate(connected.client.anchor(Head(SIZE, ROOT), []), connected.relay.address)
    with pytest.raises(YinzhengError) as sent:
        connected.relay.send(connected.client.anchor(Head(SIZE, ROOT), []), 20)
    assert simulated.value.code == sent.value.code != ""


@pytest.mark.parametrize("connected", CHAINS, indirect=True)
def test_evidence_proves_presence_and_absence(connected: Connected) -> None:
    anchor = connected.client.deployment.anchor
    nobody, absent = bytes(19) + b"\x99", bytes(31) + b"\x77"
    evidence = collect_evidence(
        connected.w3, connected.block, [(anchor, [ROOT_SLOT, absent]), (nobody, [absent]), (anchor, [])]
    )
    header = parse_header(bytes.fromhex(evidence["headers"][0]))
    shown = connected.w3.eth.get_block(connected.block)
    assert (header.number, CLIQUE.block_hash(header), header.time) == (
        shown["number"],
        shown["hash"],
        shown["timestamp"],
    )
    assert [entry["address"] for entry in evidence["accounts"]] == [anchor.hex(), nobody.hex(), anchor.hex()]
    found = prove(header.state_root, evidence["accounts"][0])
    assert found == {ROOT_SLOT.hex(): rlp.encode(ROOT.lstrip(b"\0")), absent.hex(): None}
    assert prove(header.state_root, evidence["accounts"][1]) == {absent.hex(): None}
    before = collect_evidence(connected.w3, connected.block - 1, [(anchor, [ROOT_SLOT])], validators=3)
    assert 2 <= len(before["headers"]) <= 3  # as many as validators, where there are so many
    earlier, later, *_ = (parse_header(bytes.fromhex(raw)) for raw in before["headers"])
    assert later.parent == CLIQUE.block_hash(earlier)
    assert prove(earlier.state_root, before["accounts"][0]) == {ROOT_SLOT.hex(): None}


def prove(state_root: bytes, entry: dict[str, Any]) -> dict[str, bytes | None]:
    """Verify one account of S7.3; give the RLP of each slot's value, None where absence is proved."""
    nodes = [bytes.fromhex(node) for node in entry["proof"]]
    found = prove_secure(state_root, bytes.fromhex(entry["address"]), nodes)
    if found is None:
        assert all(slot["proof"] == [] for slot in entry["storage"])
        return {slot["slot"]: None for slot in entry["storage"]}
    root = rlp.decode(found)[2]
    return {
        slot["slot"]: prove_secure(
            root, bytes.fromhex(slot["slot"]), [bytes.fromhex(one) for one in slot["proof"]]
        )
        for slot in entry["storage"]
    }


@pytest.mark.node
def test_anvil_seals_nothing(anvil: Connected) -> None:
    evidence = collect_evidence(anvil.w3, anvil.block, [])
    assert len(parse_header(bytes.fromhex(evidence["headers"][0])).extra) < 97


@pytest.mark.node
def test_ethers_reads_everything_and_may_send(node: Connected, packages: Path) -> None:
    program = shutil.which("node")
    assert program is not None
    anchor = node.client.deployment.anchor
    recipient = account(77).address
    given = {
        "url": node.url,
        "contract": "0x" + anchor.hex(),
        "abi": artifact("CheckpointAnchor")["abi"],
        "key": "0x" + RELAY.key.hex(),
        "block": node.block,
        "recipient": recipient,
    }
    done = subprocess.run(
        [program, str(NODE / "read.mjs"), json.dumps(given)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=packages.parent,
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    block = node.w3.eth.get_block(node.block)
    assert read["chainId"] == str(CHAIN_ID)
    assert (read["number"], read["hash"]) == (node.block, block["hash"].to_0x_hex())
    assert read["parentHash"] == block["parentHash"].to_0x_hex()
    assert read["timestamp"] == START
    assert len(read["extraData"]) == 2 + 2 * 97
    assert read["from"] == RELAY.address
    assert (read["status"], read["logs"], read["gasUsed"]) == (1, 1, str(block["gasUsed"]))
    assert read["event"] == {"size": str(SIZE), "root": "0x" + ROOT.hex(), "block": node.block}
    assert read["refused"]["code"] == "CALL_EXCEPTION"
    assert read["refused"]["name"] == "AccessManagedUnauthorized"
    assert read["latest"] == {"size": str(SIZE), "root": "0x" + ROOT.hex()}
    assert read["before"] == "BAD_DATA"
    assert read["code"] > 100
    assert int(read["storage"], 16) != 0
    assert (read["balance"], read["mined"]["status"]) == ("5", 1)
    assert read["nonce"] == node.w3.eth.get_transaction_count(RELAY.address)
    nodes = [bytes.fromhex(one[2:]) for one in read["proof"]["accountProof"]]
    found = prove_secure(block["stateRoot"], anchor, nodes)
    assert found is not None
    for entry, present in zip(read["proof"]["storageProof"], (True, False), strict=True):
        path = [bytes.fromhex(one[2:]) for one in entry["proof"]]
        value = prove_secure(rlp.decode(found)[2], int(entry["key"], 16).to_bytes(32, "big"), path)
        assert (value is not None) is present


class Lying(EmbeddedProvider):
    """A node that changes one field of its answers."""

    def __init__(self, chain: EmbeddedChain, method: str, change: Any) -> None:
        super().__init__(chain)
        self._method, self._change = method, change

    def make_request(self, method: RPCEndpoint, params: Any) -> Any:
        answer: Any = super().make_request(method, params)
        if method == self._method:
            changed = self._change(answer["result"])
            answer["result"] = answer["result"] if changed is None else changed
        return answer


@pytest.mark.parametrize(
    ("method", "change"),
    [
        ("eth_getBlockByNumber", lambda block: {**block, "timestamp": "0x1"}),
        ("eth_getBlockByNumber", lambda block: {**block, "hash": "0x" + "00" * 32}),
        ("eth_getBlockByNumber", lambda block: {**block, "stateRoot": None}),
        ("eth_getBlockByNumber", lambda _: {"number": "0x1"}),
        ("eth_getProof", lambda proof: {**proof, "accountProof": proof["accountProof"][:-1]}),
        ("eth_getProof", lambda proof: {**proof, "accountProof": proof["accountProof"] + ["0x80"]}),
        ("eth_getProof", lambda proof: {**proof, "storageProof": []}),
        ("eth_getProof", lambda _: {}),
    ],
)
def test_a_lying_node_is_caught(tmp_path: Path, method: str, change: Any) -> None:
    with create(tmp_path, Clock()) as chain:
        chain.send(transfer(0))
        with pytest.raises(DataFault):
            collect_evidence(Web3(Lying(chain, method, change)), 1, [(raw_address(VALIDATOR), [bytes(32)])])


def test_headers_that_do_not_follow_each_other(tmp_path: Path) -> None:
    with create(tmp_path, Clock()) as chain:
        for nonce in range(3):
            chain.send(transfer(nonce))
        real = EmbeddedProvider(chain)

        def skip(block: dict[str, Any]) -> Any:
            later = RPCEndpoint("eth_getBlockByNumber")
            return real.make_request(later, ["0x3", False])["result"] if block["number"] == "0x2" else None

        with pytest.raises(DataFault) as fault:
            collect_evidence(Web3(Lying(chain, "eth_getBlockByNumber", skip)), 1, [], validators=2)
        assert fault.value.code == "node-inconsistent"


def test_a_node_that_refuses_lacks_the_block_or_is_gone(tmp_path: Path) -> None:
    with create(tmp_path, Clock()) as chain:
        w3 = Web3(EmbeddedProvider(chain))
        with pytest.raises(EnvironmentFault) as fault:
            collect_evidence(w3, 7, [])
        assert fault.value.code == "node-no-block"
        with pytest.raises(EnvironmentFault) as fault:
            collect_evidence(w3, 0, [(b"short", [])])
        assert fault.value.code == "node-refused"
    with pytest.raises(EnvironmentFault) as fault:
        collect_evidence(Web3(HTTPProvider("http://127.0.0.1:9")), 0, [])
    assert fault.value.code == "node-unreachable"
