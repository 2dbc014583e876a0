"""The JSON-RPC methods, through web3.py and directly."""

from collections.abc import Iterator
from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak
from eth_typing import BlockNumber
from hexbytes import HexBytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trie.hexary import HexaryTrie
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import (
    BlockNotFound,
    ContractCustomError,
    ContractLogicError,
    TransactionNotFound,
    Web3RPCError,
)
from web3.types import RPCEndpoint

from tests.chain.embedded_world import (
    CHAIN_ID,
    POOR,
    RICH,
    START,
    Clock,
    account,
    anchor,
    artifact,
    connect,
    create,
    deploy_anchor,
    raw_address,
    transfer,
)
from yinzheng.ledger.chain.embedded import blocks, calls, rpc
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.params import RpcError
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.verifier.chain.mpt import prove_secure

ROOT = bytes(range(32))
# Returns block.timestamp and block.number: TIMESTAMP 0 MSTORE NUMBER 32 MSTORE 64 0 RETURN.
SURROUNDINGS = "0x4260005243602052604060" + "00f3"


class World:
    """A chain with an anchor contract on it, block 3 being the first anchoring."""

    def __init__(self, chain: EmbeddedChain, clock: Clock) -> None:
        self.chain, self.clock = chain, clock
        self.w3: Web3 = connect(chain)
        self.anchor: Contract = deploy_anchor(self.w3)
        self.receipt = anchor(self.anchor, 5, ROOT)

    def ask(self, method: str, *arguments: Any) -> Any:
        return rpc.call(self.chain, method, list(arguments))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = Clock()
    with create(tmp_path_factory.mktemp("chain"), clock) as chain:
        yield World(chain, clock)


def test_identity(world: World) -> None:
    w3 = world.w3
    assert w3.is_connected()
    assert (w3.eth.chain_id, w3.net.version) == (CHAIN_ID, str(CHAIN_ID))
    assert w3.client_version.startswith("yinzheng/")
    assert w3.eth.syncing is False
    assert list(w3.eth.accounts) == []
    assert w3.eth.max_priority_fee == 0
    assert w3.eth.gas_price > 0


def test_blocks(world: World) -> None:
    w3 = world.w3
    third = w3.eth.get_block(3)
    assert third["hash"] == world.receipt["blockHash"] == w3.eth.get_block(third["hash"])["hash"]
    assert third["timestamp"] == START
    assert third["transactions"] == [world.receipt["transactionHash"]]
    assert w3.eth.get_block("earliest")["number"] == 0
    assert w3.eth.get_block("finalized")["number"] == w3.eth.block_number
    full = w3.eth.get_block(3, full_transactions=True)["transactions"][0]
    assert not isinstance(full, bytes)
    assert dict(full) == dict(w3.eth.get_transaction(world.receipt["transactionHash"]))
    assert w3.eth.get_block_transaction_count(3) == 1
    assert w3.eth.get_block_receipts(3) == [world.receipt]
    with pytest.raises(BlockNotFound):
        w3.eth.get_block(10**6)
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction(HexBytes(bytes(32)))
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction_receipt(HexBytes(bytes(32)))


def test_the_raw_header_hashes_to_the_block(world: World) -> None:
    raw = bytes.fromhex(world.ask("debug_getRawHeader", "0x3")[2:])
    assert keccak(raw) == world.receipt["blockHash"]


def test_receipts_and_logs(world: World) -> None:
    event = world.anchor.events.Anchored().process_receipt(world.receipt)[0]
    assert event["args"] == {"size": 5, "root": ROOT, "previousSize": 0}
    found = world.anchor.events.Anchored().get_logs(from_block=0)
    assert [one["transactionHash"] for one in found] == [world.receipt["transactionHash"]]
    assert world.w3.eth.get_transaction_receipt(world.receipt["transactionHash"]) == world.receipt


