"""The credential of a patient's receipt: how its holder is known, and how a lost one ends (R31).

Each time a receipt is handed out for the first time or in place of another, 32 fresh bytes go onto it and
nowhere else. Kept is what they are checked by, `HMAC-SHA-256(credential, "yinzheng/receipt-credential/1:" ||
subject)`, sealed under the consent's own key: nobody makes a credential of it, that of one consent opens no
other, and it is destroyed with the consent (R44, R49). Nothing that proves a consent leads to it: what packs,
courts and recipients are shown gives no power.

One is current at a time; those before it stay known as replaced, so that who finds an old receipt is told so.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Final

from sqlalchemy import delete
from sqlmodel import Session, col

from yinzheng.ledger.store.models_consents import Attempt, ReceiptCredential
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import constant_time_equal
from yinzheng.verifier.bytes.canonical import boolean, hex_bytes, integer, nullable, one_of, tuple_of
from yinzheng.verifier.bytes.shape import Shaped, Versioned, read_shape, shape
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.consent import IDENTITY_PROOFS
from yinzheng.verifier.formats.receipt import CREDENTIAL_BYTES

_CONTEXT: Final = b"yinzheng/receipt-credential/1:"
MAX_SEALED: Final = 64 * 1024
MOST: Final = 256
"""Receipts of one consent, the replaced among them."""


@dataclass(frozen=True, slots=True)
class Issue(Shaped):
    """One receipt that was handed out with a credential of its own."""

    check: Annotated[bytes, hex_bytes(32)] = field(repr=False)
    at: Annotated[int, integer()]
    """UTC seconds."""
    document: Annotated[str | None, nullable(one_of(*IDENTITY_PROOFS))]
    """What was looked at before another was replaced (S10.3); None for the first."""
    guardian: Annotated[bool, boolean]
    """Whether it was handed to the guardian."""
    ended_at: Annotated[int | None, nullable(integer())]
    """When another took its place; None: it is the current one."""


@dataclass(frozen=True, slots=True)
class _Issues(Versioned):
    issued: Annotated[tuple[Issue, ...], tuple_of(shape(Issue), 1, MOST)]


def issue(
    session: Session,
    seal: SealedValue,
    subject: bytes,
    now: int,
    *,
    replaces: bool = False,
    document: str | None = None,
    guardian: bool = False,
) -> bytes:
    """Make the credential of a receipt of the consent `subject`, and keep what it is checked by; gives it.

    `seal` is the consent's own. The first time nothing is asked; with `replaces` the one before ends in this
    transaction, and with it the wrong answers given with it. Nobody can be told the credential again.

    Raises `UsageFault`: `receipt-issued` (there is one, and it is not to be replaced), `receipt-none` (there
    is none to replace), `receipt-many`.
    """
    known = issued(session, seal, subject)
    if known and not replaces:
        raise UsageFault(
            "the receipt of this consent was handed out before",
            code="receipt-issued",
            hint="A lost one is replaced at a counter, where an identity document is seen; the old one then "
            "ends. A copy that proves and lets nobody act can be had at any time.",
        )
    if replaces and not known:
        raise UsageFault(
            "no receipt of this consent was handed out yet",
            code="receipt-none",
            hint="Hand out the first one; nothing is to be replaced.",
        )
    if len(known) >= MOST:
        raise UsageFault(f"{MOST} receipts of this consent were handed out", code="receipt-many")
    credential = secrets.token_bytes(CREDENTIAL_BYTES)
    ended = (replace(one, ended_at=one.ended_at or now) for one in known)
    made = Issue(_check(credential, subject), now, document, guardian, None)
    row = session.get(ReceiptCredential, subject) or ReceiptCredential(subject=subject, sealed=b"")
    row.sealed = seal.seal(_Issues((*ended, made)).canonical(), _CONTEXT + subject)
    session.add(row)
    session.execute(delete(Attempt).where(col(Attempt.subject) == subject))
    session.flush()
    return credential


def issued(session: Session, seal: SealedValue, subject: bytes) -> Sequence[Issue]:
    """All receipts of a consent that were handed out, oldest first; the last is the current one.

    Raises `DataFault`: `seal-broken`, a code of `canonical`.
    """
    row = session.get(ReceiptCredential, subject)
    if row is None:
        return ()
    value = canonical.loads(seal.open(row.sealed, _CONTEXT + subject), max_bytes=MAX_SEALED)
    return read_shape(_Issues, value).issued


def proved(session: Session, seal: SealedValue, subject: bytes, credential: bytes) -> Issue | None:
    """The receipt that bears this credential, current or replaced; None if none of this consent does.

    Takes as long whichever it is. Raises as `issued`.
    """
    shown, found = _check(credential, subject), None
    for one in issued(session, seal, subject):
        if constant_time_equal(one.check, shown):
            found = one
    return found


def _check(credential: bytes, subject: bytes) -> bytes:
    return hmac.digest(credential, _CONTEXT + subject, "sha256")
