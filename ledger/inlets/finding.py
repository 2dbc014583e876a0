"""What came to the contracts past the registry is found, recorded, and followed (D17, S24, ADR 57).

Final blocks alone are looked through, from a place that is kept, so that each event is found once and none
vanishes afterwards. An event is the registry's own where its log has the statement that the event names;
every other is recorded by a statement of its own, whatever the registry thinks of it. What follows from it
here follows in the same transaction: an objection is open, a reservation stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.certificates.objecting import due_to_tell
from yinzheng.ledger.certificates.reserving import let_go
from yinzheng.ledger.certificates.telling import tell_of_objection
from yinzheng.ledger.certificates.work import certificate_thread
from yinzheng.ledger.chain.announced import Announced, announced, sender_of
from yinzheng.ledger.chain.events import SPAN
from yinzheng.ledger.chain.records import DisputeState
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.disputes.direct import follow_opening, follow_release
from yinzheng.ledger.flow.recording import Occurrence, compose, record
from yinzheng.ledger.organisations.whose import whose
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.rules.states import State
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate, Objection
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.ledger.store.models_inlets import Inlet, InletPlace
from yinzheng.ledger.store.models_trades import Reservation
from yinzheng.verifier.formats.inlet import FOUND, STATED, Found, inlets_subject
from yinzheng.verifier.formats.trade_check import Block

AGAIN: Final = 500
"""Blocks that are looked through again rather than written down."""


def find(registry: Registry) -> int:
    """Look through the blocks that became final, and record what others told the contracts; how much it was.

    Raises `EnvironmentFault` where no node answers; what was found before stays found.
    """
    with registry.store.reading() as session:
        place = session.get(InletPlace, 1)
    first = registry.instance.deployment.block if place is None else place.block + 1
    last = registry.last_final()
    count = 0
    for begin in range(first, last + 1, SPAN):
        end = min(begin + SPAN - 1, last)
        found = announced(registry.w3, registry.client.addresses, begin, end)
        if registry.last_final() < end:
            break  # another node answered, one behind: of blocks it lacks it says that nothing is in them
        with registry.store.reading() as session:
            found = [one for one in found if not _is_recorded(session, one)]
        # Few are looked through again by whoever opens next: who is refused then has written nothing.
        if found or end - begin >= AGAIN:
            count += _record(registry, found, end)
    _follow_openings(registry)
    return count


def _follow_openings(registry: Registry) -> None:
    """Follow what was found while its opener was not enrolled here, and is by now."""
    with registry.store.reading() as session:
        left = unfollowed(session)
    for row in left:
        on_chain = registry.client.dispute(row.about)
        if on_chain is None or on_chain.state is not DisputeState.OPEN:
            continue
        with registry.store.transaction() as session:
            if whose(session, on_chain.opened_by) is not None:
                (one,) = (
                    one
                    for one in announced(registry.w3, registry.client.addresses, row.block, row.block)
                    if one.log == row.log
                )
                follow_opening(registry, session, one, on_chain.opened_at)


def unfollowed(session: Session) -> list[Inlet]:
    """Openings that were found on the chain, and whose disputes nobody here could take up."""
    openings = select(Inlet).where(Inlet.inlet == "dispute-opening")
    return list(session.exec(openings.where(col(Inlet.about).not_in(select(Dispute.subject)))))


def is_own(session: Session, one: Announced) -> bool:
    """Whether the log has the statement that an event names, on the same thing and about the same.

    Whoever signs names the statement: it could be any other of the log about the same certificate.
    """
    event = repository.event_by_leaf(session, one.name)
    return event is not None and event.subject == one.about and event.type == STATED[one.inlet]


def _is_recorded(session: Session, one: Announced) -> bool:
    return is_own(session, one) or session.get(Inlet, (one.block, one.log)) is not None


def _record(registry: Registry, found: list[Announced], last: int) -> int:
    """Record what is not the registry's own, and keep the place; one transaction."""
    with translated():
        times = {
            number: registry.w3.eth.get_block(number)["timestamp"] for number in {one.block for one in found}
        }
    with registry.store.transaction() as session:
        count = sum(_one(registry, session, one, times[one.block]) for one in found)
        session.merge(InletPlace(id=1, block=last))
    return count


