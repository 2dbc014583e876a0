"""What anyone sees of consents, the published log and the chain, and whether it groups them by person.

Each pattern is a statistic of the published data and of labels, one a consent. How far the true labels stand
from random permutations of them, in standard deviations, says whether the pattern knows persons apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yinzheng.ledger.registry import Registry
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.statement import Statement

Ints = npt.NDArray[np.int64]
Pattern = Callable[[Ints], float]
"""Labels in the order of the log → a statistic."""

PERMUTATIONS = 200
STRIKING = 5.0
"""Standard deviations. By chance one pattern of a million is beyond them, so that no run fails by chance;
what shuffling hides lies beyond 20."""


@dataclass(frozen=True)
class Published:
    """The consents among the log's statements, in their order, and the sizes of the anchored heads."""

    statements: tuple[Statement, ...]
    positions: Ints
    """Of each in the log."""
    heads: tuple[int, ...]


def published(registry: Registry, heads: list[int]) -> Published:
    """Read the log's own files; `heads` are the sizes the chain holds."""
    note = registry.log.note()
    assert note is not None
    entries = enumerate(registry.log.entries(0, peek_checkpoint(note).size))
    found = [(at, Statement.from_bytes(entry)) for at, entry in entries if b'"consent.granted"' in entry]
    return Published(tuple(s for _, s in found), np.array([at for at, _ in found]), tuple(heads))


def _same_pairs(labels: Ints, values: Ints) -> float:
    """Pairs of one person that share a value."""
    both = np.bincount(labels * (int(values.max()) + 1) + values)
    return float((both * (both - 1)).sum() / 2)


def _numbered(values: list[object]) -> Ints:
    return np.unique(np.array([json.dumps(value) for value in values]), return_inverse=True)[1]


def _neighbours(order: Ints) -> Pattern:
    """Neighbours in an order that are of one person."""
    return lambda labels: float((labels[order][1:] == labels[order][:-1]).sum())


def _gaps(positions: Ints) -> Pattern:
    """Mean distance from a consent to the same person's next."""

    def gap(labels: Ints) -> float:
        order = np.lexsort((positions, labels))
        same = labels[order][1:] == labels[order][:-1]
        return float(np.diff(positions[order])[same].mean())

    return gap


def _bits(rows: npt.NDArray[np.uint8]) -> Pattern:
    """How alike the bits of one person's values are: squared sums of signs over each person."""
    signs = np.unpackbits(rows, axis=1).astype(np.int8) * 2 - 1

    def alike(labels: Ints) -> float:
        order = np.argsort(labels, kind="stable")
        starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
        counts = np.diff(starts, append=len(labels))
        sums = np.zeros((len(starts), signs.shape[1]), dtype=np.int16)
        for nth in range(counts.max()):  # of each person the nth; `reduceat` takes ten times as long
            has = counts > nth
            sums[has] += signs[order[starts[has] + nth]]
        return float((sums.astype(np.int64) ** 2).sum())

    return alike


def patterns(seen: Published) -> Iterator[tuple[str, Pattern]]:
    """Every field of a statement, every bit of its hashes, and order and time of its publication."""
    fields = [statement.to_json() for statement in seen.statements]
    for name in ("v", "type", "profile", "at", "prev", "by"):
        values = _numbered([one[name] for one in fields])
        yield f"equal {name}", lambda labels, values=values: _same_pairs(labels, values)  # type: ignore[misc]
    heads = np.searchsorted(np.array(seen.heads), seen.positions, side="right")
    yield "same head", lambda labels: _same_pairs(labels, heads)
    for width in (16, 256):
        tiles = seen.positions // width
        yield f"same {width} entries", lambda labels, tiles=tiles: _same_pairs(labels, tiles)  # type: ignore[misc]
    yield "log neighbours", _neighbours(np.argsort(seen.positions))
    yield "log distance", _gaps(seen.positions)
    hashes = {
        "subject": [one.subject for one in seen.statements],
        "sm3": [one.commitment.sm3 for one in seen.statements],
        "sha256": [one.commitment.sha256 for one in seen.statements],
        "leaf": [one.leaf_hash for one in seen.statements],
    }
    for name, values_ in hashes.items():
        rows = np.frombuffer(b"".join(values_), dtype=np.uint8).reshape(-1, 32)
        yield f"bits of {name}", _bits(rows)
        first = rows[:, 0].astype(np.int64)
        yield f"first byte of {name}", lambda labels, first=first: _same_pairs(labels, first)  # type: ignore[misc]
        yield f"sorted by {name}", _neighbours(np.array(sorted(range(len(values_)), key=values_.__getitem__)))


def striking(seen: Published, persons: list[int], only: Collection[str] = ()) -> dict[str, float]:
    """The patterns (all, or those named) that know persons apart, and by how many standard deviations."""
    labels = np.array(persons, dtype=np.int64)
    random = np.random.default_rng(20_261_122)
    shuffled = [random.permutation(labels) for _ in range(PERMUTATIONS)]
    found = {}
    for name, pattern in patterns(seen):
        if only and name not in only:
            continue
        chance = np.array([pattern(one) for one in shuffled])
        away = pattern(labels) - chance.mean()
        if abs(away) > STRIKING * chance.std() + 1e-6:
            found[name] = float(away / chance.std()) if chance.std() else float("inf")
    return found
