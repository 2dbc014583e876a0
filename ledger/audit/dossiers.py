"""Is every byte of every dossier there, whole, and in its place?"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, select

from yinzheng.ledger.audit.finding import SOME, Audit
from yinzheng.ledger.cases.files import events_with_files
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, DossierFile
from yinzheng.ledger.store.sealed import SealedValue, check_file
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.errors import DataFault


def check_dossiers(audit: Audit) -> None:
    """Decrypt every file to its last byte and compare it with what was recorded when it came in."""
    some = select(Case).where(*audit.part.of(Case.id)).order_by(Case.id)
    with audit.store.reading() as session:
        for case in session.exec(some.execution_options(yield_per=SOME)):
            with audit.finding(case=case.id):
                _check_dossier(audit, session, case)


def _check_dossier(audit: Audit, session: Session, case: Case) -> None:
    key = audit.dossier_key(session, case.dossier_id)
    if key is None:
        return
    committed = _committed_files(audit, session, case, SealedValue(key))
    rows = repository.files_of(session, case.dossier_id)
    if len(rows) != len(committed):
        raise DataFault("the dossier has not the files its application lists", code="dossier-altered")
    for row, manifest in zip(rows, committed, strict=True):
        with audit.finding(case=case.id, file=row.number):
            _check_file(audit, key, row, manifest)


def _committed_files(audit: Audit, session: Session, case: Case, seal: SealedValue) -> list[dict[str, Any]]:
    """The files listed in the application, its supplements and objections: what the ledger committed to."""
    files: list[dict[str, Any]] = []
    for event in events_with_files(session, case.id):
        with audit.finding(case=case.id, event=event.id):
            body, _ = open_event(seal, event.sealed, event.leaf_hash)
            assert isinstance(body, dict)
            files += body["files"]  # type: ignore[arg-type]  # as intake wrote it, authenticated
    return files


def _check_file(audit: Audit, key: bytes, row: DossierFile, committed: dict[str, Any]) -> None:
    associated = row.dossier_id + row.number.to_bytes(4, "big")
    manifest = canonical.loads(SealedValue(key).open(row.manifest, associated), max_bytes=65536)
    if manifest != committed:
        raise DataFault("a file's manifest is not the one committed to", code="dossier-altered")
    digest = DigestPair.from_json(committed["digest"], "$.digest")
    check_file(audit.blobs, key, row.dossier_id, row.number, row.blob, committed["size"], digest)
