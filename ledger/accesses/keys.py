"""Access keys, and those of trade checks: one for each month, wrapped like the keys of records, none of them.

Erasing a record destroys none, backups carry them, and what R42 lets go after its time goes month by month.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlmodel import Session

from yinzheng.ledger.keys import sm4
from yinzheng.ledger.keys.provider import KeyProvider
from yinzheng.ledger.store.models_accesses import AccessKey
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import DataFault

LINES: Final = "access"
"""Keys of access lines, by what their names begin with."""


@dataclass(frozen=True, slots=True)
class MonthKey:
    """What seals and links the lines of a month."""

    seal: SealedValue
    linking: bytes = field(repr=False)

    def link(self, before: bytes, number: int, leaf: bytes) -> bytes:
        """The keyed link of a line to the one before: nobody without the key makes one that fits."""
        return hmac.digest(self.linking, before + number.to_bytes(8, "big") + leaf, "sha256")


def month_of(at: int, of: str = LINES) -> bytes:
    """The name of the key of the month that an instant (UTC seconds) falls in at +08:00."""
    return datetime.fromtimestamp(at, CHINA).strftime(f"{of}/%Y-%m").encode()


def key_for(session: Session, keys: KeyProvider, at: int, of: str = LINES) -> MonthKey:
    """The key for what is written at `at`; made where its month has none yet. Raises as `open_key`."""
    name = month_of(at, of)
    if session.get(AccessKey, name) is None:
        wrapped = keys.wrapper().wrap(secrets.token_bytes(sm4.KEY_BYTES), name)
        session.add(AccessKey(id=name, wrapped_key=wrapped, created_at=at))
        session.flush()
    return open_key(session, keys, name)


def open_key(session: Session, keys: KeyProvider, name: bytes) -> MonthKey:
    """The key of that name. Raises `DataFault`: `access-key-missing`, `seal-broken`."""
    row = session.get(AccessKey, name)
    if row is None or row.wrapped_key is None:
        raise DataFault(
            f"the key of the month {name.decode(errors='replace')} is not there",
            code="access-key-missing",
            hint="Restore the database from a backup.",
        )
    key = keys.wrapper().unwrap(row.wrapped_key, name)
    return MonthKey(SealedValue(key), hmac.digest(key, b"yinzheng/access-link/1", "sha256"))
