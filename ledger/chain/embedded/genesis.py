"""Block 0 of an embedded chain."""

from collections.abc import Mapping
from dataclasses import dataclass

from eth.abc import BlockHeaderAPI
from eth.constants import ZERO_ADDRESS
from eth.typing import AccountDetails
from eth_typing import Address

from yinzheng.ledger.chain.embedded.clique import NO_VOTE, chain_class, extra_data
from yinzheng.ledger.chain.embedded.db import Staging
from yinzheng.verifier.errors import UsageFault

GAS_LIMIT = 30_000_000
"""Gas of a block: the largest of our contracts deploys in a fifth of it, and some 500 anchorings fit."""

BASE_FEE = 1_000_000_000
"""First base fee in wei. It falls towards a few wei but never to zero, so that only funded accounts can
make this chain grow."""

FUNDS = 10**27
"""A balance in wei that no account of ours uses up."""


@dataclass(frozen=True)
class Genesis:
    """What block 0 says. `validator` and the keys of `balances` are 20-byte addresses, balances wei."""

    chain_id: int
    validator: bytes
    balances: Mapping[bytes, int]
    timestamp: int
    gas_limit: int = GAS_LIMIT
    base_fee: int = BASE_FEE

    def __post_init__(self) -> None:
        """Raise `UsageFault` `genesis-invalid` for values no chain can begin with."""
        if not 0 < self.chain_id < 2**53:
            raise _invalid("the chain id must be positive and below 2^53")
        if any(len(address) != 20 for address in (self.validator, *self.balances)):
            raise _invalid("an address has 20 bytes")
        if any(not 0 <= balance < 2**255 for balance in self.balances.values()):
            raise _invalid("a balance is out of range")
        if self.gas_limit < 5_000 or self.base_fee < 0 or not 0 <= self.timestamp < 2**53:
            raise _invalid("gas limit, base fee or time is out of range")


def _invalid(reason: str) -> UsageFault:
    return UsageFault(f"This genesis is not possible: {reason}.", code="genesis-invalid")


def write_genesis(genesis: Genesis, staged: Staging) -> BlockHeaderAPI:
    """Put block 0 and its state into `staged`; return its header. Same genesis, same hash."""
    state = {
        Address(address): AccountDetails(balance=balance, nonce=0, code=b"", storage={})
        for address, balance in genesis.balances.items()
    }
    chain = chain_class(genesis.chain_id).from_genesis(
        staged,
        {
            "coinbase": ZERO_ADDRESS,
            "difficulty": 1,
            "extra_data": extra_data(0, genesis.validator),
            "gas_limit": genesis.gas_limit,
            "nonce": NO_VOTE,
            "timestamp": genesis.timestamp,
            "base_fee_per_gas": genesis.base_fee,
        },
        state,
    )
    return chain.get_canonical_head()
