"""Does the published log hold what its checkpoint, the database and the keys promise?"""

from __future__ import annotations

from typing import Final

from sqlmodel import col, select

from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.log.check import check_log
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Checkpoint, Event
from yinzheng.ledger.store.models_witnesses import Cosignature
from yinzheng.ledger.witnesses.kept import fed_in
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.merkle import hash_leaf
from yinzheng.verifier.log.note import open_checkpoint, parse_vkey

_END: Final = (None, b"")


def check_published_log(audit: Audit) -> None:
    """Re-hash every tile (`log-…`), and compare every entry with the database, both ways.

    Heads that were signed are of that log, and what stands beside them of witnesses is theirs.
    """
    keys = [parse_vkey(vkey) for vkey in audit.instance.log_keys]
    if audit.log.note() is None:
        with audit.store.reading() as session:
            if repository.sequenced(session):
                raise DataFault("the log has no checkpoint, the database has statements", code="log-missing")
        return
    head = check_log(audit.log, keys)
    _compare_entries(audit, head.size)
    with audit.store.reading() as session:
        checkpoints = session.exec(select(Checkpoint).order_by(col(Checkpoint.size))).all()
        witnesses = fed_in(session).trusted
        cosigned: dict[int, str] = {}
        for line in session.exec(select(Cosignature)):
            cosigned[line.size] = cosigned.get(line.size, "") + line.line
    for row in checkpoints:
        with audit.finding(size=row.size):
            signed = open_checkpoint(row.note, audit.instance.origin, keys)
            if (signed.size, signed.root) != (row.size, row.root):
                raise DataFault("a checkpoint's row is not what was signed", code="checkpoint-altered")
            if row.size > head.size or audit.log.root(row.size) != row.root:
                raise DataFault("a signed checkpoint is not of this log", code="checkpoint-forked")
            witnesses.cosigned(
                row.note + cosigned.get(row.size, "")
            )  # a wrong line spoils all evidence on it


def _compare_entries(audit: Audit, size: int) -> None:
    """Each sequenced event is the entry at its place, and each entry has its event. Both are streamed."""
    with audit.store.reading() as session:
        query = select(Event.log_index, Event.leaf_hash).where(col(Event.log_index).is_not(None))
        query = query.order_by(col(Event.log_index)).execution_options(yield_per=10_000)
        rows = iter(session.exec(query))
        index, leaf = next(rows, _END)
        for place, entry in enumerate(audit.log.entries(0, size)):
            if index != place:
                audit.found("event-missing", f"the database lacks statement {place} of the log", index=place)
                continue
            if leaf != hash_leaf(entry):
                audit.found("event-differs", f"database and log differ at statement {place}", index=place)
            index, leaf = next(rows, _END)
        while index is not None:
            audit.found("statement-not-in-log", f"the log lacks statement {index}", index=index)
            index, leaf = next(rows, _END)