def _one(registry: Registry, session: Session, one: Announced, time: int) -> bool:
    """Record one of a block of that time, and what follows from it."""
    if _is_recorded(session, one):
        return False
    now = registry.clock()
    body = Found(
        inlet=one.inlet,
        about=one.about,
        name=one.name,
        account=sender_of(registry.w3, one.transaction),
        transaction=one.transaction,
        log=one.log,
        block=Block(one.block, one.block_hash, time),
        at=now,
    )
    before = select(Inlet.leaf).order_by(col(Inlet.block).desc(), col(Inlet.log).desc())
    recorded = compose(
        Occurrence(
            type=FOUND,
            profile=registry.instance.profile,
            subject=inlets_subject(registry.instance.origin),
            at=now,
            by="registry",
            body=body.to_json(),
            prev=session.exec(before).first(),
        ),
        None,
        now=now,
    )
    record(session, [recorded])
    session.add(
        Inlet(
            block=one.block,
            log=one.log,
            inlet=one.inlet,
            about=one.about,
            name=one.name,
            leaf=recorded.leaf_hash,
        )
    )
    session.flush()  # the next one follows it
    follow = _FOLLOW.get(one.inlet)
    if follow is not None:
        follow(registry, session, one, time)
    return True


# ---------------------------------------------------------------- what follows


def _objection(registry: Registry, session: Session, one: Announced, _at: int) -> None:
    """Nothing is issued while it is open (R24); what was drafted is drafted anew.

    One of a case that is decided here by now was first: the contracts refuse the deposit on its way to them.
    """
    case = session.exec(select(Case).where(Case.subject == one.about)).first()
    if case is None or _known(session, one.name):
        return
    if case.state == State.ISSUING:
        case.state = State.PUBLICITY.value
        session.add(case)
    session.add(Objection(case_id=case.id, leaf=one.name, raised_at=registry.clock(), sealed=b""))


def _later_objection(registry: Registry, session: Session, one: Announced, _at: int) -> None:
    """The registrant is told (R25)."""
    row = session.exec(select(Certificate).where(Certificate.subject == one.about)).first()
    if row is None or row.event_id is None or _known(session, one.name):
        return
    now = registry.clock()
    session.add(
        Objection(case_id=row.case_id, certificate=row.number, leaf=one.name, raised_at=now, sealed=b"")
    )
    work = certificate_thread(registry, session, row)
    tell_of_objection(work, one.name, due_to_tell(registry.calendar, now))


def _known(session: Session, name: bytes) -> bool:
    return session.exec(select(Objection.id).where(Objection.leaf == name)).first() is not None


def _reservation(registry: Registry, session: Session, one: Announced, _at: int) -> None:
    """It stands for the exchange whose account signed."""
    account = bytes.fromhex(one.arguments["exchange"][2:])
    who = whose(session, account)
    row = session.exec(select(Certificate).where(Certificate.subject == one.about)).first()
    if who is None or Role.EXCHANGE not in who.roles.split() or row is None:
        return
    if session.get(Reservation, one.name) is None:
        session.add(
            Reservation(
                leaf=one.name,
                certificate=row.number,
                exchange=who.code,
                account=account,
                until=one.arguments["until"],
                made_at=registry.clock(),
            )
        )


def _reservation_release(_registry: Registry, session: Session, one: Announced, at: int) -> None:
    """What stood until then stands no more."""
    row = session.exec(select(Certificate).where(Certificate.subject == one.about)).first()
    if row is not None:
        let_go(session, row.number, one.name, at)


_FOLLOW: Final[Mapping[str, Callable[[Registry, Session, Announced, int], None]]] = {
    "objection": _objection,
    "later-objection": _later_objection,
    "dispute-opening": follow_opening,
    "dispute-release": follow_release,
    "reservation": _reservation,
    "reservation-release": _reservation_release,
}
"""By inlet: what is done, in the same transaction, about one of a block of that time."""
