"""Statements that are asked again and again: compiled once, and given to the database's driver as they are.

SQLAlchemy's own way from a statement to the driver takes several times as long as SQLite takes to carry it
out. Only where it is hot: everything else keeps SQLAlchemy's statements and objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import Boolean, Enum, Integer, LargeBinary, String
from sqlmodel import AutoString, Session

Row = tuple[Any, ...]

_DRIVER: Final = "yinzheng.driver"
_AS_THEY_ARE: Final = (AutoString, Boolean, Integer, LargeBinary, String)
"""Kinds of columns whose values the drivers take and give as Python has them, but for SQLite's booleans."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement in the words of one kind of database."""

    sql: str
    given: Callable[[Mapping[str, Any]], Any]
    """Puts named values as the driver takes them."""
    truths: tuple[int, ...] = ()
    """Places of the columns in which the driver gives 0 and 1 for what is false or true."""

    def read(self, rows: list[Row]) -> list[Row]:
        """Rows as Python has them."""
        return [self._read(row) for row in rows] if self.truths else rows

    def _read(self, row: Row) -> Row:
        values = list(row)
        for n in self.truths:
            values[n] = None if row[n] is None else bool(row[n])
        return tuple(values)


class Prepared:
    """A statement over columns of numbers, texts and bytes, or one for each kind of database.

    `columns`: those that an insertion names; by default all of them.
    """

    def __init__(
        self, statement: Executable | Mapping[str, Executable], columns: Sequence[str] | None = None
    ) -> None:
        self._statement = statement
        self._columns = None if columns is None else list(columns)
        self._ready: dict[str, _Ready] = {}

    def first(self, session: Session, /, **values: Any) -> Row | None:
        """The first row; None where there is none. Raises as the database finds it (`DBAPIError`)."""
        found = self.all(session, **values)  # to the end: none is left half read
        return found[0] if found else None

    def scalar(self, session: Session, /, **values: Any) -> Any:
        """The first value of the first row; None where there is none."""
        found = self.first(session, **values)
        return None if found is None else found[0]

    def all(self, session: Session, /, **values: Any) -> list[Row]:
        """Every row."""
        ready, driver = self._at_hand(session)
        return ready.read(driver.execute(ready.sql, ready.given(values)).fetchall())

    def run(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
        """Carry it out for each, in order; gives how many rows were written."""
        ready, driver = self._at_hand(session)
        if len(rows) == 1:
            return int(driver.execute(ready.sql, ready.given(rows[0])).rowcount)
        return driver.execute_many(ready.sql, [ready.given(row) for row in rows])

    def run_each(self, session: Session, rows: Iterable[Mapping[str, Any]]) -> int:
        """As `run`, for many that are made one after the other and not kept."""
        ready, driver = self._at_hand(session)
        return driver.execute_many(ready.sql, map(ready.given, rows))

    def _at_hand(self, session: Session) -> tuple[_Ready, _Driver]:
        """The statement for the session's database, which has all by now that its objects say."""
        session._autoflush()
        driver = _driver_of(session)
        return self._ready.get(driver.dialect.name) or self._for(driver.dialect), driver

    def _for(self, dialect: Dialect) -> _Ready:
        of = self._statement
        statement: Any = of[dialect.name] if isinstance(of, Mapping) else of
        made = statement.compile(dialect=dialect, column_keys=self._columns)
        assert isinstance(made, SQLCompiler)
        columns = tuple(getattr(statement, "selected_columns", ()))
        for one in (*made.binds.values(), *columns):
            if not isinstance(one.type, _AS_THEY_ARE) or isinstance(one.type, Enum):
                raise TypeError(f"{one.key} is of a kind that the driver does not take or give as it is")
        open_ = {one.key for one in made.binds.values() if one.required}
        whole = made.construct_expanded_state(dict.fromkeys(open_, ""))
        fixed = {
            name: value for name, value in whole.parameters.items() if name not in open_ and value is not None
        }
        native = dialect.supports_native_boolean
        truths = () if native else tuple(n for n, one in enumerate(columns) if isinstance(one.type, Boolean))
        if whole.positiontup is None:
            ready = _Ready(whole.statement, lambda values: {**fixed, **values}, truths)
        elif fixed:
            picked = _picked(whole.positiontup)
            ready = _Ready(whole.statement, lambda values: picked({**fixed, **values}), truths)
        else:
            ready = _Ready(whole.statement, _picked(whole.positiontup), truths)
        self._ready[dialect.name] = ready
        return ready


def _picked(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Row]:
    if len(names) == 1:
        (name,) = names
        return lambda values: (values[name],)
    return itemgetter(*names) if names else lambda _values: ()


class _Driver:
    """The driver's own cursor in the transaction of a session."""

    def __init__(self, connection: Connection) -> None:
        self.dialect = connection.dialect
        heard = connection.dispatch
        # Whoever listens to statements hears these too: then they go SQLAlchemy's way.
        listened = heard.before_cursor_execute or heard.after_cursor_execute
        self._listened = connection if listened else None
        self._wrong = self.dialect.loaded_dbapi.Error
        self._connection = connection.connection
        self._cursor = self._connection.cursor()

    def execute(self, sql: str, given: Any) -> Any:
        """Execute once; what is wrong is raised as SQLAlchemy raises it."""
        if self._listened is not None:
            return self._listened.exec_driver_sql(sql, given)
        try:
            self._cursor.execute(sql, given)
        except self._wrong as error:
            raise self._said(sql, error) from error
        return self._cursor

    def execute_many(self, sql: str, given: Iterable[Any]) -> int:
        """Execute for each; gives how many rows were written, and raises as `execute`.

        With a cursor of its own: one that did this holds sqlite3's compiled statement until it is closed, and
        would reset it when it is collected, under another thread that has the connection by then.
        """
        if self._listened is not None:
            return int(self._listened.exec_driver_sql(sql, list(given)).rowcount)
        with closing(self._connection.cursor()) as cursor:
            try:
                cursor.executemany(sql, given)  # type: ignore[arg-type]  # both drivers take what is iterated
            except self._wrong as error:
                raise self._said(sql, error) from error
            return int(cursor.rowcount)

    def _said(self, sql: str, error: Exception) -> BaseException:
        return DBAPIError.instance(sql, None, error, self._wrong, hide_parameters=True, dialect=self.dialect)


def forget_driver(session: Session) -> None:
    """Have the session's next statement take a cursor of its own."""
    session.info.pop(_DRIVER, None)


def _driver_of(session: Session) -> _Driver:
    """The one of the transaction that a session is in."""
    found: _Driver | None = session.info.get(_DRIVER)
    if found is None:
        of = session.bind
        found = _Driver(of if isinstance(of, Connection) else session.connection())
        session.info[_DRIVER] = found
    return found