def test_log_filters_agree_with_a_search_through_all_receipts(world: World) -> None:
    head = world.w3.eth.block_number
    logs = [
        log
        for number in range(head + 1)
        for receipt in world.ask("eth_getBlockReceipts", hex(number))
        for log in receipt["logs"]
    ]
    assert len(logs) >= 3
    addresses = [*sorted({log["address"].lower() for log in logs}), "0x" + "77" * 20]
    topics = [*sorted({log["topics"][0] for log in logs}), "0x" + "77" * 32]
    for address in [None, *addresses, addresses]:
        for topic in [None, *topics, topics]:
            for first in range(head + 1):
                query: dict[str, Any] = {"fromBlock": hex(first), "toBlock": "latest", "topics": [topic]}
                wanted = (
                    [addresses[0]] if address is None else [address] if isinstance(address, str) else address
                )
                if address is not None:
                    query["address"] = address
                expected = [
                    log
                    for log in logs
                    if int(log["blockNumber"], 16) >= first
                    and (address is None or log["address"].lower() in wanted)
                    and (topic is None or log["topics"][0] in topic)
                ]
                assert world.ask("eth_getLogs", query) == expected
    by_hash = {"blockHash": world.receipt["blockHash"].to_0x_hex()}
    assert len(world.ask("eth_getLogs", by_hash)) == 1
    assert world.ask("eth_getLogs", {"topics": [None, None, None, topics[0]]}) == []


def test_a_search_of_too_many_blocks_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MAX_SEARCH", 2)
    with pytest.raises(RpcError) as error:
        world.ask("eth_getLogs", {"fromBlock": "0x0"})
    assert error.value.code == blocks.LIMIT_EXCEEDED
    assert world.ask("eth_getLogs", {"fromBlock": "0x0", "address": world.anchor.address})
    monkeypatch.setattr(blocks, "MAX_LOGS", 1)
    with pytest.raises(RpcError) as error:
        world.ask("eth_getLogs", {"fromBlock": "0x0", "address": world.anchor.address})
    assert error.value.code == blocks.LIMIT_EXCEEDED


def test_custom_errors_arrive_with_their_data(world: World) -> None:
    selector = world.anchor.encode_abi("anchor", [0, ROOT, []])
    with pytest.raises(ContractCustomError) as error:
        world.anchor.functions.anchor(5, ROOT, []).call()
    assert error.value.data is not None
    assert str(error.value.data).startswith("0x" + keccak(b"AlreadyAnchored(uint64,bytes32)")[:4].hex())
    with pytest.raises(ContractCustomError):
        world.anchor.functions.anchor(5, ROOT, []).estimate_gas()
    with pytest.raises(RpcError) as plain:
        world.ask("eth_call", {"to": world.anchor.address, "data": selector, "from": RICH.address})
    assert plain.value.code == 3


def test_other_failures_of_a_call(world: World) -> None:
    loop, invalid = "0x5b600056", "0xfe"
    for code, message in ((loop, "out of gas"), (invalid, "execution failed: InvalidInstruction")):
        with pytest.raises(RpcError, match=message):
            world.ask("eth_call", {"data": code, "gas": "0x186a0"})
    with pytest.raises(RpcError, match="intrinsic gas too low"):
        world.ask("eth_call", {"to": RICH.address, "gas": "0x1"})
    with pytest.raises(RpcError, match="insufficient funds"):
        world.ask("eth_call", {"from": POOR.address, "to": RICH.address, "value": "0x1"})
    empty = "0x60006000fd"  # REVERT without data
    with pytest.raises(ContractLogicError):
        world.w3.eth.call({"data": HexBytes(empty)})


def test_calls_see_the_past_at_a_number_and_the_next_block_at_latest(world: World) -> None:
    latest = world.anchor.functions.latest()
    assert latest.call() == [5, ROOT]
    assert latest.call(block_identifier=2) == [0, bytes(32)]
    assert latest.call(block_identifier=world.receipt["blockHash"]) == [5, ROOT]
    head = world.w3.eth.block_number
    world.clock.time += 1_000
    try:
        for block, time, number in (
            ("latest", world.clock.time, head + 1),
            ("pending", world.clock.time, head + 1),
            (hex(head), START, head),
            ("0x0", START, 0),
        ):
            answer = bytes.fromhex(world.ask("eth_call", {"data": SURROUNDINGS}, block)[2:])
            words = int.from_bytes(answer[:32], "big"), int.from_bytes(answer[32:], "big")
            assert words == (time, number)
    finally:
        world.clock.time -= 1_000


def test_an_answer_of_the_state_alone_is_given_again_while_the_state_is_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Any] = []
    run = calls._run

    def noted(*given: Any) -> Any:
        ran.append(given)
        return run(*given)

    monkeypatch.setattr(calls, "_run", noted)
    latest = world.anchor.functions.latest()
    calls._ANSWERS.clear()
    assert latest.call() == latest.call() == [5, ROOT]
    assert len(ran) == 1
    assert latest.call(block_identifier=2) == [0, bytes(32)], "another state"
    for seconds in (1, 2):  # whoever asked for the time is asked each time
        world.clock.time += 1
        answer = world.ask("eth_call", {"data": SURROUNDINGS})
        assert int(answer[2:66], 16) == START + seconds
    world.clock.time -= 2
    ran.clear()
    world.chain.send(transfer(world.w3.eth.get_transaction_count(RICH.address)))
    assert latest.call() == [5, ROOT]
    assert len(ran) == 1, "a block is another state"


