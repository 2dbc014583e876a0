"""Where a right went whose certificate was superseded: what followed it, and what followed that (S9.7).

A licence stays with the right and not with the certificate (ADR 44), so how it stands is asked of where the
right rests. What a transfer of a part split is followed both ways: the chain has who holds what as a digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.chain.layout import SUPERSEDED, ChainRecord

MOST: Final = 24
"""Certificates of one line that are followed; their records are within what evidence may hold (S7.3)."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A certificate of the line."""

    subject: bytes
    record: ChainRecord


def walked(
    subject: bytes, record: ChainRecord, read: Callable[[bytes], ChainRecord | None]
) -> tuple[tuple[Followed, ...], tuple[bytes, ...]]:
    """The certificate and all that came from it, each after the one it follows; and of which `read` has none.

    Raises what `read` does, and `NotGiven` `successors-many`.
    """
    found = [Followed(subject, record)]
    lacking: list[bytes] = []
    for one in found:
        for after in _after(one.record):
            if len(found) + len(lacking) == MOST:
                raise NotGiven(f"more than {MOST} certificates followed it", code="successors-many")
            told = read(after)
            if told is None:
                lacking.append(after)
            else:
                found.append(Followed(after, told))
    return tuple(found), tuple(lacking)


def line_of(
    subject: bytes, record: ChainRecord, read: Callable[[bytes], ChainRecord | None]
) -> tuple[Followed, ...]:
    """All of it. Raises as `walked`, and `NotGiven` `successor-not-shown`."""
    found, lacking = walked(subject, record, read)
    if lacking:
        raise NotGiven("a certificate that followed is not shown", code="successor-not-shown")
    return found


def ends_of(line: tuple[Followed, ...]) -> tuple[Followed, ...]:
    """Where the right rests: those of the line that nothing has followed."""
    return tuple(one for one in line if one.record.status != SUPERSEDED)


def _after(record: ChainRecord) -> Iterator[bytes]:
    """Whom a record names as what followed it."""
    if record.status == SUPERSEDED:
        yield from (one for one in (record.successor, record.remainder) if one is not None)
