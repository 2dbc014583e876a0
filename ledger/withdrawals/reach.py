"""Who was reached about a withdrawal (R35): who took or fetched a notice, or answered; else it is "not told".

That nobody was reached stops no clock. It tells a person at the registry whom to telephone, and keeps it from
looking as if one who knows nothing were refusing.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import func
from sqlmodel import Session, col, select

from yinzheng.ledger.rules.terms import Label
from yinzheng.ledger.rules.withdrawal import State
from yinzheng.ledger.store.models_consents import Delivery, Organisation, Withdrawal, WithdrawalRecipient


class Silence(StrEnum):
    """Why an organisation was never reached."""

    NOT_ENROLLED = "not_enrolled"
    NO_ANSWER = "no_answer"
    NOT_FETCHED = "not_fetched"
    ON_ITS_WAY = "on_its_way"
    NOT_VERIFIED = "not_verified"


SILENCES: dict[Silence, Label] = {
    Silence.NOT_ENROLLED: Label("尚未注册，只能电话或书面通知", "not enrolled: telephone or write to it"),
    Silence.NO_ANSWER: Label("其服务器没有接收通知，请电话联系", "its server took no notice: telephone it"),
    Silence.NOT_FETCHED: Label("没有来领取通知，请电话联系", "it fetched no notice: telephone it"),
    Silence.NOT_VERIFIED: Label(
        "监护人证明身份和监护关系后立即通知",
        "told as soon as the guardian has proved who they are",
    ),
    Silence.ON_ITS_WAY: Label("通知正在途中", "the notice is on its way"),
}


def reached(session: Session, withdrawal_id: bytes | None, code: str, at: int) -> None:
    """Note that an organisation was reached about a withdrawal at that instant; the first one stays."""
    if withdrawal_id is None:
        return
    row = session.get(WithdrawalRecipient, (withdrawal_id, code))
    if row is not None and row.told_at is None:
        row.told_at = at


def silence_of(session: Session, withdrawal_id: bytes, code: str) -> Silence:
    """Why an organisation was not reached yet."""
    withdrawal = session.get(Withdrawal, withdrawal_id)
    if withdrawal is not None and withdrawal.state == State.REQUESTED.value:
        return Silence.NOT_VERIFIED
    organisation = session.get(Organisation, code)
    if organisation is None:
        return Silence.NOT_ENROLLED
    if organisation.webhook is None:
        return Silence.NOT_FETCHED
    failed = (
        select(func.count())
        .select_from(Delivery)
        .where(
            Delivery.withdrawal_id == withdrawal_id,
            Delivery.code == code,
            col(Delivery.last_error).is_not(None),
        )
    )
    return Silence.NO_ANSWER if session.exec(failed).one() else Silence.ON_ITS_WAY
