"""Access lines with what proves them, for the one they are about: in the receipt file (S13.8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import func
from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.committed import Committed, batch_of, last_logged
from yinzheng.ledger.accesses.opening import Lines
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.ledger.witnesses.heads import ShownHead
from yinzheng.verifier.containers.receipt_lines import MAX_LINES, NO_LINES, NotedBatch, ProvedLine, ToldLines
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access_range import SaidWords
from yinzheng.verifier.log.merkle import inclusion_path, root_from_leaves


def lines_of_consent(
    registry: Registry, session: Session, subject: bytes, seal: SealedValue, checkpoint: ShownHead
) -> ToldLines:
    """The lines about a consent under an anchored head, the newest `MAX_LINES` with their proofs.

    ``seal`` is the consent's own, for what was said in words. Raises `DataFault` as `reading.Lines`.
    """
    last = last_logged(session, checkpoint.size)
    if last == 0:
        return NO_LINES
    mine = (AccessRow.consent == subject, AccessRow.number <= last)
    count = session.exec(select(func.count()).select_from(AccessRow).where(*mine)).one()
    newest = select(AccessRow).where(*mine).order_by(col(AccessRow.number).desc()).limit(MAX_LINES)
    rows = session.exec(newest).all()[::-1]
    lines, opener = [], Lines(session, registry.keys)
    batches: list[Committed] = []
    for row in rows:
        if not batches or row.number >= batches[-1].row.first + batches[-1].row.count:
            batches.append(batch_of(session, row.number))
        lines.append(_proved(opener, row, seal, batches[-1], len(batches) - 1))
    noted = tuple(_placed(registry, batch, checkpoint) for batch in batches)
    return ToldLines(count, last, noted, tuple(lines))


def _proved(opener: Lines, row: AccessRow, seal: SealedValue, batch: Committed, place: int) -> ProvedLine:
    opened = opener.open(row)
    said = opener.words(row, opened.line, lambda _subject: seal)
    path = inclusion_path(row.number - batch.row.first, len(batch.leaves), _subtrees(batch.leaves))
    words = None if said is None else SaidWords(*said)
    return ProvedLine(opened.line, opened.secret, words, place, tuple(path))


def _subtrees(leaves: Sequence[bytes]) -> Callable[[int, int], bytes]:
    return lambda height, index: root_from_leaves(leaves[index << height : (index + 1) << height])


def _placed(registry: Registry, batch: Committed, checkpoint: ShownHead) -> NotedBatch:
    index = batch.event.log_index
    if index is None:
        raise DataFault("a batch of access lines is not in the log", code="thread-broken")
    proof = registry.log.tlog_proof(index, checkpoint.note)
    return NotedBatch(batch.statement, batch.body, index, proof.hashes)
