"""What a case is decided by: the statements to be written, the message about them, and who signs it (ADR 47).

All of it follows from the case, its numbers and one instant (`Case.prepared_at`), so that it is made again
for each signature and nothing prepared lies anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from yinzheng.ledger.cases import (
    calls,
    preparing_cancellation,
    preparing_licences,
    preparing_successors,
)
from yinzheng.ledger.cases.asked import (
    application_of,
    importance_of_case,
)
from yinzheng.ledger.cases.body import certificate_body
from yinzheng.ledger.cases.deciders import (
    Prepared,
    head_of,
    instant_of,
    listed_of,
    officials,
    waived,
)
from yinzheng.ledger.cases.numbering import certificates
from yinzheng.ledger.cases.prepared import Stated
from yinzheng.ledger.cases.work import CaseThread
from yinzheng.ledger.chain.approvals import Deposit
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.certificates import remark_bits
from yinzheng.ledger.rules.terms import Procedure, RemarkKind
from yinzheng.verifier.chain.holdings import holdings_digest
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.formats.certificate import statement_of


def prepare(work: CaseThread) -> Prepared:
    """Make what is to be signed, at the instant kept. Raises `DataFault` `record-missing`."""
    return _TYPES[work.kind](work)


def _first(work: CaseThread) -> Prepared:
    (number,) = certificates(work, 1)
    body = certificate_body(
        application_of(work),
        work.registry.instance,
        work.rules,
        number,
        instant_of(work),
        head_of(work),
        Procedure(work.case.procedure),
        importance_of_case(work),
        waived(work),
    )
    decision = deposit_of(work.case.subject, body)
    client = work.registry.client
    return Prepared(
        stated=(Stated(statement_of(body), body),),
        message=decision,
        domain=client.domain,
        signers=officials(work),
        kind=calls.DEPOSIT,
        about=number,
        part="",
        call=lambda signatures: client.deposit(decision, signatures),
    )


_TYPES: Final[Mapping[CaseType, Callable[[CaseThread], Prepared]]] = {
    CaseType.FIRST: _first,
    CaseType.LICENCE: preparing_licences.licence,
    CaseType.LICENCE_END: preparing_licences.licence_end,
    CaseType.TRANSFER: preparing_successors.transfer,
    CaseType.CHANGE: preparing_successors.change,
    CaseType.RENEWAL: preparing_successors.renewal,
    CaseType.CANCELLATION: preparing_cancellation.cancellation,
}


def deposit_of(case_subject: bytes, body: Body) -> Deposit:
    """The decision that approvers of a certificate sign; `case_subject` is its case's on chain, 32 bytes."""
    statement = statement_of(body)
    return Deposit(
        id=statement.subject,
        case_id=case_subject,
        content=statement.leaf_hash,
        registered_at=body.registered_at,
        valid_until=body.valid_until,
        holdings=holdings_digest(listed_of(body)),
        remarks=remark_bits(RemarkKind(remark.kind) for remark in body.remarks),
    )
