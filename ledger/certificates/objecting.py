"""Objections to a registered certificate (R25): anyone raises one; the registrant is told, and agrees or
explains; the registry concludes. While one is open it bars every move but a forum's.

Its material lies with the dossier that the certificate came of. An objection that is upheld changes nothing
by itself: the holders change or cancel, or a forum decides.
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from yinzheng.ledger.cases.deciding import checked_text
from yinzheng.ledger.cases.files import add_files, seal_parts, undone_together
from yinzheng.ledger.cases.objections import object_to
from yinzheng.ledger.cases.protests import (
    Protest,
    Raised,
    body_of,
    checked,
    digest_of,
    named,
    parts_of,
    require_room,
    require_same,
    sent_before,
)
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.certificates.calls import LATER_CONCLUSION, LATER_OBJECTION
from yinzheng.ledger.certificates.telling import body_of as certificate_body
from yinzheng.ledger.certificates.telling import reached, tell_of_objection
from yinzheng.ledger.certificates.work import CertificateThread, certificate_thread, registered, work_on
from yinzheng.ledger.chain.approvals_moves import LaterConclusion
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.calendar import WorkingCalendar
from yinzheng.ledger.rules.standing import TOLD_WITHIN, Move
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.states import State as CaseState
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate, Objection
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault


def object_to_notice(registry: Registry, leaf: bytes, protest: Protest, secret: bytes) -> tuple[str, Raised]:
    """Take in what came through the form on a notice: against its case, or what is registered by now.

    Gives the reference of the case, or the certificate's number. Raises `UsageFault`: `notice-unknown`, and
    as `cases.objections.object_to` or `object_to_certificate`.
    """
    with registry.store.reading() as session:
        event = repository.event_by_leaf(session, leaf)
        if event is None or event.type != "publicity.opened" or event.case_id is None:
            raise UsageFault(
                "there is no such notice", code="notice-unknown", hint="Look on the notice board."
            )
        case = repository.find_case(session, event.case_id)
        before = sent_before(session, secret)
        made = repository.certificates_of_case(session, case.id)
        later = case.state == CaseState.DEPOSITED and len(made) == 1
    if before is not None:  # sent again: it is where it was received first
        later = before.certificate is not None
    if later:
        return made[0].number, object_to_certificate(registry, made[0].number, protest, secret=secret)
    return case.id, object_to(registry, case.id, protest, secret=secret)


def object_to_certificate(
    registry: Registry, number: str, protest: Protest, *, secret: bytes | None = None
) -> Raised:
    """Record anyone's reasoned objection to a registered certificate, and keep its material.

    `secret` as for `cases.objections.object_to`; raises as that, and `UsageFault`: `certificate-…`.
    """
    protest = checked(protest)
    with registry.store.reading() as session:
        row = registered(session, number)
        dossier = session.get_one(Case, row.case_id).dossier_id
        key = dossier_key(registry, session, dossier)
        before = sent_before(session, secret)
        if before is not None:
            own = before.certificate == number
            return require_same(before, SealedValue(key) if own else None, protest)
        if secret is not None:
            require_room(session, Objection.certificate == number)
        certificate_thread(registry, session, row).allow(Move.OBJECT, Capacity.PUBLIC)
        first = len(repository.files_of(session, dossier))
    sealed = seal_parts(registry, parts_of(protest), key, dossier, first, silent)
    with work_on(registry, number) as work, undone_together(registry, sealed):
        rule = work.allow(Move.OBJECT, Capacity.PUBLIC)
        body = body_of(protest, sealed)
        add_files(work.session, SealedValue(key), dossier, first, sealed)
        recorded = work.compose(rule, body)
        leaf = recorded.leaf_hash
        call = registry.client.raise_later_objection(work.subject, leaf)
        work.call(LATER_OBJECTION, leaf.hex(), call, binds=work.subject)
        work.session.add(
            Objection(
                case_id=work.certificate.case_id,
                certificate=number,
                leaf=leaf,
                raised_at=work.now,
                secret=None if secret is None else digest_of(secret),
                sealed=SealedValue(key).seal(canonical.dumps(body), leaf),
            )
        )
        work.write(rule, recorded)
        tell_of_objection(work, leaf, due_to_tell(registry.calendar, work.now))
        return Raised(leaf.hex(), work.now)


def tell(registry: Registry, number: str, objection: str, by: Actor, how: str) -> None:
    """Record that an officer told the registrant, who is not enrolled or took no notice; `how`, in words.

    Raises `UsageFault`: `objection-unknown`, `objection-told`, `move-…`, `text-…`, `person-…`.
    """
    with work_on(registry, number) as work:
        rule = work.allow(Move.TELL, by)
        row = _open(work, objection)
        if row.told_at is not None:
            raise UsageFault("the registrant was told of it already", code="objection-told")
        body: dict[str, JSON] = {
            "v": 1,
            "person": by.person,
            "objection": row.leaf.hex(),
            "how": checked_text(how),
        }
        row.told_at = work.now
        work.write(rule, work.compose(rule, body))


def answer(
    registry: Registry, number: str, objection: str, by: Actor | str, *, agrees: bool, explanation: str
) -> None:
    """Record what the registrant answers: it agrees, or explains.

    `by` is a holder's credit code, whose signed request brought it, or the officer who received it on paper.

    Raises `UsageFault`: `objection-unknown`, `objection-answered`, `holder-other` (holds nothing under it),
    `move-…`, `text-…`, `person-…`.
    """
    with work_on(registry, number) as work:
        if isinstance(by, str):
            _require_holder(work.certificate, by)
        rule = work.allow(Move.ANSWER, Capacity.HOLDER if isinstance(by, str) else by)
        row = _open(work, objection)
        if row.answered_at is not None:
            raise UsageFault("the registrant has answered it already", code="objection-answered")
        body: dict[str, JSON] = {
            "v": 1,
            "objection": row.leaf.hex(),
            "agrees": agrees,
            "explanation": checked_text(explanation),
            "organisation": by if isinstance(by, str) else None,
            "person": None if isinstance(by, str) else by.person,
        }
        row.answered_at, row.agrees = work.now, agrees
        work.write(rule, work.compose(rule, body))


def conclude(
    registry: Registry, number: str, objection: str, by: Actor, *, upheld: bool, reasons: str
) -> None:
    """Conclude an objection, on an officer's signature; once the registrant was heard, or told and silent.

    Raises `UsageFault`: `objection-unknown`, `objection-unheard` (the registrant was not told yet), `move-…`,
    `text-…`, `person-…`; and what `Standing` says.
    """
    with work_on(registry, number) as work:
        rule = work.allow(Move.CONCLUDE, by)
        row = _open(work, objection)
        if row.answered_at is None and told_at(work.session, row) is None:
            raise UsageFault(
                "the registrant has not been told of this objection",
                code="objection-unheard",
                hint="Tell it and record that (`objection tell`); it agrees or explains (R25).",
            )
        body: dict[str, JSON] = {
            "v": 1,
            "person": by.person,
            "objection": row.leaf.hex(),
            "upheld": upheld,
            "reasons": checked_text(reasons),
        }
        recorded = work.compose(rule, body)
        decision = LaterConclusion(work.subject, row.leaf, recorded.leaf_hash, upheld)
        signature = work.approve(decision, LATER_CONCLUSION, by, work.content(recorded))
        call = registry.client.conclude_later_objection(decision, signature)
        work.call(LATER_CONCLUSION, recorded.leaf_hash.hex(), call)
        row.concluded_at, row.upheld = work.now, upheld
        work.write(rule, recorded)


def due_to_tell(calendar: WorkingCalendar, raised_at: int) -> int | None:
    """When the registrant is to be told at the latest; None where the calendar does not reach that far."""
    try:
        return calendar.add_working_days(raised_at, TOLD_WITHIN)
    except EnvironmentFault as fault:
        if fault.code != "calendar-year-unknown":
            raise
        return None


def told_at(session: Session, row: Objection) -> int | None:
    """When the registrant was told: by a signed notice that each holder took, or by an officer."""
    if row.told_at is not None:
        return row.told_at
    return reached(session, session.get_one(Certificate, row.certificate), row.leaf)


def _open(work: CertificateThread, given: str) -> Objection:
    leaf = named(work.situation.open_objections, given)
    return work.session.exec(select(Objection).where(col(Objection.leaf) == leaf)).one()


def _require_holder(certificate: Certificate, code: str) -> None:
    if code not in {holder.code for holder in certificate_body(certificate).holders}:
        raise DataFault(
            "this organisation holds nothing under the certificate",
            code="holder-other",
            hint="A holder answers for itself.",
        )
