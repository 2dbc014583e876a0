"""That the registry's record of a consent was erased, by its tombstone in the log (S13.7, R43).

A tombstone proves that the record is gone. That there is none proves nothing: a ledger may keep one back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.tombstone import TOMBSTONE, Tombstone, parse_tombstone
from yinzheng.verifier.log.statement import Statement, verify_body


@dataclass(frozen=True, slots=True)
class LiveTombstone:
    """A tombstone as a ledger hands it out: JSON values and a text, nothing checked."""

    statement: object
    """S3.1."""
    body: object
    """S10.5."""
    proof: str
    """`tlog-proof` of the statement, to a checkpoint that is anchored."""


@dataclass(frozen=True, slots=True)
class Erased:
    """A tombstone of a consent's record; `parse_erased` makes one that is about that consent."""

    statement: Statement
    tombstone: Tombstone

    @property
    def at(self) -> int:
        """From when on the record is gone: the full hour in which it was destroyed."""
        return self.statement.at

    def to_json(self) -> dict[str, Any]:
        """For a report."""
        return {
            "leaf": self.statement.leaf_hash.hex(),
            "at": self.at,
            "ground": self.tombstone.ground,
            "method": self.tombstone.method,
        }


def parse_erased(answer: LiveTombstone, granted: Statement) -> Erased:
    """Read the tombstone of the consent with the statement ``granted``; its place in the log is not checked.

    Raises `DataFault`: `tombstone-differs` (of another record), `commitment`, a code of `Statement.from_json`
    or `parse_tombstone`.
    """
    statement, tombstone = Statement.from_json(answer.statement), parse_tombstone(answer.body)
    own = (
        statement.type == TOMBSTONE,
        statement.subject == granted.subject,
        statement.at >= granted.at,
        granted.leaf_hash in tombstone.statements,
    )
    if not all(own):
        raise DataFault("the tombstone is not of this consent", code="tombstone-differs")
    verify_body(statement, tombstone.canonical())
    return Erased(statement, tombstone)
