"""The access lines in a receipt file (S13.8): who used or opened what of this consent, each with its proof.

A line lies in a batch, and the batch's statement in the log: secret, path and statement prove the line, under
the checkpoint that the whole file rests on. Which lines the file tells, how many the registry knew and up to
which number, is signed with the receipt (`ToldLines.digest`), so that none is taken out unseen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final

from yinzheng.verifier.bytes.algorithms import COMMITMENT_KEY_BYTES, hmac_pair
from yinzheng.verifier.bytes.canonical import dumps, hex_bytes, integer, nullable, tuple_of
from yinzheng.verifier.bytes.shape import Shaped, shape
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access import NOTED, AccessLine, Batch, leaf_of, parse_batch, parse_line
from yinzheng.verifier.formats.access_range import SaidWords
from yinzheng.verifier.log.merkle import HASH_BYTES, verify_inclusion
from yinzheng.verifier.log.statement import Statement, commit_private, verify_body
from yinzheng.verifier.log.tlogproof import MAX_HASHES

MAX_LINES: Final = 200
"""Lines of one file, the newest: older ones stand in older receipts, and on the consent's page."""

MAX_PATH: Final = 20
"""Hashes of a path in a batch of at most a million lines."""


_SIGNED: Final = b"yinzheng/receipt-lines/1\n"


def _line(value: object, _path: str) -> AccessLine:
    return parse_line(value)


def _batch(value: object, _path: str) -> Batch:
    return parse_batch(value)


@dataclass(frozen=True, slots=True)
class ProvedLine(Shaped):
    """A line with what proves it: its secret, and its path in the batch of that place in the file's list."""

    line: Annotated[AccessLine, _line]
    secret: Annotated[bytes, hex_bytes(COMMITMENT_KEY_BYTES)] = field(repr=False)
    words: Annotated[SaidWords | None, nullable(shape(SaidWords))]
    """None where nothing was said: what was said is destroyed with the consent, of which no file is made."""
    batch: Annotated[int, integer(0, MAX_LINES - 1)]
    path: Annotated[tuple[bytes, ...], tuple_of(hex_bytes(HASH_BYTES), 0, MAX_PATH)]

    def check(self, consent: bytes, batch: Batch) -> None:
        """Raise `DataFault` unless this is a line of that consent in that batch, with its own words.

        Codes: `access-foreign`, `access-words`, `access-line`.
        """
        if self.line.consent != consent:
            raise DataFault("the line is about another consent", code="access-foreign")
        if (self.words is None) is not (self.line.words is None):
            raise DataFault("words were taken from the line, or added", code="access-words")
        if self.words is not None and self.line.words is not None:
            made = commit_private(self.words.secret, self.words.words.canonical())
            if not made.matches(self.line.words):
                raise DataFault("the words are not those of the line", code="access-words")
        leaf, index = leaf_of(self.line.canonical(), self.secret), self.line.number - batch.first
        try:
            verify_inclusion(leaf, index, batch.count, self.path, batch.root)
        except DataFault as fault:
            raise DataFault("the line is not in its batch", code="access-line") from fault


@dataclass(frozen=True, slots=True)
class NotedBatch(Shaped):
    """The statement of a batch with its body, and its place under the file's checkpoint."""

    statement: Annotated[Statement, Statement.from_json]
    body: Annotated[Batch, _batch]
    index: Annotated[int, integer()]
    hashes: Annotated[tuple[bytes, ...], tuple_of(hex_bytes(HASH_BYTES), 0, MAX_HASHES)]

    def check(self) -> None:
        """Raise `DataFault` `access-batch` unless the statement commits to the body."""
        if self.statement.type != NOTED:
            raise DataFault("the statement is of no batch of lines", code="access-batch")
        try:
            verify_body(self.statement, dumps(self.body.to_json()))
        except DataFault as fault:
            raise DataFault("the batch is not what its statement commits to", code="access-batch") from fault


@dataclass(frozen=True, slots=True)
class ToldLines(Shaped):
    """All of it: lines by ascending number, and the batches they lie in."""

    count: Annotated[int, integer()]
    """Lines of this consent that the registry knew, under the file's checkpoint; the file has the newest."""
    last: Annotated[int, integer()]
    """Number of the last line of all, of whatever consent, under the checkpoint; 0 where there is none."""
    batches: Annotated[tuple[NotedBatch, ...], tuple_of(shape(NotedBatch), 0, MAX_LINES)]
    lines: Annotated[tuple[ProvedLine, ...], tuple_of(shape(ProvedLine), 0, MAX_LINES)]

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of the lines, as the file has them."""
        return tuple(proved.line.number for proved in self.lines)

    def digest(self, secret: bytes) -> bytes:
        """What the receipt's core signs of it: 32 bytes, keyed so that the code alone tells nothing.

        ``secret`` opens the consent's commitment, and stands in the file.
        """
        said = dumps({"count": self.count, "last": self.last, "numbers": [*self.numbers]})
        return hmac_pair(secret, _SIGNED + said).sha256


NO_LINES: Final = ToldLines(0, 0, (), ())


def failing_lines(told: ToldLines, consent: bytes) -> list[tuple[int, str]]:
    """Number and reason of each line that does not prove itself; empty where all do."""
    wrong: list[tuple[int, str]] = []
    for proved in told.lines:
        if proved.batch >= len(told.batches):
            wrong.append((proved.line.number, "access-batch"))
            continue
        batch = told.batches[proved.batch]
        try:
            batch.check()
            proved.check(consent, batch.body)
        except DataFault as fault:
            wrong.append((proved.line.number, fault.code))
    return wrong
