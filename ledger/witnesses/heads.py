"""Heads with their cosignatures, and which of them evidence is to stand on (S4.6)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Checkpoint
from yinzheng.ledger.store.models_witnesses import Cosignature
from yinzheng.ledger.witnesses.kept import fed_in


@dataclass(frozen=True, slots=True)
class ShownHead:
    """An anchored head as evidence shows it."""

    size: int
    note: str
    """The signed note with all cosignatures there are."""
    anchored_block: int


def lines_of(session: Session, size: int) -> str:
    """The cosignature lines of the head of that size, the first cosigned first."""
    query = select(Cosignature).where(Cosignature.size == size)
    rows = session.exec(query.order_by(col(Cosignature.at), col(Cosignature.witness)))
    return "".join(row.line for row in rows)


def cosigned_note(session: Session, row: Checkpoint) -> str:
    """The head's note with its cosignatures."""
    return row.note + lines_of(session, row.size)


def head_to_show(session: Session, index: int | None = None, *, first: bool = False) -> ShownHead | None:
    """The anchored head for evidence to stand on: the newest, or with `first` the oldest, with entry `index`.

    One that as many witnesses have cosigned as the registry asks for comes before all others: a newer head
    that waits for them takes nothing from what was issued before. None where no head is anchored that has it.
    """
    trusted = fed_in(session).trusted
    query = select(Checkpoint).where(col(Checkpoint.anchored_block).is_not(None))
    if index is not None:
        query = query.where(Checkpoint.size > index)
    query = query.order_by(col(Checkpoint.size) if first else col(Checkpoint.size).desc()).limit(1)
    row = None
    if trusted.quorum:
        names = [one.name for one in trusted.known]
        counted = select(func.count()).where(
            Cosignature.size == Checkpoint.size, col(Cosignature.witness).in_(names)
        )
        row = session.exec(query.where(counted.scalar_subquery() >= trusted.quorum)).first()
    row = row or session.exec(query).first()
    if row is None or row.anchored_block is None:
        return None
    return ShownHead(row.size, cosigned_note(session, row), row.anchored_block)


def latest_head(session: Session) -> tuple[Checkpoint, list[str]] | None:
    """The newest signed head and the names of those who cosigned it; None before the first."""
    row = repository.latest_checkpoint(session)
    if row is None:
        return None
    names = select(Cosignature.witness).where(Cosignature.size == row.size)
    return row, list(session.exec(names).all())
