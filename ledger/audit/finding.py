"""What an audit works with, and how it collects what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.exc import NoResultFound
from sqlmodel import Session
from web3 import Web3

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.keys.provider import KeyProvider
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.state.instance import Instance
from yinzheng.ledger.store.blobs import BlobStore
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models import Dossier
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.errors import DataFault, EnvironmentFault

SOME: Final = 1_000
"""Rows taken from the database at a time (`yield_per`), where there may be very many: a bound on memory."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference: a stable code, what differs, and where."""

    code: str
    message: str
    data: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        return {"code": self.code, "message": self.message, **{k: str(v) for k, v in self.data.items()}}


@dataclass
class Audit:
    """One audit under way."""

    instance: Instance
    store: Store
    log: TileLog
    blobs: BlobStore
    w3: Web3
    client: ContractsClient
    keys: KeyProvider
    findings: list[Finding] = field(default_factory=list)

    def found(self, code: str, message: str, **data: Any) -> None:
        """Note a difference."""
        self.findings.append(Finding(code, message, data))

    @contextmanager
    def finding(self, **where: Any) -> Iterator[None]:
        """Turn a `DataFault` inside the block into a finding, and a row that is missed; `where` says what was
        being looked at.
        """
        try:
            yield
        except DataFault as fault:
            self.findings.append(Finding(fault.code, fault.message, {**where, **fault.data}))
        except NoResultFound:
            self.found("store-corrupt", "a row is not there that another one names", **where)
        except EnvironmentFault as fault:
            if fault.code != "key-missing":
                raise
            self.findings.append(Finding(fault.code, fault.message, {**where, **fault.data}))

    def dossier_key(self, session: Session, dossier_id: bytes) -> bytes | None:
        """The dossier's key; None once it was destroyed (R44). Raises `DataFault` `seal-broken`."""
        row = session.get(Dossier, dossier_id)
        if row is None:
            raise DataFault("a case names a dossier that is not there", code="dossier-missing")
        if row.wrapped_key is None:
            return None
        return self.keys.wrapper().unwrap(row.wrapped_key, dossier_id)

    def seal(self, session: Session, dossier_id: bytes) -> SealedValue | None:
        """What opens the dossier's small values; None once its key was destroyed."""
        key = self.dossier_key(session, dossier_id)
        return None if key is None else SealedValue(key)
