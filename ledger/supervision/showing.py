"""A supervision as officers see it, and the list that names nobody (R47, R52)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sqlmodel import col, select

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.database import open_store_read_only
from yinzheng.ledger.store.models_supervision import Supervision
from yinzheng.ledger.store.sealed import open_file
from yinzheng.ledger.supervision.work import SupervisionThread, work_on
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list. Times are UTC seconds."""

    supervision: str
    state: str
    opened_at: int
    measured_at: int | None
    reported_at: int | None
    closed_at: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One statement, opened."""

    type: str
    at: int
    leaf: bytes
    body: dict[str, JSON]

    def to_json(self) -> dict[str, JSON]:
        """`{"type", "at", "leaf", "body"}`."""
        return {"type": self.type, "at": self.at, "leaf": self.leaf.hex(), "body": self.body}


@dataclass(frozen=True, slots=True)
class Shown:
    """A whole supervision."""

    supervision: str
    state: str
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, JSON]:
        """`{"supervision", "state", "steps"}`."""
        steps: list[JSON] = [one.to_json() for one in self.steps]
        return {"supervision": self.supervision, "state": self.state, "steps": steps}


def supervisions(root: Path) -> list[Line]:
    """All of a state folder, the oldest first; needs neither keys nor the writer's lock."""
    paths, instance = read_instance(root)
    with closing(open_store_read_only(instance.store_url(paths))) as store, store.reading() as session:
        rows = session.exec(select(Supervision).order_by(col(Supervision.id))).all()
        return [
            Line(row.id, row.state, row.opened_at, row.measured_at, row.reported_at, row.closed_at)
            for row in rows
        ]


def show(registry: Registry, reference: str, by: Actor, folder: Path | None = None) -> Shown:
    """All of it, for an officer; its files are written to the new folder `folder`, if one is named.

    That `by` saw it is written down first. Raises `UsageFault`: `supervision-unknown`, `folder-exists`,
    `officer-needed`, `person-…`; `DataFault`: `dossier-…`, `blob-…`.
    """
    if folder is not None and folder.exists():
        raise UsageFault(f"{folder} exists already", code="folder-exists", hint="Name a new folder.")
    with work_on(registry, reference) as work:
        admit(work.session, by, Capacity.REGISTRY)
        action = "see" if folder is None else "export"
        access = Access(action, "supervision", reference, "supervision")
        note(registry, work.session, Reader.of_actor(registry, by), access)
        steps = tuple(_steps(work))
        files = list(_files(work, steps))
        shown = Shown(reference, work.row.state, steps)
    if folder is not None:
        folder.mkdir(parents=True, mode=0o700)
        for name, pieces in files:
            with (folder / name).open("xb") as file:
                for piece in pieces:
                    file.write(piece)
    return shown


def _steps(work: SupervisionThread) -> Iterator[Step]:
    assert work.head is not None  # it begins with its suspicion
    for event in thread(work.session, work.head):
        body, _ = open_event(work.seal, event.sealed, event.leaf_hash)
        yield Step(event.type, event.at, event.leaf_hash, cast("dict[str, Any]", body))


def _files(work: SupervisionThread, steps: tuple[Step, ...]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The files of all steps, numbered: two may bear one name."""
    key, rows = work.key, repository.files_of(work.session, work.row.dossier_id)
    named = [str(one["path"]) for step in steps for one in cast("list[dict[str, Any]]", step.body["files"])]
    if len(rows) != len(named):
        raise DataFault("the dossier has not the files its steps list", code="dossier-altered")
    for row, name in zip(rows, named, strict=True):
        pieces = open_file(work.registry.blobs, key, row.dossier_id, row.number, row.blob)
        yield f"{row.number + 1}-{name}", pieces
