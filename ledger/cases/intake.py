"""An application comes in (R8, R11, R18): checked, sealed, recorded."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from yinzheng.ledger.cases.body import require_certifiable
from yinzheng.ledger.cases.files import FilePart, Sealed, add_files, seal_parts, undone_together
from yinzheng.ledger.cases.work import CaseThread, case_thread, dossier_key, work_on
from yinzheng.ledger.consents.basis import require_notices
from yinzheng.ledger.dossiers.dossier import Dossier, open_dossier
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.rules.calendar import date_of, day_of
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.profiles import Profile, profile_for
from yinzheng.ledger.rules.refusals import require_registrable
from yinzheng.ledger.rules.states import Capacity, Move, State
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case
from yinzheng.ledger.store.models import Dossier as DossierRow
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.dossier import SEED_BYTES

DOSSIER_ID_BYTES = 16
DOSSIER_KEY_BYTES = 16
SUBJECT_BYTES = 32


def apply(
    registry: Registry, folder: Path, profile_tag: str, progress: Progress, *, tidy: bool = False
) -> str:
    """Take in the dossier at `folder` under a rule profile; returns the case's reference.

    `tidy` leaves out what systems put into folders (`Folder.walk`).

    Everything is checked before anything is stored; the files are sealed and durable before the
    application counts as received.

    Raises `DataFault` (the complete list of what is wrong or missing; `registration-refused` for R20 and
    R21; `font-missing-character`; `basis-notice`), `UsageFault` (`profile-…`).
    """
    profile = _profile(registry, profile_tag)
    with open_dossier(folder, tidy=tidy) as dossier:
        application = dossier.application
        require_registrable(application.refusals(registry.instance.registry_code))
        require_certifiable(application, registry.instance, profile, registry.clock())
        with registry.store.reading() as session:
            require_notices(session, application)
        dossier_id = secrets.token_bytes(DOSSIER_ID_BYTES)
        key = secrets.token_bytes(DOSSIER_KEY_BYTES)
        sealed = _seal_files(registry, dossier, key, dossier_id, 0, progress)
        begun = Begun(CaseType.FIRST, profile.tag, application.procedure.value)
        return begin(registry, begun, dict(application.document), sealed, key, dossier_id)


@dataclass(frozen=True, slots=True)
class Begun:
    """What a case begins with."""

    kind: CaseType
    profile: str
    procedure: str
    certificate: str | None = None
    """Of a move, the certificate it is about …"""
    request: bytes | None = None
    """… and the SHA-256 of its request."""


def begin(
    registry: Registry,
    begun: Begun,
    asked: dict[str, JSON],
    sealed: list[Sealed],
    key: bytes,
    dossier_id: bytes,
    also: Callable[[CaseThread], None] | None = None,
    by: Actor | Capacity = Capacity.APPLICANT,
) -> str:
    """Begin a case with its dossier, sealed under `key`; `asked` is its application. Gives its reference.

    `also` is what goes with it, in the same transaction.
    """
    with registry.store.transaction() as session, undone_together(registry, sealed):
        now = registry.clock()
        case = _new_case(session, begun, dossier_id, now)
        wrapped = registry.keys.wrapper().wrap(key, dossier_id)
        session.add(DossierRow(id=dossier_id, wrapped_key=wrapped, created_at=now))
        session.flush()
        session.add(case)
        session.flush()
        seal = SealedValue(key)
        add_files(session, seal, dossier_id, 0, sealed)
        thread = case_thread(registry, session, case, seal, now)
        rule = thread.allow(Move.APPLY, by)
        thread.write(rule, thread.compose(rule, _body(asked, sealed)))
        if also is not None:
            also(thread)
        return case.id


def supplement(
    registry: Registry, case_id: str, folder: Path, progress: Progress, *, tidy: bool = False
) -> None:
    """Take in the whole corrected dossier in answer to a request (R11); the earlier one stays on record."""
    with registry.store.reading() as session:
        case = repository.find_case(session, case_id)
        key = dossier_key(registry, session, case.dossier_id)
        thread = case_thread(registry, session, case, SealedValue(key), registry.clock())
        thread.allow(Move.GIVE_SUPPLEMENT, Capacity.APPLICANT)
        first = len(repository.files_of(session, case.dossier_id))
    with open_dossier(folder, tidy=tidy) as dossier:
        application = dossier.application
        require_registrable(application.refusals(registry.instance.registry_code))
        require_certifiable(application, registry.instance, profile_for(case.profile), registry.clock())
        with registry.store.reading() as session:
            require_notices(session, application)
        sealed = _seal_files(registry, dossier, key, case.dossier_id, first, progress)

        def restated(_session: Session, case: Case) -> None:
            if case.state == State.SUPPLEMENT_REQUESTED:
                # Stated anew; once accepted, the officer's decision stands (R8).
                case.procedure = application.procedure.value

        go_on(registry, case_id, dict(application.document), sealed, first, restated)


def go_on(
    registry: Registry,
    case_id: str,
    asked: dict[str, JSON],
    sealed: list[Sealed],
    first: int,
    restate: Callable[[Session, Case], None],
) -> None:
    """Add a supplement, its files from number `first` on; `restate` changes what the case begins with."""
    with work_on(registry, case_id) as work, undone_together(registry, sealed):
        rule = work.allow(Move.GIVE_SUPPLEMENT, Capacity.APPLICANT)
        restate(work.session, work.case)
        add_files(work.session, work.seal, work.case.dossier_id, first, sealed)
        work.write(rule, work.compose(rule, _body(asked, sealed)))


def _profile(registry: Registry, tag: str) -> Profile:
    profile = profile_for(tag)
    if profile.demonstration and not registry.instance.demonstration:
        raise UsageFault(
            "this registry has no demonstration profile",
            code="profile-demonstration",
            hint="Use GD-HEALTH/1 or NDA-2026/1.",
        )
    return profile


def _new_case(session: Session, begun: Begun, dossier_id: bytes, now: int) -> Case:
    year = date_of(day_of(now)).year
    return Case(
        id=repository.next_case_id(session, year),
        subject=secrets.token_bytes(SUBJECT_BYTES),
        type=begun.kind.value,
        certificate=begun.certificate,
        request=begun.request,
        profile=begun.profile,
        procedure=begun.procedure,
        state=State.NEW.value,
        dossier_id=dossier_id,
        created_at=now,
        changed_at=now,
    )


def _seal_files(
    registry: Registry, dossier: Dossier, key: bytes, dossier_id: bytes, first: int, progress: Progress
) -> list[Sealed]:
    parts = [
        FilePart(entry.path, entry.role.value, entry.title, lambda entry=entry: dossier.chunks(entry))  # type: ignore[misc]
        for entry in dossier.entries
    ]
    return seal_parts(registry, parts, key, dossier_id, first, progress)


def _body(asked: dict[str, JSON], sealed: list[Sealed]) -> dict[str, JSON]:
    """The body as it is sealed; what is committed to is derived from it, salted by the seed (S10.8)."""
    return {
        "v": 2,
        "application": asked,
        "files": [manifest for manifest, _ in sealed],
        "seed": secrets.token_bytes(SEED_BYTES).hex(),
    }
