"""Supervision of a right holder, step by step (R52): each step a statement, its words and files sealed.

Nobody outside learns whom it is about: the subject is random, the bodies are private, and the dossier has a
key of its own. That there was a step, and when, the log tells everyone; so the yearly figure can be counted.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from yinzheng.ledger.cases.deciding import checked_text
from yinzheng.ledger.cases.files import FilePart, Sealed, add_files, seal_parts, undone_together
from yinzheng.ledger.cases.intake import DOSSIER_ID_BYTES, DOSSIER_KEY_BYTES, SUBJECT_BYTES
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.certificates.telling import body_of
from yinzheng.ledger.certificates.work import registered
from yinzheng.ledger.people.acting import Actor, require
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.rules.calendar import date_of, day_of
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.supervision import Measure, Move, Outcome, State, ending
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Dossier
from yinzheng.ledger.store.models_supervision import Supervision
from yinzheng.ledger.supervision.work import SupervisionThread, find, supervision_thread, work_on
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault

MAX_CERTIFICATES = 50
MAX_FILES = 50
_TOO_MANY = 999_999


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Whom it is about, and what is suspected."""

    holder: str
    """Credit code of the right holder."""
    certificates: Sequence[str]
    """Under which it holds, or held."""
    facts: str
    law: str
    """The provision that may have been broken."""
    files: Sequence[FilePart] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A measure that was taken."""

    measure: Measure
    words: str
    statement: bytes | None = None
    """Leaf hash of the statement it was recorded by besides, such as a remark's."""
    files: Sequence[FilePart] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What the supervising body was told."""

    reference: str
    """Its number there, or how it is cited."""
    words: str
    files: Sequence[FilePart]
    """The report as it was sent, first."""
    authority: str | None = None
    """None: the authority that supervises this registry's certificates (R13)."""


def suspect(registry: Registry, suspicion: Suspicion, by: Actor, progress: Progress) -> str:
    """Record a suspicion, for an officer; gives its reference.

    Raises `UsageFault`: `officer-needed`, `person-…`, `text-…`, `supervision-certificates`, `files-many`,
    `certificate-…`; `DataFault` `holder-other`.
    """
    require(registry, by, Capacity.REGISTRY)
    body: dict[str, JSON] = {
        "v": 1,
        "person": by.person,
        "facts": checked_text(suspicion.facts),
        "law": checked_text(suspicion.law),
        "certificates": [*suspicion.certificates],
    }
    with registry.store.reading() as session:
        body["holder"] = {"code": suspicion.holder, "name": _holder(session, suspicion)}
    dossier_id, key = secrets.token_bytes(DOSSIER_ID_BYTES), secrets.token_bytes(DOSSIER_KEY_BYTES)
    sealed = _sealed(registry, suspicion.files, key, dossier_id, 0, progress)
    with registry.store.transaction() as session, undone_together(registry, sealed):
        now = registry.clock()
        year = date_of(day_of(now)).year
        serial = repository.next_serial(session, f"supervision:{year}", most=_TOO_MANY)
        wrapped = registry.keys.wrapper().wrap(key, dossier_id)
        session.add(Dossier(id=dossier_id, wrapped_key=wrapped, created_at=now))
        session.flush()
        row = Supervision(
            id=f"S-{year}-{serial:06d}",
            subject=secrets.token_bytes(SUBJECT_BYTES),
            state=State.NEW.value,
            dossier_id=dossier_id,
            opened_at=now,
        )
        session.add(row)
        session.flush()
        work = supervision_thread(registry, session, row, key, now)
        _write(work, Move.SUSPECT, by, body, 0, sealed)
        return row.id


def measure(registry: Registry, reference: str, taken: Taken, by: Actor, progress: Progress) -> bytes:
    """Record a measure that was taken; gives the leaf hash of its statement.

    Raises `UsageFault`: `supervision-unknown`, `supervision-statement` (no statement here has that leaf
    hash), `move-…`, `text-…`, `files-many`, `person-…`.
    """
    said: dict[str, JSON] = {
        "measure": taken.measure.value,
        "words": checked_text(taken.words),
        "statement": None if taken.statement is None else taken.statement.hex(),
    }
    if taken.statement is not None:
        with registry.store.reading() as session:
            if repository.event_by_leaf(session, taken.statement) is None:
                raise UsageFault(
                    "no statement of this ledger has that leaf hash",
                    code="supervision-statement",
                    hint="Take it from `yinzheng remark list` or `yinzheng show`.",
                )
    return _step(registry, reference, Move.MEASURE, by, said, taken.files, progress)


