"""Batches of consents: several requests in one transaction, and each request once (S15.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlmodel import Session

from yinzheng.ledger.consents.granting import Granted, grant
from yinzheng.ledger.organisations.answers import recall, remember
from yinzheng.ledger.registry import Registry
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON

MAX_ANSWER: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """Consents that one request brought. `once` numbers it (S15.3); None: it may be repeated as it likes."""

    org: str
    once: bytes | None
    body: bytes = field(repr=False)
    values: list[JSON] = field(repr=False)


def grant_batches(registry: Registry, batches: Sequence[Batch]) -> list[JSON]:
    """Record batches of one organisation in one transaction; one that was recorded before, not again.

    Gives the answer to each, in order. Raises as `grant`, and `DataFault` `once-other-body`: nothing is
    recorded then.
    """
    numbered = any(batch.once is not None for batch in batches)
    known: list[JSON] = [None] * len(batches)
    if numbered:
        with registry.store.reading() as session:
            known = [_recalled(session, batch) for batch in batches]
    # The same request twice at the same moment is one request.
    fresh: list[Batch] = []
    numbers: set[bytes] = set()
    for batch, answer in zip(batches, known, strict=True):
        if answer is None and (batch.once is None or batch.once not in numbers):
            fresh.append(batch)
            numbers |= {batch.once} if batch.once is not None else set()
    made: dict[int, JSON] = {}
    if fresh:
        together = [value for batch in fresh for value in batch.values]

        def note(session: Session, granted: Sequence[Granted]) -> None:
            first = 0
            for batch in fresh:
                mine = granted[first : first + len(batch.values)]
                first += len(batch.values)
                made[id(batch)] = answer = _granted(mine)
                if batch.once is not None:
                    told = canonical.dumps(answer)
                    remember(session, batch.org, batch.once, batch.body, told, registry.clock())

        grant(registry, together, fresh[0].org, note)
    if not numbered:
        return [made[id(batch)] for batch in batches]
    with registry.store.reading() as session:
        return [made[id(batch)] if id(batch) in made else _recalled(session, batch) for batch in batches]


def _recalled(session: Session, batch: Batch) -> JSON:
    if batch.once is None:
        return None
    found = recall(session, batch.org, batch.once, batch.body)
    return None if found is None else canonical.loads(found, max_bytes=MAX_ANSWER)


def _granted(granted: Sequence[Granted]) -> JSON:
    return {
        "granted": [
            {"subject": one.subject.hex(), "leaf": one.leaf.hex(), "already": one.already} for one in granted
        ]
    }
