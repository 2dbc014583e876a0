"""Blocks, transactions, receipts and logs as JSON-RPC shows them (Ethereum execution API, as geth does)."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import rlp
from eth._utils.address import generate_contract_address
from eth.abc import BlockAPI, BlockHeaderAPI, LogAPI, ReceiptAPI, SignedTransactionAPI
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth_utils.address import to_checksum_address

Json = dict[str, Any]


def hexed(raw: bytes) -> str:
    """DATA."""
    return "0x" + raw.hex()


@lru_cache(maxsize=1024)
def address(raw: bytes) -> str:
    """An address with its checksum (EIP-55)."""
    return to_checksum_address(raw)


def block_view(block: BlockAPI, chain_id: int, *, full: bool) -> Json:
    """A block; its transactions in full, or as hashes."""
    header = block.header
    transactions: list[Any] = [
        transaction_view(transaction, header, index, chain_id) if full else hexed(transaction.hash)
        for index, transaction in enumerate(block.transactions)
    ]
    return {
        **header_view(header),
        "size": hex(len(rlp.encode(block))),
        "transactions": transactions,
        "uncles": [],
    }


def header_view(header: BlockHeaderAPI) -> Json:
    """The fields of a London header, and its hash. Clique has no miner field: the sealer is in the seal."""
    return {
        "number": hex(header.block_number),
        "hash": hexed(header.hash),
        "parentHash": hexed(header.parent_hash),
        "nonce": hexed(header.nonce),
        "mixHash": hexed(header.mix_hash),
        "sha3Uncles": hexed(header.uncles_hash),
        "logsBloom": hexed(header.bloom.to_bytes(256, "big")),
        "transactionsRoot": hexed(header.transaction_root),
        "stateRoot": hexed(header.state_root),
        "receiptsRoot": hexed(header.receipt_root),
        "miner": address(header.coinbase),
        "difficulty": hex(header.difficulty),
        "totalDifficulty": hex(1 + 2 * header.block_number),
        "extraData": hexed(header.extra_data),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "baseFeePerGas": hex(header.base_fee_per_gas or 0),
    }


def effective_gas_price(transaction: SignedTransactionAPI, header: BlockHeaderAPI) -> int:
    """What was paid for a unit of gas, in wei (EIP-1559)."""
    tip: int = transaction.max_priority_fee_per_gas
    return min(transaction.max_fee_per_gas, (header.base_fee_per_gas or 0) + tip)


def transaction_view(
    transaction: SignedTransactionAPI, header: BlockHeaderAPI, index: int, chain_id: int
) -> Json:
    """A sealed transaction."""
    kind = transaction.type_id or 0
    view: Json = {
        "type": hex(kind),
        "hash": hexed(transaction.hash),
        "blockHash": hexed(header.hash),
        "blockNumber": hex(header.block_number),
        "transactionIndex": hex(index),
        "chainId": hex(chain_id),
        "from": address(transaction.sender),
        "to": None if transaction.to == CREATE_CONTRACT_ADDRESS else address(transaction.to),
        "nonce": hex(transaction.nonce),
        "gas": hex(transaction.gas),
        "gasPrice": hex(effective_gas_price(transaction, header)),
        "value": hex(transaction.value),
        "input": hexed(transaction.data),
        "r": hex(transaction.r),
        "s": hex(transaction.s),
    }
    if kind == 0:
        return {**view, "v": hex(getattr(transaction, "v", transaction.y_parity))}
    view |= {"v": hex(transaction.y_parity), "yParity": hex(transaction.y_parity)}
    view["accessList"] = [
        {"address": address(account), "storageKeys": [hexed(key.to_bytes(32, "big")) for key in keys]}
        for account, keys in transaction.access_list
    ]
    if kind == 2:
        view["maxFeePerGas"] = hex(transaction.max_fee_per_gas)
        view["maxPriorityFeePerGas"] = hex(transaction.max_priority_fee_per_gas)
    return view


def receipt_views(block: BlockAPI, receipts: Sequence[ReceiptAPI]) -> list[Json]:
    """The receipts of a block."""
    views: list[Json] = []
    spent = logged = 0
    for index, (transaction, receipt) in enumerate(zip(block.transactions, receipts, strict=True)):
        place = {
            "blockHash": hexed(block.hash),
            "blockNumber": hex(block.number),
            "transactionHash": hexed(transaction.hash),
            "transactionIndex": hex(index),
        }
        creates = transaction.to == CREATE_CONTRACT_ADDRESS
        created = generate_contract_address(transaction.sender, transaction.nonce) if creates else None
        views.append(
            {
                **place,
                "type": hex(transaction.type_id or 0),
                "from": address(transaction.sender),
                "to": None if creates else address(transaction.to),
                "status": "0x1" if receipt.state_root == b"\1" else "0x0",
                "contractAddress": None if created is None else address(created),
                "cumulativeGasUsed": hex(receipt.gas_used),
                "gasUsed": hex(receipt.gas_used - spent),
                "effectiveGasPrice": hex(effective_gas_price(transaction, block.header)),
                "logsBloom": hexed(receipt.bloom.to_bytes(256, "big")),
                "logs": [
                    log_view(log, place, logged + position, block.header.timestamp)
                    for position, log in enumerate(receipt.logs)
                ],
            }
        )
        spent = receipt.gas_used
        logged += len(receipt.logs)
    return views


def log_view(log: LogAPI, place: Json, index: int, time: int) -> Json:
    """A log; `index` counts within the block."""
    return {
        **place,
        "address": address(log.address),
        "topics": [hexed(topic.to_bytes(32, "big")) for topic in log.topics],
        "data": hexed(log.data),
        "logIndex": hex(index),
        "blockTimestamp": hex(time),
        "removed": False,
    }
