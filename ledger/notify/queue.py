"""Putting a notice to an organisation into the queue, in the transaction of what it tells of (S11.4)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Final

from sqlmodel import Session

from yinzheng.ledger.flow.recording import Recorded
from yinzheng.ledger.store.models_consents import Delivery, Organisation
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.webhook import ID_BYTES, Webhook

RECORDED: Final = "certificate.recorded"


def queue(
    session: Session,
    to: str,
    kind: str,
    data: Mapping[str, JSON],
    now: int,
    withdrawal_id: bytes | None = None,
    subscription_id: bytes | None = None,
) -> bytes | None:
    """Let an organisation be told, in the caller's transaction.

    Gives the notice's id; None if it is not enrolled.
    """
    if session.get(Organisation, to) is None:
        return None
    notice = Webhook(secrets.token_bytes(ID_BYTES), kind, to, now, data)
    session.add(
        Delivery(
            id=notice.id,
            code=to,
            kind=kind,
            body=notice.canonical(),
            withdrawal_id=withdrawal_id,
            subscription_id=subscription_id,
            next_at=now,
            created_at=now,
        )
    )
    return notice.id


def queue_recorded(
    session: Session, codes: Iterable[str], number: str, recorded: Recorded, now: int
) -> tuple[str, ...]:
    """Let holders be told of a statement about their certificate, as `queue` (R7, R25).

    Gives the credit codes of those that are not enrolled, and are told by letter.
    """
    data = {
        "certificate": number,
        "type": recorded.statement.type,
        "statement": recorded.leaf_hash.hex(),
    }
    return tuple(code for code in codes if queue(session, code, RECORDED, data, now) is None)
