"""Running contract code quickly: what py-evm's interpreter does, with its commonest steps in one loop.

py-evm spends some eight calls on each step. Here the steps that only move words about (pushing, duplicating,
swapping, arithmetic, comparisons, jumps, words of memory that is there already) are done in one loop, at the
gas of py-evm's own table. Every other step, and each of these that would fail, is left to py-evm as it is:
so what costs, what fails and how stays its to say. `tests/chain/test_embedded_machine.py` holds both against
each other on random programs.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, cast

from eth.abc import MessageAPI, StateAPI, TransactionContextAPI
from eth.vm import opcode_values as op
from eth.vm.code_stream import CodeStream
from eth.vm.forks.london.computation import LondonComputation
from eth.vm.forks.london.opcodes import LONDON_OPCODES
from eth.vm.forks.london.state import LondonState
from eth_hash import auto
from eth_hash.backends.auto import AutoBackend

from yinzheng.ledger.chain.embedded.accounts import Accounts
from yinzheng.ledger.chain.embedded.jumps import Targets
from yinzheng.ledger.chain.embedded.stretches import Steps, Stretch, pushed, ready, run
from yinzheng.verifier.bytes.algorithms import keccak256

_TOP: Final = 1 << 256
_MOST: Final = _TOP - 1
_SIGN: Final = 1 << 255
_STACK: Final = 1024
_WORD: Final = 32

_BINARY: Final[dict[int, Callable[[int, int], int]]] = {
    op.ADD: lambda a, b: (a + b) & _MOST,
    op.MUL: lambda a, b: (a * b) & _MOST,
    op.SUB: lambda a, b: (a - b) & _MOST,
    op.DIV: lambda a, b: a // b if b else 0,
    op.MOD: lambda a, b: a % b if b else 0,
    op.LT: lambda a, b: 1 if a < b else 0,
    op.GT: lambda a, b: 1 if a > b else 0,
    op.SLT: lambda a, b: 1 if a ^ _SIGN < b ^ _SIGN else 0,
    op.SGT: lambda a, b: 1 if a ^ _SIGN > b ^ _SIGN else 0,
    op.EQ: lambda a, b: 1 if a == b else 0,
    op.AND: lambda a, b: a & b,
    op.OR: lambda a, b: a | b,
    op.XOR: lambda a, b: a ^ b,
    op.SHL: lambda a, b: (b << a) & _MOST if a < 256 else 0,
    op.SHR: lambda a, b: b >> a if a < 256 else 0,
}
"""Of two words, the upper first."""

_UNARY: Final[dict[int, Callable[[int], int]]] = {
    op.ISZERO: lambda a: 0 if a else 1,
    op.NOT: lambda a: _MOST - a,
}
_OTHERS: Final = (op.POP, op.MLOAD, op.MSTORE, op.JUMP, op.JUMPI, op.JUMPDEST)
_MOVING: Final = range(op.PUSH1, op.SWAP16 + 1)
"""Pushes, duplications, swaps."""

_NEVER: Final = 1 << 64
"""More gas than there is."""


def _gas(opcode: int) -> int:
    ours = opcode in _BINARY or opcode in _UNARY or opcode in _OTHERS or opcode in _MOVING
    return cast("int", LONDON_OPCODES[opcode].gas_cost) if ours else _NEVER


_GAS: Final = tuple(_gas(opcode) for opcode in range(256))
"""Of each step that is done here, by py-evm's table; `_NEVER` for py-evm's own."""


_OURS: Final = Steps(_BINARY, _UNARY, _GAS)


@dataclass(slots=True)
class _Analysed:
    """What is known of a contract's code, by position."""

    padded: bytes
    """The code with the zeros that follow it (`STOP`)."""
    targets: Container[int]
    """Where it may be jumped to."""
    stretches: dict[int, Stretch] = field(default_factory=dict)
    """What was made ready, by where it begins."""
    steps: int = 0
    """Of all of these."""

    def from_(self, at: int) -> Stretch:
        """What may be done from there; of code that has more than ours could, one step at a time."""
        if self.steps > MOST_STEPS:
            return Stretch((), _NEVER, 0, 0, at)
        made = self.stretches[at] = ready(self.padded, _OURS, at)
        self.steps += len(made.steps) + 1
        return made


MOST_STEPS = 30_000
"""Of one contract's code that are made ready. The longest that may be deployed has 24,576 bytes, of which
steps are some two thirds; strangers may have a node try more."""


LONGEST = 49_152
"""Bytes of code that is remembered: twice what may be deployed, as later forks have it (EIP-3860). London
lets a contract be made from as much as memory takes; strangers may have a node try hundreds in one call."""


@lru_cache(maxsize=24)
def _analysed(code: bytes) -> _Analysed:
    """Of code that is remembered. A registry has a dozen contracts."""
    return _Analysed(code + bytes(_WORD + 1), Targets(code).all())


def _known(code: bytes) -> _Analysed:
    """Of any: of what is longer nothing is made ready, nor looked through before it jumps."""
    if len(code) <= LONGEST:
        return _analysed(code)
    return _Analysed(code + bytes(_WORD + 1), Targets(code), steps=MOST_STEPS + 1)


