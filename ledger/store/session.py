"""Rows as objects, loaded and written by prepared statements (ADR 79).

SQLAlchemy's session takes most of a millisecond to load a row by its key, to find one by a query, or to write
one that changed: several times what SQLite takes. Whoever has a `QuickSession` asks as ever (`get`, `add`,
attributes, `flush`) and gets the same objects; what is not as plain as here goes SQLAlchemy's way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, bindparam, insert, select, update
from sqlalchemy.orm import InstanceState, class_mapper
from sqlalchemy.orm.attributes import instance_dict, instance_state
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, SQLModel

from yinzheng.ledger.store.models import Base, table_of
from yinzheng.ledger.store.prepared import Prepared, Row

_M = TypeVar("_M", bound=SQLModel)

_KEY: Final = "key_"
"""Before the name of a key's column where it is compared, for an update names columns too."""


class Shape(Generic[_M]):
    """The rows of one table as objects of its model, and the statements by which they come and go."""

    def __init__(self, model: type[_M]) -> None:
        table = table_of(model)
        self.model = model
        self.table = table
        self.names = [column.name for column in table.columns]
        self.key = [column.name for column in table.primary_key]
        self.defaulted = [
            c.name for c in table.columns if c.default is not None or c.server_default is not None
        ]
        self._manager = class_mapper(model).class_manager
        self._at = [self.names.index(name) for name in self.key]
        self._of_key = [table.c[name] == bindparam(_KEY + name) for name in self.key]
        self._find = Prepared(select(table).where(*self._of_key))
        self._insert = Prepared(insert(table).inline())
        self._updates: dict[tuple[str, ...], Prepared] = {}

    @cached_property
    def rank(self) -> int:
        """Its place among all tables, of which none refers to a later one."""
        return _ranks()[self.table.name]

    def find(self, session: Session, key: Sequence[Any]) -> _M | None:
        """The object of that key; None where there is no row."""
        row = self._find.first(session, **self._named(key))
        return None if row is None else self.of(session, row)

    def of(self, session: Session, row: Row) -> _M:
        """The object of a row of all columns: the session's own, as it is there, or a new one."""
        key = (self.model, tuple(row[n] for n in self._at), None)
        known: _M | None = session.identity_map.get(key)
        if known is not None:
            return known
        made: _M = self._manager.new_instance()
        instance_dict(made).update(zip(self.names, row, strict=True))
        state = instance_state(made)
        state.key, state.session_id = key, session.hash_key
        session.identity_map._add_unpresent(state, key)  # as SQLAlchemy's own loading does
        return made

    def update(self, session: Session, key: Sequence[Any], changed: dict[str, Any]) -> None:
        """Write what changed in a row. Raises `StaleDataError` where it is there no more."""
        names = tuple(sorted(changed))
        ready = self._updates.get(names)
        if ready is None:
            ready = Prepared(update(self.table).where(*self._of_key), names)
            self._updates[names] = ready
        if ready.run(session, [{**changed, **self._named(key)}]) != 1:
            raise StaleDataError(f"a row of {self.table.name} that was to be updated is gone")

    def insert(self, session: Session, rows: Sequence[dict[str, Any]]) -> None:
        """Write new rows, of all columns, in order; where the database gives the keys, they are filled in."""
        name = self.key[0]
        if rows[0][name] is not None:
            self._insert.run(session, rows)
            return
        for row in rows:
            row[name] = _numbered(self.model).scalar(session, **{k: v for k, v in row.items() if k != name})

    def is_plain(self, row: dict[str, Any]) -> bool:
        """Whether a new row says all that the database is to have, but for a key of one number."""
        return (
            len(row) == len(self.names)
            and all(row[name] is not None for name in self.defaulted)
            and (len(self.key) == 1 or all(row[name] is not None for name in self.key))
        )

    def _named(self, key: Sequence[Any]) -> dict[str, Any]:
        return {_KEY + name: value for name, value in zip(self.key, key, strict=True)}


@cache
def shape_of(model: type[_M]) -> Shape[_M]:
    """The shape of one of our models."""
    return Shape(model)


@cache
def _ranks() -> dict[str, int]:
    from yinzheng.ledger.store import all_models  # noqa: F401 - whoever writes nothing needs not know them all

    return {table.name: n for n, table in enumerate(Base.metadata.sorted_tables)}


@cache
def _numbered(model: type[SQLModel]) -> Prepared:
    """An insertion that gives the key which the database gave."""
    table = table_of(model)
    (key,) = table.primary_key
    return Prepared(insert(table).returning(key), [c.name for c in table.columns if c is not key])


