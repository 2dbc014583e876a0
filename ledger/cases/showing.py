"""What organisations are shown of moves that concern them: where each stands, and what waits to be signed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlmodel import Session, col, select

from yinzheng.ledger.cases.asked import request_of
from yinzheng.ledger.cases.handing_out import file_of
from yinzheng.ledger.cases.issuing import missing_of, standing
from yinzheng.ledger.cases.prepared import PreparedFile
from yinzheng.ledger.cases.work import CaseThread, work_on
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import State
from yinzheng.ledger.store.models import Case
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.ledger.store.models_moves import MoveParty
from yinzheng.ledger.store.paging import page_of
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault, YinzhengError
from yinzheng.verifier.formats.move_request import JointRequest


@dataclass(frozen=True, slots=True)
class ShownMove:
    """A move, as those see it whom it concerns (S15.9)."""

    case: str
    type: str
    certificate: str
    state: str
    changed_at: int
    missing: tuple[str, ...] = ()
    """Who is still to approve what is prepared."""
    prepared: PreparedFile | None = None
    asked: JointRequest | None = None
    """What its parties signed, for them alone."""

    def to_json(self) -> dict[str, JSON]:
        """The object of S15.9."""
        return {
            "case": self.case,
            "type": self.type,
            "certificate": self.certificate,
            "state": self.state,
            "changed_at": self.changed_at,
            "missing": [*self.missing],
            "prepared": None if self.prepared is None else self.prepared.to_json(),
            "asked": None if self.asked is None else self.asked.to_json(),
        }


def moves_of(registry: Registry, code: str, after: str | None = None) -> tuple[list[ShownMove], str | None]:
    """The moves that concern an organisation, the newest first, without what is prepared; those before the
    case `after`. With the case to go on after, or None at the end.
    """
    with registry.store.reading() as session:
        query = select(Case).join(MoveParty, col(MoveParty.case_id) == Case.id)
        query = query.where(MoveParty.organisation == code)
        rows, more = page_of(session, query, (col(MoveParty.case_id),), None if after is None else (after,))
        return [_shown(case) for case in rows], None if more is None else more.id


def shown_move(registry: Registry, case_id: str, code: str) -> ShownMove:
    """One of them, with what is asked and what is prepared; the latter also to the exchange whose
    reservation it settles.

    Raises `UsageFault` `case-unknown` for everyone else, in the same words whether there is no such case, it
    is others', or its dossier was destroyed.
    """
    with one_answer(), work_on(registry, case_id) as work:
        concerned = work.session.get(MoveParty, (code, case_id)) is not None
        if not concerned and not _settles(work, code):
            raise unknown_case()
        try:
            prepared = standing(work) if work.situation.state is State.ISSUING else None
        except UsageFault:
            prepared = None  # barred by now, or over a day old: there is nothing to sign
        asked = request_of(work) if concerned else None
        if prepared is None:
            return _shown(work.case, asked=asked)
        return _shown(work.case, missing_of(work, prepared), file_of(work, prepared), asked)


def prepared_file(registry: Registry, case_id: str) -> PreparedFile:
    """What is prepared in a case, for whoever signs it elsewhere. Raises as `issuing.standing`."""
    with work_on(registry, case_id) as work:
        return file_of(work, standing(work))


def _settles(work: CaseThread, code: str) -> bool:
    """Whether the organisation has the account that reserved the certificate, and its signature is due."""
    if work.case.certificate is None or work.situation.state is not State.ISSUING:
        return False
    account = _account(work.session, code)
    try:
        prepared = standing(work)
    except UsageFault:
        return False
    return account is not None and any(one.account == account for one in prepared.signers)


def _account(session: Session, code: str) -> bytes | None:
    found = session.get(Organisation, code)
    return None if found is None else found.account


def _shown(
    case: Case,
    missing: tuple[str, ...] = (),
    prepared: PreparedFile | None = None,
    asked: JointRequest | None = None,
) -> ShownMove:
    assert case.certificate is not None  # a move's has one
    return ShownMove(
        case.id, case.type, case.certificate, case.state, case.changed_at, missing, prepared, asked
    )


@contextmanager
def one_answer() -> Iterator[None]:
    """Of a case that is not there, or whose dossier was destroyed, say what of others' cases is said."""
    try:
        yield
    except YinzhengError as fault:
        if fault.code in ("case-unknown", "dossier-destroyed"):
            raise unknown_case() from None
        raise


def unknown_case() -> UsageFault:
    """What whoever is not concerned is told."""
    return UsageFault(
        "there is no such case", code="case-unknown", hint="`yinzheng holder requests` lists them."
    )
