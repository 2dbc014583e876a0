"""Time stamps for a pack: over its own head of the log, or over another with the proof that links the two.

An authority stamps the newest head there is, which seldom is the one a pack stands on. A token over a smaller
head says that the statements in it were there by then; one over a larger head says so of all of the pack's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from yinzheng.ledger.store.models import Checkpoint
from yinzheng.ledger.store.models_disputes import TimeStamp
from yinzheng.ledger.witnesses.heads import ShownHead
from yinzheng.verifier.pack.contents import StampLink
from yinzheng.verifier.pack.manifest import MAX_STAMPS
from yinzheng.verifier.pack.writer import PackStamp

if TYPE_CHECKING:
    from yinzheng.ledger.registry import Registry


def stamps_for(
    registry: Registry, session: Session, head: ShownHead, indices: Collection[int]
) -> dict[str, PackStamp]:
    """Tokens for a pack that stands on `head` and shows the statements at these indices of the log, by name.

    They are those over `head`, and those over the smallest stamped head that has a statement, for each. So a
    pack once stamped comes out the same, however many heads are stamped later. At most `MAX_STAMPS`: of more
    heads the larger, which cover more.
    """
    stamped = sorted(_stamped_heads(session, min(indices)), key=lambda one: one.size)
    sizes = [one.size for one in stamped]
    firsts = {bisect_right(sizes, index) for index in indices}
    chosen = [one for at, one in enumerate(stamped) if at in firsts or one.size == head.size]
    named = (pair for one in reversed(chosen) for pair in _tokens(registry, session, one, head))
    return dict(sorted(pair for pair, _ in zip(named, range(MAX_STAMPS), strict=False)))


def _stamped_heads(session: Session, first: int) -> Iterator[Checkpoint]:
    """The heads that have entry `first` and were stamped."""
    digests = set(session.exec(select(TimeStamp.digest)).all())
    if digests:
        for head in session.exec(select(Checkpoint).where(Checkpoint.size > first)):
            if sha256(head.note.encode()).digest() in digests:
                yield head


def _tokens(
    registry: Registry, session: Session, stamped: Checkpoint, head: ShownHead
) -> Iterator[tuple[str, PackStamp]]:
    link, name = None, "checkpoint"
    if stamped.note != head.note:  # another head, or this one before witnesses cosigned it
        sizes = sorted((stamped.size, head.size))
        link, name = StampLink(stamped.note, tuple(registry.log.consistency(*sizes))), f"head-{stamped.size}"
    digest = sha256(stamped.note.encode()).digest()
    query = select(TimeStamp).where(TimeStamp.digest == digest).order_by(col(TimeStamp.id))
    for number, row in enumerate(session.exec(query), start=1):
        yield f"{name}-{number}", PackStamp(row.token, link)