class Objects(Generic[_M]):
    """A query for objects of one model that is asked again and again."""

    def __init__(self, model: type[_M], *where: ColumnElement[bool], order_by: Sequence[Any] = ()) -> None:
        self._model = model
        self._statement = Prepared(select(table_of(model)).where(*where).order_by(*order_by))

    def first(self, session: Session, /, **values: Any) -> _M | None:
        """The first; None where there is none."""
        row = self._statement.first(session, **values)
        return None if row is None else shape_of(self._model).of(session, row)

    def all(self, session: Session, /, **values: Any) -> list[_M]:
        """Every one."""
        shape = shape_of(self._model)
        return [shape.of(session, row) for row in self._statement.all(session, **values)]


@dataclass(frozen=True, slots=True)
class _Change:
    """What a flush writes of one object: all columns of a new one, else what changed."""

    shape: Shape[Any]
    state: InstanceState[Any]
    values: dict[str, Any]
    is_new: bool

    def order(self) -> tuple[int, bool, int]:
        """As SQLAlchemy: table by table, what changed before what is new, that in the order of adding."""
        return self.shape.rank, self.is_new, (self.state.insert_order or 0) if self.is_new else 0

    def together(self) -> tuple[int, bool, bool]:
        """What neighbours have in common that are written by one statement."""
        return self.shape.rank, self.is_new, self.values.get(self.shape.key[0]) is None


class QuickSession(Session):
    """SQLAlchemy's session, in which what is asked and written most takes the short way."""

    def expunge_all(self) -> None:
        """Let go of every object; where rows were asked for alone there is none."""
        if len(self.identity_map) or self._new or self._deleted:
            super().expunge_all()

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """The object of that primary key; as SQLAlchemy's."""
        key = ident if isinstance(ident, tuple) else (ident,)
        if any(options.values()) or isinstance(ident, dict) or None in key or not _is_ours(entity):
            return super().get(entity, ident, **options)
        known = self.identity_map.get((entity, key, None))
        if known is None:
            return shape_of(entity).find(self, key)
        return super().get(entity, ident) if instance_state(known).expired else known

    def add(self, instance: Any, *, _warn: bool = True) -> None:
        """Have an object written; as SQLAlchemy's, which of one that it has looks after what it leads to."""
        if _is_ours(type(instance)) and not self._deleted:
            state = instance_state(instance)
            if state.session_id == self.hash_key and state.persistent:
                return  # nothing of ours leads anywhere
        super().add(instance, _warn=_warn)

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what changed and what is new; as SQLAlchemy's."""
        if objects is not None or self._flushing or not self._write():
            super().flush(objects)

    def _autoflush(self) -> None:
        """Write before a question what it may be about; asked before each, and there is mostly nothing."""
        if self._new or self._deleted or self.identity_map._modified:
            super()._autoflush()

    def rollback(self) -> None:
        """Undo all, also what went to the driver past SQLAlchemy."""
        self.connection()  # or it would not know that anything began
        super().rollback()

    def _write(self) -> bool:
        """Write it the short way; False where something is not plain enough, and nothing was written."""
        if self._is_clean():
            return True
        changes = None if self._deleted else self._changes()
        if changes is None:
            return False
        self._flushing = True
        try:
            for _, group in groupby(sorted(changes, key=_Change.order), _Change.together):
                self._write_alike(list(group))
            self._register_persistent({change.state for change in changes})
        finally:
            self._flushing = False
        return True

    def _write_alike(self, changes: list[_Change]) -> None:
        """Write what is new in one table, or changed."""
        shape = changes[0].shape
        if not changes[0].is_new:
            for change in changes:
                identity = change.state.key
                if change.values and identity is not None:
                    shape.update(self, identity[1], change.values)
            return
        shape.insert(self, [change.values for change in changes])
        for change in changes:
            change.state.dict.update((name, change.values[name]) for name in shape.key)

    def _changes(self) -> list[_Change] | None:
        """All that is to be written; None where something is not plain."""
        found = []
        for state in (*self.identity_map._modified, *self._new):
            model: Any = state.class_
            if not _is_ours(model) or state.expired_attributes:
                return None
            shape: Shape[Any] = shape_of(model)
            is_new = state.key is None
            values = _all_of(state, shape) if is_new else _changed(state)
            plain = shape.is_plain(values) if is_new else values.keys().isdisjoint(shape.key)
            if not plain:
                return None
            found.append(_Change(shape, state, values, is_new))
        return found


def _is_ours(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, Base)


def _all_of(state: InstanceState[Any], shape: Shape[Any]) -> dict[str, Any]:
    return {name: state.dict[name] for name in shape.names if name in state.dict}


def _changed(state: InstanceState[Any]) -> dict[str, Any]:
    before, now = state.committed_state, state.dict
    return {name: now[name] for name in before if name in now and now[name] != before[name]}
