"""Signed requests of organisations against what is enrolled (S11.3): their keys, their nonces.

Works on the database alone, without the writer's lock: who may ask is known before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from yinzheng.ledger.organisations.keys import find_key
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models_consents import Nonce
from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.formats.request import Received, Request, verify_request


class HasStore(Protocol):
    """What has a database: a registry."""

    @property
    def store(self) -> Store:
        """The database, open for writing."""


def everyone(_code: str) -> None:
    """Admit any organisation whose request is sound."""


def check_request(
    source: HasStore | Store,
    token: str,
    received: Received,
    admit: Callable[[str], None] = everyone,
) -> Request:
    """Check that an enrolled organisation signed exactly what arrived, now, and for the first time.

    `admit` may still refuse the organisation, by raising, before its nonce is used up. Keys are those in
    force by `received.now`, the ledger's clock (R41).

    Raises `DataFault` as `verify_request`, and what `admit` raises.
    """
    store = source if isinstance(source, Store) else source.store
    return verify_request(token, received, _Keys(store), _Nonces(store, received.now, admit))


@dataclass(frozen=True, slots=True)
class _Keys:
    store: Store

    def find(self, org: str, key: bytes, at: int) -> Sm2PublicKey | None:
        with self.store.reading() as session:
            held = find_key(session, org, key, at)
        return None if held is None else Sm2PublicKey(held.grant.key)


@dataclass(frozen=True, slots=True)
class _Nonces:
    store: Store
    now: int
    admit: Callable[[str], None]

    def use(self, org: str, nonce: bytes, until: int) -> bool:
        """A replay costs a look-up alone; only what is new counts against the organisation and is written."""
        with self.store.reading() as session:
            if session.get(Nonce, (org, nonce)) is not None:
                return False
        self.admit(org)
        with self.store.transaction() as session:
            session.execute(delete(Nonce).where(col(Nonce.until) <= self.now))
            return _insert(session, org, nonce, until)


def _insert(session: Session, org: str, nonce: bytes, until: int) -> bool:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(Nonce).values(code=org, nonce=nonce, until=until)
    added = session.execute(statement.on_conflict_do_nothing().returning(col(Nonce.code)))
    return added.first() is not None
