"""Opening a dossier for the officer who reviews it: decrypted into a folder of the officer's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.dossiers.dossier import APPLICATION
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.state import access_log
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.sealed import SealedValue, open_file
from yinzheng.verifier.errors import DataFault, UsageFault

if TYPE_CHECKING:
    from sqlmodel import Session


def open_dossier_to(
    registry: Registry, case_id: str, folder: Path, progress: Progress, by: str = "registry"
) -> list[Path]:
    """Write the dossier of a case to the new folder `folder`, the n-th submission under `n/`.

    That `by` opened it is written into the access log first (R47).

    A submission is its `application.json` and the files it declares. Only whole, authenticated files keep
    their name; if one does not open, it is removed again. Raises `UsageFault` (`folder-exists`,
    `case-unknown`), `DataFault` (`blob-…`, `dossier-altered`, `dossier-destroyed`).
    """
    if folder.exists():
        raise UsageFault(f"{folder} exists already", code="folder-exists", hint="Name a new folder.")
    with registry.store.transaction() as session:
        case = repository.find_case(session, case_id)
        access_log.note(session, registry.clock(), by, "dossier", case_id)
        key = dossier_key(registry, session, case.dossier_id)
        submissions = list(_submissions(session, case_id, SealedValue(key)))
        rows = iter(repository.files_of(session, case.dossier_id))
    written: list[Path] = []
    for number, body in enumerate(submissions, 1):
        home = folder / str(number)
        home.mkdir(parents=True, mode=0o700)
        application = home / APPLICATION
        application.write_text(
            json.dumps(body["application"], ensure_ascii=False, indent=1), encoding="utf-8"
        )
        written.append(application)
        for file in body["files"]:
            progress(f"opening {file['path']}")
            row = next(rows, None)
            if row is None:
                raise DataFault("the dossier lacks a file its application lists", code="dossier-altered")
            target = home / PurePosixPath(file["path"])
            _write(target, open_file(registry.blobs, key, row.dossier_id, row.number, row.blob))
            written.append(target)
    return written


def _submissions(session: Session, case_id: str, seal: SealedValue) -> Iterator[dict[str, Any]]:
    """Bodies of the application and its supplements, in order."""
    for event in repository.events_of_case(session, case_id):
        if event.type in ("application.received", "supplement.given"):
            body, _ = open_event(seal, event.sealed, event.leaf_hash)
            assert isinstance(body, dict)  # as intake wrote it, authenticated
            yield body


def _write(target: Path, chunks: Iterator[bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with target.open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
