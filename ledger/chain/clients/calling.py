"""How a contract is asked and called, whichever it is."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError
from hexbytes import HexBytes
from web3 import Web3
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, TxParams

from yinzheng.contracts import artifact
from yinzheng.ledger.chain.contracts import CONTRACTS, canonical_type
from yinzheng.ledger.chain.records import unreadable
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import Call, checksummed
from yinzheng.verifier.bytes.algorithms import keccak256

CALL_GAS = 600_000
"""Limit of every call: at least twice what the dearest takes (docs/gas.md), and many still fit in a block."""

Block = int | Literal["latest"]


class Calling:
    """Reads and writes of the contracts at `addresses`, by their names in `CONTRACTS`.

    Identifiers, hashes and roots are 32 bytes, addresses 20. Reads raise `ChainUnreachable` or `NodeRefused`;
    `block` is the number whose state they show.
    """

    def __init__(self, w3: Web3, addresses: Mapping[str, bytes]) -> None:
        """Use the addresses as given; `check_deployment` says whether the contracts are there."""
        self._w3 = w3
        self._addresses = addresses

    def simulate(self, call: Call, sender: bytes) -> None:
        """Make `call` as `sender` in the block to come, without sending it.

        Not in the latest block: where blocks are sealed only when there is something to seal, its time may
        be days old.

        Raises:
            ContractRefused, HeadRefused, CalendarShort, RevertUnknown: it would be refused.
            ChainUnreachable, NodeRefused: the node.
        """
        transaction: TxParams = {"from": checksummed(sender), "data": call.data, "gas": call.gas}
        if call.to is not None:
            transaction["to"] = checksummed(call.to)
        with translated():
            self._w3.eth.call(transaction, "pending")

    def _read(self, contract: str, name: str, arguments: list[Any], block: Block) -> tuple[Any, ...]:
        function = functions(contract)[name]
        answer = self._answer(self._addresses[contract], function.encode(arguments), block)
        try:
            return abi_decode(function.gives, answer)
        except (DecodingError, UnicodeDecodeError) as error:
            raise unreadable(name) from error

    def _answer(self, to: bytes, data: bytes, block: Block) -> bytes:
        """What a contract answers. Below web3, whose way there and back takes half as long as the contract;
        whatever is no plain answer is asked for again by it, for it knows what that means."""
        if isinstance(self._w3.provider, JSONBaseProvider):
            asked = {"to": "0x" + to.hex(), "data": "0x" + data.hex()}
            at = block if isinstance(block, str) else hex(block)
            with translated():
                said = self._w3.provider.make_request(RPCEndpoint("eth_call"), [asked, at])
            found = said.get("result")
            if "error" not in said and isinstance(found, str) and found.startswith("0x"):
                with suppress(ValueError):
                    return bytes.fromhex(found[2:])
        call: TxParams = {"to": checksummed(to), "data": HexBytes(data)}
        with translated():
            return self._w3.eth.call(call, block)

    def _call(self, contract: str, name: str, arguments: list[Any], gas: int = CALL_GAS) -> Call:
        return Call(self._addresses[contract], functions(contract)[name].encode(arguments), gas)


@dataclass(frozen=True, slots=True)
class Function:
    """What a function of a contract is called by, and the canonical types of what it takes and gives."""

    selector: bytes
    takes: tuple[str, ...]
    gives: tuple[str, ...]

    @classmethod
    def of(cls, item: Any) -> "Function":
        """As an ABI tells it."""
        takes, gives = (tuple(map(canonical_type, item[side])) for side in ("inputs", "outputs"))
        return cls(keccak256(f"{item['name']}({','.join(takes)})".encode())[:4], takes, gives)

    def encode(self, arguments: Sequence[Any]) -> bytes:
        """The data of a call."""
        return self.selector + abi_encode(self.takes, arguments)


@cache
def functions(contract: str) -> Mapping[str, Function]:
    """Give the functions of one of our contracts by name, as its ABI tells them."""
    abi = artifact(CONTRACTS[contract].artifact).abi
    return {item["name"]: Function.of(item) for item in abi if item["type"] == "function"}
