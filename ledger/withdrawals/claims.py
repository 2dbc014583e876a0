"""Who withdraws: the receipt's holder with the date of birth, or someone whose document was seen (R31).

The receipt's secret has 32 bytes: nobody guesses it. A date of birth one can guess, so who holds a receipt
that is not theirs is stopped after a few wrong ones. A wrong secret counts for nothing: the subject stands in
the log for everyone to see, and nobody shall lock a stranger's receipt with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlmodel import select

from yinzheng.ledger.flow import pool
from yinzheng.ledger.flow.threads import find_consent
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models_consents import Attempt, Pooled
from yinzheng.ledger.withdrawals.work import ConsentThread, open_thread
from yinzheng.verifier.bytes.algorithms import constant_time_equal
from yinzheng.verifier.errors import UsageFault

WRONG_ANSWERS = 5
"""So many within `LOCKED` seconds lock a receipt until they are over."""
LOCKED = 3600


@dataclass(frozen=True, slots=True)
class ReceiptClaim:
    """What the holder of a receipt shows: the secret on it, and the date of birth, `YYYY-MM-DD`."""

    secret: bytes = field(repr=False)
    born: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DocumentClaim:
    """What an officer or the controller saw: the kind of document (S10.3), and for whom its holder acts."""

    document: str
    guardian: bool = False


Claim: TypeAlias = ReceiptClaim | DocumentClaim


@contextmanager
def admitted(registry: Registry, subject: bytes, claim: ReceiptClaim) -> Iterator[ConsentThread]:
    """Let the holder of a receipt in, and hand on the thread that was opened for it, in a transaction.

    Only then may anything private be shown. Wrong answers are kept, durably.

    Raises `UsageFault`: `consent-unknown`, `consent-erased`, `withdrawal-receipt` (another consent's receipt,
    or none), `receipt-locked`, `receipt-born`.
    """
    with registry.store.transaction() as session:
        thread = open_thread(registry, session, subject)
        if not constant_time_equal(claim.secret, thread.opened.secret):
            raise UsageFault(
                "This receipt does not belong to this consent.",
                code="withdrawal-receipt",
                hint="Show the receipt of this consent, or withdraw at a counter with an identity document.",
            )
        refusal = _answered(thread, claim)
        if refusal is None:
            yield thread
    if refusal is not None:
        raise refusal


def _answered(thread: ConsentThread, claim: ReceiptClaim) -> UsageFault | None:
    """Count the answer; the refusal, if it is not the right one or comes after too many wrong ones."""
    session, subject, now = thread.session, thread.subject, thread.now
    tried = session.get(Attempt, subject) or Attempt(subject=subject, wrong=0, since=now)
    if now - tried.since >= LOCKED:
        tried.wrong, tried.since = 0, now
    session.add(tried)
    if tried.wrong >= WRONG_ANSWERS:
        return _locked(tried.since + LOCKED)
    if not constant_time_equal(claim.born.encode(), thread.opened.consent.person.born.encode()):
        tried.wrong += 1
        return _wrong(WRONG_ANSWERS - tried.wrong)
    tried.wrong = 0
    return None


def leave_pool(registry: Registry, subject: bytes) -> None:
    """See that a consent's statement has its place before others follow it. Raises `consent-unknown`."""
    with registry.store.reading() as session:
        find_consent(session, subject)
        waits = session.exec(select(Pooled.leaf).where(Pooled.subject == subject)).first()
    if waits is not None:
        pool.flush(registry, force=True)


def _locked(until: int) -> UsageFault:
    return UsageFault(
        "Too many wrong dates of birth were given with this receipt.",
        code="receipt-locked",
        hint="Try again in an hour, or go to a counter with an identity document: it takes no longer there.",
        until=until,
    )


def _wrong(left: int) -> UsageFault:
    return UsageFault(
        "This is not the date of birth in this consent.",
        code="receipt-born",
        hint="Year-month-day, with hyphens; a counter helps with an identity document.",
        left=left,
    )
