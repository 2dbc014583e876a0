"""Our loop against py-evm's own interpreter: the same outcome of any program, to the last unit of gas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth.constants import BLANK_ROOT_HASH, ZERO_HASH32
from eth.db.atomic import AtomicDB
from eth.vm import opcode_values as op
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.london.computation import LondonComputation
from eth.vm.forks.london.opcodes import LONDON_OPCODES
from eth.vm.forks.london.state import LondonState
from eth.vm.memory import Memory
from eth.vm.message import Message
from eth.vm.transaction_context import BaseTransactionContext
from eth_hash.auto import keccak
from eth_typing import Address, BlockNumber
from hypothesis import example, given, settings
from hypothesis import strategies as st

from yinzheng.ledger.chain.embedded import machine
from yinzheng.ledger.chain.embedded.clique import CliqueVM
from yinzheng.verifier.bytes.algorithms import keccak256


@pytest.fixture(params=[0, machine.MOST_STEPS], ids=["step by step", "made ready"], autouse=True)
def _either_way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Code is made ready up to a bound; what is beyond it is done step by step: here nothing, or all."""
    most, machine.MOST_STEPS = machine.MOST_STEPS, request.param - 1
    machine._analysed.cache_clear()
    yield
    machine.MOST_STEPS = most
    machine._analysed.cache_clear()


_HERE, _THERE = Address(b"\1" * 20), Address(b"\2" * 20)
_WORDS = st.one_of(
    st.integers(0, 70),
    st.integers(0, 2**256 - 1),
    st.sampled_from([0, 1, 31, 32, 255, 256, 2**255 - 1, 2**255, 2**256 - 1]),
)
_CLOSED = [number for number in LONDON_OPCODES if number not in (op.GASLIMIT, op.SELFDESTRUCT)]


