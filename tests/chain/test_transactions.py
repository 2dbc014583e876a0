"""Transactions are written as eth_account writes them, by keys in memory and behind a door alike."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_typing import Hash32
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3

from yinzheng.ledger.chain.fees import Fees
from yinzheng.ledger.chain.outcomes import outcome
from yinzheng.ledger.chain.reverts import NodeRefused
from yinzheng.ledger.chain.sender import account_of
from yinzheng.ledger.chain.transactions import sign
from yinzheng.ledger.keys.accounts import KeyAccount
from yinzheng.ledger.keys.provider import EthereumKey

KEY = EthereumKey(bytes(range(1, 33)))
THEIRS = Account.from_key(bytes(range(1, 33)))
_AMOUNTS = st.one_of(st.integers(0, 300), st.integers(0, 2**96))


@given(
    chain=st.integers(1, 2**40),
    nonce=_AMOUNTS,
    fees=st.builds(Fees, _AMOUNTS, st.none() | _AMOUNTS),
    gas=st.integers(21_000, 2**40),
    to=st.none() | st.binary(min_size=20, max_size=20),
    value=_AMOUNTS,
    data=st.binary(max_size=300),
)
def test_transactions_are_written_as_eth_account_writes_them(
    chain: int, nonce: int, fees: Fees, gas: int, to: bytes | None, value: int, data: bytes
) -> None:
    fields: dict[str, Any] = {"chainId": chain, "nonce": nonce, "gas": gas, "value": value, "data": data}
    if to is not None:
        fields["to"] = Web3.to_checksum_address("0x" + to.hex())
    if fees.priority is None:
        fields["gasPrice"] = fees.highest
    else:
        fields |= {"type": 2, "maxFeePerGas": fees.highest, "maxPriorityFeePerGas": fees.priority}
    ours = sign(KEY.account(), chain, nonce, fees, gas, to, value, data)
    assert ours == bytes(THEIRS.sign_transaction(fields).raw_transaction)
    assert account_of(ours) == KEY.address


@given(digest=st.binary(min_size=32, max_size=32))
def test_an_account_over_a_key_signs_as_eth_accounts_own(digest: bytes) -> None:
    ours, theirs = KeyAccount(KEY), THEIRS
    assert ours.unsafe_sign_hash(Hash32(digest)) == theirs.unsafe_sign_hash(Hash32(digest))
    assert ours.address == theirs.address


class _Says:
    """A provider that answers every receipt so."""

    def __init__(self, receipt: object) -> None:
        self._receipt = receipt

    def make_request(self, _method: str, _params: object) -> dict[str, object]:
        return {"jsonrpc": "2.0", "id": 1, "result": self._receipt}


@pytest.mark.parametrize(
    "altered", [{"blockNumber": None}, {"blockNumber": "twelve"}, {"blockHash": "0xzz"}, {"status": 1}]
)
def test_a_receipt_that_is_none_is_refused(altered: dict[str, object]) -> None:
    told = {"blockNumber": "0x1", "gasUsed": "0x2", "blockHash": "0x" + "ab" * 32, "status": "0x1"}
    w3 = Web3()
    w3.provider = _Says(told)  # type: ignore[assignment]
    assert outcome(w3, bytes(32)).block_number == 1  # type: ignore[union-attr]
    w3.provider = _Says({**told, **altered})  # type: ignore[assignment]
    with pytest.raises(NodeRefused):
        outcome(w3, bytes(32))
