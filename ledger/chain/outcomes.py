"""What became of a transaction, as one node tells: in a block, waiting for one, or unknown (D9)."""

from dataclasses import dataclass

from eth_typing import BlockNumber
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import TransactionNotFound
from web3.types import TxData, TxParams, TxReceipt

from yinzheng.ledger.chain.reverts import ChainUnreachable, NodeRefused, RevertUnknown, translated
from yinzheng.verifier.errors import YinzhengError


@dataclass(frozen=True, slots=True)
class Pending:
    """The node knows the transaction; it is in no block yet."""


@dataclass(frozen=True, slots=True)
class Mined:
    """The transaction is in a block. `refusal` is the typed error if the contract refused it."""

    block_number: int
    block_hash: bytes
    gas_used: int
    refusal: YinzhengError | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The node does not know the transaction: sending the same bytes again is safe."""


Outcome = Pending | Mined | Unknown


def outcome(w3: Web3, transaction_hash: bytes) -> Outcome:
    """Look up a transaction by its hash, 32 bytes. Raises `ChainUnreachable`."""
    name = HexBytes(transaction_hash)
    with translated():
        try:
            return _mined(w3, w3.eth.get_transaction_receipt(name))
        except TransactionNotFound:
            pass
        try:
            w3.eth.get_transaction(name)
        except TransactionNotFound:
            return Unknown()
    return Pending()


def _mined(w3: Web3, receipt: TxReceipt) -> Mined:
    refusal = (
        None
        if receipt["status"]
        else _reason(w3, w3.eth.get_transaction(receipt["transactionHash"]), receipt["blockNumber"])
    )
    return Mined(receipt["blockNumber"], bytes(receipt["blockHash"]), receipt["gasUsed"], refusal)


def _reason(w3: Web3, transaction: TxData, number: BlockNumber) -> YinzhengError:
    """Make the call again: receipts carry no reason.

    First on the state after its block, whose time the contract saw and which the refused call did not alter;
    if it passes there, a later transaction of the block cured it, so on the state before.
    """
    again: TxParams = {
        "from": transaction["from"],
        "data": transaction["input"],
        "gas": transaction["gas"],
        "value": transaction["value"],
    }
    if transaction.get("to"):
        again["to"] = transaction["to"]
    for block in (number, BlockNumber(number - 1)):
        try:
            with translated():
                w3.eth.call(again, block)
        except (ChainUnreachable, NodeRefused):
            break
        except YinzhengError as error:
            return error
    return RevertUnknown(
        "The transaction failed in its block, and the reason cannot be reproduced.",
        code="contract-reverted",
        hint="Another transaction of the same block may have come first: read the state again.",
    )
