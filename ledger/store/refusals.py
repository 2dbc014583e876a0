"""What a database refuses, in our own terms: the same words for SQLite and for a server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError

from yinzheng.verifier.errors import DataFault, EnvironmentFault, YinzhengError

_TOLD: Final[dict[str, tuple[str, str]]] = {
    "store-locked": ("another process is writing to the database", "try again"),
    "disk-read-only": (
        "the database cannot be written: its folder or disk is read-only, or its server is a standby",
        "make the state folder writable for this user, or name the server that is written to;"
        " nothing was changed",
    ),
    "disk-full": (
        "the disk that holds the database is full",
        "free some space there; nothing was changed",
    ),
    "store-io": (
        "the disk that holds the database reports an error",
        "check the disk; nothing was acknowledged",
    ),
    "store-unreachable": (
        "the database cannot be opened",
        "check that the state folder exists and may be read and written by this user",
    ),
    "store-denied": (
        "the database server does not let this user do that",
        "let the registry's user own the database and its tables",
    ),
}

_OF_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: "store-locked",
    sqlite3.SQLITE_LOCKED: "store-locked",
    sqlite3.SQLITE_READONLY: "disk-read-only",
    sqlite3.SQLITE_FULL: "disk-full",
    sqlite3.SQLITE_IOERR: "store-io",
    sqlite3.SQLITE_CANTOPEN: "store-unreachable",
}

_OF_A_SERVER: Final = {
    "25006": "disk-read-only",
    "40001": "store-locked",  # two transactions could not both have been
    "40P01": "store-locked",  # a deadlock
    "42501": "store-denied",
    "53100": "disk-full",
    "55P03": "store-locked",
    "58030": "store-io",
}
"""By the SQLSTATE of PostgreSQL's answer."""

_DAMAGED: Final = frozenset({"XX001", "XX002"})


@contextmanager
def translated() -> Iterator[None]:
    """Say database errors in our own terms. Broken constraints pass: their meaning is the caller's."""
    try:
        yield
    except (YinzhengError, IntegrityError):
        raise
    except ProgrammingError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise  # the program's own mistake
        raise _fault(error.orig) from error
    except DatabaseError as error:
        raise _fault(error.orig) from error
    except sqlite3.DatabaseError as error:
        raise _fault(error) from error


def told(code: str) -> EnvironmentFault:
    """The fault of that code."""
    message, hint = _TOLD[code]
    return EnvironmentFault(message, code=code, hint=hint)


def corrupt(detail: str) -> DataFault:
    """It is not to be believed any more."""
    return DataFault(
        f"the database is damaged: {detail}",
        code="store-corrupt",
        hint="stop the registry, keep a copy of the files, and restore the last backup",
    )


def _fault(error: Any) -> YinzhengError:
    if not isinstance(error, sqlite3.Error):
        return _of_a_server(error)
    primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return corrupt("it is not, or no longer, a readable SQLite file")
    if primary in _OF_SQLITE:
        return told(_OF_SQLITE[primary])
    return _refused(str(error))


def _of_a_server(error: Any) -> YinzhengError:
    state = getattr(error, "sqlstate", None) or ""
    if state in _DAMAGED:
        return corrupt("the server finds a page or an index of it broken")
    if state in _OF_A_SERVER:
        return told(_OF_A_SERVER[state])
    if state.startswith("42"):  # no such table, no such column
        return _refused(str(error.diag.message_primary))
    return EnvironmentFault(
        "the database server refused or did not answer",
        code="store-unreachable",
        hint="check that it runs and that the address and password are right",
        kind=type(error).__name__,
    )


def _refused(detail: str) -> DataFault:
    return DataFault(
        "the database refused a statement",
        code="store-refused",
        hint="its tables are not those of this version: run the audit",
        detail=detail,
    )