def test_an_answer_of_many_bytes_is_not_kept(world: World) -> None:
    identity, large = "0x" + "4".zfill(40), "0x" + "00" * 20_000
    calls._ANSWERS.clear()
    for _ in range(2):
        assert world.ask("eth_call", {"to": identity, "data": large}) == large
    assert not calls._ANSWERS
    assert world.ask("eth_call", {"to": identity, "data": "0x01"}) == "0x01"
    assert len(calls._ANSWERS) == 1


def test_state_at_any_block(world: World) -> None:
    w3, where = world.w3, world.anchor.address
    assert w3.eth.get_code(where, 1) == b""
    code = w3.eth.get_code(where)
    assert code
    assert world.ask("eth_getProof", where, [])["codeHash"] == "0x" + keccak(code).hex()
    assert [w3.eth.get_transaction_count(RICH.address, number) for number in range(4)] == [0, 1, 2, 3]
    assert w3.eth.get_transaction_count(RICH.address, "pending") == w3.eth.get_transaction_count(RICH.address)
    assert w3.eth.get_balance(RICH.address, 0) > w3.eth.get_balance(RICH.address, 1)
    assert w3.eth.get_balance(account(99).address) == 0
    slot = Web3.keccak((5).to_bytes(32, "big") + (1).to_bytes(32, "big"))
    assert w3.eth.get_storage_at(where, int.from_bytes(slot, "big")) == ROOT
    assert w3.eth.get_storage_at(where, int.from_bytes(slot, "big"), 2) == bytes(32)
    assert world.ask("eth_getStorageAt", where, slot.to_0x_hex(), "latest") == "0x" + ROOT.hex()
    assert world.ask("eth_getBalance", where, {"blockHash": world.receipt["blockHash"].to_0x_hex()}) == "0x0"


def check_proof(world: World, block: int, address: bytes, slots: list[int]) -> Any:
    """Ask for a proof, verify it by two other implementations, compare values; return the answer."""
    proof = world.ask("eth_getProof", "0x" + address.hex(), [hex(slot) for slot in slots], hex(block))
    header = world.chain.header(block)
    assert header is not None
    nodes = [bytes.fromhex(node[2:]) for node in proof["accountProof"]]
    encoded = prove_secure(header.state_root, address, nodes)
    decoded = [rlp.decode(node) for node in nodes]
    found = HexaryTrie.get_from_proof(header.state_root, keccak(address), decoded)  # type: ignore[no-untyped-call]
    assert (found or None) == encoded
    storage_root = bytes.fromhex(proof["storageHash"][2:])
    if encoded is None:
        assert (proof["nonce"], proof["balance"]) == ("0x0", "0x0")
    else:
        assert rlp.decode(encoded)[2] == storage_root
    for slot, entry in zip(slots, proof["storageProof"], strict=True):
        path = [bytes.fromhex(node[2:]) for node in entry["proof"]]
        value = prove_secure(storage_root, slot.to_bytes(32, "big"), path)
        word = 0 if value is None else int.from_bytes(rlp.decode(value), "big")
        assert word == int(entry["value"], 16)
        stored = world.ask("eth_getStorageAt", "0x" + address.hex(), hex(slot), hex(block))
        assert word == int(stored, 16)
    return proof


def test_proofs_of_what_is_there(world: World) -> None:
    slot = int.from_bytes(Web3.keccak((5).to_bytes(32, "big") + (1).to_bytes(32, "big")), "big")
    proof = check_proof(world, 3, raw_address(world.anchor.address), [slot, 0])
    assert int(proof["storageProof"][0]["value"], 16) == int.from_bytes(ROOT, "big")
    assert int(proof["storageProof"][1]["value"], 16) != 0
    before = check_proof(world, 2, raw_address(world.anchor.address), [slot])
    assert before["storageProof"][0]["value"] == "0x0"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    block=st.integers(0, 3),
    address=st.binary(min_size=20, max_size=20),
    slots=st.lists(st.integers(0, 2**256 - 1), max_size=4),
    ours=st.booleans(),
)
def test_proofs_of_what_is_absent(
    world: World, block: int, address: bytes, slots: list[int], *, ours: bool
) -> None:
    where = raw_address(world.anchor.address) if ours else address
    proof = check_proof(world, block, where, slots)
    # The contract's few variables lie in its first slots.
    assert all(entry["value"] == "0x0" or int(entry["key"], 16) < 4 for entry in proof["storageProof"])


