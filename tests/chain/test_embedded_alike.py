"""Whole blocks against py-evm's own London: contracts that make, end and make again other contracts."""

from __future__ import annotations

import random
from typing import Any

import pytest
from eth.db.atomic import AtomicDB
from eth.typing import AccountDetails
from eth.vm import opcode_values as op
from eth.vm.forks.london.state import LondonState
from eth.vm.forks.london.transactions import LondonTransactionBuilder
from eth_keys.datatypes import PrivateKey
from eth_typing import Address, BlockNumber

from yinzheng.ledger.chain.embedded import clique
from yinzheng.ledger.chain.embedded.db import Staging
from yinzheng.ledger.chain.embedded.sealing import build_block
from yinzheng.ledger.chain.embedded.tries import Read
from yinzheng.verifier.bytes.algorithms import keccak256

CHAIN, KEY = 20_260, PrivateKey(b"\x11" * 32)
SENDER = Address(KEY.public_key.to_canonical_address())
MAKER, *CALLERS = (Address(bytes([number]) * 20) for number in range(0xC0, 0xC5))
END = bytes([op.CALLER, op.SELFDESTRUCT])


def push(word: int | bytes) -> bytes:
    raw = word if isinstance(word, bytes) else word.to_bytes(max(1, (word.bit_length() + 7) // 8), "big")
    return bytes([op.PUSH1 + len(raw) - 1]) + raw


# Asked with nothing it ends; else it adds to a slot what it is asked with.
CHILD = bytes([op.CALLDATASIZE]) + push(6) + bytes([op.JUMPI]) + END + bytes([op.JUMPDEST])
CHILD += (
    push(0) + bytes([op.CALLDATALOAD]) + push(1) + bytes([op.SLOAD, op.ADD]) + push(1) + bytes([op.SSTORE])
)
MAKING = (
    push(3) + push(2) + bytes([op.SSTORE]) + push(CHILD.ljust(32, b"\0")) + push(0) + bytes([op.MSTORE])
    + push(len(CHILD)) + push(0) + bytes([op.RETURN])
)  # fmt: skip


def _in_memory(data: bytes) -> bytes:
    pieces = (data[at : at + 32].ljust(32, b"\0") for at in range(0, len(data), 32))
    return b"".join(push(piece) + push(32 * at) + bytes([op.MSTORE]) for at, piece in enumerate(pieces))


MADE = (
    _in_memory(MAKING) + push(0) + bytes([op.CALLDATALOAD]) + push(len(MAKING)) + push(0) * 2
    + bytes([op.CREATE2, op.STOP])
)  # fmt: skip
CHILDREN = [
    Address(keccak256(b"\xff" + MAKER + salt.to_bytes(32, "big") + keccak256(MAKING))[12:]) for salt in (0, 1)
]


def _called(draw: random.Random) -> bytes:
    """One thing that a caller does."""
    child = draw.choice(CHILDREN)
    if draw.random() < 0.2:
        asked = bytes([draw.choice([op.EXTCODEHASH, op.EXTCODESIZE, op.BALANCE])])
        return push(child) + asked + push(4) + bytes([op.SSTORE])
    kind = draw.choice([op.CALL, op.CALL, op.DELEGATECALL, op.STATICCALL])
    value = push(draw.choice([0, 0, 1])) if kind == op.CALL else b""
    size, to = draw.choice([(32, MAKER), (0, child), (32, child), (32, child)])
    word = draw.choice([0, 1, 2**256 - 1])
    kept = push(word) + push(0) + bytes([op.MSTORE]) + push(0) * 2 + push(size) + push(0) + value + push(to)
    return kept + bytes([op.GAS, kind]) + push(5) + bytes([op.SSTORE])


def _caller(draw: random.Random) -> bytes:
    done = b"".join(_called(draw) for _ in range(draw.randrange(1, 6)))
    return done + draw.choice([b"", b"", b"", push(0) * 2 + bytes([op.REVERT]), b"\xfe", END])


def _chain(db: Any, own: bool, code: dict[Address, bytes]) -> Any:
    made: Any = clique.chain_class(CHAIN)
    if not own:
        vm = type("Theirs", (made.vm_configuration[0][1],), {"_state_class": LondonState})
        made = made.configure(vm_configuration=((BlockNumber(0), vm),))
    state = {of: AccountDetails(balance=9, nonce=1, code=one, storage={}) for of, one in code.items()}
    state[SENDER] = AccountDetails(balance=10**27, nonce=0, code=b"", storage={})
    given = {"difficulty": 1, "extra_data": clique.extra_data(0, SENDER), "gas_limit": 30_000_000}
    return made.from_genesis(
        db, {**given, "nonce": clique.NO_VOTE, "timestamp": 1, "base_fee_per_gas": 7}, state
    )


@pytest.mark.parametrize("seed", range(12))
def test_blocks_end_as_in_py_evm(seed: int) -> None:
    draw = random.Random(seed)
    code = {MAKER: MADE, **{one: _caller(draw) for one in CALLERS}}
    ours_in, theirs_in = AtomicDB(), AtomicDB()
    ours: Any = _chain(ours_in, True, code)
    theirs: Any = _chain(theirs_in, False, code)
    parent, nonce = ours.get_canonical_head(), 0
    assert parent.state_root == theirs.get_canonical_head().state_root
    for _ in range(3):
        if draw.random() < 0.4:
            ours_in.nodes = Read()  # type: ignore[attr-defined] # as a store that was opened anew
        sent = []
        for _ in range(4):
            unsigned = LondonTransactionBuilder.new_unsigned_dynamic_fee_transaction(
                chain_id=CHAIN, nonce=nonce, max_priority_fee_per_gas=1, max_fee_per_gas=10**10,
                gas=draw.choice([2_000_000, 2_000_000, draw.randrange(60_000, 400_000)]),
                to=draw.choice([MAKER, *CALLERS, *CALLERS, *CHILDREN]), value=draw.choice([0, 1]),
                data=draw.choice([b"", bytes(32), bytes(31) + b"\1"]), access_list=[],
            )  # fmt: skip
            sent.append(unsigned.as_signed_transaction(KEY))
            nonce += 1
        staged = Staging(ours_in)
        sealed = build_block(type(ours)(staged), parent, 10, KEY, sent)
        vm = type(theirs)(theirs_in).get_vm(clique.provisional_header(parent, 10, KEY))
        header = vm.get_header()
        receipts = []
        for one in sent:
            receipt, _ = vm.apply_transaction(header, one)
            header = vm.add_receipt_to_header(header, receipt)
            receipts.append(receipt)
        vm.state.persist()
        assert sealed.block is not None
        assert [one.encode() for one in sealed.receipts] == [one.encode() for one in receipts]
        assert sealed.block.header.state_root == vm.state.state_root
        for key, value in staged.changes.items():
            assert value is not None
            ours_in[key] = value
        parent = sealed.block.header
