"""What became of a transaction, as one node tells: in a block, waiting for one, or unknown (D9)."""

from dataclasses import dataclass
from typing import Any

from eth_typing import BlockNumber
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import TransactionNotFound
from web3.types import RPCEndpoint, TxData, TxParams

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
    """Look up a transaction by its hash, 32 bytes. Raises `ChainUnreachable`, `NodeRefused`."""
    with translated():
        receipt = _receipt(w3, transaction_hash)
        if receipt is not None:
            return _mined(w3, transaction_hash, receipt)
        try:
            w3.eth.get_transaction(HexBytes(transaction_hash))
        except TransactionNotFound:
            return Unknown()
    return Pending()


def _receipt(w3: Web3, transaction_hash: bytes) -> dict[str, Any] | None:
    """The receipt as the node tells it, or None where it has none.

    Below web3, which makes of every field of every log what it might be needed as; of what a node refuses
    it is asked, for the reason.
    """
    answer = w3.provider.make_request(
        RPCEndpoint("eth_getTransactionReceipt"), ["0x" + transaction_hash.hex()]
    )
    if "error" in answer:
        w3.eth.get_transaction_receipt(HexBytes(transaction_hash))
    found = answer.get("result")
    return found if isinstance(found, dict) else None


def _mined(w3: Web3, transaction_hash: bytes, receipt: dict[str, Any]) -> Mined:
    try:
        number, used = int(receipt["blockNumber"], 16), int(receipt["gasUsed"], 16)
        block, passed = bytes.fromhex(receipt["blockHash"].removeprefix("0x")), int(receipt["status"], 16)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NodeRefused(
            "The chain's node tells a receipt that is none.",
            code="chain-refused",
            hint="Check the node's version and what stands between it and us; ask again later.",
        ) from error
    refusal = None
    if not passed:
        refusal = _reason(w3, w3.eth.get_transaction(HexBytes(transaction_hash)), BlockNumber(number))
    return Mined(number, block, used, refusal)


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
