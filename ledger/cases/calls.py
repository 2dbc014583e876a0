"""What an application asks of the chain (R10–R13, S5.7, S5.8)."""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, col, func, select

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.flow.calls import CallKind
from yinzheng.ledger.rules.states import State
from yinzheng.ledger.store.models import Case, Certificate, ChainCall
from yinzheng.verifier.errors import UsageFault, YinzhengError


def _published(client: ContractsClient, session: Session, call: ChainCall) -> None:
    case = session.get_one(Case, call.about)
    on_chain = client.case(case.subject)
    if on_chain is not None:
        case.publicity_end = on_chain.publicity_end


def _deposited(_client: ContractsClient, session: Session, call: ChainCall) -> None:
    session.get_one(Certificate, call.about).state = "deposited"


def _not_deposited(session: Session, call: ChainCall, refusal: YinzhengError) -> YinzhengError:
    """Take a refused deposit back.

    Its date is more than a day old because the chain was out of reach (S5.8), or an approver lost the role.
    The case returns to where it is issued anew, under the same number; the statement stays in the log, and
    the chain tells everyone that it was not deposited (R9).
    """
    certificate = session.get_one(Certificate, call.about)
    certificate.event_id, certificate.qr = None, None
    session.get_one(Case, certificate.case_id).state = State.PUBLICITY.value
    call.part, call.state = str(call.id), "withdrawn"  # the next deposit of that number is another call
    return UsageFault(
        f"the contracts refused the deposit of {call.about}: {refusal.message}",
        code="deposit-refused",
        hint="It is not registered. Have its certificate approved and issued again; it keeps its number.",
        reason=refusal.code,
    )


PUBLICITY: Final = CallKind("publicity", effect=_published)
"""About a case, by its identifier."""
OBJECTION: Final = CallKind("objection")
"""About an objection, by the hex of its leaf."""
CONCLUSION: Final = CallKind("conclusion")
"""About the conclusion on an objection, by the hex of its leaf."""
CLOSURE: Final = CallKind("closure")
"""About a case, by its identifier."""
DEPOSIT: Final = CallKind("deposit", effect=_deposited, refusal=_not_deposited)
"""About a certificate, by its number."""

KINDS: Final = (PUBLICITY, OBJECTION, CONCLUSION, CLOSURE, DEPOSIT)


def refused_deposits(session: Session, number: str) -> int:
    """How many deposits of a certificate the contracts refused, each with a statement in the log."""
    taken_back = select(func.count(col(ChainCall.id))).where(
        ChainCall.kind == DEPOSIT.name, ChainCall.about == number, ChainCall.state == "withdrawn"
    )
    return session.exec(taken_back).one()
