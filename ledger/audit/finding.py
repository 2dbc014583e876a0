"""What an audit works with, in which parts, and how it collects what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, func
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session, select
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
PART: Final = 5_000
"""Rows of one part of a step: some seconds of work."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference: a stable code, what differs, and where."""

    code: str
    message: str
    data: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        return {"code": self.code, "message": self.message, **{k: str(v) for k, v in self.data.items()}}


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a step that have their keys from `first` on, and before `end`; None: however far."""

    first: Any = None
    end: Any = None

    def of(self, key: Any) -> list[ColumnElement[bool]]:
        """The condition, over the column that is the key."""
        bounds = [] if self.first is None else [key >= self.first]
        return bounds if self.end is None else [*bounds, key < self.end]


WHOLE: Final = Part()


def parts_of(session: Session, key: Any, size: int = PART) -> list[Part]:
    """All rows in parts of `size`, in the order of their keys."""
    counted = select(key.label("key"), func.row_number().over(order_by=key).label("n")).subquery()
    starts = session.exec(select(counted.c.key).where((counted.c.n - 1) % size == 0).order_by(counted.c.key))
    return [Part(first, end) for first, end in pairwise([None, *list(starts)[1:], None])]


@dataclass
class Audit:
    """One audit under way, or a part of it."""

    instance: Instance
    store: Store
    log: TileLog
    blobs: BlobStore
    w3: Web3
    client: ContractsClient
    keys: KeyProvider
    part: Part = WHOLE
    findings: list[Finding] = field(default_factory=list)
    _kept: dict[object, Any] = field(default_factory=dict)

    def alone(self, part: Part) -> Audit:
        """The same for one part of a step, with what is found in it and nothing else."""
        return replace(self, part=part, findings=[])

    def once(self, read: Callable[[Audit], _T]) -> _T:
        """What `read` gives, which is the same for all parts: read for the first of this process."""
        if read not in self._kept:
            self._kept[read] = read(self)
        found: _T = self._kept[read]
        return found

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
