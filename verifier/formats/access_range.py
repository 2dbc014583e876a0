"""A range of access lines as an evidence item's bytes (S16.7): every line of it, none left out between.

Lines are numbered without gaps. Of each batch that the range touches, all lines in the range are shown, and a
proof that they are all there are between its ends (`merkle_range`); each batch begins where the one before
ended, and its statement follows that one's. So a line or batch that was dropped, changed or added is named by
its number, and lines outside the range are not disclosed, but for the one before and the one after: when they
were noted shows that the range is all there is of its time. Who acted there is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.algorithms import COMMITMENT_KEY_BYTES, DigestPair
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    loads,
    nullable,
    read_object,
    tuple_of,
)
from yinzheng.verifier.bytes.shape import Shaped, shape
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access import NOTED, AccessLine, Batch, Who, Words, parse_batch, parse_line
from yinzheng.verifier.log.merkle import HASH_BYTES, hash_leaf
from yinzheng.verifier.log.merkle_range import verify_range
from yinzheng.verifier.log.statement import Statement, commit_private, commit_public

FORMAT: Final = "yinzheng/access-lines/2"

MAX_LINES: Final = 10_000
"""Lines of one item."""

MAX_PATH: Final = 40
"""Hashes around the lines in a batch of at most a million."""

MAX_BATCHES: Final = 256
"""As many statements as an item may be about (S10.7)."""

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_VALUES: Final = 1_000_000


def _line(value: object, _path: str) -> AccessLine:
    return parse_line(value)


def _batch(value: object, _path: str) -> Batch:
    return parse_batch(value)


_SECRET: Final = hex_bytes(COMMITMENT_KEY_BYTES)


@dataclass(frozen=True, slots=True)
class SaidWords(Shaped):
    """What an organisation said in words of its own, and the secret of their commitment."""

    words: Words
    secret: Annotated[bytes, _SECRET] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SaidWho(Shaped):
    """Who acted, and the secret of that commitment: a court sees the name, a patient the function."""

    who: Who
    secret: Annotated[bytes, _SECRET] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RangeLine(Shaped):
    """A line of the range, its commitment, and what opens it."""

    commitment: Annotated[DigestPair, DigestPair.from_json]
    line: Annotated[AccessLine, _line]
    secret: Annotated[bytes, _SECRET] = field(repr=False)
    who: Annotated[SaidWho | None, nullable(shape(SaidWho))]
    """None of the lines beside the range."""
    words: Annotated[SaidWords | None, nullable(shape(SaidWords))]
    """None where nothing was said, or what was said is destroyed."""

    @property
    def leaf(self) -> bytes:
        """Its leaf hash in the tree of its batch (S19.2)."""
        return hash_leaf(dumps(self.commitment.to_json()))


@dataclass(frozen=True, slots=True)
class RangeBatch(Shaped):
    """A batch with those of its lines that lie in the range."""

    statement: Annotated[Statement, Statement.from_json]
    body: Annotated[Batch, _batch]
    lines: Annotated[tuple[RangeLine, ...], tuple_of(shape(RangeLine), 0, MAX_LINES)]
    path: Annotated[tuple[bytes, ...], tuple_of(hex_bytes(HASH_BYTES), 0, MAX_PATH)]
    """Hashes of the tree around them, from left to right (`merkle_range`)."""


@dataclass(frozen=True, slots=True)
class AccessRange:
    """A range that is whole: what `check_range` established."""

    first: int
    last: int
    leaves: tuple[bytes, ...]
    """Of the statements of its batches, in order; that they are in the log is for others to show."""


def format_range(batches: Sequence[RangeBatch]) -> bytes:
    """The canonical bytes of a range."""
    return dumps({"format": FORMAT, "batches": [batch.to_json() for batch in batches]})


def check_range(data: bytes, about: Mapping[str, JSON]) -> AccessRange:
    """Read a range and check that it is whole; ``about`` is what the item says of it (S10.7).

    Raises `DataFault`: `json-…`, a code of `canonical.read_object`; and with `lines`, the numbers concerned:
    `access-missing` (a line or batch of the range is not there), `access-differs` (a line is not the one that
    was committed to, or who acted or what was said is not), `access-batch` (the lines are not those of its
    statement), `access-thread` (a batch does not follow the one before), `access-period` (a line of the range
    was not noted in its time, or one beside it was).
    """
    value = loads(data, max_bytes=MAX_BYTES, canonical=True, max_values=MAX_VALUES)
    batches: tuple[RangeBatch, ...] = read_object(value, _RANGE)["batches"]
    first, last = _bounds(about)
    low, high = max(first - 1, 1), last + 1  # with the lines beside it
    _check_span(batches, low, high)
    for batch in batches:
        _check_batch(batch, low, high)
    _check_time([one for batch in batches for one in batch.lines], about, range(first, last + 1))
    for one, two in pairwise(batches):
        if two.statement.prev != one.statement.leaf_hash or two.statement.subject != one.statement.subject:
            raise _fault("a batch does not follow the one before it", "access-thread", [two.body.first])
    leaves = tuple(batch.statement.leaf_hash for batch in batches)
    if [leaf.hex() for leaf in leaves] != about.get("statements"):
        raise DataFault("the item names other statements than its batches'", code="access-thread")
    return AccessRange(first, last, leaves)


def _bounds(about: Mapping[str, JSON]) -> tuple[int, int]:
    first, last = about.get("first"), about.get("last")
    assert isinstance(first, int) and isinstance(last, int)  # noqa: PT018 - `parse_item` saw to it
    return first, last


def _check_span(batches: Sequence[RangeBatch], first: int, last: int) -> None:
    """The batches run on from one to the next, and reach from the first line of the range to its last."""
    expected = batches[0].body.first
    if expected > first:
        raise _fault("the range begins later", "access-missing", range(first, expected))
    for batch in batches:
        if batch.body.first != expected:
            gap = range(min(expected, batch.body.first), max(expected, batch.body.first))
            raise _fault("the batches do not run on", "access-missing", gap)
        expected += batch.body.count
    if expected <= last:
        raise _fault("the range ends earlier", "access-missing", range(expected, last + 1))


def _check_batch(batch: RangeBatch, first: int, last: int) -> None:
    body = batch.body
    committed = commit_public(dumps(body.to_json())).matches(batch.statement.commitment)
    if batch.statement.type != NOTED or not committed:
        numbers = range(body.first, body.first + body.count)
        raise _fault("the batch is not what its statement commits to", "access-batch", numbers)
    wanted = range(max(first, body.first), min(last + 1, body.first + body.count))
    shown = [one.line.number for one in batch.lines]
    if gone := sorted(set(wanted) - set(shown)):
        raise _fault("lines of the range are missing", "access-missing", gone)
    if shown != list(wanted):
        raise _fault("lines are there twice, out of order, or not of the range", "access-batch", shown)
    for one in batch.lines:
        _check_line(one)
    try:
        verify_range(
            wanted.start - body.first, [one.leaf for one in batch.lines], body.count, batch.path, body.root
        )
    except DataFault as fault:
        raise _fault("the lines are not those of the batch's root", "access-batch", wanted) from fault


def _check_time(shown: Sequence[RangeLine], about: Mapping[str, JSON], numbers: range) -> None:
    """All lines of the range, and neither the one before nor the one after, were noted in its time."""
    since, until = about.get("since"), about.get("until")
    assert isinstance(since, int) and isinstance(until, int)  # noqa: PT018 - `parse_item` saw to it
    for one in shown:
        line = one.line
        if line.number in numbers:
            right = since <= line.noted_at <= until
        else:
            right = line.noted_at < since if line.number < numbers.start else line.noted_at > until
        if not right:
            raise _fault("the range is not that of its time", "access-period", [line.number])
        if line.number in numbers and one.who is None:
            raise _fault("it is not shown who acted", "access-differs", [line.number])


def _check_line(one: RangeLine) -> None:
    line, said, named = one.line, one.words, one.who
    same = commit_private(one.secret, line.canonical()).matches(one.commitment)
    if same and named is not None:
        same = commit_private(named.secret, named.who.canonical()).matches(line.who)
    if same and said is not None:
        made = commit_private(said.secret, said.words.canonical())
        same = line.words is not None and made.matches(line.words)
    if not same:
        raise _fault("a line is not the one that was committed to", "access-differs", [line.number])


def _fault(message: str, code: str, numbers: Sequence[int]) -> DataFault:
    told = list(numbers)[:100]
    named = f"{told[0]}" if len(told) == 1 else f"{told[0]} to {told[-1]}"
    return DataFault(f"{message}: access lines {named}", code=code, lines=told)


_RANGE: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "batches": tuple_of(shape(RangeBatch), 1, MAX_BATCHES),
}
