"""Filters of the embedded node: nothing twice, nothing left out, bounded in number and age."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from eth_typing import HexStr
from hexbytes import HexBytes

from tests.chain.embedded_world import RICH, Clock, anchor, connect, create, deploy_anchor, transfer
from yinzheng.ledger.chain.embedded import blocks, filters, rpc
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.params import RpcError


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[EmbeddedChain]:
    with create(tmp_path / "chain", Clock()) as made:
        yield made


def ask(chain: EmbeddedChain, method: str, *arguments: Any) -> Any:
    return rpc.call(chain, method, list(arguments))


def refusal(chain: EmbeddedChain, method: str, *arguments: Any) -> int:
    with pytest.raises(RpcError) as refused:
        ask(chain, method, *arguments)
    return refused.value.code


def seal(chain: EmbeddedChain, count: int, first: int = 0) -> None:
    for nonce in range(first, first + count):
        chain.send_all([transfer(nonce)])


def test_through_web3(chain: EmbeddedChain) -> None:
    w3 = connect(chain)
    contract = deploy_anchor(w3)
    heads, logs = w3.eth.filter("latest"), contract.events.Anchored.create_filter(from_block="latest")
    assert (heads.get_new_entries(), logs.get_new_entries()) == ([], [])
    first = anchor(contract, 5, bytes(range(32)))
    assert [HexBytes(cast("Any", one)) for one in heads.get_new_entries()] == [first["blockHash"]]
    (event,) = logs.get_new_entries()
    assert (event["transactionHash"], event["args"]["size"]) == (first["transactionHash"], 5)
    assert (heads.get_new_entries(), logs.get_new_entries()) == ([], [])
    assert [one["transactionHash"] for one in logs.get_all_entries()] == [first["transactionHash"]]
    assert heads.filter_id is not None
    assert w3.eth.uninstall_filter(heads.filter_id)
    assert not w3.eth.uninstall_filter(heads.filter_id)
    assert refusal(chain, "eth_getFilterChanges", heads.filter_id) == filters.UNKNOWN


def test_blocks_are_told_once_each_and_in_order(
    chain: EmbeddedChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "MAX_SEARCH", 3)
    early = ask(chain, "eth_newBlockFilter")
    seal(chain, 5)
    late = ask(chain, "eth_newBlockFilter")
    seal(chain, 2, 5)
    hashes = [ask(chain, "eth_getBlockByNumber", hex(number))["hash"] for number in range(1, 8)]
    told = [ask(chain, "eth_getFilterChanges", early) for _ in range(4)]
    assert told == [hashes[:3], hashes[3:6], hashes[6:], []]
    assert ask(chain, "eth_getFilterChanges", late) == hashes[5:]


def test_too_many_logs_come_in_parts(chain: EmbeddedChain, monkeypatch: pytest.MonkeyPatch) -> None:
    w3 = connect(chain)
    name = ask(chain, "eth_newFilter", {})
    for _ in range(6):
        w3.eth.send_transaction({"data": HexStr("0x60006000a0"), "gas": 100_000})  # a log as it is made
    whole = ask(chain, "eth_getLogs", {"fromBlock": "0x1"})
    assert len(whole) == 6
    monkeypatch.setattr(blocks, "MAX_LOGS", 2)
    monkeypatch.setattr(filters, "_SMALLER", 2)
    assert refusal(chain, "eth_getLogs", {"fromBlock": "0x1"}) == blocks.LIMIT_EXCEEDED
    parts = [ask(chain, "eth_getFilterChanges", name) for _ in range(7)]
    assert [one for part in parts for one in part] == whole
    assert parts[-1] == []


def test_bounds_of_a_filter(chain: EmbeddedChain) -> None:
    w3 = connect(chain)
    contract = deploy_anchor(w3)
    head = chain.head().block_number
    within = ask(chain, "eth_newFilter", {"fromBlock": hex(head + 2), "toBlock": hex(head + 2)})
    every = ask(chain, "eth_newFilter", {"fromBlock": "earliest", "address": contract.address})
    other = ask(chain, "eth_newFilter", {"address": RICH.address})
    anchor(contract, 5, bytes(range(32)))
    told = {name: len(ask(chain, "eth_getFilterChanges", name)) for name in (within, every, other)}
    assert told == {within: 0, every: 1, other: 0}
    assert len(ask(chain, "eth_getFilterLogs", every)) >= 1
    block = ask(chain, "eth_newBlockFilter")
    for code, given in (
        (filters.UNKNOWN, ("eth_getFilterLogs", block)),
        (filters.UNKNOWN, ("eth_getFilterChanges", "0x1")),
        (-32602, ("eth_getFilterChanges", "latest")),
        (-32602, ("eth_newFilter", {"blockHash": "0x" + chain.head().hash.hex()})),
        (-32602, ("eth_newFilter", [1])),
        (-32602, ("eth_newFilter", {"colour": "red"})),
        (-32601, ("eth_newPendingTransactionFilter",)),
    ):
        assert refusal(chain, *given) == code, given


def test_many_and_old_ones(chain: EmbeddedChain) -> None:
    now = [0.0]
    kept = filters.Filters(lambda: now[0])
    names = [kept.begin(None, 0) for _ in range(filters.MOST)]
    assert len({*names}) == filters.MOST
    with pytest.raises(RpcError) as full:
        kept.begin(None, 0)
    assert full.value.code == blocks.LIMIT_EXCEEDED
    now[0] = filters.SECONDS
    kept.find(names[0])
    now[0] += 1
    kept.begin(None, 0)  # the others are gone
    kept.find(names[0])
    assert not kept.end(names[1])
    with pytest.raises(RpcError):
        kept.find(names[2])


def test_of_two_that_ask_at_once_each_is_told_something_else(chain: EmbeddedChain) -> None:
    name = ask(chain, "eth_newBlockFilter")
    seal(chain, 20)
    told: list[str] = []
    asking = [
        threading.Thread(target=lambda: told.extend(ask(chain, "eth_getFilterChanges", name)))
        for _ in range(8)
    ]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert len(told) == len({*told}) == 20
