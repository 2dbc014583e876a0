"""A small embedded chain: its people, transactions, and a contract of ours to talk about."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract
from web3.middleware import SignAndSendRawMiddlewareBuilder
from web3.types import TxReceipt

from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.genesis import FUNDS, Genesis
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.ledger.state.faults import NO_FAULTS, Faults

CHAIN_ID = 20_260
START = 1_750_000_000
VALIDATOR_KEY = bytes(31) + b"\1"
ARTIFACTS = Path(__file__).parents[2] / "contracts" / "artifacts"


def account(number: int) -> LocalAccount:
    """A fixed account; 1 is the validator."""
    made: LocalAccount = Account.from_key(number.to_bytes(32, "big"))
    return made


VALIDATOR, RICH, POOR = account(1), account(2), account(3)


def raw_address(of: LocalAccount | str) -> bytes:
    """The 20 bytes of an address."""
    return bytes.fromhex((of if isinstance(of, str) else of.address)[2:])


class Clock:
    """A clock that the test sets."""

    def __init__(self, time: int = START) -> None:
        self.time = time

    def __call__(self) -> int:
        return self.time


def genesis(chain_id: int = CHAIN_ID, gas_limit: int = 30_000_000) -> Genesis:
    return Genesis(chain_id, raw_address(VALIDATOR), {raw_address(RICH): FUNDS}, START, gas_limit)


def create(folder: Path, clock: Clock, faults: Faults = NO_FAULTS, **given: Any) -> EmbeddedChain:
    return EmbeddedChain.create(folder, genesis(**given), key=VALIDATOR_KEY, clock=clock, faults=faults)


def transfer(nonce: int, signer: LocalAccount = RICH, **fields: Any) -> bytes:
    """A signed transaction: by default one wei to the validator."""
    transaction = {
        "chainId": CHAIN_ID,
        "nonce": nonce,
        "gas": 21_000,
        "maxFeePerGas": 2 * 10**9,
        "maxPriorityFeePerGas": 0,
        "to": VALIDATOR.address,
        "value": 1,
        **fields,
    }
    if "gasPrice" in fields:
        del transaction["maxFeePerGas"], transaction["maxPriorityFeePerGas"]
    return bytes(signer.sign_transaction(transaction).raw_transaction)


def artifact(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ARTIFACTS / f"{name}.json").read_text())
    return loaded


def sign_as(w3: Web3, signer: LocalAccount) -> None:
    """Let `w3` sign for `signer`, and send from there by default."""
    w3.middleware_onion.inject(SignAndSendRawMiddlewareBuilder.build(signer), layer=0)
    w3.eth.default_account = signer.address


def connect(chain: EmbeddedChain, signer: LocalAccount = RICH) -> Web3:
    w3 = Web3(EmbeddedProvider(chain))
    sign_as(w3, signer)
    return w3


def deploy(w3: Web3, name: str, *arguments: Any) -> Contract:
    shape = artifact(name)
    factory = w3.eth.contract(abi=shape["abi"], bytecode=shape["bytecode"])
    receipt = w3.eth.wait_for_transaction_receipt(factory.constructor(*arguments).transact())
    assert receipt["status"] == 1
    address = receipt["contractAddress"]
    assert address is not None
    return w3.eth.contract(address=address, abi=shape["abi"])


def deploy_anchor(w3: Web3) -> Contract:
    """`CheckpointAnchor`, whose first head anyone with the role may anchor: here the default account."""
    manager = deploy(w3, "AccessManager", w3.eth.default_account)
    return deploy(w3, "CheckpointAnchor", manager.address)


def anchor(contract: Contract, size: int, root: bytes, proof: Sequence[bytes] = ()) -> TxReceipt:
    return contract.w3.eth.wait_for_transaction_receipt(
        contract.functions.anchor(size, root, list(proof)).transact()
    )
