"""An administrator changes how the registry is reached (S8.1).

It lies in the database. Whoever edits it there does not get by with it: that it is the one an administrator
set, the audit holds against the access line of that (S19.6).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from yinzheng.ledger.accesses.noting import acted
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.state.contact import META, contact_in, line_of
from yinzheng.ledger.store import repository
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.contact import Contact, contact_of


def change_contact(
    registry: Registry, ways: Mapping[str, str], without: Collection[str], by: Actor
) -> Contact:
    """Set the ways named, as `Contact` names them, and drop those of `without`; the others stay.

    Policies, pages and papers made from now on name it. Raises `UsageFault` (`contact-blank`, `contact-none`:
    none would be left; `contact-twice`: one is set and dropped; and as `admit`), `DataFault` (`field-…`).
    """
    if both := sorted({*ways} & {*without}):
        raise UsageFault(
            f"{both[0]} is to be set and dropped at once", code="contact-twice", hint="Say one of them."
        )
    with registry.store.transaction() as session:
        admit(session, by, Office.ADMINISTRATOR)
        before = contact_in(session, registry.instance)
        known = {} if before is None else {name: str(text) for name, text in before.to_json().items()}
        kept = {name: text for name, text in known.items() if name not in without}
        contact = contact_of(**{**kept, **ways})
        if contact is None:
            raise UsageFault(
                "nobody could reach the registry any more",
                code="contact-none",
                hint="Set another way besides: a telephone, an e-mail address, a postal address.",
            )
        said = canonical.dumps(contact.to_json()).decode()
        repository.write_meta(session, {META: said})
        acted(registry, session, by, "contact", line_of(said), "keeping")
    return contact
