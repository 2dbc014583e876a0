"""Access keys, and those of trade checks: one for each month, wrapped like the keys of records, none of them.

Erasing a record destroys none, backups carry them, and what R42 lets go after its time goes month by month.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import bindparam, select
from sqlmodel import Session

from yinzheng.ledger.keys import sm4
from yinzheng.ledger.keys.provider import KeyProvider, KeyWrapper
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_accesses import AccessKey
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import DataFault

_ROWS: Final = table_of(AccessKey)
_WRAPPED: Final = Prepared(select(_ROWS.c.wrapped_key).where(_ROWS.c.id == bindparam("name")))

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


@lru_cache(maxsize=64)
def month_of(at: int, of: str = LINES) -> bytes:
    """The name of the key of the month that an instant (UTC seconds) falls in at +08:00."""
    return datetime.fromtimestamp(at, CHINA).strftime(f"{of}/%Y-%m").encode()


def key_for(session: Session, keys: KeyProvider, at: int, of: str = LINES) -> MonthKey:
    """The key for what is written at `at`; made where its month has none yet. Raises as `open_key`."""
    name = month_of(at, of)
    found = _wrapped(session, name)
    if found is not None:
        return _opened(keys.wrapper(), found, name)
    if session.get(AccessKey, name) is None:
        wrapped = keys.wrapper().wrap(secrets.token_bytes(sm4.KEY_BYTES), name)
        session.add(AccessKey(id=name, wrapped_key=wrapped, created_at=at))
        session.flush()
    return open_key(session, keys, name)


def open_key(session: Session, keys: KeyProvider, name: bytes) -> MonthKey:
    """The key of that name. Raises `DataFault`: `access-key-missing`, `seal-broken`."""
    wrapped = _wrapped(session, name)
    if wrapped is None:
        raise DataFault(
            f"the key of the month {name.decode(errors='replace')} is not there",
            code="access-key-missing",
            hint="Restore the database from a backup.",
        )
    return _opened(keys.wrapper(), wrapped, name)


def _wrapped(session: Session, name: bytes) -> bytes | None:
    """As it lies in the database; None where there is no key of that name, or it was let go."""
    found: bytes | None = _WRAPPED.scalar(session, name=name)
    return found


@lru_cache(maxsize=8)
def _opened(wrapper: KeyWrapper, wrapped: bytes, name: bytes) -> MonthKey:
    """What lies there is read each time: a key that was let go opens nothing. Unwrapped it is once."""
    key = wrapper.unwrap(wrapped, name)
    return MonthKey(SealedValue(key), hmac.digest(key, b"yinzheng/access-link/1", "sha256"))
