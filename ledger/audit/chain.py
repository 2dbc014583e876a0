"""Does the chain hold every head, case and certificate that the database says it holds, and no others?

Whether a certificate's record is as it should be is asked where records are read (`standing.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import bindparam
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, func, select

from yinzheng.ledger.audit.finding import SOME, Audit
from yinzheng.ledger.audit.trades import bound_by
from yinzheng.ledger.cases.calls import DEPOSIT, SUCCESSION
from yinzheng.ledger.cases.protests import against_case
from yinzheng.ledger.chain.events import told
from yinzheng.ledger.chain.records import CaseState, Record
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.flow.outbidding import kept_of, raised
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.states import State
from yinzheng.ledger.store.models import Case, Certificate, ChainCall, Checkpoint, Objection, table_of
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.ledger.trades.awaited import BINDING
from yinzheng.verifier.bytes.counting import counted

_ON_CHAIN: Mapping[str, CaseState] = {
    State.PUBLICITY: CaseState.PUBLICITY,
    State.ISSUING: CaseState.PUBLICITY,
    State.DEPOSITED: CaseState.DEPOSITED,
    State.RECORDED: CaseState.CLOSED,
    State.CLOSED: CaseState.CLOSED,
}

_CERTIFICATES: Final = table_of(Certificate).c
_DEPOSITED: Final = Prepared(
    rows_of(_CERTIFICATES.number).where(
        _CERTIFICATES.subject == bindparam("id"), _CERTIFICATES.event_id.is_not(None)
    )
)


def check_heads(audit: Audit) -> None:
    """Compare each head of the log with the chain's, and its newest with the log."""
    with audit.store.reading() as session:
        rows = session.exec(select(Checkpoint).order_by(col(Checkpoint.size))).all()
    for row in rows:
        held = audit.client.anchored_root(row.size)
        if held is not None and held != row.root:
            audit.found(
                "head-refused",
                f"the chain holds another head of size {row.size} than this log",
                size=row.size,
            )
        elif held is None and row.anchored_block is not None:
            audit.found("head-missing", f"the chain does not hold the head of size {row.size}", size=row.size)
    latest = audit.client.latest_anchor()
    if latest is None:
        return
    if latest.size > audit.log.size or audit.log.root(latest.size) != latest.root:
        audit.found(
            "head-refused",
            f"the chain's head of size {latest.size} is not of this log: it would refuse the next one",
            size=latest.size,
        )
    elif latest.size < audit.log.size:
        audit.found(
            "unsettled",
            f"{counted(audit.log.size - latest.size, 'statement')} not anchored yet",
            size=audit.log.size,
        )


def check_published(audit: Audit) -> None:
    """Compare each case that was published with the chain's; what is on its way is not different."""
    some = select(Case).where(*audit.part.of(Case.id)).order_by(Case.id)
    with audit.store.reading() as session:
        for case in session.exec(some.execution_options(yield_per=SOME)):
            _check_case(audit, session, case)


def _check_case(audit: Audit, session: Session, case: Case) -> None:
    kind = CaseType(case.type)
    expected = _ON_CHAIN.get(case.state) if kind.published else None
    if case.state == State.REFUSED and case.publicity_end is not None:
        expected = CaseState.CLOSED
    if expected is None:
        return
    found = audit.client.case(case.subject)
    if found is None or found.state is not expected:
        if not under_way(session):
            audit.found(
                "case-differs", f"the chain does not hold case {case.id} as {case.state}", case=case.id
            )
    elif found.state is CaseState.PUBLICITY and not _agree(session, case, found.objections):
        # Of the contract's state: whoever hides an event does not hide what it counts.
        audit.found(
            "objections-differ",
            f"the chain counts {found.objections} open objections to case {case.id}, here are others",
            case=case.id,
        )
    elif case.publicity_end != found.publicity_end or case.profile != found.profile:
        audit.found("case-altered", f"publicity of case {case.id} is not the chain's", case=case.id)


def _agree(session: Session, case: Case, counted: int) -> bool:
    open_ = select(func.count()).where(*against_case(case.id), col(Objection.concluded_at).is_(None))
    return session.exec(open_).one() == counted or under_way(session)


def check_deposit(
    audit: Audit, session: Session, row: Certificate, leaf: bytes | None, record: Record | None
) -> None:
    """A deposited certificate has its record; `leaf`: hash of its deposit's statement, if that is there."""
    if record is None:
        if not _on_its_way(session, row):
            audit.found(
                "certificate-not-on-chain", f"the chain lacks certificate {row.number}", number=row.number
            )
    elif row.state != "deposited":
        if not _on_its_way(session, row):
            audit.found(
                "certificate-altered", f"{row.number} is deposited, its row denies it", number=row.number
            )
    elif (record.content, record.valid_until) != (leaf, row.valid_until):
        audit.found(
            "certificate-differs", f"the chain holds {row.number} with another content", number=row.number
        )


def _on_its_way(session: Session, row: Certificate) -> bool:
    case = session.get_one(Case, row.case_id)
    if case.certificate is None:
        return under_way(session, DEPOSIT, row.number)
    before = session.get_one(Certificate, case.certificate)
    return under_way(session, SUCCESSION, before.subject.hex())


def check_calls(audit: Audit) -> None:
    """Name calls that were refused, those on their way (`unsettled`), and of these what was altered."""
    with audit.store.reading() as session:
        _check_calls(audit, session)


def _check_calls(audit: Audit, session: Session) -> None:
    for call in session.exec(select(ChainCall).where(ChainCall.state == "failed")).all():
        audit.found("call-failed", f"the contracts refused {call.name}: {call.error}", call=call.name)
    waiting = session.exec(select(ChainCall).where(col(ChainCall.state).in_(("pending", "sent")))).all()
    times = {call.id: raised(one) for call, one in kept_of(session, waiting)}
    for call in waiting:
        dearer = f", though its fee was raised {times[call.id]} times" if times.get(call.id) else ""
        audit.found("unsettled", f"{call.name} has not been carried out yet{dearer}", call=call.name)
        if call.kind in BINDING and call.binds != bound_by(session, call):
            audit.found(
                "call-altered", f"{call.name} names another certificate than it is about", call=call.name
            )


def under_way(session: Session, kind: CallKind | None = None, about: str = "") -> bool:
    """Whether a call of that kind about that, or any, is still in the outbox.

    The audit then says `unsettled`, not different.
    """
    waiting = select(ChainCall).where(col(ChainCall.state).in_(("pending", "sent")))
    if kind is not None:
        waiting = waiting.where(ChainCall.kind == kind.name, ChainCall.about == about)
    return session.exec(waiting.limit(1)).first() is not None


def check_strangers(audit: Audit) -> None:
    """Every deposit the contract ever announced is one of ours."""
    deployment = audit.instance.deployment
    with audit.store.reading() as session:
        for arguments in told(audit.w3, deployment.rights, "rights", "Deposited", first=deployment.block):
            id_ = bytes(arguments["id"])
            if _DEPOSITED.first(session, id=id_) is None:
                audit.found(
                    "certificate-unknown", "the chain holds a certificate the database lacks", id=id_.hex()
                )
