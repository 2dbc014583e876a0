"""What organisations are told of a withdrawal (S11.4): freeze, destroy, tell the ethics committee, concluded.

A notice names subjects, scopes and deadlines, and no person. It is written in the transaction of the decision
it tells of, and delivered later. A recipient that is not enrolled cannot be told by us, nor could it answer:
it is told as soon as it is enrolled. Whether anyone was reached is `reach`'s to tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import bindparam

from yinzheng.ledger.notify.queue import queue
from yinzheng.ledger.rules.withdrawal import Reminder
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.ledger.store.session import Objects
from yinzheng.ledger.withdrawals.work import ConsentThread
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.withdrawal import Requested

_ROWS: Final = table_of(Delivery)
_ABOUT: Final = Objects(Delivery, _ROWS.c.withdrawal_id == bindparam("about"))
"""By the withdrawal alone: asked for the state too, SQLite would go through all that is pending."""

FREEZE, DESTROY, HELD = "withdrawal.freeze", "withdrawal.destroy", "withdrawal.held"
ETHICS, CONCLUDED = "withdrawal.ethics", "withdrawal.concluded"


def tell_everyone(work: ConsentThread) -> tuple[str, ...]:
    """Tell everyone concerned in the moment of verification (R35); gives the codes of who could be told.

    The controller: to freeze, what it owes itself and, where genetic information is concerned, to bring it
    before its ethics committee (R34). Who is exempt is told too: no new data may come to it.
    """
    tell_controller(work)
    if work.row.genetic:
        _, request = work.request
        _queue(work, work.row.controller, ETHICS, scopes=list(request.taken.scopes))
    return tuple(code for code in sorted(work.recipients) if tell_duty(work, code))


def tell_controller(work: ConsentThread, reminder: Reminder | None = None) -> bool:
    """Tell the controller which interfaces to freeze; for minors the freezing itself has a deadline (R33).

    False if it is not enrolled.
    """
    _, request = work.request
    return _queue(
        work,
        work.row.controller,
        FREEZE,
        scopes=[*request.taken.scopes],
        recipients=[*sorted({grant.code for grant in request.taken.grants})],
        deadline=request.freeze_by or request.destroy_by,
        reminder=_why(reminder),
    )


def tell_duty(work: ConsentThread, code: str, reminder: Reminder | None = None) -> bool:
    """Tell one organisation what it owes, and until when; also as a reminder. False if it is not enrolled.

    While a dispute holds the data: to stop using it and to destroy nothing (R36, R39).
    """
    _, request = work.request
    parts = sorted({(g.scope, g.route) for g in request.taken.grants if g.code == code})
    scopes = request.taken.scopes if code == work.row.controller else sorted({scope for scope, _ in parts})
    duty: dict[str, JSON] = {
        "duty": work.recipients[code].duty,
        "scopes": list(scopes),
        "parts": [{"scope": scope, "route": route} for scope, route in parts],
    }
    if work.situation.holds:
        return _queue(work, code, HELD, **duty)
    return _queue(work, code, DESTROY, **duty, deadline=work.destroy_by, reminder=_why(reminder))


def tell_conclusion(work: ConsentThread, statement: bytes, until: int | None) -> None:
    """Tell everyone concerned that all is destroyed or, with `until`, that it is restricted until then."""
    outcome = "completed" if until is None else "restricted"
    for code in sorted(work.recipients):
        _queue(work, code, CONCLUDED, outcome=outcome, statement=statement.hex(), until=until)


def withhold(work: ConsentThread, code: str, kinds: Iterable[str]) -> None:
    """Send no more what was queued, for what it asks of `code` is done, or asked no longer."""
    asked = frozenset(kinds)
    for one in _ABOUT.all(work.session, about=work.row.id):
        if one.code == code and one.state == "pending" and one.kind in asked:
            one.state = "moot"


def _why(reminder: Reminder | None) -> str | None:
    return None if reminder is None else reminder.value


def _queue(work: ConsentThread, to: str, kind: str, **data: JSON) -> bool:
    leaf, request = work.request
    of: dict[str, JSON] = {
        "withdrawal": work.row.id.hex(),
        "consent": work.row.consent.hex(),
        "request": leaf.hex(),
    }
    assert isinstance(request, Requested)
    return queue(work.session, to, kind, of | data, work.now, work.row.id) is not None
