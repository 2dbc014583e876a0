"""Who withdraws: the receipt's holder with the date of birth, or someone whose document was seen (R31).

A receipt is believed for three things: its core is signed by this registry, by a key entitled to; it is of
the consent asked about; its credential is that of the current receipt. A short code (S13.9) has no core, and
is believed for the other two: nobody guesses 32 bytes. Then a date of birth is asked for. One can guess that,
so who holds a receipt that is not theirs is stopped after a few wrong ones. A wrong credential counts for
nothing: the subject stands in the log for everyone to see, and nobody shall lock a stranger's receipt with
it. Who found a receipt can lock it, and it alone: the one that replaces it counts anew.

Whoever does not get in is told one thing (`receipt-refused`), whether there is no such consent, it was
erased, the credential is wrong, the date is, or too many were: a stranger learns nothing (R50). Only who
proves a credential that was replaced is told so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy import bindparam
from sqlalchemy import select as rows_of
from sqlmodel import Session

from yinzheng.ledger.consents import credentials
from yinzheng.ledger.consents.counter_receipt import require_signed_here
from yinzheng.ledger.consents.reading import open_key
from yinzheng.ledger.flow import pool
from yinzheng.ledger.flow.threads import find_consent
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_consents import Attempt, Consent, Pooled
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.ledger.withdrawals.work import ConsentThread, open_thread
from yinzheng.verifier.bytes.algorithms import constant_time_equal
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.receipt import AnyReceiptCode, ReceiptCode

WRONG_ANSWERS = 5
"""So many within `LOCKED` seconds close a receipt until they are over."""
LOCKED = 3600

_POOL: Final = table_of(Pooled)
_WAITS: Final = Prepared(rows_of(_POOL.c.leaf).where(_POOL.c.leaf == bindparam("head")))


@dataclass(frozen=True, slots=True)
class ReceiptClaim:
    """What the holder of a receipt shows: its code, large or short, and the date of birth, `YYYY-MM-DD`."""

    code: AnyReceiptCode
    born: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DocumentClaim:
    """What an officer or the controller saw: the kind of document (S10.3), and for whom its holder acts."""

    document: str
    guardian: bool = False


Claim: TypeAlias = ReceiptClaim | DocumentClaim


@contextmanager
def admitted(
    registry: Registry, subject: bytes, claim: ReceiptClaim, *, signed: bool = False
) -> Iterator[ConsentThread]:
    """Let the holder of a receipt in, and hand on the thread that was opened for it, in a transaction.

    Only then may anything private be shown. Wrong answers are kept, durably. `signed`: `require_receipt` has
    just checked this claim's signature; all else is looked at again, in the transaction.

    Raises `UsageFault`: `receipt-proof` (a proof copy, with which nobody acts), `receipt-replaced` (with
    `replaced_at`), `receipt-refused` for all else; `DataFault` `receipt-foreign`.
    """
    if not signed:
        _require_signed(registry, claim.code)
    with registry.store.transaction() as session:
        _require_current(registry, session, subject, claim.code)
        thread = open_thread(registry, session, subject)
        right = _answered(thread, claim)
        if right:
            yield thread
    if not right:
        raise refused()


def require_receipt(registry: Registry, subject: bytes, claim: ReceiptClaim) -> None:
    """Check all of a claim but the date of birth, before anything is done for it. Raises as `admitted`."""
    _require_signed(registry, claim.code)
    with registry.store.reading() as session:
        _require_current(registry, session, subject, claim.code)


def _require_signed(registry: Registry, code: AnyReceiptCode) -> None:
    if isinstance(code, ReceiptCode):
        require_signed_here(registry.instance, code.core)


def _require_current(registry: Registry, session: Session, subject: bytes, code: AnyReceiptCode) -> None:
    if code.credential is None:
        raise _proof_copy()
    row = session.get(Consent, subject)
    if code.subject != subject or row is None or row.wrapped_key is None:
        raise refused()
    issue = credentials.proved(session, open_key(registry, row), subject, code.credential)
    if issue is None:
        raise refused()
    if issue.ended_at is not None:
        raise _replaced(issue.ended_at)


def _answered(thread: ConsentThread, claim: ReceiptClaim) -> bool:
    """Count the answer; whether it is the right one, and does not come after too many wrong ones."""
    session, now = thread.session, thread.now
    tried = session.get(Attempt, thread.subject) or Attempt(subject=thread.subject, wrong=0, since=now)
    if now - tried.since >= LOCKED:
        tried.wrong, tried.since = 0, now
    session.add(tried)
    if tried.wrong >= WRONG_ANSWERS:
        return False
    right = constant_time_equal(claim.born.encode(), thread.opened.consent.person.born.encode())
    tried.wrong = 0 if right else tried.wrong + 1
    return right


def leave_pool(registry: Registry, subject: bytes) -> None:
    """See that a consent's statement has its place before others follow it. Raises `consent-unknown`."""
    with registry.store.reading() as session:
        waits = _WAITS.first(session, head=find_consent(session, subject).head)
    if waits is not None:
        pool.flush(registry, force=True)


def refused() -> UsageFault:
    """What everyone is told who is not let in, whatever the reason."""
    return UsageFault(
        "This receipt and this date of birth open nothing here.",
        code="receipt-refused",
        hint="Write the date as year-month-day. After five wrong dates a receipt is closed for an hour. A "
        "counter withdraws at once or replaces the receipt, with an identity document.",
    )


def _replaced(at: int) -> UsageFault:
    return UsageFault(
        f"This receipt was replaced on {datetime.fromtimestamp(at, CHINA):%Y-%m-%d} and opens nothing more.",
        code="receipt-replaced",
        hint="Use the newer one. If you did not ask for it, go to a counter with an identity document.",
        replaced_at=at,
    )


def _proof_copy() -> UsageFault:
    return UsageFault(
        "This is a proof copy: it proves the consent, and nobody acts with it.",
        code="receipt-proof",
        hint="Use the receipt itself, with its own code; a lost one is replaced at a counter.",
    )
