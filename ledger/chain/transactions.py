"""Transactions as they are signed and sent: EIP-1559, and EIP-155 where a network has no base fee."""

from __future__ import annotations

from typing import Final

from eth_account.signers.base import BaseAccount
from eth_typing import Hash32

from yinzheng.ledger.chain.fees import Fees
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.rlp import Item, encode_integer, encode_item

_DYNAMIC: Final = b"\x02"
"""The type of EIP-1559, before its RLP."""


def sign(
    account: BaseAccount,
    chain_id: int,
    nonce: int,
    fees: Fees,
    gas: int,
    to: bytes | None,
    value: int,
    data: bytes,
) -> bytes:
    """Sign a transaction; gives it as it goes to a node, whose Keccak-256 is its name.

    `to` is 20 bytes, or None to create a contract. eth_account writes the same bytes, in fifteen times the
    time: it asks of each field in turn what it might be (`tests/chain/test_transactions.py`).
    """
    what = [encode_integer(gas), to or b"", encode_integer(value), data]
    if fees.priority is None:
        fields: list[Item] = [encode_integer(nonce), encode_integer(fees.highest), *what]
        r, s, v = _signature(account, encode_item([*fields, encode_integer(chain_id), b"", b""]))
        return encode_item([*fields, encode_integer(35 + 2 * chain_id + v), r, s])
    paid = [encode_integer(fees.priority), encode_integer(fees.highest)]
    fields = [encode_integer(chain_id), encode_integer(nonce), *paid, *what, []]
    r, s, v = _signature(account, _DYNAMIC + encode_item(fields))
    return _DYNAMIC + encode_item([*fields, encode_integer(v), r, s])


def _signature(account: BaseAccount, unsigned: bytes) -> tuple[bytes, bytes, int]:
    """Both halves, as RLP writes numbers, and which of two keys it is by: 0 or 1."""
    signed = account.unsafe_sign_hash(Hash32(keccak256(unsigned)))
    return encode_integer(signed.r), encode_integer(signed.s), signed.v - 27
