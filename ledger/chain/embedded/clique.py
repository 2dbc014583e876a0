"""The London virtual machine under Clique (EIP-225), the headers it makes, and their seals (S7.1).

The chain has one validator for life, and blocks only when there is something to seal, so the period is 0:
EIP-225 asks of a block's time only that it is at least the parent's plus the period, which allows several
blocks within one second and never lets block time run ahead of the clock. py-evm insists on strictly later
blocks; `CliqueVM` puts that back to EIP-225.
"""

import itertools
import sys
from collections.abc import Iterator

import rlp
from eth import EVM_RECURSION_LIMIT
from eth.abc import BlockHeaderAPI, DatabaseAPI, ReceiptAPI, ReceiptDecoderAPI
from eth.chains.base import Chain
from eth.consensus.clique._utils import get_block_signer, is_checkpoint, sign_block_header
from eth.consensus.clique.clique import CliqueApplier, CliqueConsensusContext
from eth.consensus.clique.constants import EPOCH_LENGTH, SIGNATURE_LENGTH, VANITY_LENGTH
from eth.constants import BLANK_ROOT_HASH, ZERO_ADDRESS, ZERO_HASH32
from eth.db.chain import ChainDB
from eth.vm.forks.london import LondonVM
from eth.vm.forks.london.blocks import LondonBlockHeader
from eth.vm.forks.london.headers import calculate_expected_base_fee_per_gas
from eth_keys.datatypes import PrivateKey
from eth_typing import BlockNumber, Hash32
from eth_utils.exceptions import ValidationError

from yinzheng.ledger.chain.embedded import coding, machine
from yinzheng.ledger.chain.embedded.tries import Read, Trie

# py-evm needs some 12 frames for each of 1024 nested calls, but py_ecc, which it imports, raises the limit to
# 100,000 for the whole process: then deeply nested input overflows the C stack of the JSON parser (CPython
# 3.11), and anyone who can post a body can end the process. Back to what py-evm needs.
if sys.getrecursionlimit() > EVM_RECURSION_LIMIT:
    sys.setrecursionlimit(EVM_RECURSION_LIMIT)
machine.hash_quickly()
coding.code_quickly()

IN_TURN = 2
"""Difficulty of a block sealed by the validator whose turn it is; a lone validator's every block."""

EMPTY_STATE = bytes(BLANK_ROOT_HASH)
"""State root of a chain without accounts, for which no node is stored."""

NO_VOTE = bytes(8)
"""Header nonce of a block that votes for nobody."""


class CliqueVM(LondonVM):
    """London with EIP-225's rule of time at period 0: not before the parent."""

    _state_class = machine.State

    @classmethod
    def validate_header(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        """As py-evm's, but a block may bear its parent's time. Raises `ValidationError`."""
        if header.timestamp < parent_header.timestamp:
            raise ValidationError(f"block time {header.timestamp} is before its parent's")
        super().validate_header(header, parent_header.copy(timestamp=header.timestamp - 1))


class ListedDB(ChainDB):
    """py-evm's view of a database, which reads a block's transactions and receipts through our tries: there
    the nodes lie by their places."""

    @staticmethod
    def _get_block_data_from_root_hash(db: DatabaseAPI, block_root_hash: Hash32) -> Iterator[bytes]:  # type: ignore[override]
        trie = Trie(db, block_root_hash, Read())
        for number in itertools.count():
            if not (item := trie[rlp.encode(number)]):
                return
            yield item

    def get_receipts(
        self, header: BlockHeaderAPI, receipt_decoder: type[ReceiptDecoderAPI]
    ) -> tuple[ReceiptAPI, ...]:
        """The receipts of a block, in the order of its transactions."""
        listed = self._get_block_data_from_root_hash(self.db, header.receipt_root)
        return tuple(receipt_decoder.decode(one) for one in listed)


def chain_class(chain_id: int) -> type[Chain]:
    """py-evm's chain of that id: London with Clique from block 0."""
    return Chain.configure(
        __name__="EmbeddedCliqueChain",
        vm_configuration=CliqueApplier().amend_vm_configuration(((BlockNumber(0), CliqueVM),)),
        consensus_context_class=CliqueConsensusContext,
        chaindb_class=ListedDB,
        chain_id=chain_id,
    )


def extra_data(number: int, validator: bytes) -> bytes:
    """`extraData` with room for the seal; at the start of an epoch it lists the validators."""
    listed = validator if is_checkpoint(number, EPOCH_LENGTH) else b""
    return bytes(VANITY_LENGTH) + listed + bytes(SIGNATURE_LENGTH)


def seal(header: BlockHeaderAPI, key: PrivateKey) -> BlockHeaderAPI:
    """`header` with the last 65 bytes of its extra data replaced by the validator's `r || s || v`."""
    return sign_block_header(header, key)


def sealer(header: BlockHeaderAPI) -> bytes:
    """The address that sealed `header`."""
    return bytes(get_block_signer(header))


def provisional_header(parent: BlockHeaderAPI, time: int, key: PrivateKey) -> BlockHeaderAPI:
    """The header of the block after `parent`, before execution, already sealed.

    py-evm credits the fees to whoever sealed the header it executes under, and recovers that from the
    seal: an unsealed header would credit a random address. After execution the header is sealed again.
    """
    number = parent.block_number + 1
    header = LondonBlockHeader(
        parent_hash=parent.hash,
        coinbase=ZERO_ADDRESS,
        state_root=parent.state_root,
        difficulty=IN_TURN,
        block_number=BlockNumber(number),
        gas_limit=parent.gas_limit,
        timestamp=time,
        extra_data=extra_data(number, key.public_key.to_canonical_address()),
        mix_hash=ZERO_HASH32,
        nonce=NO_VOTE,
        base_fee_per_gas=calculate_expected_base_fee_per_gas(parent),
    )
    return seal(header, key)
