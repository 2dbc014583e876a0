"""Where code may be jumped to, and what code costs a node that only tries it."""

from __future__ import annotations

import pytest
from eth.exceptions import InvalidInstruction
from eth.vm import opcode_values as op
from eth.vm.code_stream import CodeStream
from eth.vm.forks.london.state import LondonState
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chain.test_embedded_machine import _outcome
from yinzheng.ledger.chain.embedded import machine
from yinzheng.ledger.chain.embedded.jumps import Targets

_BYTES = st.sampled_from([op.JUMPDEST, op.JUMPDEST, op.PUSH1, op.PUSH1 + 1, op.PUSH32, op.STOP, 0x0A, op.POP])
_CODES = st.one_of(
    st.lists(_BYTES, max_size=400).map(bytes), st.binary(max_size=60).map(lambda piece: piece * 9)
)


@settings(max_examples=200, deadline=None)
@given(code=_CODES)
def test_targets_are_those_of_py_evm(code: bytes) -> None:
    theirs = CodeStream(code)
    expected = [at for at, one in enumerate(code) if one == op.JUMPDEST and theirs.is_valid_opcode(at)]
    assert Targets(code).all() == frozenset(expected)
    asked = [at for at in (*range(len(code) + 2), 2**256 - 1) if at in Targets(code)]
    assert asked == expected


def _jumping(within: bytes, at: int) -> bytes:
    start = bytes([op.PUSH1 + 2]) + (at + 5).to_bytes(3, "big") + bytes([op.JUMP])
    return start + within


@pytest.mark.parametrize("length", [machine.LONGEST - 200, machine.LONGEST + 200])
def test_code_of_any_length_runs_as_in_py_evm(length: int) -> None:
    for at, end in ((length - 9, bytes([op.JUMPDEST, op.ADDRESS])), (length - 9, bytes([op.ADDRESS]))):
        body = bytes([op.PUSH1 + 1, 7, op.JUMPDEST]) * (at // 3) + bytes(at % 3) + end + bytes([op.PUSH32])
        code = _jumping(body, at)
        assert _outcome(machine.State, code, 90_000, b"") == _outcome(LondonState, code, 90_000, b"")


def test_what_is_too_long_is_not_remembered() -> None:
    """A contract may be made from a megabyte, hundreds of times in one call that costs nobody anything."""
    machine._analysed.cache_clear()
    _outcome(machine.State, bytes([op.STOP]) + bytes([op.JUMPDEST]) * machine.LONGEST, 90_000, b"")
    assert machine._analysed.cache_info().currsize == 0
    known = machine._known(bytes([op.ADDRESS, op.POP]) * machine.LONGEST)
    assert not known.from_(0).steps
    assert not known.stretches


def test_a_stretch_is_bounded() -> None:
    known = machine._known(bytes([op.PUSH1, 1]) * (machine.LONGEST // 2))
    for at in range(0, machine.LONGEST, 2):
        known.from_(at)
    assert sum(len(one.steps) for one in known.stretches.values()) <= machine.MOST_STEPS + 512


@pytest.mark.parametrize("length", [20_000, 20_001])
def test_a_jump_behind_many_pushes_is_told_without_looking_back_one_by_one(length: int) -> None:
    """py-evm calls itself for each of them, and gives up where Python does."""
    code = _jumping(bytes([op.PUSH1]) * length + bytes([op.JUMPDEST]), length)
    expected = InvalidInstruction if length % 2 else None
    assert _outcome(machine.State, code, 90_000, b"")["error"] is expected
