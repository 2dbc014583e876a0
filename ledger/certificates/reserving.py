"""Certificates kept for a trade (R46): reserved by an exchange, released, lapsed, or used up by a settlement.

Of several that want one certificate, the first whose statement is the next of its thread has it here, and the
contract lets one alone have it whoever sends what to the chain: a call that lost there is `refused`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session, col, select

from yinzheng.ledger.cases.calls import LICENCE, SUCCESSION
from yinzheng.ledger.certificates.calls import RELEASE, RESERVATION, about_reservation
from yinzheng.ledger.certificates.work import CertificateThread
from yinzheng.ledger.chain.approvals_moves import Reservation as ToReserve
from yinzheng.ledger.chain.approvals_moves import ReservationRelease
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import ChainCall
from yinzheng.ledger.store.models_inlets import Inlet
from yinzheng.ledger.store.models_trades import Reservation, TradeContract
from yinzheng.ledger.store.paging import page_of
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.reservation import Released, Reserved
from yinzheng.verifier.log.statement import Statement, certificate_subject

CLOCKS_APART = 300
"""Seconds by which a block's time and ours may differ."""


class State(StrEnum):
    """How a reservation stands; derived, never stored."""

    REQUESTED = "requested"
    """Recorded, and not on the chain yet."""
    RESERVED = "reserved"
    RELEASED = "released"
    LAPSED = "lapsed"
    CONSUMED = "consumed"
    """A transfer or licence settled the trade."""
    REFUSED = "refused"
    """Somebody else's reached the chain first, or it could not be any more: it never held."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A reservation, as its exchange is told of it. Times are UTC seconds."""

    leaf: bytes
    certificate: str
    until: int
    made_at: int
    state: State
    settled: bytes | None = None
    """Leaf hash of what settled it, whether or not the chain has that yet."""
    contract: bytes | None = None
    """Subject of the recorded contract by which it was settled (R56)."""

    def to_json(self) -> dict[str, JSON]:
        """As the desk shows it (S20.5)."""
        return {
            "reservation": self.leaf.hex(),
            "certificate": self.certificate,
            "until": self.until,
            "made_at": self.made_at,
            "state": self.state.value,
            "settled": None if self.settled is None else self.settled.hex(),
            "contract": None if self.contract is None else self.contract.hex(),
        }


def keep(
    work: CertificateThread,
    body: Reserved | Released,
    leaf: bytes,
    signer: bytes,
    approval: bytes,
    by: Capacity,
) -> None:
    """Put into the outbox what an order asks of the chain, and write down whose certificate it is.

    Raises `UsageFault`: `certificate-reserved` (somebody was first), `reservation-unknown` (of another
    certificate or exchange, released or settled before, or not the one that stands), and what `Standing`
    says.
    """
    client = work.registry.client
    if isinstance(body, Reserved):
        _require_nobody_before(work, body.until, signer)
        part = about_reservation(work.subject, body.until, signer)
        call = client.reserve(ToReserve(work.subject, body.until, leaf), approval)
        work.call(RESERVATION, leaf.hex(), call, part=part, binds=work.subject)
        work.session.merge(  # the exchange may have sent it itself, and the registry found it
            Reservation(
                leaf=leaf,
                certificate=body.certificate,
                exchange=body.by.code,
                account=signer,
                until=body.until,
                made_at=work.now,
            )
        )
        return
    row = work.session.get(Reservation, body.reservation)
    if row is None or row.certificate != body.certificate or row.released not in (None, leaf):
        raise unknown()  # one that its exchange let go itself is handed in afterwards
    if has_settled(work.session, row):
        raise unknown()  # used up
    record = client.record(work.subject)
    stands = None if record is None else (record.reserved_until, record.reserved_by)
    if stands is not None and stands[0] > work.now and stands != (row.until, row.account):
        raise unknown()  # the contract lets go what stands, whatever is named here
    # The contract need not be asked: of one that does not stand it would refuse nothing that has an effect.
    if by is Capacity.EXCHANGE and row.account != signer:
        raise unknown()
    part = about_reservation(work.subject, row.until, row.account)
    work.call(
        RELEASE,
        leaf.hex(),
        client.release_reservation(ReservationRelease(work.subject, leaf), approval),
        part=part,
    )
    row.released = leaf
    work.session.add(row)


