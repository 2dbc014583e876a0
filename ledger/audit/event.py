"""Is one statement outside the applications what its row says, the next of its thread, and of its body?"""

from __future__ import annotations

from yinzheng.ledger.flow.recording import open_event
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.log.statement import Body, Statement, verify_body


def check_event(event: Event, seal: SealedValue | None, prev: bytes | None, subject: bytes) -> Statement:
    """Check one event of a thread; `seal` None: its private body cannot be opened any more.

    Raises `DataFault`: `event-altered`, `event-unlinked`, `seal-broken`, `body-differs`.
    """
    statement = Statement.from_bytes(event.statement)
    of_row = (event.type, event.subject, event.at, event.leaf_hash)
    if of_row != (statement.type, statement.subject, statement.at, statement.leaf_hash):
        raise DataFault("an event's columns are not those of its statement", code="event-altered")
    if statement.prev != prev or statement.subject != subject:
        raise DataFault("an event is not the next of its thread", code="event-unlinked")
    public = statement.body_kind is Body.PUBLIC
    if (event.public is not None) is not public:
        raise DataFault("an event lacks its public body, or shows a private one", code="event-altered")
    if event.public is not None:
        verify_body(statement, event.public)
    elif seal is not None:
        body, secret = open_event(seal, event.sealed, event.leaf_hash)
        verify_body(statement, canonical.dumps(body), secret)
    return statement
