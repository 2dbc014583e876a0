"""What a case asks for: an application's facts, or a move's joint request and the certificate it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam
from sqlalchemy import select as rows_of
from sqlmodel import Session

from yinzheng.ledger.cases.work import CaseThread
from yinzheng.ledger.dossiers.application import Application, read_application, read_procedure
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.procedure import check_move_procedure, check_procedure, deemed_procedure
from yinzheng.ledger.rules.review import CaseFacts
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event, table_of
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.body import MAX_BODY, Body, parse_body
from yinzheng.verifier.formats.move_request import JointRequest, read_joint_request

_EVENTS: Final = table_of(Event)
_LATEST: Final = Prepared(
    rows_of(_EVENTS.c.sealed, _EVENTS.c.leaf_hash)
    .where(
        _EVENTS.c.case_id == bindparam("of"),
        _EVENTS.c.type.in_(("application.received", "supplement.given")),
    )
    .order_by(_EVENTS.c.id.desc())
    .limit(1)
)


def application_of(work: CaseThread) -> Application:
    """The application of a first registration as it stands: the first one, or the latest supplement's."""
    sealed, leaf = _asking(work)
    if work.read is None or work.read[0] != leaf:
        work.read = leaf, read_application(_opened(work, sealed, leaf))
    return work.read[1]


def request_of(work: CaseThread) -> JointRequest:
    """The joint request of a move as it stands."""
    return read_joint_request(_opened(work, *_asking(work)))


def predecessor_of(work: CaseThread) -> Body:
    """The body of the certificate that a move is about."""
    assert work.case.certificate is not None  # a move's has one
    return body_of(work.session, work.case.certificate)


def body_of(session: Session, number: str) -> Body:
    """The body of a certificate. Raises `UsageFault` `certificate-unknown`."""
    row = repository.find_certificate(session, number)
    return parse_body(canonical.loads(row.body, max_bytes=MAX_BODY))


def facts_of(work: CaseThread) -> CaseFacts:
    """What decides which items of the checklist are mandatory (R19)."""
    if work.kind is CaseType.FIRST:
        return application_of(work).facts
    return CaseFacts.of_move(work.kind)


def materials_of(work: CaseThread) -> tuple[str, ...]:
    """Paths of the files of the dossier as it stands; of a move none, for it is on the request itself."""
    return tuple(file.path for file in application_of(work).files) if work.kind is CaseType.FIRST else ()


def stated_procedure(work: CaseThread) -> Procedure:
    """As the applicant states it; of a move that of the certificate."""
    if work.kind is CaseType.FIRST:
        return _stated(work)[0]
    return Procedure(predecessor_of(work).procedure)


def require_procedure(work: CaseThread, chosen: Procedure) -> Procedure:
    """Check that the case may take a procedure (R8); gives the one that is stated (`stated_procedure`).

    Raises `UsageFault`: `procedure-public-data`, `procedure-of-certificate`.
    """
    if work.kind is CaseType.FIRST:
        stated, public_data = _stated(work)
        check_procedure(chosen, work.rules, public_data=public_data)
    else:
        stated = stated_procedure(work)
        check_move_procedure(work.kind, chosen, stated)
    return stated


def _stated(work: CaseThread) -> tuple[Procedure, bool]:
    """Of a first registration: the procedure that the applicant states, and whether data is public.

    The rest of the application was read when it was recorded, and its statement's commitment tells that it is
    the same.
    """
    sealed, leaf = _asking(work)
    if work.read is not None and work.read[0] == leaf:
        return work.read[1].procedure, work.read[1].public_data
    return read_procedure(_opened(work, sealed, leaf))


def silent_procedure(work: CaseThread) -> Procedure:
    """That of a case accepted by silence (R11)."""
    if work.kind is not CaseType.FIRST:
        return stated_procedure(work)
    stated, public_data = _stated(work)
    return deemed_procedure(stated, work.rules, public_data=public_data)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the public is shown of a case (R24)."""

    applicant: str
    asset: str
    overview: str
    limits: str
    importance: str


def shown_of(work: CaseThread) -> Shown:
    """What the notice of a case shows; of a move, of what is asked and of the certificate."""
    importance = importance_of_case(work)
    if work.kind is CaseType.FIRST:
        said = application_of(work)
        return Shown(said.applicant.name, said.asset.name, said.overview, said.limits, importance)
    request, before = request_of(work).request, predecessor_of(work)
    asker = request.parties[0].name
    return Shown(asker, before.asset, request.terms.summary, before.limits, importance)


def importance_of_case(work: CaseThread) -> str:
    """What the data was decided to be: `important`, `core`, or empty (R23)."""
    if work.kind is not CaseType.FIRST:
        return predecessor_of(work).importance
    return str(work.bodies("review.recorded")[-1]["importance"])


def _asking(work: CaseThread) -> tuple[bytes, bytes]:
    """What is sealed of the statement that says what is asked for, the latest, and its leaf hash."""
    found = _LATEST.first(work.session, of=work.case.id)
    assert found is not None  # a case begins with one
    return found[0], found[1]


def _opened(work: CaseThread, sealed: bytes, leaf: bytes) -> JSON:
    body, _ = open_event(work.seal, sealed, leaf)
    assert isinstance(body, dict)
    return body["application"]
