"""Registering consents given one by one (R26 to R29).

Each consent becomes a statement of a subject of its own and is sealed under a key of its own, which lies
wrapped in its row: destroying that one key destroys the consent in every copy (R44, R49). It waits in the
pool for company before it enters the log.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert

from yinzheng.ledger.consents.book import KnownNotice, NoticeBook
from yinzheng.ledger.consents.notices import book_of, hour_of
from yinzheng.ledger.consents.twins import known, twins_of
from yinzheng.ledger.flow import pool
from yinzheng.ledger.flow.recording import Occurrence, Recorded, compose
from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.keys import sm4
from yinzheng.ledger.organisations.keys import named
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_consents import Consent as ConsentRow
from yinzheng.ledger.store.models_consents import Pooled
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.bytes.naming import spell_names
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.consent import Consent, parse_consent

if TYPE_CHECKING:
    from sqlmodel import Session

_WRITE: Final = Prepared(insert(table_of(ConsentRow)))

MOST = 1000
"""Consents of one call; more come as a file (`bulk`)."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A consent that is recorded: its subject and the leaf hash of its statement, 32 bytes each."""

    subject: bytes
    leaf: bytes
    already: bool = False
    """Whether it was recorded before, or stands in the same call twice: nothing was recorded for it."""


def grant(
    registry: Registry,
    consents: Sequence[JSON],
    by_code: str,
    also: Callable[[Session, Sequence[Granted]], None] | None = None,
) -> list[Granted]:
    """Record consents of the controller `by_code`, durably, in one transaction: all of them or none.

    The answers come in the order of `consents`; what is recorded keeps no trace of it. The same consent, to
    the byte of its canonical form, is recorded once and answered alike again (`twins`). Raises `UsageFault`
    (`consents-many`, or where `by_code` is no enrolled controller); `DataFault` with what is wrong with the
    first that is not lawful, and its place, from 0, as `index`. What `also` writes happens together with it.
    """
    if len(consents) > MOST:
        raise UsageFault(
            f"at most {MOST} consents are recorded at once",
            code="consents-many",
            hint="Import a file instead: `yinzheng consents import FILE`.",
        )
    now = registry.clock()
    with registry.store.transaction() as session:
        named(session, by_code, Role.CONTROLLER)
        book = book_of(session, by_code)
        lawful = [_lawful(book, value, index, now) for index, value in enumerate(consents)]
        twins = twins_of(session, registry.keys.wrapper(), by_code)
        digests = [twins.digest(sha256(consent.canonical())) for consent, _ in lawful]
        before = {
            digest: Granted(subject, _first(session, session.get_one(ConsentRow, subject).head), already=True)
            for digest, subject in known(session, digests).items()
        }
        granted = []
        rows: list[dict[str, Any]] = []
        pooled: list[Recorded] = []
        for digest, (consent, notice) in zip(digests, lawful, strict=True):
            if digest not in before:
                recorded, row = _composed(registry, consent, notice.id, digest, now)
                pooled.append(recorded)
                rows.append(row)
                made = Granted(row["subject"], recorded.leaf_hash)
                before[digest] = replace(made, already=True)
                granted.append(made)
            else:
                granted.append(before[digest])
        if rows:
            _WRITE.run(session, rows)
        pool.put(session, pooled, now)
        if also is not None:
            also(session, granted)
        return granted


def _lawful(book: NoticeBook, value: JSON, index: int, now: int) -> tuple[Consent, KnownNotice]:
    try:
        consent = parse_consent(spell_names(value))
        return consent, book.require(consent, now)
    except DataFault as fault:
        data = {**fault.data, "index": index}
        raise DataFault(fault.message, code=fault.code, hint=fault.hint, **data) from fault


def _first(session: Session, head: bytes) -> bytes:
    """Leaf hash of a consent's own statement, by the latest of its thread; one in the pool is alone yet."""
    waits = session.get(Pooled, head) is not None
    return head if waits else thread(session, head)[0].leaf_hash


def _composed(
    registry: Registry, consent: Consent, notice_id: int, digest: bytes, now: int
) -> tuple[Recorded, dict[str, Any]]:
    """The statement of a consent, and its row; nothing is written yet."""
    subject, key = secrets.token_bytes(32), secrets.token_bytes(sm4.KEY_BYTES)
    recorded = compose(
        Occurrence(
            type="consent.granted",
            profile=registry.instance.profile,
            subject=subject,
            at=hour_of(now),
            by="controller",
            body=consent.to_json(),
            prev=None,
        ),
        SealedValue(key),
        now=now,
    )
    return recorded, {
        "subject": subject,
        "head": recorded.leaf_hash,
        "notice_id": notice_id,
        "wrapped_key": registry.keys.wrapper().wrap(key, subject),
        "created_at": now,
        "digest": digest,
    }
