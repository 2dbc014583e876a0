"""Where contract code may be jumped to: at each `JUMPDEST` that is a step, and not within what is pushed."""

from __future__ import annotations

import re
from typing import Final

from eth.vm import opcode_values as op

_APART: Final = 128
_JUMPDEST: Final = re.compile(re.escape(bytes((op.JUMPDEST,))))
_PUSHES: Final = b"|".join(
    re.escape(bytes((number,))) + b".{%d}" % (number - op.PUSH1 + 1)
    for number in range(op.PUSH1, op.PUSH32 + 1)
)
_STEPS: Final = re.compile(b"(?:[^\x60-\x7f]++|" + _PUSHES + b")*+", re.DOTALL)
"""Whole steps, as many as there are: one that pushes takes what it pushes along."""


class Targets:
    """Of one code. It is looked through once, when it is first asked for one, and marks are kept."""

    __slots__ = ("_code", "_marks")

    def __init__(self, code: bytes) -> None:
        self._code = code
        self._marks: list[int] = []
        """Of each piece of `_APART` bytes, where the first step in it or behind it stands."""

    def __contains__(self, target: object) -> bool:
        code = self._code
        if not isinstance(target, int) or target >= len(code) or code[target] != op.JUMPDEST:
            return False
        mark = (self._marks or self._mark())[target // _APART]
        return mark <= target and _after(code, mark, target) == target

    def all(self) -> frozenset[int]:
        """Each of them."""
        found = (one.start() for one in re.finditer(_JUMPDEST, self._code))
        return frozenset(at for at in found if at in self)

    def _mark(self) -> list[int]:
        code, at = self._code, 0
        for end in range(_APART, len(code) + _APART, _APART):
            self._marks.append(at)
            if at < end:
                at = _after(code, at, end)
                if at < min(end, len(code)):  # what it pushes goes beyond
                    at += code[at] - op.PUSH1 + 2
        return self._marks


def _after(code: bytes, at: int, end: int) -> int:
    """Where the last step from `at` on ends that is whole before `end`."""
    found = _STEPS.match(code, at, end)
    assert found is not None
    return found.end()