def test_estimates_suffice(world: World) -> None:
    w3 = world.w3
    for gas in (
        w3.eth.estimate_gas({"from": RICH.address, "to": POOR.address, "value": 1}),  # type: ignore[typeddict-item]
        world.anchor.functions.latest().estimate_gas(),
    ):
        assert 21_000 <= gas < 60_000
    shape = world.anchor.abi
    manager = w3.eth.get_transaction_receipt(w3.eth.get_block(1)["transactions"][0])["contractAddress"]  # type: ignore[arg-type]
    factory = w3.eth.contract(abi=shape, bytecode=artifact("CheckpointAnchor")["bytecode"])
    estimate = factory.constructor(manager).estimate_gas()
    receipt = w3.eth.wait_for_transaction_receipt(factory.constructor(manager).transact({"gas": estimate}))
    assert receipt["status"] == 1
    assert receipt["gasUsed"] <= estimate <= receipt["gasUsed"] * 1.1


@pytest.mark.parametrize("left", [30_000, 200_000, 3_000_000])
def test_an_estimate_is_searched_where_more_gas_is_wanted_than_used(world: World, left: int) -> None:
    # Reverts unless more than `left` gas is left: GAS PUSH3 left LT PUSH1 ok JUMPI REVERT ok: STOP
    code = f"0x5a62{left:06x}10600e5760006000fd5b00"
    gas = int(world.ask("eth_estimateGas", {"data": code}), 16)
    assert world.ask("eth_call", {"data": code, "gas": hex(gas)}) == "0x"
    with pytest.raises(RpcError):
        world.ask("eth_call", {"data": code, "gas": hex(int(gas / 1.02))})
    with pytest.raises(RpcError):
        world.ask("eth_estimateGas", {"data": code, "gas": hex(int(gas / 1.02))})


def test_a_simulation_is_given_so_much_and_no_more(world: World) -> None:
    code = f"0x5a62{calls.MAX_GAS - 100_000:06x}10600e5760006000fd5b00"
    assert world.ask("eth_call", {"data": code, "gas": hex(2 * calls.MAX_GAS)}) == "0x"
    above = f"0x5a62{calls.MAX_GAS:06x}10600e5760006000fd5b00"
    with pytest.raises(RpcError):
        world.ask("eth_call", {"data": above, "gas": hex(2 * calls.MAX_GAS)})


def _ask_contract(world: World, number: int, data: bytes, **more: str) -> Any:
    asked = {"to": f"0x{number:040x}", "data": "0x" + data.hex(), **more}
    return world.ask("eth_call", asked)