class _Code(CodeStream):
    """Code that runs by itself as far as it can, and gives the steps that py-evm is to do."""

    __slots__ = ("_run_by", "_targets")

    def __init__(self, code: bytes, run_by: "Computation") -> None:
        super().__init__(code)
        self._run_by = run_by
        self._targets: Container[int] = ()

    def is_valid_opcode(self, position: int) -> bool:
        """Of a `JUMPDEST`: whether it is one. py-evm's own calls itself as often as it looks back."""
        return position in self._targets

    def __iter__(self) -> Iterator[int]:
        """The steps for py-evm, each once stack, gas and position are as they are before it."""
        known = _known(self._raw_code_bytes)
        self._targets = known.targets
        values, meter, memory = self._run_by.parts()
        at, end = 0, len(self._raw_code_bytes)
        while at < end:
            at, left = _advance(known, values, memory, at, meter.gas_remaining)
            meter.gas_remaining = left
            if at < end:
                self.program_counter = at + 1
                yield known.padded[at]
                at = self.program_counter
        self.program_counter = at
        yield op.STOP


def _advance(known: _Analysed, values: list[Any], memory: Any, at: int, left: int) -> tuple[int, int]:
    """Run from `at` with so much gas `left`; gives both before the first step that is py-evm's.

    `values` are the stack's, words or big-endian bytes as py-evm leaves them.
    """
    code, stretches, targets, held = known.padded, known.stretches, known.targets, memory._bytes
    while True:
        stretch = stretches.get(at) or known.from_(at)
        if left < stretch.gas or not stretch.height <= len(values) <= _STACK - stretch.growth:
            return _run(code, targets, values, memory, at, left)
        at, left = run(stretch, values, held, left)
        if at < 0:
            return ~at, left
        opcode = code[at]
        if opcode == op.JUMPDEST:
            continue
        if opcode not in _JUMPS or left < _GAS[opcode] or len(values) < _JUMPS[opcode]:
            return at, left
        target, condition = values[-1], values[-_JUMPS[opcode]]
        if target.__class__ is not int:
            target = int.from_bytes(target, "big")
        if condition.__class__ is not int:
            condition = int.from_bytes(condition, "big")
        away = condition or opcode == op.JUMP
        if away and target not in targets:
            return at, left
        del values[-_JUMPS[opcode] :]
        left -= _GAS[opcode]
        at = target if away else at + 1


_JUMPS: Final = {op.JUMP: 1, op.JUMPI: 2}
"""How many words each takes."""


def _run(
    code: bytes,
    targets: Container[int],
    values: list[Any],
    memory: Any,
    at: int,
    left: int,
) -> tuple[int, int]:
    """The same step by step, looking at each."""
    while True:
        opcode = code[at]
        cost = _GAS[opcode]
        if cost > left:
            return at, left
        height = len(values)
        if opcode >= op.PUSH1:
            if opcode < op.DUP1:
                if height >= _STACK:
                    return at, left
                values.append(pushed(code, at))
                at += opcode - op.PUSH1 + 1
            elif opcode < op.SWAP1:
                depth = opcode - op.DUP1 + 1
                if not depth <= height < _STACK:
                    return at, left
                values.append(values[-depth])
            else:
                depth = opcode - op.SWAP1 + 2
                if depth > height:
                    return at, left
                values[-1], values[-depth] = values[-depth], values[-1]
        elif opcode in _BINARY:
            if height < 2:
                return at, left
            first, second = values.pop(), values[-1]
            if first.__class__ is not int:
                first = int.from_bytes(first, "big")
            if second.__class__ is not int:
                second = int.from_bytes(second, "big")
            values[-1] = _BINARY[opcode](first, second)
        elif opcode == op.JUMPDEST:
            pass
        elif not height:
            return at, left
        elif opcode == op.POP:
            values.pop()
        else:
            first = values[-1]
            if first.__class__ is not int:
                first = int.from_bytes(first, "big")
            if opcode == op.JUMP:
                if first not in targets:
                    return at, left
                values.pop()
                at = first - 1
            elif opcode == op.JUMPI:
                if height < 2:
                    return at, left
                condition = values[-2]
                if condition.__class__ is not int:
                    condition = int.from_bytes(condition, "big")
                if condition:
                    if first not in targets:
                        return at, left
                    at = first - 1
                del values[-2:]
            elif opcode in _UNARY:
                values[-1] = _UNARY[opcode](first)
            else:
                held = memory._bytes
                end = first + _WORD
                if end > len(held):
                    return at, left  # it grows, which costs
                if opcode == op.MLOAD:
                    values[-1] = int.from_bytes(held[first:end], "big")
                else:
                    if height < 2:
                        return at, left
                    value = values[-2]
                    if value.__class__ is not int:
                        held[first:end] = value.rjust(_WORD, b"\0")
                    else:
                        held[first:end] = value.to_bytes(_WORD, "big")
                    del values[-2:]
        left -= cost
        at += 1


class Computation(LondonComputation):
    """London's rules, run so."""

    def __init__(
        self, state: StateAPI, message: MessageAPI, transaction_context: TransactionContextAPI
    ) -> None:
        """As py-evm's."""
        super().__init__(state, message, transaction_context)
        self.code = _Code(message.code, self)

    def parts(self) -> tuple[list[Any], Any, Any]:
        """The stack's values, the gas meter and the memory, which steps work on."""
        return cast("Any", self._stack).values, self._gas_meter, self._memory


class State(LondonState):
    """London's state, whose code is run so, and whose accounts are held so."""

    computation_class = Computation
    account_db_class = Accounts


def hash_quickly() -> None:
    """Have py-evm and what it stands on hash as we do, in C where there is a wheel: one choice for a process.

    `eth-hash` would take the first that it finds, which takes eight times as long.
    """
    if isinstance(auto.keccak._backend, AutoBackend):
        cast("Any", auto.keccak).hasher = keccak256
