"""The JSON-RPC methods an embedded chain answers, by name (Ethereum execution API; geth where it is silent).

`call` takes parsed JSON and gives JSON. There is no pool of waiting transactions: what is sent is sealed at
once, so `pending` means `latest`, but for calls, which see the next block (`calls`).
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, NamedTuple

import rlp
from eth.abc import BlockHeaderAPI

from yinzheng.ledger.chain.embedded import blocks, calls, filters, params, proofs, views
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.params import RpcError
from yinzheng.ledger.chain.embedded.sealing import Refused

METHOD_NOT_FOUND = -32601
REJECTED = -32000
MAX_SLOTS = 1024
MAX_HISTORY = 1024

_FEES = frozenset({"gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"})
_CALL = _FEES | {"from", "to", "data", "input", "value", "gas", "nonce", "type", "chainId", "accessList"}


class Method(NamedTuple):
    """A handler and how many parameters it takes, at least and at most."""

    handler: Callable[..., Any]
    least: int
    most: int


def call(chain: EmbeddedChain, method: str, arguments: Any) -> Any:
    """Answer one request. Raises `RpcError` (-32601, -32602, -32000, 3 with revert data, …)."""
    if method not in METHODS:
        raise RpcError(METHOD_NOT_FOUND, f"the method {method[:60]} does not exist/is not available")
    handler, least, most = METHODS[method]
    given = params.items([] if arguments is None else arguments, "params", limit=16)
    while len(given) > least and given[-1] is None:  # clients pad with null
        given = given[:-1]
    if not least <= len(given) <= most:
        raise params.invalid(f"{method} takes {least} to {most} parameters, {len(given)} given")
    return handler(chain, *given)


def _block_by_number(chain: EmbeddedChain, block: Any, full: Any = False) -> Any:
    return _block(chain, blocks.find(chain, block), full)


def _block_by_hash(chain: EmbeddedChain, block: Any, full: Any = False) -> Any:
    return _block(chain, chain.header_by_hash(params.data(block, "block hash", size=32)), full)


def _block(chain: EmbeddedChain, header: BlockHeaderAPI | None, full: Any) -> Any:
    full = params.boolean(full, "full")
    return None if header is None else views.block_view(chain.block(header), chain.chain_id, full=full)


def _transaction_count_of(chain: EmbeddedChain, header: BlockHeaderAPI | None) -> Any:
    return None if header is None else hex(len(chain.block(header).transactions))


def _transaction(chain: EmbeddedChain, transaction: Any) -> Any:
    place = chain.locate(params.data(transaction, "transaction hash", size=32))
    if place is None:
        return None
    header = blocks.get(chain, hex(place[0]))
    sealed = chain.block(header).transactions[place[1]]
    return views.transaction_view(sealed, header, place[1], chain.chain_id)


def _transaction_at(chain: EmbeddedChain, header: BlockHeaderAPI | None, index: Any) -> Any:
    place = params.quantity(index, "index")
    if header is None or place >= len(transactions := chain.block(header).transactions):
        return None
    return views.transaction_view(transactions[place], header, place, chain.chain_id)


def _receipt(chain: EmbeddedChain, transaction: Any) -> Any:
    place = chain.locate(params.data(transaction, "transaction hash", size=32))
    if place is None:
        return None
    header = blocks.get(chain, hex(place[0]))
    shown = chain.receipt_views(header)[place[1]]
    return {**shown, "logs": [{**log, "topics": [*log["topics"]]} for log in shown["logs"]]}


def _block_receipts(chain: EmbeddedChain, block: Any) -> Any:
    header = blocks.find(chain, block)
    return None if header is None else views.receipt_views(chain.block(header), chain.receipts(header))


def _logs(chain: EmbeddedChain, wanted: Any) -> Any:
    return blocks.find_logs(chain, blocks.parse_filter(chain, wanted))


def _balance(chain: EmbeddedChain, address: Any, block: Any = None) -> str:
    header = blocks.get(chain, block)
    return hex(proofs.account_at(chain.store, header, params.data(address, "address", size=20)).balance)


def _nonce(chain: EmbeddedChain, address: Any, block: Any = None) -> str:
    header = blocks.get(chain, block)
    return hex(proofs.account_at(chain.store, header, params.data(address, "address", size=20)).nonce)


def _code(chain: EmbeddedChain, address: Any, block: Any = None) -> str:
    header = blocks.get(chain, block)
    return views.hexed(proofs.code_at(chain.store, header, params.data(address, "address", size=20)))


def _storage(chain: EmbeddedChain, address: Any, slot: Any, block: Any = None) -> str:
    header, at = blocks.get(chain, block), params.slot(slot, "slot")
    word = proofs.storage_at(chain.store, header, params.data(address, "address", size=20), at)
    return views.hexed(word.to_bytes(32, "big"))


def _proof(chain: EmbeddedChain, address: Any, slots: Any, block: Any = None) -> Any:
    header = blocks.get(chain, block)
    wanted = [params.slot(one, "slot") for one in params.items(slots, "slots", limit=MAX_SLOTS)]
    return proofs.proof_at(chain.store, header, params.data(address, "address", size=20), wanted)


def _parse_call(value: Any) -> calls.Call:
    """The call object. Fees are ignored, since nothing is paid; an access list is refused."""
    named = {name: given for name, given in params.mapping(value, "call", _CALL).items() if given is not None}
    if named.get("accessList"):
        raise params.invalid("call: accessList is not supported")
    if "data" in named and "input" in named and named["data"] != named["input"]:
        raise params.invalid("call: data and input differ")
    return calls.Call(
        sender=params.data(named["from"], "from", size=20) if "from" in named else bytes(20),
        to=params.data(named["to"], "to", size=20) if "to" in named else None,
        data=params.data(named.get("input", named.get("data", "0x")), "data"),
        value=params.quantity(named.get("value", "0x0"), "value"),
        gas=params.quantity(named["gas"], "gas", bits=63) if "gas" in named else None,
    )


def _context(chain: EmbeddedChain, block: Any) -> calls.Context:
    header = blocks.get(chain, block)
    return calls.next_block(chain) if blocks.newest(block) else calls.at_block(header)


def _call(chain: EmbeddedChain, request: Any, block: Any = None) -> str:
    return views.hexed(calls.call(chain, _parse_call(request), _context(chain, block)))


def _estimate(chain: EmbeddedChain, request: Any, block: Any = None) -> str:
    return hex(calls.estimate_gas(chain, _parse_call(request), _context(chain, block)))


def _send(chain: EmbeddedChain, raw: Any) -> str:
    encoded = params.data(raw, "transaction")
    return _sent(chain, chain.send_all([encoded])[0])


def _sent(chain: EmbeddedChain, outcome: bytes | Refused) -> str:
    if isinstance(outcome, Refused):
        raise RpcError(REJECTED, str(outcome))
    return views.hexed(outcome)


def send_batch(chain: EmbeddedChain, raws: Sequence[Any]) -> list[str | RpcError]:
    """`eth_sendRawTransaction` for several at once: sealed together, in as few blocks as they need."""
    answers: list[str | RpcError] = []
    encoded: list[bytes] = []
    for raw in raws:
        try:
            encoded.append(params.data(raw, "transaction"))
            answers.append("")
        except RpcError as error:
            answers.append(error)
    outcomes = iter(chain.send_all(encoded))
    for position, answer in enumerate(answers):
        if answer == "":
            outcome = next(outcomes)
            refused = isinstance(outcome, Refused)
            answers[position] = RpcError(REJECTED, str(outcome)) if refused else _sent(chain, outcome)
    return answers


def _gas_price(chain: EmbeddedChain) -> str:
    return hex(chain.base_fee_after(chain.head()))


def _fee_history(chain: EmbeddedChain, count: Any, last: Any, percentiles: Any = None) -> Any:
    """Base fees and fullness. Tips are not collected here: the rewards are zero."""
    header = blocks.get(chain, last)
    wanted = min(params.quantity(count, "count", bits=32), MAX_HISTORY, header.block_number + 1)
    oldest = header.block_number + 1 - wanted
    found = [blocks.get(chain, hex(number)) for number in range(oldest, header.block_number + 1)]
    history: dict[str, Any] = {
        "oldestBlock": hex(oldest),
        "baseFeePerGas": [hex(one.base_fee_per_gas or 0) for one in found]
        + [hex(chain.base_fee_after(header))],
        "gasUsedRatio": [one.gas_used / one.gas_limit for one in found],
    }
    asked = params.items([] if percentiles is None else percentiles, "percentiles", limit=100)
    return {**history, "reward": [["0x0"] * len(asked) for _ in found]} if asked else history


def _raw_header(chain: EmbeddedChain, block: Any) -> str:
    return views.hexed(rlp.encode(blocks.get(chain, block)))


def client_version() -> str:
    """What `web3_clientVersion` says."""
    return f"yinzheng/py-evm-{version('py-evm')}/clique"


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "debug_getRawHeader": Method(_raw_header, 1, 1),
        "eth_accounts": Method(lambda _: [], 0, 0),
        "eth_blockNumber": Method(lambda chain: hex(chain.head().block_number), 0, 0),
        "eth_call": Method(_call, 1, 2),
        "eth_chainId": Method(lambda chain: hex(chain.chain_id), 0, 0),
        "eth_estimateGas": Method(_estimate, 1, 2),
        "eth_feeHistory": Method(_fee_history, 2, 3),
        "eth_gasPrice": Method(_gas_price, 0, 0),
        "eth_getBalance": Method(_balance, 1, 2),
        "eth_getBlockByHash": Method(_block_by_hash, 1, 2),
        "eth_getBlockByNumber": Method(_block_by_number, 1, 2),
        "eth_getBlockReceipts": Method(_block_receipts, 1, 1),
        "eth_getBlockTransactionCountByHash": Method(
            lambda chain, block: _transaction_count_of(chain, blocks.find(chain, block)), 1, 1
        ),
        "eth_getBlockTransactionCountByNumber": Method(
            lambda chain, block: _transaction_count_of(chain, blocks.find(chain, block)), 1, 1
        ),
        "eth_getCode": Method(_code, 1, 2),
        "eth_getFilterChanges": Method(filters.changes, 1, 1),
        "eth_getFilterLogs": Method(filters.logs, 1, 1),
        "eth_getLogs": Method(_logs, 1, 1),
        "eth_getProof": Method(_proof, 2, 3),
        "eth_getStorageAt": Method(_storage, 2, 3),
        "eth_getTransactionByBlockHashAndIndex": Method(
            lambda chain, block, index: _transaction_at(
                chain, chain.header_by_hash(params.data(block, "block hash", size=32)), index
            ),
            2,
            2,
        ),
        "eth_getTransactionByBlockNumberAndIndex": Method(
            lambda chain, block, index: _transaction_at(chain, blocks.find(chain, block), index), 2, 2
        ),
        "eth_getTransactionByHash": Method(_transaction, 1, 1),
        "eth_getTransactionCount": Method(_nonce, 1, 2),
        "eth_getTransactionReceipt": Method(_receipt, 1, 1),
        "eth_maxPriorityFeePerGas": Method(lambda _: "0x0", 0, 0),
        "eth_newBlockFilter": Method(filters.new_block_filter, 0, 0),
        "eth_newFilter": Method(filters.new_filter, 0, 1),
        "eth_sendRawTransaction": Method(_send, 1, 1),
        "eth_syncing": Method(lambda _: False, 0, 0),
        "eth_uninstallFilter": Method(filters.uninstall, 1, 1),
        "net_listening": Method(lambda _: True, 0, 0),
        "net_version": Method(lambda chain: str(chain.chain_id), 0, 0),
        "web3_clientVersion": Method(lambda _: client_version(), 0, 0),
    }
)
"""The methods answered; every other is refused."""
