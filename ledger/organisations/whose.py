"""Whose an account is or was, by the statements of the organisations (S10.4).

An account is one organisation's for good: what it did on the chain before another took its place is that
one's, and nobody comes into it by naming an account that somebody gave up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col, select

from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.organisations.keys import MAX_BODY
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.formats.key_history import ENROLLED, ROTATED


def whose(session: Session, account: bytes) -> Organisation | None:
    """The organisation that has the account (20 bytes), or had it; None where it was nobody's."""
    found = session.exec(select(Organisation).where(Organisation.account == account)).first()
    if found is not None:
        return found
    told = select(Event.public).where(col(Event.type).in_((ENROLLED, ROTATED)))
    for public in session.exec(told.order_by(col(Event.id))):  # the first that named it
        if account.hex().encode() in (public or b"") and account in _named(body := _read(public)):
            return session.get(Organisation, body.get("code") or body["organisation"]["code"])
    return None


def accounts_of(session: Session, found: Organisation) -> list[bytes]:
    """The accounts that an organisation ever had, the oldest first, by its statements."""
    told = (one.public for one in thread(session, found.head) if one.type in (ENROLLED, ROTATED))
    return list(dict.fromkeys(account for public in told for account in _named(_read(public))))


def _read(public: bytes | None) -> dict[str, Any]:
    body = canonical.loads(public or b"{}", max_bytes=MAX_BODY)
    assert isinstance(body, dict)  # as it was written
    return body


def _named(body: dict[str, Any]) -> Iterator[bytes]:
    """The accounts that a body gives its organisation: its own, and a holder's next."""
    for part in (body, body.get("binding") or {}):
        if (account := part.get("account")) is not None and len(account) == 40:
            yield bytes.fromhex(account)
