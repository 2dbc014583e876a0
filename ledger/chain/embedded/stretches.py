"""Contract code made ready to be run: stretches of steps that only move words about, between two others.

Gas, height of the stack and its growth are looked at once for all of a stretch. Where any of them does not
suffice nothing of it is done, and the careful loop (`machine.py`) goes step by step as far as it can.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from eth.vm import opcode_values as op

_WORD: Final = 32
_PUSH, _DUPLICATE, _SWAP, _BINARY, _POP, _UNARY, _STORE, _LOAD = range(8)


MOST: Final = 512
"""Steps of one stretch, so that code which does not jump is not made ready beyond all bounds."""


class Stretch(NamedTuple):
    """Steps one after the other, ready to be done, and what they need."""

    steps: tuple[tuple[int, Any], ...]
    """The kind of each, and what it is about: a word, a place in the stack, a function of words; of memory,
    where it stands in the code and the gas until then."""
    gas: int
    height: int
    """Of the stack, at least."""
    growth: int
    """By how much the stack is higher at most, meanwhile."""
    end: int
    """Where the next step stands."""


class Steps(NamedTuple):
    """What the machine does itself."""

    binary: Mapping[int, Callable[[int, int], int]]
    unary: Mapping[int, Callable[[int], int]]
    gas: tuple[int, ...]
    """Of each step."""


def pushed(code: bytes, at: int) -> int:
    """The word that the step there pushes; `code` ends with zeros."""
    return int.from_bytes(code[at + 1 : at + code[at] - op.PUSH1 + 2], "big")


def ready(code: bytes, ours: Steps, start: int) -> Stretch:
    """What may be done from `start` on without a look, perhaps nothing: it ends before jumps, before what may
    be jumped to, before what is py-evm's, and after `MOST` steps.

    `code` ends with zeros.
    """
    at, spent, high, highest, needed = start, 0, 0, 0, 0
    steps: list[tuple[int, Any]] = []
    while len(steps) < MOST:
        opcode = code[at]
        found = _step(code, ours, at, spent)
        if found is None or (opcode == op.JUMPDEST and at > start):
            break
        step, takes, gives = found
        needed = max(needed, takes - high)
        high += gives - takes
        highest = max(highest, high)
        spent += ours.gas[opcode]
        at += opcode - op.PUSH1 + 2 if op.PUSH1 <= opcode <= op.PUSH32 else 1
        if step is not None:
            steps.append(step)
    return Stretch(tuple(steps), spent, needed, highest, at)


def _step(code: bytes, ours: Steps, at: int, spent: int) -> tuple[tuple[int, Any] | None, int, int] | None:
    """One step, how many words it takes and how many it gives; None of those that are not done here."""
    opcode = code[at]
    if op.PUSH1 <= opcode <= op.PUSH32:
        return (_PUSH, pushed(code, at)), 0, 1
    if op.DUP1 <= opcode <= op.DUP16:
        depth = opcode - op.DUP1 + 1
        return (_DUPLICATE, -depth), depth, depth + 1
    if op.SWAP1 <= opcode <= op.SWAP16:
        depth = opcode - op.SWAP1 + 2
        return (_SWAP, -depth), depth, depth
    if opcode in ours.binary:
        return (_BINARY, ours.binary[opcode]), 2, 1
    if opcode in ours.unary:
        return (_UNARY, ours.unary[opcode]), 1, 1
    if opcode in (op.MLOAD, op.MSTORE):
        loads = opcode == op.MLOAD
        return (_LOAD if loads else _STORE, (at, spent)), 1 if loads else 2, 1 if loads else 0
    if opcode == op.JUMPDEST:
        return None, 0, 0
    return ((_POP, None), 1, 0) if opcode == op.POP else None


def run(stretch: Stretch, values: list[Any], held: bytearray, left: int) -> tuple[int, int]:
    """Do a stretch, which all suffices for: where to go on, and the gas left then.

    `values` are the stack's, words or big-endian bytes as py-evm leaves them; `held` is the memory. Where
    that would have to grow, everything is as it is before that step, of whose place the bits are inverted.
    """
    push, pop = values.append, values.pop
    for kind, what in stretch.steps:
        if kind == _PUSH:
            push(what)
        elif kind == _DUPLICATE:
            push(values[what])
        elif kind == _SWAP:
            values[-1], values[what] = values[what], values[-1]
        elif kind == _BINARY:
            first, second = pop(), values[-1]
            if first.__class__ is not int:
                first = int.from_bytes(first, "big")
            if second.__class__ is not int:
                second = int.from_bytes(second, "big")
            values[-1] = what(first, second)
        elif kind == _POP:
            pop()
        else:
            first = values[-1]
            if first.__class__ is not int:
                first = int.from_bytes(first, "big")
            if kind == _UNARY:
                values[-1] = what(first)
                continue
            end = first + _WORD
            if end > len(held):
                at, spent = what
                return ~at, left - spent
            if kind == _LOAD:
                values[-1] = int.from_bytes(held[first:end], "big")
            else:
                value = values[-2]
                held[first:end] = (
                    value.to_bytes(_WORD, "big") if value.__class__ is int else value.rjust(_WORD, b"\0")
                )
                del values[-2:]
    return stretch.end, left - stretch.gas
