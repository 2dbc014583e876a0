"""How objections to registered certificates stand: for who raised one, registrant, officers."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.cases.objections import Followed, follow, followed_row
from yinzheng.ledger.cases.protests import meant
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.certificates.objecting import due_to_tell, told_at
from yinzheng.ledger.certificates.telling import body_of
from yinzheng.ledger.certificates.work import registered, statements_of
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.flow.working_days import calendar_of
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.events import StandingStatement
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store.database import open_store_read_only
from yinzheng.ledger.store.models import Case, Event, Objection
from yinzheng.ledger.store.paging import page_of
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.errors import DataFault, UsageFault


@dataclass(frozen=True, slots=True)
class Line:
    """One objection to a registered certificate, without what it says. Times are UTC seconds."""

    certificate: str
    name: str
    """64 hex."""
    raised_at: int
    tell_by: int | None
    """When the registrant is to be told at the latest; None where the calendar does not reach that far."""
    told_at: int | None
    answered_at: int | None
    agrees: bool | None
    concluded_at: int | None
    upheld: bool | None


def objections_at(root: Path) -> list[Line]:
    """All of them in a state folder, the open ones first, then the oldest; needs no keys.

    Raises as `read_instance` and `open_store_read_only`.
    """
    paths, instance = read_instance(root)
    calendar = calendar_of(paths)
    with closing(open_store_read_only(instance.store_url(paths))) as store, store.reading() as session:
        rows = session.exec(select(Objection).where(col(Objection.certificate).is_not(None))).all()
        lines = [
            Line(
                certificate=str(row.certificate),
                name=row.leaf.hex(),
                raised_at=row.raised_at,
                tell_by=due_to_tell(calendar, row.raised_at),
                told_at=told_at(session, row),
                answered_at=row.answered_at,
                agrees=row.agrees,
                concluded_at=row.concluded_at,
                upheld=row.upheld,
            )
            for row in rows
        ]
    return sorted(lines, key=lambda line: (line.concluded_at is not None, line.raised_at))


def follow_any(registry: Registry, number: str, secret: bytes) -> Followed:
    """As `cases.objections.follow`; `case` is the number where it is to a registered certificate."""
    with registry.store.transaction() as session:
        row = followed_row(session, number, secret)
        if row.certificate is not None:
            access = Access("see", "objection", number, "own", basis="own")
            note(registry, session, Reader.of_bearer(), access)
            return Followed(
                number=number,
                case=row.certificate,
                raised_at=row.raised_at,
                due=None,
                concluded_at=row.concluded_at,
                upheld=row.upheld,
                reasons="" if row.concluded_at is None else _reasons(registry, session, row),
            )
    return follow(registry, number, secret)


def objections_for(
    registry: Registry, number: str, org: str, reader: Reader, after: bytes | None = None
) -> tuple[list[dict[str, Any]], bytes | None]:
    """The open objections to a certificate with their reasons, for one of its holders, the newest first;
    those before `after`. Noted (R47). With the one to go on after, or None at the end.

    Raises `UsageFault`: `certificate-…`, `query` (`after` is no objection to it); `DataFault`:
    `holder-other`, `dossier-destroyed`.
    """
    with registry.store.transaction() as session:
        row = registered(session, number)
        if org not in {holder.code for holder in body_of(row).holders}:
            raise DataFault(
                "this organisation holds nothing under the certificate",
                code="holder-other",
                hint="What is objected to is told to its holders alone.",
            )
        against = select(Objection).where(Objection.certificate == number)
        behind = None
        if after is not None:  # one that was concluded meanwhile still tells where it stood
            last = session.exec(against.where(Objection.leaf == after)).first()
            if last is None:
                raise UsageFault("there is no such place in the list", code="query")
            behind = (last.id,)
        still = against.where(col(Objection.concluded_at).is_(None))
        found, more = page_of(session, still, (col(Objection.id),), behind)
        note(registry, session, reader, Access("see", "objection", number, "own", basis="own"))
        seal = _seal(registry, session, row.case_id)
        said = {event.leaf_hash: event for event in statements_of(session, row)}
        return [
            {
                "objection": one.leaf.hex(),
                "raised_at": one.raised_at,
                "answered_at": one.answered_at,
                "reasons": _said(one, said.get(one.leaf), seal),
            }
            for one in found
        ], None if more is None else more.leaf


def _said(row: Objection, event: Event | None, seal: SealedValue) -> str:
    """Its reasons; of one raised on the chain itself those that were handed in, or none."""
    if event is not None:
        return str(_opened(seal, event)["reasons"])
    paper = meant(row, seal)
    return "" if paper is None else paper.body.reasons


def _reasons(registry: Registry, session: Session, row: Objection) -> str:
    try:
        seal = _seal(registry, session, row.case_id)
    except DataFault as fault:
        if fault.code != "dossier-destroyed":
            raise
        return ""  # erased with the dossier (R44)
    for event in statements_of(session, registered(session, str(row.certificate))):
        if event.type == StandingStatement.CONCLUDED:
            body = _opened(seal, event)
            if body["objection"] == row.leaf.hex():
                return str(body["reasons"])
    return ""


def _seal(registry: Registry, session: Session, case_id: str) -> SealedValue:
    return SealedValue(dossier_key(registry, session, session.get_one(Case, case_id).dossier_id))


def _opened(seal: SealedValue, event: Event) -> dict[str, Any]:
    body, _ = open_event(seal, event.sealed, event.leaf_hash)
    assert isinstance(body, dict)  # as it was written, authenticated
    return body
