"""One event becomes one row: body, commitment, statement, sealed secret (D2, D3, D9).

Everything about an event that anyone will ever rely on is fixed here, in one place, for one event as for a
million: a fresh secret for a private body, the statement that commits to it, and the sealed bytes that open
the commitment later. The row is written in the transaction of the decision it records.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import COMMITMENT_KEY_BYTES
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.dossier import committed_form
from yinzheng.verifier.log.merkle import hash_leaf
from yinzheng.verifier.log.statement import STATEMENT_TYPES, Body, Statement, commit_private, commit_public

if TYPE_CHECKING:
    from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What happened, before it is committed to. `at` in UTC seconds, `by` a capacity (S3.1).

    A body may be given as its canonical bytes where they are at hand, unless it is a dossier's.
    """

    type: str
    profile: str
    subject: bytes
    at: int
    by: str
    body: JSON | bytes
    prev: bytes | None
    case_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The statement an occurrence became and its row for the table of events."""

    statement: Statement
    leaf_hash: bytes
    row: dict[str, Any]


def compose(
    happened: Occurrence,
    seal: SealedValue | None,
    *,
    now: int,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Recorded:
    """Commit to the body and make the row; nothing is written yet.

    A public body is committed by its plain digests, a private one under 32 fresh bytes (S2.2, S2.3); a
    dossier is sealed whole and committed in its committed form (S10.8). Raises `DataFault` where the body
    has no canonical form, or a dossier's body not its own.
    """
    body, to_commit = _canonical(happened)
    public = STATEMENT_TYPES[happened.type] is Body.PUBLIC
    secret = None if public else random(COMMITMENT_KEY_BYTES)
    statement = Statement(
        type=happened.type,
        profile=happened.profile,
        subject=happened.subject,
        at=happened.at,
        commitment=commit_public(to_commit) if secret is None else commit_private(secret, to_commit),
        prev=happened.prev,
        by=happened.by,
    )
    entry = statement.canonical
    leaf_hash = hash_leaf(entry)
    opened = b'{"body":%b,"secret":%b}' % (
        body,
        b"null" if secret is None else b'"%b"' % secret.hex().encode(),
    )
    row = {
        "case_id": happened.case_id,
        "subject": happened.subject,
        "type": happened.type,
        "at": happened.at,
        "statement": entry,
        "leaf_hash": leaf_hash,
        "sealed": b"" if seal is None else seal.seal(opened, leaf_hash),
        "public": body if public else None,
        "log_index": None,
        "created_at": now,
    }
    return Recorded(statement, leaf_hash, row)


def _canonical(happened: Occurrence) -> tuple[bytes, bytes]:
    """The canonical bytes of the body, and of what of it is committed to."""
    if isinstance(happened.body, bytes):
        return happened.body, happened.body
    body = canonical.dumps(happened.body)
    form = committed_form(happened.type, happened.body)
    return body, body if form is happened.body else canonical.dumps(form)


def record(session: Session, recorded: Iterable[Recorded]) -> None:
    """Write the rows, in order, in the caller's transaction."""
    from yinzheng.ledger.store import repository  # not needed to compose, which workers of an import do

    repository.add_events(session, [one.row for one in recorded])


def open_event(seal: SealedValue, sealed: bytes, leaf_hash: bytes) -> tuple[JSON, bytes | None]:
    """Open a sealed event: its body and the secret of its commitment (None for a public body).

    Raises `DataFault` where the bytes were altered or belong to another event.
    """
    value = canonical.loads(seal.open(sealed, leaf_hash), max_bytes=8 * 1024 * 1024)
    assert isinstance(value, dict)  # what compose wrote, authenticated
    secret = value["secret"]
    return value["body"], None if secret is None else bytes.fromhex(str(secret))
