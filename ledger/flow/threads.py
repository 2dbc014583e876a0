"""Threads: the statements of one organisation, notice, consent or dispute, linked by `prev` (S3.1).

A row keeps the leaf hash of its latest statement, `head`; everything before is found by walking back.
"""

from sqlmodel import Session

from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_consents import Consent, Organisation, Withdrawal
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log.statement import Statement

LONGEST = 10_000
"""Statements of one thread; more are not walked."""


def thread(session: Session, head: bytes) -> list[Event]:
    """The events from the first to the one whose leaf hash is `head`.

    Raises `DataFault` `thread-broken` where a statement is missing or the chain of them has no beginning.
    """
    events: list[Event] = []
    leaf: bytes | None = head
    while leaf is not None:
        event = repository.event_by_leaf(session, leaf)
        if event is None or len(events) >= LONGEST:
            raise DataFault(
                "a statement is missing from its thread",
                code="thread-broken",
                leaf=leaf.hex(),
                hint="Run `yinzheng audit`.",
            )
        events.append(event)
        leaf = Statement.from_bytes(event.statement).prev
    return events[::-1]


def find_organisation(session: Session, code: str) -> Organisation:
    """The organisation of that credit code; `UsageFault` `organisation-unknown`."""
    found = session.get(Organisation, code)
    if found is None:
        raise UsageFault(
            f"no organisation {code} is enrolled here",
            code="organisation-unknown",
            hint="An officer enrols it: `yinzheng enrol`.",
        )
    return found


def find_consent(session: Session, subject: bytes) -> Consent:
    """The consent of that subject; `UsageFault` `consent-unknown`."""
    found = session.get(Consent, subject)
    if found is None:
        raise UsageFault(
            "no such consent was ever given here",
            code="consent-unknown",
            hint="Check the receipt; it names the registry that issued it.",
        )
    return found


def find_withdrawal(session: Session, id_: bytes) -> Withdrawal:
    """The withdrawal of that identifier; `UsageFault` `withdrawal-unknown`."""
    found = session.get(Withdrawal, id_)
    if found is None:
        raise unknown_withdrawal()
    return found


def unknown_withdrawal() -> UsageFault:
    """What everyone is told who has no part in a withdrawal, whether there is one or not."""
    return UsageFault(
        "there is no such withdrawal",
        code="withdrawal-unknown",
        hint="Check its identifier; its controller and its recipients have it from their notices.",
    )


def find_dispute(session: Session, id_: str) -> Dispute:
    """The dispute of that reference; `UsageFault` `dispute-unknown`."""
    found = session.get(Dispute, id_)
    if found is None:
        raise UsageFault(
            f"there is no dispute {id_}", code="dispute-unknown", hint="`yinzheng disputes` lists them."
        )
    return found
