"""How the registry is reached (S8.1), as whoever hands out policies, pages and papers reads it.

What `init` was told stands in the description of the state folder; what an administrator set since
(`ledger/state/reaching.py`) in the database, and goes before it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlmodel import Session

from yinzheng.ledger.state.instance import Instance
from yinzheng.ledger.store import repository
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.formats.contact import Contact, check_contact

META: Final = "contact"
"""Of the fact that says it, where it was changed since `init`."""
_MAX_BYTES: Final = 8192


def reached(session: Session, instance: Instance) -> Instance:
    """The registry with the contact that goes for it now. Raises `DataFault` (`json-…`, `field-…`)."""
    return replace(instance, contact=contact_in(session, instance))


def contact_in(session: Session, instance: Instance) -> Contact | None:
    """The contact that goes now; None where nobody ever said any. Raises as `reached`."""
    said = repository.read_meta(session).get(META)
    if said is None:
        return instance.contact
    return check_contact(canonical.loads(said.encode(), max_bytes=_MAX_BYTES), "contact")


def stands(session: Session) -> str | None:
    """What the last line about the contact has to say; None: nobody changed it since `init`."""
    said = repository.read_meta(session).get(META)
    return None if said is None else line_of(said)


def line_of(said: str) -> str:
    """The object of the line about a contact that was set: its SHA-256."""
    return f"contact:{sha256(said.encode()).hex()}"