def let_go(session: Session, certificate: str, leaf: bytes, at: int) -> None:
    """Write down that what stood at `at` was released past the registry, by the statement `leaf`."""
    rows = session.exec(
        select(Reservation)
        .where(
            Reservation.certificate == certificate,
            col(Reservation.until) > at,
            col(Reservation.made_at) <= at + CLOCKS_APART,
            col(Reservation.released).is_(None),
        )
        .order_by(col(Reservation.made_at).desc())
    )
    for row in rows:
        part = about_reservation(certificate_subject(certificate), row.until, row.account)
        if _is_on_chain(session, row, repository.find_call(session, RESERVATION.name, row.leaf.hex(), part)):
            row.released = leaf
            session.add(row)
            return


def _is_on_chain(session: Session, row: Reservation, call: ChainCall | None) -> bool:
    """Whether the chain ever had it: sent by us, or found there."""
    found = select(Inlet.leaf).where(Inlet.name == row.leaf)
    return (call is not None and call.state == "confirmed") or session.exec(found).first() is not None


def _require_nobody_before(work: CertificateThread, until: int, signer: bytes) -> None:
    """Of what the chain does not know yet, the first has it; of all else the contract is asked.

    But for the same once more: the chain has that already, so the contract would not be asked.
    """
    rows = work.session.exec(
        select(Reservation).where(
            Reservation.certificate == work.certificate.number,
            col(Reservation.until) > work.now,
            col(Reservation.released).is_(None),
        )
    )
    record = work.registry.client.record(work.subject)
    stands = None if record is None else (record.reserved_until, record.reserved_by)
    for row in rows:
        same = (row.until, row.account) == (until, signer)  # perhaps handed in after the chain has it
        part = about_reservation(work.subject, row.until, row.account)
        call = repository.find_call(work.session, RESERVATION.name, row.leaf.hex(), part)
        if stands == (row.until, signer) and (call is not None or not same):
            raise UsageFault(
                "this exchange has reserved this certificate already",
                code="reservation-own",
                hint=f"Settle or release it by its LEAF, {row.leaf.hex()}.",
            )
        if call is not None and (same or call.state in ("pending", "sent")):
            raise UsageFault(
                "this certificate is reserved, or a reservation is on its way to the chain",
                code="certificate-reserved",
                hint="Whoever came first has it; ask again when that has ended (R46).",
            )


def unknown() -> UsageFault:
    """What is told of a reservation that is not there, or not of who asks."""
    return UsageFault(
        "there is no such reservation that could be released",
        code="reservation-unknown",
        hint="It is named by the leaf hash of its statement.",
    )


def reservation_of(registry: Registry, leaf: bytes, exchange: str) -> Shown:
    """Tell of one reservation. Raises as `own`."""
    with registry.store.reading() as session:
        return _shown(registry, session, own(session, leaf, exchange))


def made_by(registry: Registry, leaf: bytes, exchange: str) -> dict[str, JSON]:
    """The statement and public body by which it was reserved, whose leaf hash names it.

    Raises as `own`, and `UsageFault` `reservation-unstated`.
    """
    with registry.store.reading() as session:
        own(session, leaf, exchange)
        event = repository.event_by_leaf(session, leaf)
        if event is None or event.type != "reservation.made" or event.public is None:
            raise UsageFault(
                "the log has no statement of this reservation: the exchange told the contracts itself",
                code="reservation-unstated",
                hint="Hand its order in; until then the chain alone has it.",
            )
        body = canonical.loads(event.public, max_bytes=len(event.public))
        return {"statement": Statement.from_bytes(event.statement).to_json(), "body": body}


