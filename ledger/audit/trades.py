"""Is every trade check what its statement commits to, about whom its row says, and signed by an issuer?

And does what such a check looks up say what was stated?
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.keys import month_of, open_key
from yinzheng.ledger.audit.event import check_event
from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.cases.calls import CASE_CANCELLATION, LICENCE, SUCCESSION
from yinzheng.ledger.chain.records import Record
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.disputes.calls import OPENING
from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.store.models import Certificate, ChainCall, Event
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.store.models_trades import Reservation, TradeCheck
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.ledger.trades.checking import KEYS
from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.trade_check import TYPE, parse_checked, signed_message
from yinzheng.verifier.log.statement import certificate_subject


def check_trades(audit: Audit, session: Session) -> int:
    """Check every check; gives how many of their statements are there."""
    issuers = {key_id(one.key): Sm2PublicKey(one.key) for one in audit.instance.issuers}
    seals: dict[bytes, SealedValue] = {}
    seen = 0
    query = (
        select(TradeCheck, Event)
        .join(Event, col(Event.leaf_hash) == col(TradeCheck.leaf))
        .execution_options(yield_per=1024)
    )
    for row, event in session.exec(query):
        seen += 1
        with audit.finding(event=event.id):
            month = month_of(row.checked_at, KEYS)
            if month not in seals:
                seals[month] = open_key(session, audit.keys, month).seal
            _check(row, event, seals[month], issuers)
    return seen


@dataclass(frozen=True, slots=True)
class Reserved:
    """What is reserved by what the database has, and when that is compared: by the newest block's time."""

    known: frozenset[tuple[str, int, bytes]]
    now: int

    @classmethod
    def of(cls, audit: Audit, session: Session) -> Reserved:
        """As rows and chain are now. Raises `ChainUnreachable`, `NodeRefused`."""
        running = session.exec(select(Reservation).where(col(Reservation.released).is_(None)))
        known = frozenset((row.certificate, row.until, row.account) for row in running)
        with translated():
            return cls(known, int(audit.w3.eth.get_block("latest")["timestamp"]))

    def check(self, audit: Audit, row: Certificate, record: Record) -> None:
        """Nobody has it reserved on chain but by a reservation that is recorded here (R46)."""
        if row.ended is not None or record.reserved_until <= self.now:
            return
        if (row.number, record.reserved_until, record.reserved_by) not in self.known:
            audit.found(
                "reservation-unknown",
                f"the chain has {row.number} reserved, and the database does not know by what",
                number=row.number,
            )


def bound_by(session: Session, call: ChainCall) -> bytes | None:
    """Subject of the certificate that is less free by a call, by what that is about.

    None: of none that is known, or of those that a dispute holds.
    """
    if call.kind == OPENING.name:
        return None
    try:
        about = bytes.fromhex(call.about)
    except ValueError:
        return None
    if call.kind in (SUCCESSION.name, CASE_CANCELLATION.name):
        return about
    if call.kind == LICENCE.name:
        number = session.exec(select(Licence.certificate).where(Licence.subject == about)).first()
        return None if number is None else certificate_subject(number)
    return session.exec(select(Event.subject).where(Event.leaf_hash == about)).first()


def _check(row: TradeCheck, event: Event, seal: SealedValue, issuers: dict[bytes, Sm2PublicKey]) -> None:
    statement = check_event(event, seal, None, event.subject)
    body = parse_checked(open_event(seal, event.sealed, event.leaf_hash)[0])
    number = None if body.record is None else body.record.number
    told = (TYPE, body.exchange.code, number, body.checked_at)
    issuer = issuers.get(row.kid)
    signed = issuer is not None and issuer.verify(signed_message(statement), row.signature)
    if told != (event.type, row.exchange, row.number, row.checked_at) or not signed:
        raise DataFault("a trade check's row is not what its statement says", code="trade-check-altered")