def _push(word: int) -> bytes:
    raw = word.to_bytes(max(1, (word.bit_length() + 7) // 8), "big")
    return bytes([op.PUSH1 + len(raw) - 1]) + raw


_STEPS = st.one_of(
    _WORDS.map(_push),
    st.sampled_from(_CLOSED).map(lambda number: bytes([number])),
    st.sampled_from(sorted(machine._BINARY)).flatmap(
        lambda number: st.tuples(_WORDS, _WORDS).map(
            lambda words: _push(words[0]) + _push(words[1]) + bytes([number])
        )
    ),
    st.integers(0, 90).map(lambda target: bytes([op.PUSH1, target, op.JUMP])),
    st.integers(0, 90).map(lambda target: _push(1) + bytes([op.PUSH1, target, op.JUMPI])),
    st.integers(0, 70).map(lambda at: bytes([op.CALLER, op.PUSH1, at, op.MSTORE, op.PUSH1, at, op.MLOAD])),
    st.just(bytes([op.JUMPDEST])),
    st.binary(max_size=4),
)


def _outcome(state_class: type[LondonState], code: bytes, gas: int, callee: bytes) -> dict[str, Any]:
    context = ExecutionContext(_HERE, 7, BlockNumber(3), 2, ZERO_HASH32, 30_000_000, [], 20_260, 7)
    state: Any = state_class(AtomicDB(), context, BLANK_ROOT_HASH)
    state.set_code(_THERE, callee)
    message = Message(gas, _HERE, _THERE, 0, b"what is asked" * 9, code, is_static=False)
    state.mark_address_warm(_HERE)
    surroundings = BaseTransactionContext(gas_price=1, origin=_THERE)
    found: Any = state.computation_class.apply_message(state, message, surroundings)
    return {
        "error": type(found.error) if found.is_error else None,
        "output": found.output,
        "gas": found.get_gas_used(),
        "refund": found.get_gas_refund(),
        "stack": [one if isinstance(one, int) else int.from_bytes(one, "big") for one in found._stack.values],
        "memory": bytes(found._memory._bytes),
        "logs": [] if found.is_error else found.get_log_entries(),
        "position": found.code.program_counter,
        "state": state.make_state_root(),
    }


@settings(max_examples=120, deadline=None)
@example(program=[b"\x5b\x60\x00\x56"], gas=5_000, callee=b"")  # round and round until the gas is gone
@example(program=[b"\x60\x01" * 1023], gas=100_000, callee=b"")
@example(program=[b"\x60\x01" * 1024 + b"\x80"], gas=100_000, callee=b"")
@example(program=[b"\x60\x01" * 1025], gas=100_000, callee=b"")
@example(program=[b"\x60\x03\x56\x5b"], gas=11, callee=b"")
@example(program=[b"\x60\x03\x56\x61\x5b\x5b"], gas=100, callee=b"")  # a target within what is pushed
@example(program=[b"\x7f\x01"], gas=100, callee=b"")  # pushes what is not there
@given(program=st.lists(_STEPS, max_size=30), gas=st.integers(0, 60_000), callee=st.binary(max_size=12))
def test_any_program_ends_as_in_py_evm(program: list[bytes], gas: int, callee: bytes) -> None:
    code = b"".join(program)
    assert _outcome(machine.State, code, gas, callee) == _outcome(LondonState, code, gas, callee)


_SLOT = 32
_SLOTS = 6
_HERE_AND_THERE = st.integers(1, _SLOTS).map(lambda slot: bytes([op.PUSH1, slot * _SLOT]))
_WITHIN = st.one_of(
    st.integers(0, 70).map(lambda word: bytes([op.PUSH1, word])),
    st.integers(op.DUP1, op.SWAP16).map(lambda number: bytes([number])),
    st.sampled_from([*machine._BINARY, *machine._UNARY, op.POP, op.CALLER, op.MLOAD]).map(
        lambda n: bytes([n])
    ),
    st.integers(0, 70).map(lambda at: bytes([op.PUSH1, at, op.MSTORE])),
    _HERE_AND_THERE.map(lambda target: target + bytes([op.JUMPI])),
)
_SLOTTED = st.tuples(st.lists(_WITHIN, max_size=14), _HERE_AND_THERE).map(
    lambda parts: (bytes([op.JUMPDEST]) + b"".join(parts[0]))[: _SLOT - 3] + parts[1] + bytes([op.JUMP])
)


@settings(max_examples=150, deadline=None)
@given(
    deep=st.lists(st.integers(0, 255), max_size=24),
    slots=st.lists(_SLOTTED, min_size=_SLOTS, max_size=_SLOTS),
    gas=st.integers(0, 9_000),
)
def test_any_course_of_jumps_ends_as_in_py_evm(deep: list[int], slots: list[bytes], gas: int) -> None:
    """Each place begins with what others left on the stack, and jumps to some other."""
    begin = b"".join(map(_push, deep)) + bytes([op.CALLER, op.PUSH1, _SLOT * (_SLOTS + 1), op.JUMP])
    placed = [slot.ljust(_SLOT, bytes([op.JUMPDEST])) for slot in slots]
    first = bytes([op.JUMPDEST, op.PUSH1, _SLOT, op.JUMP])
    start = bytes([op.PUSH1, _SLOT * (_SLOTS + 1) + len(first), op.JUMP]).ljust(_SLOT, bytes([op.JUMPDEST]))
    code = start + b"".join(placed) + first + bytes([op.JUMPDEST]) + begin
    assert _outcome(machine.State, code, gas, b"") == _outcome(LondonState, code, gas, b"")


def test_a_loop_runs_out_of_gas_at_the_same_step_for_each_amount() -> None:
    code = b"".join(map(_push, (5, 0))) + bytes([op.MSTORE, op.JUMPDEST, op.CALLER, op.ADD, op.DUP1]) * 3
    for gas in range(120):
        assert _outcome(machine.State, code, gas, b"") == _outcome(LondonState, code, gas, b""), gas


@pytest.mark.parametrize("number", sorted(LONDON_OPCODES))
def test_each_step_without_what_it_takes_fails_as_in_py_evm(number: int) -> None:
    for height in (0, 1):
        code = _push(3) * height + bytes([number])
        assert _outcome(machine.State, code, 40_000, b"") == _outcome(LondonState, code, 40_000, b"")


def test_a_word_of_any_kind_of_bytes_is_the_number_it_is() -> None:
    """py-evm takes whatever is `bytes`, such as web3's `HexBytes`; one of zeros is not true."""

    class Named(bytes):
        pass

    values: list[Any] = [Named(bytes(20))]
    known = machine._known(bytes([op.ISZERO, op.DUP1, op.ADD]))
    assert machine._advance(known, values, Memory(), 0, 9) == (3, 0)
    assert values == [2]


def test_the_chain_runs_by_it_and_hashes_in_c_where_there_is_a_wheel() -> None:
    assert CliqueVM.get_state_class().computation_class is machine.Computation
    assert issubclass(machine.Computation, LondonComputation)
    assert keccak.hasher is keccak256
    assert keccak(b"").hex().startswith("c5d2460186f7233c")