def reservations_of(
    registry: Registry, exchange: str, after: bytes | None = None
) -> tuple[list[Shown], bytes | None]:
    """A page of an exchange's reservations: those before the reservation `after`, or the newest.

    With the one to go on after, or None at the end. Raises `UsageFault` `reservation-unknown`.
    """
    with registry.store.reading() as session:
        last = None if after is None else own(session, after, exchange)
        behind = None if last is None else (last.made_at, last.leaf)
        query = select(Reservation).where(Reservation.exchange == exchange)
        order = (col(Reservation.made_at), col(Reservation.leaf))
        rows, more = page_of(session, query, order, behind)
        return [_shown(registry, session, row) for row in rows], None if more is None else more.leaf


def _shown(registry: Registry, session: Session, row: Reservation) -> Shown:
    state = stands_of(registry, session, row)
    contract = None
    if row.contract is not None and has_settled(session, row):
        query = select(TradeContract.subject).where(TradeContract.digest == row.contract)
        contract = session.exec(query).first()
    return Shown(row.leaf, row.certificate, row.until, row.made_at, state, row.settled, contract)


def stands_of(registry: Registry, session: Session, row: Reservation) -> State:
    """How a reservation stands now."""
    part = about_reservation(certificate_subject(row.certificate), row.until, row.account)
    call = repository.find_call(session, RESERVATION.name, row.leaf.hex(), part)
    found = session.exec(select(Inlet.leaf).where(Inlet.name == row.leaf)).first() is not None
    if not found and (call is None or call.state == "failed"):
        return State.REFUSED
    if row.released is not None:
        return State.RELEASED
    if not found and call is not None and call.state != "confirmed":
        return State.REQUESTED
    if "confirmed" in _carried(session, row):
        return State.CONSUMED
    record = registry.client.record(certificate_subject(row.certificate))
    held = record is not None and (record.reserved_until, record.reserved_by) == (row.until, row.account)
    if registry.clock() < row.until:
        return State.RESERVED if held else State.CONSUMED
    # One that lapsed stands in the record until somebody else's takes its place.
    return State.LAPSED if held or _followed(session, row) else State.CONSUMED


def _carried(session: Session, row: Reservation) -> frozenset[str]:
    """How far the chain is with the move that settles a reservation; one that it refused settled nothing."""
    if row.settled is None:
        return frozenset()
    # Asked by what calls are found by: there are as many as everything that ever happened.
    event = repository.event_by_leaf(session, row.settled)
    about = {certificate_subject(row.certificate)} | (set() if event is None else {event.subject})
    calls = select(ChainCall.state).where(
        col(ChainCall.kind).in_((LICENCE.name, SUCCESSION.name)),
        col(ChainCall.about).in_([one.hex() for one in about]),
        ChainCall.part == row.settled.hex(),
    )
    return frozenset(session.exec(calls))


def is_settling(session: Session, row: Reservation) -> bool:
    """Whether what settles a reservation is recorded and on its way to the chain."""
    return bool({"pending", "sent"} & _carried(session, row))


def has_settled(session: Session, row: Reservation) -> bool:
    """Whether a reservation's trade is settled: on the chain, or recorded and on its way there."""
    return bool({"pending", "sent", "confirmed"} & _carried(session, row))


def settled_by(session: Session, certificate: str, contract: bytes) -> list[Reservation]:
    """Reservations of a certificate whose trades a contract settled, named by its SHA-256: one, or none."""
    query = select(Reservation).where(
        Reservation.certificate == certificate, Reservation.contract == contract
    )
    return [row for row in session.exec(query) if has_settled(session, row)]


def own(session: Session, leaf: bytes, exchange: str) -> Reservation:
    """An exchange's reservation. Raises `UsageFault` `reservation-unknown`, also to every other exchange."""
    row = session.get(Reservation, leaf)
    if row is None or row.exchange != exchange:
        raise unknown()
    return row


def _followed(session: Session, row: Reservation) -> bool:
    later = select(Reservation.leaf).where(
        Reservation.certificate == row.certificate, col(Reservation.made_at) >= row.until
    )
    return session.exec(later).first() is not None
