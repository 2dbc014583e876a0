"""Objections (R24): anyone protests, with reasons and material; the registry investigates and concludes.

The material is kept, sealed with the dossier. Whoever objects through the form on a notice gets a number and
a secret, and follows with them what becomes of it; the ledger keeps a hash of the secret alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, select

from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.cases.calls import CONCLUSION, OBJECTION
from yinzheng.ledger.cases.deciding import checked_text
from yinzheng.ledger.cases.deeming import deadlines_of
from yinzheng.ledger.cases.files import add_files, seal_parts, undone_together
from yinzheng.ledger.cases.protests import (
    NUMBER_DIGITS,
    Protest,
    Raised,
    against_case,
    body_of,
    checked,
    digest_of,
    named,
    parts_of,
    require_room,
    require_same,
    sent_before,
)
from yinzheng.ledger.cases.work import CaseThread, approve, case_thread, content_of, dossier_key, work_on
from yinzheng.ledger.chain.approvals import Conclusion
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.rules.states import Capacity, Move
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Objection
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.objection_paper import ObjectionPaper


@dataclass(frozen=True, slots=True)
class Followed:
    """How an objection stands, for whoever raised it. Times are UTC seconds.

    `due` is when its investigation ends at the latest (R24), None once it has ended or where the calendar
    does not reach that far. `reasons` are the registry's, empty before it has concluded.
    """

    number: str
    case: str
    raised_at: int
    due: int | None
    concluded_at: int | None
    upheld: bool | None
    reasons: str


def object_to(registry: Registry, case_id: str, protest: Protest, *, secret: bytes | None = None) -> Raised:
    """Record anyone's reasoned objection and keep its material (R24).

    `secret`, 16 random bytes of whoever objects through the form, lets them follow it (`follow`), and makes
    the same form sent twice one objection. Raises `UsageFault`: `objection-…` (`objection-other`: another
    was sent with that secret), `text-…`, `material-…`, `move-…` once nobody can object any more;
    `DataFault` (`encoded-bytes`, `field-…`).
    """
    protest = checked(protest)
    with registry.store.reading() as session:
        case = repository.find_case(session, case_id)
        key = dossier_key(registry, session, case.dossier_id)
        before = sent_before(session, secret)
        if before is not None:
            own = before.case_id == case_id and before.certificate is None
            return require_same(before, SealedValue(key) if own else None, protest)
        if secret is not None:
            require_room(session, *against_case(case_id))
        thread = case_thread(registry, session, case, SealedValue(key), registry.clock())
        thread.allow(Move.OBJECT, Capacity.PUBLIC)  # before anything is sealed
        first = len(repository.files_of(session, case.dossier_id))
    sealed = seal_parts(registry, parts_of(protest), key, case.dossier_id, first, silent)
    with work_on(registry, case_id) as work, undone_together(registry, sealed):
        rule = work.allow(Move.OBJECT, Capacity.PUBLIC)
        body = body_of(protest, sealed)
        add_files(work.session, work.seal, case.dossier_id, first, sealed)
        recorded = work.compose(rule, body)
        call = registry.client.raise_objection(work.case.subject, recorded.leaf_hash)
        work.call(OBJECTION, recorded.leaf_hash.hex(), call)
        work.session.add(
            Objection(
                case_id=case_id,
                leaf=recorded.leaf_hash,
                raised_at=work.now,
                secret=None if secret is None else digest_of(secret),
                sealed=work.seal.seal(canonical.dumps(body), recorded.leaf_hash),
            )
        )
        work.write(rule, recorded)
        return Raised(recorded.leaf_hash.hex(), work.now)


def take_in(registry: Registry, paper: ObjectionPaper) -> str:
    """Keep what somebody meant who objected on the chain itself; gives the case, or the certificate (S24.2).

    It lies sealed with the dossier; an audit opens it again, and holds it against the chain's name for it.

    Raises `UsageFault` `objection-unknown` (nothing of it was found on the chain yet), `DataFault`
    `dossier-destroyed`.
    """
    with registry.store.transaction() as session:
        row = session.exec(select(Objection).where(Objection.leaf == paper.name)).first()
        if row is None:
            raise UsageFault(
                "no objection of that name was found on the chain",
                code="objection-unknown",
                hint="It is found once its block is final: hand it in again then.",
            )
        seal = SealedValue(dossier_key(registry, session, session.get_one(Case, row.case_id).dossier_id))
        row.sealed = seal.seal(canonical.dumps(paper.to_json()), row.leaf)
        session.add(row)
        return row.certificate or row.case_id


def resolve(
    registry: Registry, case_id: str, objection: str | Sequence[str], by: Actor, *, upheld: bool, reasons: str
) -> None:
    """Conclude an objection after investigation (R24); one that is upheld ends the case.

    `objection` is its name, or the first characters of it when they are unmistakable; of several, which only
    are dismissed together, all or none is concluded, each by a signature of its own.
    """
    given = [objection] if isinstance(objection, str) else objection
    with work_on(registry, case_id) as work:
        for one in given:
            _resolve(work, one, by, upheld=upheld, reasons=reasons)


def _resolve(work: CaseThread, objection: str, by: Actor, *, upheld: bool, reasons: str) -> None:
    rule = work.allow(Move.UPHOLD if upheld else Move.DISMISS, by)
    leaf = named(work.situation.open_objections, objection)
    body: dict[str, JSON] = {
        "v": 1,
        "person": by.person,
        "objection": leaf.hex(),
        "upheld": upheld,
        "reasons": checked_text(reasons),
    }
    recorded = work.compose(rule, body)
    decision = Conclusion(work.case.subject, leaf, recorded.leaf_hash, upheld)
    signature = approve(work, decision, "conclusion", by, Capacity.REGISTRY, content_of(work, recorded))
    call = work.registry.client.conclude_objection(decision, [signature])
    work.call(CONCLUSION, recorded.leaf_hash.hex(), call)
    row = work.session.exec(select(Objection).where(Objection.leaf == leaf)).one()
    row.concluded_at, row.upheld = work.now, upheld
    work.write(rule, recorded)


def follow(registry: Registry, number: str, secret: bytes) -> Followed:
    """How the objection of that number stands, for whoever has its secret.

    That they looked is written down (R47). Raises `UsageFault` `objection-secret`: an unknown number and a
    wrong secret are answered alike.
    """
    with registry.store.transaction() as session:
        row = followed_row(session, number, secret)
        access = Access("see", "objection", number, "own", basis="own")
        note(registry, session, Reader.of_bearer(), access)
        case = session.get_one(Case, row.case_id)
        due = deadlines_of(session, case, registry.calendar, registry.clock())
        return Followed(
            number=number,
            case=case.id,
            raised_at=row.raised_at,
            due=dict(due.objections_due).get(row.leaf.hex()),
            concluded_at=row.concluded_at,
            upheld=row.upheld,
            reasons="" if row.concluded_at is None else _reasons(registry, session, case, row.leaf),
        )


def followed_row(session: Session, number: str, secret: bytes) -> Objection:
    """The objection of that number, for whoever has its secret. Raises as `follow`."""
    row = session.exec(select(Objection).where(Objection.secret == digest_of(secret))).first()
    if row is None or not hmac.compare_digest(
        row.leaf.hex()[:NUMBER_DIGITS].encode(), number.encode("utf-8", "replace")
    ):
        raise UsageFault(
            "number and secret do not belong together",
            code="objection-secret",
            hint="Both stand on the receipt of the objection.",
        )
    return row


def _reasons(registry: Registry, session: Session, case: Case, leaf: bytes) -> str:
    try:
        seal = SealedValue(dossier_key(registry, session, case.dossier_id))
    except DataFault as fault:
        if fault.code != "dossier-destroyed":
            raise
        return ""  # erased with the dossier (R44)
    thread = case_thread(registry, session, case, seal, registry.clock())
    found = [body for body in thread.bodies("objection.concluded") if body["objection"] == leaf.hex()]
    return str(found[-1]["reasons"]) if found else ""
