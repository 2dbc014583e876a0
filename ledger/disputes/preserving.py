"""The registry preserves evidence itself (R37): an officer names it, it is taken from the ledger or a file.

Who looked at what for it is written into the access log in the transaction before (R47).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from yinzheng.ledger.accesses import batching
from yinzheng.ledger.accesses.noting import Access, note_many
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.disputes import collecting
from yinzheng.ledger.disputes.evidence import Offered, add_items
from yinzheng.ledger.disputes.work import DRAFT
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.threads import find_dispute
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.verifier.errors import UsageFault


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be preserved. Subjects and leaf hashes are 32 bytes; times UTC seconds."""

    certificates: tuple[str, ...] = ()
    consents: tuple[bytes, ...] = ()
    notices: tuple[bytes, ...] = ()
    accesses: tuple[tuple[int, int], ...] = ()
    as_of: tuple[tuple[bytes, int], ...] = ()
    files: tuple[Path, ...] = ()


def preserve(registry: Registry, dispute_id: str, wanted: Wanted, by: Actor) -> list[bytes]:
    """Take what is wanted, and add it to an open dispute as items; returns their leaf hashes.

    Raises `UsageFault`: `dispute-unknown`, `dispute-draft`, `dispute-evidence` (nothing wanted), `person-…`,
    what `collecting` finds missing, `move-…`; `DataFault` as `evidence.add_items`.
    """
    named = _named(wanted)
    with registry.store.transaction() as session:
        admit(session, by, Capacity.REGISTRY)
        if find_dispute(session, dispute_id).state == DRAFT:
            raise UsageFault("a draft holds its opener's evidence alone", code="dispute-draft")
        reader = Reader.of_actor(registry, by)
        note_many(registry, session, reader, (_access(session, dispute_id, *one) for one in named))
    if wanted.accesses:  # up to the line about this very command
        batching.commit(registry, everything=True)
        settle(registry)
    return add_items(registry, dispute_id, _offers(registry, wanted), Capacity.REGISTRY)


def _named(wanted: Wanted) -> list[tuple[str, bytes | None]]:
    """What is looked at, in the words of a line's object, and which subject it is about."""
    return [
        *((f"certificate:{number}", None) for number in wanted.certificates),
        *((f"consent:{subject.hex()}", subject) for subject in wanted.consents),
        *((f"notice:{leaf.hex()}", None) for leaf in wanted.notices),
        *((f"accesses:{since}-{until}", None) for since, until in wanted.accesses),
        *((f"as-of:{subject.hex()}:{at}", subject) for subject, at in wanted.as_of),
        *(("file", None) for _ in wanted.files),
    ]


def _access(session: Session, dispute_id: str, what: str, subject: bytes | None) -> Access:
    of_consent = subject is not None and session.get(Consent, subject) is not None
    consent = subject if of_consent else None
    return Access("process", "evidence", f"{dispute_id}:{what}", "dispute", consent=consent)


def _offers(registry: Registry, wanted: Wanted) -> Sequence[Offered]:
    return [
        *(collecting.certificate_item(registry, number) for number in wanted.certificates),
        *(collecting.consent_item(registry, subject) for subject in wanted.consents),
        *(collecting.notice_item(registry, leaf) for leaf in wanted.notices),
        *(collecting.access_item(registry, since, until) for since, until in wanted.accesses),
        *(collecting.as_of_item(registry, subject, at) for subject, at in wanted.as_of),
        *(collecting.file_item(registry, path) for path in wanted.files),
    ]
