"""The periods of retention of this registry (R42): the defaults, and what an administrator set otherwise.

They lie in the database, in months by kind of record. Whoever edits them there cannot go below what the law
asks: the table is read as strictly as it was handed in. That it is the one an administrator set, the audit
holds against the access line of that (S19.6).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlmodel import Session

from yinzheng.ledger.accesses.noting import acted
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.rules.retention import PERIODS, Period, RecordKind, read_periods
from yinzheng.ledger.state.files import disk_faults
from yinzheng.ledger.store import repository
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.errors import UsageFault

MAX_BYTES: Final = 4096
_META: Final = "retention"


def periods_in(session: Session) -> Mapping[RecordKind, Period]:
    """The table that holds here. Raises `DataFault` (`retention-…`, `json-…`)."""
    said = repository.meta_of(session, _META)
    return PERIODS if said is None else read_periods(canonical.loads(said.encode(), max_bytes=MAX_BYTES))


def stands(session: Session) -> str | None:
    """What the last line about the table has to say; None: it was never set."""
    said = repository.meta_of(session, _META)
    return None if said is None else _set(said)


def set_periods(registry: Registry, file: Path, by: Actor) -> Mapping[RecordKind, Period]:
    """Take in a table of periods, by an administrator, in place of the one before; the whole table.

    Raises `UsageFault` (`retention-missing`, and as `admit`), `DataFault` (`retention-…`, `json-…`).
    """
    with registry.store.transaction() as session:
        admit(session, by, Office.ADMINISTRATOR)
        if not file.is_file():
            raise UsageFault(f"there is no file {file}", code="retention-missing")
        with disk_faults(file):
            value = canonical.loads(canonical.saved(file.read_bytes()[: MAX_BYTES + 1]), max_bytes=MAX_BYTES)
        table = read_periods(value)
        said = canonical.dumps(value).decode()
        repository.write_meta(session, {_META: said})
        acted(registry, session, by, "retention", _set(said), "keeping")
    return table


def _set(said: str) -> str:
    """The object of the line about a table that was set: its SHA-256."""
    return f"periods:{sha256(said.encode()).hex()}"
