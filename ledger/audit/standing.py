"""Does the chain hold each registered certificate as the database says: status, remarks, objections?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.contracts import artifact
from yinzheng.ledger.audit.chain import under_way
from yinzheng.ledger.audit.finding import Audit
from yinzheng.ledger.certificates.remarks import Entered, remarks_of
from yinzheng.ledger.certificates.work import statements_of
from yinzheng.ledger.chain.records import ObjectionState, Record, Status
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import checksummed
from yinzheng.ledger.rules.certificates import REMARK_BITS, remark_bits
from yinzheng.ledger.rules.standing import Over
from yinzheng.ledger.store.models import Certificate, Objection

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


def check_standing(audit: Audit) -> None:
    """Compare status, remarks and objections; what is on its way is not different."""
    known: set[bytes] = set()
    with audit.store.reading() as session:
        settled = not under_way(session)
        for row in session.exec(select(Certificate).where(col(Certificate.event_id).is_not(None))):
            with audit.finding(number=row.number):
                remarks = remarks_of(row, statements_of(session, row))
                known.update(one.leaf for one in remarks if one.leaf is not None)
                record = audit.client.record(row.subject)
                if record is not None and settled:
                    _compare(audit, row, record, remarks)
                    _compare_objections(audit, session, row, record)
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
            continue
        found = audit.client.remark(one.leaf)
        lifting = found.lifting if found is not None and found.lifted_at else None
        if found is None or (found.certificate, found.kind, found.by_forum, lifting) != (
            row.subject,
            REMARK_BITS[one.kind],
            one.by_forum,
            one.lifting,
        ):
            audit.found("remarks-differ", f"a remark on {row.number} is not the chain's", leaf=one.leaf.hex())


def _compare_objections(audit: Audit, session: Session, row: Certificate, record: Record) -> None:
    found = session.exec(select(Objection).where(Objection.certificate == row.number)).all()
    same = record.objections == sum(one.concluded_at is None for one in found)
    if not same or any(
        audit.client.later_objection(row.subject, one.leaf) is not _OBJECTIONS[one.upheld] for one in found
    ):
        audit.found("objections-differ", f"objections to {row.number} differ on the chain", number=row.number)


def _entered(audit: Audit) -> Iterator[bytes]:
    address = checksummed(audit.instance.modules.standing)
    contract = audit.w3.eth.contract(address=address, abi=artifact("Standing").abi)
    with translated():
        logs = contract.events.RemarkEntered().get_logs(from_block=0)
    for log in logs:
        yield bytes(log["args"]["statement"])
