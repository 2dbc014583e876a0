"""Opening a dossier for the officer who reviews it: decrypted into a folder of the officer's own."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ledger.cases.work import dossier_key
from ledger.store import repository
from ledger.store.sealed import SealedValue, open_file
from verifier import canonical
from verifier.errors import UsageFault

if TYPE_CHECKING:
    from ledger.registry import Progress, Registry


def open_dossier_to(registry: Registry, case_id: str, folder: Path, progress: Progress) -> list[Path]:
    """Write the files of a case's dossier, supplements included, to the new folder `folder`.

    Files of the n-th submission lie under `n/`. Only whole, authenticated files keep their name; if one
    does not open, it is removed again. Raises `UsageFault` (`folder-exists`, `case-unknown`), `DataFault`
    (`blob-…`, `dossier-destroyed`).
    """
    if folder.exists():
        raise UsageFault(f"{folder} exists already", code="folder-exists", hint="Name a new folder.")
    with registry.store.reading() as session:
        case = repository.find_case(session, case_id)
        key = dossier_key(registry, session, case.dossier_id)
        rows = repository.files_of(session, case.dossier_id)
    folder.mkdir(parents=True, mode=0o700)
    written: list[Path] = []
    seen: set[str] = set()
    submission = 1
    for row in rows:
        associated = row.dossier_id + row.number.to_bytes(4, "big")
        manifest = canonical.loads(SealedValue(key).open(row.manifest, associated), max_bytes=65536)
        assert isinstance(manifest, dict)  # as intake wrote it, authenticated
        path = str(manifest["path"])
        if path in seen:
            submission, seen = submission + 1, set()
        seen.add(path)
        target = folder / str(submission) / PurePosixPath(path)
        progress(f"opening {path}")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with target.open("xb") as file:
                for chunk in open_file(registry.blobs, key, row.dossier_id, row.number, row.blob):
                    file.write(chunk)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        written.append(target)
    return written
