"""Where a database is, as an SQLAlchemy URL. A password never stands in it: libpq finds it itself (D10)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from yinzheng.verifier.errors import UsageFault

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


def sqlite_url(path: Path) -> str:
    """The database URL of the SQLite file at `path`."""
    return f"sqlite:///{path.resolve()}"


def server_url(address: str) -> str:
    """A PostgreSQL database's address as it is kept: `postgresql+psycopg://USER@HOST:PORT/NAME?option=value`.

    `postgresql://` means the same. Options are libpq's.

    Raises `UsageFault`: `database-address`; `database-password` where a password stands in it, which would
    lie in the state folder and in every backup.
    """
    from sqlalchemy.engine import make_url  # heavy, and only here
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        backend = ""
    if backend != "postgresql" or url.drivername not in {"postgresql", "postgresql+psycopg"}:
        raise UsageFault(
            "this is not the address of a PostgreSQL database",
            code="database-address",
            hint="Write postgresql+psycopg://USER@HOST:PORT/NAME",
        )
    if _holds_secret(url):
        raise UsageFault(
            "a password stands in the database's address, and would lie in the state folder and its backups",
            code="database-password",
            hint="Leave it out, and put it into ~/.pgpass (mode 0600) or the file that PGPASSFILE names.",
        )
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def holds_password(address: str) -> bool:
    """Whether a password stands in the address of a server: what earlier programs kept is not refused."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return _holds_secret(make_url(address))
    except (ArgumentError, ValueError):
        return False


def _holds_secret(url: URL) -> bool:
    return url.password is not None or not _SECRET.isdisjoint(name.lower() for name in url.query)


_SECRET = frozenset(
    {"password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"}
)
"""Options of libpq that are secrets: who knows the keys of SCRAM needs no password."""
