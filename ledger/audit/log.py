"""Does the published log hold what its checkpoint, the database and the keys promise?"""

from __future__ import annotations

from sqlmodel import col, select

from ledger.audit.finding import Audit
from ledger.log.check import check_log
from ledger.store import repository
from ledger.store.models import Checkpoint, Event
from verifier.errors import DataFault
from verifier.merkle import hash_leaf
from verifier.note import open_checkpoint, parse_vkey


def check_published_log(audit: Audit) -> None:
    """Re-hash every tile (`log-…`), and compare every entry with the database, both ways."""
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
    for row in checkpoints:
        with audit.finding(size=row.size):
            signed = open_checkpoint(row.note, audit.instance.origin, keys)
            if (signed.size, signed.root) != (row.size, row.root):
                raise DataFault("a checkpoint's row is not what was signed", code="checkpoint-altered")
            if row.size > head.size or audit.log.root(row.size) != row.root:
                raise DataFault("a signed checkpoint is not of this log", code="checkpoint-forked")


def _compare_entries(audit: Audit, size: int) -> None:
    """Each sequenced event is the entry at its place, and each entry has its event."""
    with audit.store.reading() as session:
        query = select(Event.log_index, Event.leaf_hash).where(col(Event.log_index).is_not(None))
        rows = session.exec(query.order_by(col(Event.log_index))).all()
    by_index = {index: leaf for index, leaf in rows if index is not None}
    for index in sorted(by_index):
        if index >= size:
            audit.found(
                "statement-not-in-log", f"the log lacks statement {index} of the database", index=index
            )
    for index, entry in enumerate(audit.log.entries(0, size)):
        leaf = by_index.get(index)
        if leaf is None:
            audit.found("event-missing", f"the database lacks statement {index} of the log", index=index)
        elif leaf != hash_leaf(entry):
            audit.found("event-differs", f"database and log differ at statement {index}", index=index)
