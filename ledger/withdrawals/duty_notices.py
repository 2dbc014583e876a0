"""What organisations are told of a withdrawal (S11.4): freeze, destroy, tell the ethics committee, concluded.

A notice names subjects, scopes and deadlines, and no person. It is written in the transaction of the decision
it tells of, and delivered later. A recipient that is not enrolled cannot be told by us, nor could it answer:
it is told as soon as it is enrolled.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sqlalchemy import func
from sqlmodel import Session, select

from yinzheng.ledger.store.models_consents import Delivery, Organisation
from yinzheng.ledger.withdrawals.work import ConsentThread
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.webhook import ID_BYTES, Webhook
from yinzheng.verifier.formats.withdrawal import Requested

FREEZE, DESTROY = "withdrawal.freeze", "withdrawal.destroy"
ETHICS, CONCLUDED = "withdrawal.ethics", "withdrawal.concluded"


def queue(
    session: Session,
    to: str,
    kind: str,
    data: Mapping[str, JSON],
    now: int,
    withdrawal_id: bytes | None = None,
) -> bool:
    """Let an organisation be told, in the caller's transaction; False if it is not enrolled."""
    if session.get(Organisation, to) is None:
        return False
    notice = Webhook(secrets.token_bytes(ID_BYTES), kind, to, now, data)
    session.add(
        Delivery(
            id=notice.id,
            code=to,
            kind=kind,
            body=notice.canonical(),
            withdrawal_id=withdrawal_id,
            next_at=now,
            created_at=now,
        )
    )
    return True


def tell_controller(work: ConsentThread) -> bool:
    """Tell the controller which interfaces to freeze; for minors the freezing itself has a deadline (R33)."""
    _, request = work.request
    return _queue(
        work,
        work.row.controller,
        FREEZE,
        scopes=[*request.taken.scopes],
        recipients=[*sorted({grant.code for grant in request.taken.grants})],
        deadline=request.freeze_by or request.destroy_by,
    )


def tell_recipients(work: ConsentThread) -> tuple[str, ...]:
    """Tell everyone concerned, the controller among them, what they owe; gives who could be told.

    Who is exempt is told too: no new data may come to it.
    """
    return tuple(code for code in sorted(work.recipients) if tell_duty(work, code))


def tell_duty(work: ConsentThread, code: str) -> bool:
    """Tell one organisation what it owes, and until when; also as a reminder. False if it is not enrolled."""
    _, request = work.request
    parts = sorted({(g.scope, g.route) for g in request.taken.grants if g.code == code})
    scopes = request.taken.scopes if code == work.row.controller else sorted({scope for scope, _ in parts})
    return _queue(
        work,
        code,
        DESTROY,
        duty=work.recipients[code].duty,
        scopes=list(scopes),
        parts=[{"scope": scope, "route": route} for scope, route in parts],
        deadline=work.destroy_by,
    )


def tell_ethics(work: ConsentThread) -> None:
    """Let the controller bring it before its ethics committee, for the record (R34)."""
    _, request = work.request
    _queue(work, work.row.controller, ETHICS, scopes=list(request.taken.scopes))


def tell_conclusion(work: ConsentThread, statement: bytes, until: int | None) -> None:
    """Tell everyone concerned that all is destroyed or, with `until`, that it is restricted until then."""
    outcome = "completed" if until is None else "restricted"
    for code in sorted(work.recipients):
        _queue(work, code, CONCLUDED, outcome=outcome, statement=statement.hex(), until=until)


def reached(session: Session, withdrawal_id: bytes, code: str, kind: str) -> int | None:
    """When an organisation first took or fetched a notice of a withdrawal; None while it has not."""
    query = select(func.min(Delivery.delivered_at)).where(
        Delivery.withdrawal_id == withdrawal_id, Delivery.code == code, Delivery.kind == kind
    )
    return session.exec(query).one()


def _queue(work: ConsentThread, to: str, kind: str, **data: JSON) -> bool:
    leaf, request = work.request
    of: dict[str, JSON] = {
        "withdrawal": work.row.id.hex(),
        "consent": work.row.consent.hex(),
        "request": leaf.hex(),
    }
    assert isinstance(request, Requested)
    return queue(work.session, to, kind, of | data, work.now, work.row.id)
