"""What was answered to a request that is to be carried out once (S15.3), kept for whoever sends it again.

The sender numbers such a request at random. The answer joins what was recorded together, and so possibly
two consents of one person (R49): it is sealed under a key made of the request's body, which only its sender
has, and forgotten after a week. No digest of the body is kept.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete
from sqlmodel import Session, col

from yinzheng.ledger.store.models_consents import Answer
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.errors import DataFault

KEPT: Final = 7 * 86_400
"""Seconds an answer is kept."""

ONCE_BYTES: Final = 16

_ID: Final = b"yinzheng/answer/1\n"
_KEY: Final = b"yinzheng/answer-key/1\n"
_KEY_BYTES: Final = 16


def remember(session: Session, code: str, once: bytes, body: bytes, answer: bytes, now: int) -> None:
    """Keep the answer to request `once` (16 bytes) of `code`, in the transaction of what it tells of."""
    name = _name(code, once)
    session.execute(delete(Answer).where(col(Answer.until) <= now))
    session.add(Answer(id=name, sealed=_seal(body).seal(answer, name), until=now + KEPT))


def recall(session: Session, code: str, once: bytes, body: bytes) -> bytes | None:
    """The answer this request was given; None if it was never carried out.

    Raises `DataFault` `once-other-body` where the number was used for something else.
    """
    name = _name(code, once)
    found = session.get(Answer, name)
    if found is None:
        return None
    try:
        return _seal(body).open(found.sealed, name)
    except DataFault:
        raise DataFault(
            "another request was sent under this number",
            code="once-other-body",
            hint="Give each request a fresh random number; repeat one only with the same body.",
        ) from None


def _name(code: str, once: bytes) -> bytes:
    return sha256(_ID + code.encode() + b"\n" + once)


def _seal(body: bytes) -> SealedValue:
    return SealedValue(sha256(_KEY + body)[:_KEY_BYTES])