def test_a_simulation_takes_no_longer_than_it_may(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gas does not weigh what is done in Python here: all of it of compression would take a minute."""
    rounds = 9_000_000
    compressed = bytes(4 + 64 + 128 + 16) + b"\1"
    assert len(_ask_contract(world, 9, compressed)) == 130
    with pytest.raises(RpcError, match="aborted"):
        _ask_contract(world, 9, rounds.to_bytes(4, "big") + compressed[4:])
    with pytest.raises(RpcError, match="aborted"):
        _ask_contract(world, 8, bytes(192 * 200))
    with pytest.raises(RpcError, match="out of gas"):
        _ask_contract(world, 9, rounds.to_bytes(4, "big") + compressed[4:], gas=hex(200_000))
    with pytest.raises(RpcError, match="out of gas"):
        _ask_contract(world, 8, bytes(192 * 200), gas=hex(700_000))
    monkeypatch.setattr(calls, "SECONDS", -1.0)
    for method in ("eth_call", "eth_estimateGas"):
        with pytest.raises(RpcError, match="aborted"):
            world.ask(method, {"data": "0x5a50"})


def test_fee_history(world: World) -> None:
    history = world.w3.eth.fee_history(2, BlockNumber(3), [10.0, 90.0])
    assert history["oldestBlock"] == 2
    bases = [world.w3.eth.get_block(number)["baseFeePerGas"] for number in (2, 3)]
    assert history["baseFeePerGas"][:2] == bases
    assert len(history["baseFeePerGas"]) == 3
    assert history["reward"] == [[0, 0], [0, 0]]


def test_refusals_reach_the_caller_in_nodes_words(world: World) -> None:
    with pytest.raises(Web3RPCError, match="nonce too low"):
        world.w3.eth.send_raw_transaction(HexBytes(transfer(0)))
    with pytest.raises(Web3RPCError, match="does not exist"):
        world.w3.manager.request_blocking("eth_sendTransaction", [{}])  # type: ignore[arg-type]


def test_a_batch_of_transactions_is_one_block(world: World) -> None:
    w3, send = world.w3, RPCEndpoint("eth_sendRawTransaction")
    nonce, before = w3.eth.get_transaction_count(RICH.address), w3.eth.block_number
    sent = [transfer(nonce), transfer(nonce + 9), transfer(nonce + 1)]
    assert isinstance(w3.provider, EmbeddedProvider)
    answers = w3.provider.make_batch_request([(send, ["0x" + raw.hex()]) for raw in [*sent, b""]])
    assert isinstance(answers, list)
    assert ["error" in answer for answer in answers] == [False, True, False, True]
    assert w3.eth.block_number == before + 1
    shown = [HexBytes(answer["result"]) for answer in answers if "result" in answer]
    assert w3.eth.get_block("latest")["transactions"] == shown
    with w3.batch_requests() as batch:
        batch.add(w3.eth.get_block("latest"))
        batch.add(w3.eth.get_balance(POOR.address))
        assert len(batch.execute()) == 2


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("eth_blockNumber", [1]),
        ("eth_getBalance", []),
        ("eth_getBalance", ["0x12"]),
        ("eth_getBalance", ["0x" + "zz" * 20]),
        ("eth_getBalance", [5]),
        ("eth_getBalance", ["0x" + "11" * 20, "newest"]),
        ("eth_getBalance", ["0x" + "11" * 20, "0x01"]),
        ("eth_getBalance", ["0x" + "11" * 20, "0x" + "f" * 17]),
        ("eth_getBalance", ["0x" + "11" * 20, {"number": "0x1"}]),
        ("eth_getBlockByNumber", ["0x1", "yes"]),
        ("eth_call", [{"to": "0x" + "11" * 20, "unknown": 1}]),
        ("eth_call", [{"data": "0x01", "input": "0x02"}]),
        ("eth_call", [{"accessList": [1]}]),
        ("eth_call", [[]]),
        ("eth_getLogs", [{"topics": [1]}]),
        ("eth_getLogs", [{"topics": [None] * 5}]),
        ("eth_getLogs", [{"blockHash": "0x" + "00" * 32, "fromBlock": "0x1"}]),
        ("eth_getProof", ["0x" + "11" * 20, "0x1"]),
        ("eth_getProof", ["0x" + "11" * 20, ["0x0"] * 1025]),
        ("eth_sendRawTransaction", ["0x1"]),
        ("eth_blockNumber", {"a": 1}),
    ],
)
def test_wrong_parameters_are_named(world: World, method: str, arguments: Any) -> None:
    with pytest.raises(RpcError) as error:
        rpc.call(world.chain, method, arguments)
    assert error.value.code == -32602


def test_a_transaction_is_found_by_its_place_in_a_block(world: World) -> None:
    receipt = world.receipt
    whole = world.ask("eth_getTransactionByHash", receipt["transactionHash"].to_0x_hex())
    place, beyond = hex(receipt["transactionIndex"]), "0xffff"
    by_hash = "eth_getTransactionByBlockHashAndIndex", receipt["blockHash"].to_0x_hex()
    by_number = "eth_getTransactionByBlockNumberAndIndex", hex(receipt["blockNumber"])
    for method, block in (by_hash, by_number):
        assert world.ask(method, block, place) == whole
        assert world.ask(method, block, beyond) is None


def test_unknown_blocks_in_state_reads(world: World) -> None:
    for block in ("0xffff", "0x" + "00" * 32, {"blockHash": "0x" + "00" * 32}):
        with pytest.raises(RpcError, match="not found"):
            world.ask("eth_getBalance", RICH.address, block)
    assert world.ask("eth_getBlockByHash", "0x" + "00" * 32, False) is None
    assert world.ask("eth_getBlockReceipts", "0xffff") is None
    assert world.ask("eth_getBlockTransactionCountByHash", "0x" + "00" * 32) is None
    assert world.ask("eth_getLogs", {"fromBlock": "0xffff", "toBlock": "0xfffff"}) == []
    assert world.ask("eth_getTransactionByBlockNumberAndIndex", "0xffff", "0x0") is None
    assert world.ask("eth_getTransactionByBlockHashAndIndex", "0x" + "00" * 32, "0x0") is None