def report(registry: Registry, reference: str, told: Report, by: Actor, progress: Progress) -> bytes:
    """Record the report to the supervising body, with the report itself; gives the leaf hash.

    Raises `UsageFault`: `supervision-unknown`, `supervision-authority` (there is none, and none is named),
    `supervision-report` (the report is missing), `move-…`, `text-…`, `files-many`, `person-…`.
    """
    authority = told.authority or registry.instance.authority
    if not authority:
        raise UsageFault(
            "no authority supervises this registry as far as it was told",
            code="supervision-authority",
            hint="Name whom you reported to with --authority.",
        )
    if not told.files:
        raise UsageFault(
            "the report itself is kept with the record (R52)",
            code="supervision-report",
            hint="Give the file that was sent, with --file.",
        )
    said: dict[str, JSON] = {
        "authority": checked_text(authority),
        "reference": checked_text(told.reference),
        "words": checked_text(told.words),
    }
    return _step(registry, reference, Move.REPORT, by, said, told.files, progress)


def close(registry: Registry, reference: str, outcome: Outcome, reasons: str, by: Actor) -> bytes:
    """End it; what was measured is reported first (R52). Gives the leaf hash of the statement.

    Raises `UsageFault`: `supervision-unknown`, `move-…`, `text-…`, `person-…`.
    """
    with work_on(registry, reference) as work:
        move = ending(outcome, work.situation.state)
        body: dict[str, JSON] = {
            "v": 1,
            "person": by.person,
            "outcome": outcome.value,
            "reasons": checked_text(reasons),
        }
        return _write(work, move, by, body, 0, [])


def _holder(session: Session, suspicion: Suspicion) -> str:
    """The holder's name, as the certificates have it."""
    if not 1 <= len(suspicion.certificates) <= MAX_CERTIFICATES:
        raise UsageFault(
            f"a right holder is known by its certificates: name 1 to {MAX_CERTIFICATES}",
            code="supervision-certificates",
            hint="Give each with --certificate.",
        )
    name = ""
    for number in suspicion.certificates:
        held = {one.code: one.name for one in body_of(registered(session, number)).holders}
        if suspicion.holder not in held:
            raise DataFault(
                f"this organisation holds nothing under {number}",
                code="holder-other",
                hint="Supervision here is of right holders (R52); check code and number.",
            )
        name = held[suspicion.holder]
    return name


def _step(
    registry: Registry,
    reference: str,
    move: Move,
    by: Actor,
    said: dict[str, JSON],
    files: Sequence[FilePart],
    progress: Progress,
) -> bytes:
    with registry.store.reading() as session:
        row = find(session, reference)
        key = dossier_key(registry, session, row.dossier_id)
        supervision_thread(registry, session, row, key, registry.clock()).allow(move, by)
        first = len(repository.files_of(session, row.dossier_id))
    sealed = _sealed(registry, files, key, row.dossier_id, first, progress)
    with work_on(registry, reference) as work, undone_together(registry, sealed):
        return _write(work, move, by, {"v": 1, "person": by.person, **said}, first, sealed)


def _write(
    work: SupervisionThread,
    move: Move,
    by: Actor,
    body: dict[str, JSON],
    first: int,
    sealed: list[Sealed],
) -> bytes:
    rule = work.allow(move, by)
    add_files(work.session, work.seal, work.row.dossier_id, first, sealed)
    manifests: list[JSON] = [manifest for manifest, _ in sealed]
    return work.write(rule, work.compose(rule, {**body, "files": manifests}))


def _sealed(
    registry: Registry,
    files: Sequence[FilePart],
    key: bytes,
    dossier_id: bytes,
    first: int,
    progress: Progress,
) -> list[Sealed]:
    if len(files) > MAX_FILES:
        raise UsageFault(
            f"at most {MAX_FILES} files come with one step", code="files-many", hint="Pack them together."
        )
    return seal_parts(registry, files, key, dossier_id, first, progress)
