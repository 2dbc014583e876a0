"""Who opened what of somebody's consent, as they are shown it (R30): organisation and function, no name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.accesses.committed import last_logged
from yinzheng.ledger.accesses.opening import Lines
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.ledger.store.models_consents import Organisation

MOST: Final = 500
"""Lines shown at once, the newest."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of what is kept about a person, or an act on it; uses are told apart (`consents.uses`)."""

    number: int
    at: int
    organisation: str | None
    """Credit code; None for the holder of a receipt."""
    name: str | None
    function: str
    action: str
    kind: str
    purpose: str
    basis: str
    logged: bool
    """Whether its batch is in the log, so that the next receipt proves it."""


def openings_of(registry: Registry, session: Session, subject: bytes) -> list[Opening]:
    """The openings of a consent, the newest first. Raises `DataFault` as `opening.Lines`."""
    lines, last = Lines(session, registry.keys), last_logged(session, None)
    query = select(AccessRow).where(AccessRow.consent == subject).order_by(col(AccessRow.number).desc())
    found = []
    for row in session.exec(query.limit(MOST)):
        line = lines.open(row).line
        if line.action != "use":
            found.append(
                Opening(
                    number=line.number,
                    at=line.at,
                    organisation=line.organisation,
                    name=_name(registry, session, line.organisation),
                    function=line.function,
                    action=line.action,
                    kind=line.kind,
                    purpose=line.purpose,
                    basis=line.basis,
                    logged=line.number <= last,
                )
            )
    return found


def _name(registry: Registry, session: Session, code: str | None) -> str | None:
    if code is None:
        return None
    if code == registry.instance.registry_code:
        return registry.instance.registry_name
    found = session.get(Organisation, code)
    return None if found is None else found.name
