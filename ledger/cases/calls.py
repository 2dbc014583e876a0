"""What a case asks of the chain (R10–R13, S5.7, S5.8, S5.20–S5.23)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, func, select

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.states import before_issuing
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate, ChainCall, table_of
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.errors import UsageFault, YinzhengError


def _published(client: ContractsClient, session: Session, call: ChainCall) -> None:
    case = session.get_one(Case, call.about)
    on_chain = client.case(case.subject)
    if on_chain is not None:
        case.publicity_end = on_chain.publicity_end


def _deposited(_client: ContractsClient, session: Session, call: ChainCall) -> None:
    session.get_one(Certificate, call.about).state = "deposited"


def _given(_client: ContractsClient, session: Session, call: ChainCall) -> None:
    _licence_by(session, call).state = "given"


def _ended(_client: ContractsClient, session: Session, call: ChainCall) -> None:
    _licence_by(session, call).state = "ended"


def _succeeded(_client: ContractsClient, session: Session, call: ChainCall) -> None:
    for row in repository.certificates_of_case(session, _case_by(session, call.part).id):
        row.state = "deposited"


def _is_given(client: ContractsClient, about: str, part: str) -> bool:
    found = client.licence(bytes.fromhex(about))
    return found is not None and found.statement.hex() == part


def _is_ended(client: ContractsClient, about: str, part: str) -> bool:
    found = client.licence(bytes.fromhex(about))
    return found is not None and found.outcome.hex() == part


def _has_succeeded(client: ContractsClient, about: str, part: str) -> bool:
    before = client.record(bytes.fromhex(about))
    after = None if before is None else client.record(before.successor)
    return after is not None and after.content.hex() == part


def _is_cancelled(client: ContractsClient, about: str, part: str) -> bool:
    return client.cancellation(bytes.fromhex(about)) == bytes.fromhex(part)


def _not_done(session: Session, call: ChainCall, refusal: YinzhengError) -> YinzhengError:
    """Take a refused decision back.

    Its date is more than a day old because the chain was out of reach (S5.8), who approved lost the role or
    the account, or something bars the move by now. The case returns to where it is issued anew, under the
    same numbers; the statements stay in the log, and the chain tells everyone that they did not take effect
    (R9).
    """
    first = call.kind == DEPOSIT.name
    case = (
        session.get_one(Case, session.get_one(Certificate, call.about).case_id)
        if first
        else _case_by(session, call.part)
    )
    for row in repository.certificates_of_case(session, case.id):
        row.event_id, row.qr = None, None
    licence = repository.licence_of_case(session, case.id)
    if licence is not None:
        licence.event_id = None
    before = None if case.certificate is None else session.get(Certificate, case.certificate)
    if before is not None and call.kind in (SUCCESSION.name, CASE_CANCELLATION.name):
        before.ended = None
    case.state = before_issuing(CaseType(case.type), Procedure(case.procedure)).value
    case.prepared_at = None
    call.state = "withdrawn"
    if first:
        call.part = str(call.id)  # the next deposit of that number is another call
    about = call.about if first else case.id
    return UsageFault(
        f"the contracts refused the {'deposit' if first else 'move'} of {about}: {refusal.message}",
        code="deposit-refused",
        hint="It is not registered. Have it approved and issued again; it keeps its number.",
        reason=refusal.code,
    )


def _case_by(session: Session, leaf: str) -> Case:
    event = repository.event_by_leaf(session, bytes.fromhex(leaf))
    assert event is not None  # the call was written with its statement
    return session.get_one(Case, event.case_id)


def _licence_by(session: Session, call: ChainCall) -> Licence:
    return session.exec(select(Licence).where(Licence.subject == bytes.fromhex(call.about))).one()


PUBLICITY: Final = CallKind("publicity", effect=_published)
"""About a case, by its identifier."""
OBJECTION: Final = CallKind("objection")
"""About an objection, by the hex of its leaf."""
CONCLUSION: Final = CallKind("conclusion", together=True)
"""About the conclusion on an objection, by the hex of its leaf."""
CLOSURE: Final = CallKind("closure")
"""About a case, by its identifier."""
DEPOSIT: Final = CallKind("deposit", effect=_deposited, refusal=_not_done, issues=True)
"""About a certificate, by its number."""
LICENCE: Final = CallKind(
    "licence", effect=_given, refusal=_not_done, done=_is_given, issues=True, binds=True
)
"""About a licence, by the hex of its identifier; its part is the leaf of its statement."""
LICENCE_END: Final = CallKind("licence-end", effect=_ended, refusal=_not_done, done=_is_ended)
"""About a licence as before; its part is the leaf of the statement that ends it."""
SUCCESSION: Final = CallKind(
    "succession", effect=_succeeded, refusal=_not_done, done=_has_succeeded, issues=True, binds=True
)
"""About a certificate that others follow, by the hex of its identifier; its part is the first one's leaf."""
CASE_CANCELLATION: Final = CallKind("holders-cancellation", refusal=_not_done, done=_is_cancelled, binds=True)
"""Decided in a case. About a certificate, by the hex of its identifier; its part is the statement's leaf."""

KINDS: Final = (
    PUBLICITY,
    OBJECTION,
    CONCLUSION,
    CLOSURE,
    DEPOSIT,
    LICENCE,
    LICENCE_END,
    SUCCESSION,
    CASE_CANCELLATION,
)


_CALLS: Final = table_of(ChainCall).c
_REFUSED: Final = Prepared(
    rows_of(func.count()).where(
        _CALLS.kind == DEPOSIT.name, _CALLS.about == bindparam("on"), _CALLS.state == "withdrawn"
    )
)


def refused_decisions(session: Session, case: Case, certificates: Sequence[Certificate]) -> int:
    """How many decisions of a case the contracts refused, each with its statements in the log.

    `certificates` are those that came of it.
    """
    if case.type == CaseType.FIRST:
        return sum(int(_REFUSED.scalar(session, on=row.number)) for row in certificates)
    withdrawn = select(func.count(col(ChainCall.id))).where(ChainCall.state == "withdrawn")
    leaves = [event.leaf_hash.hex() for event in repository.events_of_case(session, case.id)]
    return session.exec(withdrawn.where(col(ChainCall.part).in_(leaves))).one()
