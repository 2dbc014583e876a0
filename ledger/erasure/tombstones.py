"""Tombstones as rows tell of them: what they name, and the one of a consent, found without keys (S13.7)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from yinzheng.ledger.flow.threads import thread
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_consents import Consent
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.formats.tombstone import MAX_TOMBSTONE, TOMBSTONE, parse_tombstone


def tombstone_of(session: Session, leaf: bytes) -> Event | None:
    """The tombstone that names the consent's statement of that leaf hash; None while its record lives.

    Raises `DataFault` as `thread`, or a code of `parse_tombstone`, for a store that contradicts itself.
    """
    granted = repository.event_by_leaf(session, leaf)
    row = None if granted is None else session.get(Consent, granted.subject)
    if row is None or row.wrapped_key is not None:
        return None
    for event in thread(session, row.head):
        if event.type == TOMBSTONE and leaf in named_by([event]):
            return event
    return None


def named_by(stones: Iterable[Event]) -> set[bytes]:
    """The leaf hashes that tombstones name. Raises `DataFault`: a code of `parse_tombstone`."""
    found: set[bytes] = set()
    for event in stones:
        body = parse_tombstone(canonical.loads(event.public or b"", max_bytes=MAX_TOMBSTONE))
        found.update(body.statements)
    return found
