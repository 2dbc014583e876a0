"""Is every supervision the thread it should be, its figure what its statements say, its files whole (R52)?"""

from __future__ import annotations

from typing import Any, cast

from sqlmodel import Session, select

from yinzheng.ledger.audit.erasures import check_remains
from yinzheng.ledger.audit.event import check_event
from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.rules.events import SupervisionStatement
from yinzheng.ledger.rules.supervision import COURSE, State
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_supervision import Supervision
from yinzheng.ledger.store.sealed import SealedValue, check_file
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.errors import DataFault


def check_supervisions(audit: Audit, session: Session) -> int:
    """Check each thread and its files; gives how many statements they hold."""
    seen = 0
    for row in session.exec(select(Supervision).order_by(Supervision.id)):
        with audit.finding(supervision=row.id):
            if row.head is None:
                raise DataFault("a supervision has no statement", code="event-missing")
            key = audit.dossier_key(session, row.dossier_id)
            seal = SealedValue(key) if key else None
            events, prev = thread(session, row.head), None
            for event in events:
                with audit.finding(supervision=row.id, event=event.id):
                    check_event(event, seal, prev, row.subject)
                prev = event.leaf_hash
                seen += 1
            check_remains(events, alive=key is not None)
            _check_row(row, events)
            if key is not None:
                _check_files(audit, session, row, events, key)
    return seen


def _check_row(row: Supervision, events: list[Event]) -> None:
    """What is counted from is what the statements say."""
    first: dict[str, int] = {}
    for event in events:
        first.setdefault(event.type, event.at)
    said = tuple(first.get(one.value) for one in SupervisionStatement)
    reached = {
        rule.to for rule in COURSE.rules if rule.statement is not None and rule.statement == events[-1].type
    }
    counted = (row.opened_at, row.measured_at, row.reported_at, row.closed_at)
    if counted != said or State(row.state) not in reached:
        raise DataFault("a supervision's row is not what its statements say", code="supervision-altered")


def _check_files(audit: Audit, session: Session, row: Supervision, events: list[Event], key: bytes) -> None:
    listed: list[dict[str, Any]] = []
    for event in events:
        body = cast("dict[str, Any]", open_event(SealedValue(key), event.sealed, event.leaf_hash)[0])
        listed += body["files"]
    files = repository.files_of(session, row.dossier_id)
    if len(files) != len(listed):
        raise DataFault("the dossier has not the files its steps list", code="dossier-altered")
    for file, manifest in zip(files, listed, strict=True):
        digest = DigestPair.from_json(manifest["digest"], "$.digest")
        check_file(audit.blobs, key, row.dossier_id, file.number, file.blob, manifest["size"], digest)
