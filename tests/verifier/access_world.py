"""Access lines on fixed secrets, in batches with their statements: some of one consent, some of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tests.verifier.bodies import HOSPITAL, LAB
from tests.verifier.world import DEPOSITED, REGISTRY
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.containers.receipt_lines import NotedBatch, ProvedLine
from yinzheng.verifier.formats.access import (
    NOTED,
    AccessLine,
    Batch,
    Who,
    Words,
    accesses_subject,
    leaf_of,
    parse_line,
)
from yinzheng.verifier.formats.access_range import RangeBatch, RangeLine, SaidWho, SaidWords
from yinzheng.verifier.log.merkle import inclusion_path, root_from_leaves
from yinzheng.verifier.log.merkle_range import range_path
from yinzheng.verifier.log.statement import Statement, commit_private, commit_public

SAID = Words("临床质量研究", "信息科", None)
OFFICER = Who("officer-chen")


def secret_of(number: int, what: str = "line") -> bytes:
    return sha256(f"{what} {number}".encode())


def line(number: int, consent: bytes | None, **changes: Any) -> AccessLine:
    """The registry's officer hands the receipt over; `changes` replace fields."""
    who = commit_private(secret_of(number, "who"), OFFICER.canonical())
    return parse_line(
        {
            "v": 1,
            "number": number,
            "noted_at": DEPOSITED + number,
            "at": DEPOSITED + number,
            "organisation": REGISTRY["code"],
            "who": who.to_json(),
            "function": "registry",
            "action": "export",
            "kind": "receipt",
            "object": "aa",
            "consent": None if consent is None else consent.hex(),
            "purpose": "handover",
            "scope": None,
            "basis": "registration",
            "covered": None,
            "channel": "command",
            "words": None,
            **changes,
        }
    )


def use(number: int, consent: bytes, organisation: str = HOSPITAL, **changes: Any) -> AccessLine:
    """An organisation used the data for research, and said so in words."""
    words = commit_private(secret_of(number, "words"), SAID.canonical())
    given: dict[str, Any] = {
        "organisation": organisation,
        "function": "recipient" if organisation == LAB else "controller",
        "action": "use",
        "kind": "data",
        "purpose": "stated",
        "scope": "base",
        "basis": "consent",
        "covered": True,
        "channel": "desk 203.0.113.0/24",
        "words": words.to_json(),
        **changes,
    }
    return line(number, consent, **given)


@dataclass(frozen=True)
class Noted:
    """A batch of lines and its statement."""

    lines: Sequence[AccessLine]
    prev: bytes | None = None
    at: int = DEPOSITED + 600

    @cached_property
    def leaves(self) -> list[bytes]:
        return [leaf_of(one.canonical(), secret_of(one.number)) for one in self.lines]

    @property
    def body(self) -> Batch:
        first, last = self.lines[0], self.lines[-1]
        root = root_from_leaves(self.leaves)
        return Batch(first.number, len(self.lines), first.noted_at, last.noted_at, root)

    @property
    def statement(self) -> Statement:
        return Statement(
            NOTED,
            "GD-HEALTH/1",
            accesses_subject("log.example/1"),
            self.at,
            commit_public(dumps(self.body.to_json())),
            self.prev,
            "registry",
        )

    def placed(self, index: int, hashes: Sequence[bytes]) -> NotedBatch:
        return NotedBatch(self.statement, self.body, index, tuple(hashes))

    def proved(self, number: int, batch: int) -> ProvedLine:
        """A line with its proof; `batch` is the place of this one in the file."""
        leaves, index = self.leaves, number - self.lines[0].number

        def read(height: int, at: int) -> bytes:
            return root_from_leaves(leaves[at << height : (at + 1) << height])

        one = self.lines[index]
        path = inclusion_path(index, len(leaves), read)
        return ProvedLine(one, secret_of(number), said_of(one), batch, tuple(path))

    def ranged(self, first: int, last: int, beside: frozenset[int] = frozenset()) -> RangeBatch:
        """Those lines of it from `first` to `last`, and that they are all; `beside`: outside the time."""
        start = max(first, self.lines[0].number) - self.lines[0].number
        own = [one for one in self.lines if first <= one.number <= last]
        path = range_path(start, start + len(own), self.leaves)
        return RangeBatch(
            self.statement,
            self.body,
            tuple(range_line(one, beside=one.number in beside) for one in own),
            tuple(path),
        )


def said_of(one: AccessLine) -> SaidWords | None:
    return None if one.words is None else SaidWords(SAID, secret_of(one.number, "words"))


def range_line(one: AccessLine, *, beside: bool) -> RangeLine:
    secret = secret_of(one.number)
    commitment = commit_private(secret, one.canonical())
    who = SaidWho(OFFICER, secret_of(one.number, "who"))
    if beside:
        return RangeLine(commitment, one, secret, None, None)
    return RangeLine(commitment, one, secret, who, said_of(one))


def chained(batches: Sequence[Sequence[AccessLine]]) -> list[Noted]:
    """Batches in their order, each statement after the one before."""
    made: list[Noted] = []
    for lines in batches:
        made.append(Noted(lines))
        if len(made) > 1:
            made[-1] = replace(made[-1], prev=made[-2].statement.leaf_hash)
    return made
