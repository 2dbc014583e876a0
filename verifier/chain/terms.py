"""What a licence covers, as bits of a word (S5.21): acts, territory, rights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from yinzheng.verifier.chain.holdings import RIGHT_BITS

RIGHTS: Final = tuple(RIGHT_BITS)
"""In the order of their bits, as are the others."""

ACTS: Final = ("store", "process", "use", "transmit", "provide", "publish")
"""What a licensee may do with the data."""

TERRITORY: Final = (
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
    "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
)  # fmt: skip
"""Province-level codes of GB/T 2260; all of them mean everywhere."""


def bits_of(names: Iterable[str], order: Sequence[str]) -> int:
    """Pack names as the chain keeps them: a bit for each, by its place in ``order``."""
    return sum(1 << order.index(name) for name in set(names))


def names_of_bits(bits: int, order: Sequence[str]) -> tuple[str, ...]:
    """The names that some bits stand for, in order.

    Raises `ValueError` for none, or for bits that stand for nothing.
    """
    if not 0 < bits < 1 << len(order):
        raise ValueError(bits)
    return tuple(name for at, name in enumerate(order) if bits >> at & 1)
