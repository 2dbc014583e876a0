"""From signed transactions to a sealed block, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import rlp
from eth.abc import BlockAPI, BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI, VirtualMachineAPI
from eth.chains.base import Chain
from eth.constants import BLANK_ROOT_HASH
from eth.exceptions import UnrecognizedTransactionType
from eth.vm.forks.london.transactions import LondonTransactionBuilder
from eth_keys.datatypes import PrivateKey
from eth_keys.exceptions import BadSignature
from eth_typing import Hash32
from eth_utils.exceptions import ValidationError

from yinzheng.ledger.chain.embedded import clique
from yinzheng.ledger.chain.embedded.tries import Read, Trie

MAX_TRANSACTION = 128 * 1024
"""Bytes of one encoded transaction (geth's limit)."""


class Refused(Exception):  # noqa: N818 - the answer "no", which callers collect
    """A transaction no block can hold, and why, in geth's words where it has some."""


@dataclass(frozen=True)
class SealedBlock:
    """A block and, for each transaction considered, None or why it is not in it.

    `block` is None when every one considered was refused. `outcomes` is shorter than what was offered when
    the block was full: the rest belongs in the next.
    """

    block: BlockAPI | None
    outcomes: tuple[Refused | None, ...]
    receipts: tuple[ReceiptAPI, ...]

    @property
    def loggers(self) -> frozenset[bytes]:
        """The addresses that logged."""
        return frozenset(bytes(log.address) for receipt in self.receipts for log in receipt.logs)


def decode_transaction(raw: bytes, chain_id: int) -> SignedTransactionAPI:
    """Decode and check what needs no state: form, chain id, signature, gas. Raises `Refused`."""
    if len(raw) > MAX_TRANSACTION:
        raise Refused("oversized data")
    try:
        transaction = LondonTransactionBuilder().decode(raw)
        transaction.validate()
        sender = transaction.sender
    except (
        rlp.exceptions.RLPException,
        ValidationError,
        UnrecognizedTransactionType,
        BadSignature,
        ValueError,
        IndexError,
        RecursionError,
    ) as error:
        raise Refused(f"invalid transaction: {type(error).__name__}") from error
    if transaction.chain_id != chain_id:
        raise Refused("invalid chain id for signer")
    if transaction.gas < transaction.intrinsic_gas:
        raise Refused("intrinsic gas too low")
    if transaction.max_fee_per_gas < transaction.max_priority_fee_per_gas:
        raise Refused("max priority fee per gas higher than max fee per gas")
    if transaction.encode() != raw or len(sender) != 20:
        raise Refused("invalid transaction: not canonical")
    return transaction


def build_block(
    chain: Chain,
    parent: BlockHeaderAPI,
    time: int,
    key: PrivateKey,
    transactions: Sequence[SignedTransactionAPI],
) -> SealedBlock:
    """Execute as many of `transactions` as fit after `parent`, seal, and write all of it through `chain`.

    `chain` stands on a `Staging`: nothing is on disk until that is committed.
    """
    vm = chain.get_vm(clique.provisional_header(parent, time, key))
    header = vm.get_header()
    taken: list[SignedTransactionAPI] = []
    receipts: list[ReceiptAPI] = []
    outcomes: list[Refused | None] = []
    for transaction in transactions:
        if taken and header.gas_used + transaction.gas > header.gas_limit:
            break
        refusal = _admit(vm, header, transaction)
        outcomes.append(refusal)
        if refusal is None:
            receipt, _ = vm.apply_transaction(header, transaction)
            header = vm.add_receipt_to_header(header, receipt)
            taken.append(transaction)
            receipts.append(receipt)
    block = _finish(chain, vm, header, parent, key, taken, receipts) if taken else None
    return SealedBlock(block, tuple(outcomes), tuple(receipts))


def _admit(
    vm: VirtualMachineAPI, header: BlockHeaderAPI, transaction: SignedTransactionAPI
) -> Refused | None:
    """Whether `transaction` may come next: None, or the refusal."""
    state, sender = vm.state, transaction.sender
    nonce, balance = state.get_nonce(sender), state.get_balance(sender)
    fee_limit, base_fee = transaction.max_fee_per_gas, header.base_fee_per_gas or 0
    if transaction.gas > header.gas_limit - header.gas_used:
        return Refused("exceeds block gas limit")
    if transaction.nonce != nonce:
        low = transaction.nonce < nonce
        return Refused(
            f"nonce too {'low' if low else 'high'}: next nonce {nonce}, tx nonce {transaction.nonce}"
        )
    if fee_limit < base_fee:
        return Refused(f"max fee per gas less than block base fee: {fee_limit} < {base_fee}")
    if balance < transaction.gas * fee_limit + transaction.value:
        return Refused("insufficient funds for gas * price + value")
    if state.get_code(sender):
        return Refused("sender not an eoa")
    if transaction.s == 0 or transaction.s > _HALF_ORDER:
        return Refused("invalid transaction v, r, s values")
    return None


_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def _finish(
    chain: Chain,
    vm: VirtualMachineAPI,
    header: BlockHeaderAPI,
    parent: BlockHeaderAPI,
    key: PrivateKey,
    transactions: Sequence[SignedTransactionAPI],
    receipts: Sequence[ReceiptAPI],
) -> BlockAPI:
    """Merkelize, seal the final header, check it as any importer would, and write the block.

    Clique pays no block reward, so there is nothing to finalize in the state beyond the fees.
    """
    vm.state.persist()
    unsealed = header.copy(
        transaction_root=_root(chain, transactions),
        receipt_root=_root(chain, receipts),
        state_root=vm.state.state_root,
    )
    sealed = clique.seal(unsealed, key)
    vm.validate_header(sealed, parent)
    block = vm.get_block().copy(header=sealed, transactions=tuple(transactions))
    chain.chaindb.persist_block(block)
    return block


def _root(chain: Chain, items: Sequence[SignedTransactionAPI] | Sequence[ReceiptAPI]) -> Hash32:
    """Root of the trie of these by their numbers (Yellow Paper, 4.3); its nodes are written."""
    trie = Trie(chain.chaindb.db, BLANK_ROOT_HASH, Read())
    for number, item in enumerate(items):
        trie[rlp.encode(number)] = cast("Any", item).encode()
    return trie.root_hash
