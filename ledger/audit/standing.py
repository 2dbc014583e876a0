"""Does the chain hold each registered certificate as the database says: its content, status, remarks,
objections and reservation, and who ended it or a licence under it? Its record is read once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from sqlalchemy import bindparam
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session, col, select

from yinzheng.ledger.audit.chain import check_deposit, under_way
from yinzheng.ledger.audit.finding import SOME, Audit
from yinzheng.ledger.audit.trades import Reserved
from yinzheng.ledger.certificates.lineage import MAX_PUBLIC
from yinzheng.ledger.certificates.remarks import Entered, remarks_of
from yinzheng.ledger.certificates.work import statements_of
from yinzheng.ledger.chain.events import told
from yinzheng.ledger.chain.records import ObjectionState, Record, Status
from yinzheng.ledger.rules.certificates import REMARK_BITS, remark_bits
from yinzheng.ledger.rules.standing import Over
from yinzheng.ledger.store.models import Certificate, Event, Objection, table_of
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.store.session import Objects
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.chain.layout import GROUNDS, INITIATORS
from yinzheng.verifier.chain.layout_moves import ENDINGS
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.licence import parse_licence_end
from yinzheng.verifier.formats.standing import NOTHING, parse_cancellation
from yinzheng.verifier.log.statement import CERTIFICATE_CANCELLED, LICENCE_ENDED

_STATUS: Final[Mapping[str | None, Status]] = {
    None: Status.IN_FORCE,
    Over.SUPERSEDED: Status.SUPERSEDED,
    Over.CANCELLED: Status.CANCELLED,
    Over.LAPSED: Status.LAPSED,
}

_OBJECTIONS: Final[Mapping[bool | None, ObjectionState]] = {
    None: ObjectionState.OPEN,
    True: ObjectionState.UPHELD,
    False: ObjectionState.DISMISSED,
}

_OBJECTED: Final = table_of(Objection)
_AGAINST: Final = Objects(Objection, _OBJECTED.c.certificate == bindparam("of"))

Ends = Mapping[tuple[str, bytes], Event]
"""By type and subject the last statement; what the contracts refused may have been stated before it."""


def check_standing(audit: Audit) -> None:
    """Compare each with its record; what is on its way is not different."""
    deposited = (
        select(Certificate, Event.leaf_hash)
        .join(Event, col(Event.id) == col(Certificate.event_id), isouter=True)
        .where(col(Certificate.event_id).is_not(None), *audit.part.of(Certificate.number))
        .order_by(Certificate.number)
    )
    settled, ends, reserved = audit.once(_settled), audit.once(_ends), audit.once(_reserved)
    with audit.store.reading() as session:
        for row, leaf in session.exec(deposited.execution_options(yield_per=SOME)):
            with audit.finding(number=row.number):
                record = audit.client.record(row.subject)
                check_deposit(audit, session, row, leaf, record)
                remarks = remarks_of(row, statements_of(session, row))
                if record is not None and settled:
                    reserved.check(audit, row, record)
                    _compare(audit, row, record, remarks)
                    _compare_objections(audit, session, row, record)
                    _compare_ending(audit, ends, row, record)


def check_remarks(audit: Audit) -> None:
    """Every remark that the contract ever announced is one of ours."""
    known: set[bytes] = set()
    recorded = select(Certificate).where(col(Certificate.head).is_not(None))
    with audit.store.reading() as session:
        for row in session.exec(recorded.execution_options(yield_per=SOME)):
            with suppress(DataFault, NoResultFound):  # named where certificates are looked at
                remarks = remarks_of(row, statements_of(session, row))
                known.update(one.leaf for one in remarks if one.leaf is not None)
    for leaf in _entered(audit):
        if leaf not in known:
            audit.found("remark-unknown", "the chain has a remark the database lacks", leaf=leaf.hex())


def _compare(audit: Audit, row: Certificate, record: Record, remarks: list[Entered]) -> None:
    if record.status is not _STATUS[row.ended]:
        audit.found(
            "certificate-standing",
            f"the chain holds {row.number} as {record.status.name.lower()}, "
            f"the database as {row.ended or 'in force'}",
            number=row.number,
        )
    if record.remarks != remark_bits(one.kind for one in remarks if one.lifted_at is None):
        audit.found(
            "remarks-differ", f"the remarks on {row.number} are others on the chain", number=row.number
        )
    for one in remarks:
        if one.leaf is None:
            if one.lifting is not None:
                _compare_lifting(audit, row, one, one.lifting)
            continue
        found = audit.client.remark(one.leaf)
        lifting = found.lifting if found is not None and found.lifted_at else None
        if found is None or (
            found.certificate,
            found.kind,
            found.by_forum,
            lifting,
            found.lifted_by_forum,
        ) != (row.subject, REMARK_BITS[one.kind], one.by_forum, one.lifting, one.lifted_by_forum):
            audit.found("remarks-differ", f"a remark on {row.number} is not the chain's", leaf=one.leaf.hex())


def _compare_lifting(audit: Audit, row: Certificate, one: Entered, lifting: bytes) -> None:
    """The lifting of what came with the certificate stands under its own statement (S5.24)."""
    found = audit.client.remark(lifting)
    said = (row.subject, REMARK_BITS[one.kind], lifting, one.lifted_by_forum)
    if found is None or (found.certificate, found.kind, found.lifting, found.lifted_by_forum) != said:
        audit.found("remarks-differ", f"a lifting on {row.number} is not the chain's", leaf=lifting.hex())


def _compare_ending(audit: Audit, ends: Ends, row: Certificate, record: Record) -> None:
    """Who had it cancelled and on which ground, the chain keeps, too (S5.3)."""
    said = 0
    event = ends.get((CERTIFICATE_CANCELLED, row.subject))
    if row.ended == Over.CANCELLED and event is not None:
        body = parse_cancellation(_public(event))
        said = 16 * (INITIATORS.index(body.initiator) + 1) + GROUNDS.index(body.ground) + 1
    if record.ending != said:
        audit.found(
            "ending-differs",
            f"the chain has {row.number} cancelled by others, or on another ground, than was stated",
            number=row.number,
        )


def check_licences(audit: Audit) -> None:
    """Each licence is on chain as its statements say, ended or not, and by whom."""
    if not audit.once(_settled):
        return
    ends = audit.once(_ends)
    with audit.store.reading() as session:
        rows = session.exec(select(Licence).where(col(Licence.event_id).is_not(None))).all()
    for row in rows:
        with audit.finding(number=row.number):
            found, end = audit.client.licence(row.subject), ends.get((LICENCE_ENDED, row.subject))
            outcome, ground = NOTHING, None
            if row.state == "ended" and end is not None:
                outcome, ground = end.leaf_hash, parse_licence_end(_public(end)).ground
            if found is None or (found.outcome, ENDINGS[found.ending]) != (outcome, ground):
                audit.found(
                    "licence-differs",
                    f"the chain has {row.number} otherwise, or ended by others, than was stated",
                    number=row.number,
                )


def _settled(audit: Audit) -> bool:
    with audit.store.reading() as session:
        return not under_way(session)


def _reserved(audit: Audit) -> Reserved:
    with audit.store.reading() as session:
        return Reserved.of(audit, session)


def _ends(audit: Audit) -> Ends:
    """In order, for all: nothing finds a statement by its subject."""
    query = select(Event).where(col(Event.type).in_((CERTIFICATE_CANCELLED, LICENCE_ENDED)))
    with audit.store.reading() as session:
        return {(event.type, event.subject): event for event in session.exec(query.order_by(col(Event.id)))}


def _public(event: Event) -> object:
    return canonical.loads(event.public or b"", max_bytes=MAX_PUBLIC)


def _compare_objections(audit: Audit, session: Session, row: Certificate, record: Record) -> None:
    found = _AGAINST.all(session, of=row.number)
    same = record.objections == sum(one.concluded_at is None for one in found)
    if not same or any(
        audit.client.later_objection(row.subject, one.leaf) is not _OBJECTIONS[one.upheld] for one in found
    ):
        audit.found("objections-differ", f"objections to {row.number} differ on the chain", number=row.number)


def _entered(audit: Audit) -> Iterator[bytes]:
    for arguments in told(audit.w3, audit.instance.modules.standing, "standing", "RemarkEntered"):
        yield bytes(arguments["statement"])
