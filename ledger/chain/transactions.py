"""Transactions as they are signed and sent: EIP-1559, and EIP-155 where a network has no base fee."""

from __future__ import annotations

from typing import Final

from eth_account.signers.base import BaseAccount
from eth_typing import Hash32

from yinzheng.ledger.chain.fees import Fees
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.rlp import Item, encode_item

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
    what = [_number(gas), to or b"", _number(value), data]
    if fees.priority is None:
        fields: list[Item] = [_number(nonce), _number(fees.highest), *what]
        r, s, v = _signature(account, encode_item([*fields, _number(chain_id), b"", b""]))
        return encode_item([*fields, _number(35 + 2 * chain_id + v), r, s])
    paid = [_number(fees.priority), _number(fees.highest)]
    fields = [_number(chain_id), _number(nonce), *paid, *what, []]
    r, s, v = _signature(account, _DYNAMIC + encode_item(fields))
    return _DYNAMIC + encode_item([*fields, _number(v), r, s])


def _signature(account: BaseAccount, unsigned: bytes) -> tuple[bytes, bytes, int]:
    """Both halves, as RLP writes numbers, and which of two keys it is by: 0 or 1."""
    signed = account.unsafe_sign_hash(Hash32(keccak256(unsigned)))
    return _number(signed.r), _number(signed.s), signed.v - 27


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
