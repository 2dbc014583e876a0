"""Opening a dossier for the officer who reviews it: decrypted into a folder of the officer's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, cast

from sqlmodel import col, select

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.cases.files import OBJECTED, events_with_files
from yinzheng.ledger.cases.protests import NUMBER_DIGITS, meant
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.consents.basis import standing
from yinzheng.ledger.dossiers.dossier import APPLICATION
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Objection
from yinzheng.ledger.store.sealed import SealedValue, open_file
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault

if TYPE_CHECKING:
    from sqlmodel import Session


def open_dossier_to(
    registry: Registry, case_id: str, folder: Path, progress: Progress, by: Actor
) -> list[Path]:
    """Write the dossier of a case to the new folder `folder`, the n-th submission under `n/`.

    Objections follow under `objection-n/`: `objection.json`, and the material, numbered from 1; what was
    handed in of those raised on the chain itself, under `objection-NAME/`. What
    inspections found stands in `inspections.json`; which consents count for the notices that the latest
    application names, and which do not, in `basis.json` (R27, R28).

    That `by` opened it, an officer or a member of the committee, is written down first (R47).

    A submission is its `application.json` and the files it declares. Only whole, authenticated files keep
    their name; if one does not open, it is removed again. Raises `UsageFault` (`folder-exists`,
    `case-unknown`, and as `admit`), `DataFault` (`blob-…`, `dossier-altered`, `dossier-destroyed`).
    """
    if folder.exists():
        raise UsageFault(f"{folder} exists already", code="folder-exists", hint="Name a new folder.")
    with registry.store.transaction() as session:
        admit(session, by, Capacity.REGISTRY, Capacity.COMMITTEE)
        case = repository.find_case(session, case_id)
        access = Access("export", "dossier", case_id, "registration")
        note(registry, session, Reader.of_actor(registry, by), access)
        key = dossier_key(registry, session, case.dossier_id)
        submissions = list(_submissions(session, case_id, SealedValue(key)))
        submissions += _told_the_chain(session, case_id, SealedValue(key))
        inspections = _inspections(session, case_id, SealedValue(key))
        basis = [standing(session, leaf) for leaf in _notices(submissions)]
        rows = iter(repository.files_of(session, case.dossier_id))
    written: list[Path] = []
    for submission in submissions:
        home = folder / submission.folder
        home.mkdir(parents=True, mode=0o700)
        text = home / submission.document
        text.write_text(json.dumps(submission.said, ensure_ascii=False, indent=1), encoding="utf-8")
        written.append(text)
        for name, path in submission.files:
            progress(f"opening {path}")
            row = next(rows, None)
            if row is None:
                raise DataFault("the dossier lacks a file its events list", code="dossier-altered")
            target = home / PurePosixPath(name)
            _write(target, open_file(registry.blobs, key, row.dossier_id, row.number, row.blob))
            written.append(target)
    for name, said in (("inspections.json", inspections), ("basis.json", basis)):
        if said:
            target = folder / name
            target.write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")
            written.append(target)
    return written


MAX_NAME: Final = 200
"""Bytes of a file's name that an objector gave; file systems take 255."""


@dataclass(frozen=True, slots=True)
class _Submission:
    """One event that brought files: where they go, under which names, and what was said with them."""

    folder: str
    document: str
    said: JSON
    files: list[tuple[str, str]]
    """Name in the folder, and path as it was given."""


def _submissions(session: Session, case_id: str, seal: SealedValue) -> Iterator[_Submission]:
    """The application, its supplements, and objections, in the order in which their files are numbered."""
    applications = objections = 0
    for event in events_with_files(session, case_id):
        body = cast("dict[str, Any]", open_event(seal, event.sealed, event.leaf_hash)[0])  # authenticated
        paths = [str(file["path"]) for file in body["files"]]
        if event.type in OBJECTED:
            objections += 1
            said = {name: body[name] for name in ("objector", "contact", "reasons")}
            named = [(f"{number}-{_short(path)}", path) for number, path in enumerate(paths, 1)]
            yield _Submission(f"objection-{objections}", "objection.json", said, named)
        else:
            applications += 1
            named = [(path, path) for path in paths]
            yield _Submission(str(applications), APPLICATION, body["application"], named)


def _told_the_chain(session: Session, case_id: str, seal: SealedValue) -> Iterator[_Submission]:
    """What was handed in of objections that were raised on the chain itself; it has no files."""
    rows = select(Objection).where(Objection.case_id == case_id).order_by(col(Objection.id))
    for row in session.exec(rows):
        paper = meant(row, seal)
        if paper is not None:
            said: JSON = {**paper.body.to_json(), "account": paper.account.hex(), "name": row.leaf.hex()}
            folder = f"objection-{row.leaf.hex()[:NUMBER_DIGITS]}"
            yield _Submission(folder, "objection.json", said, [])


def _notices(submissions: list[_Submission]) -> list[bytes]:
    """The notices that the application names as it now stands; intake found each of them."""
    said = [one.said for one in submissions if one.document == APPLICATION][-1]
    named = said.get("notices", []) if isinstance(said, dict) else []
    return [bytes.fromhex(str(leaf)) for leaf in named] if isinstance(named, list) else []


def _short(name: str) -> str:
    """A name that every file system takes, its ending kept: who objects gave it, and may mean no good."""
    kept = name.encode()
    if len(kept) <= MAX_NAME:
        return name
    return kept[: MAX_NAME - 16].decode(errors="ignore") + kept[-16:].decode(errors="ignore")


def _inspections(session: Session, case_id: str, seal: SealedValue) -> list[JSON]:
    """What was found by looking into the case (R53), oldest first."""
    return [
        open_event(seal, event.sealed, event.leaf_hash)[0]
        for event in repository.events_of_case(session, case_id)
        if event.type == "inspection.recorded"
    ]


def _write(target: Path, chunks: Iterator[bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with target.open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
