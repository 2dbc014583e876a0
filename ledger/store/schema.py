"""Whether a database has the tables this program knows, and how it gets them.

Alembic brings an older one here (`migrations/`). At which revision one stands is read without it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    select,
)

from yinzheng.ledger.store import all_models  # noqa: F401 - or they would not be known
from yinzheng.ledger.store.models import Base
from yinzheng.verifier.errors import DataFault, EnvironmentFault

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS: Final = Path(__file__).with_name("migrations")

_REVISION: Final = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where Alembic keeps at which revision a database is."""


NEWEST: Final = "0042"
"""The revision of the tables as this program has them."""


@cache
def revisions() -> frozenset[str]:
    """All that this program knows; their files begin with them."""
    return frozenset(path.name[:4] for path in _MIGRATIONS.glob("versions/[0-9]*.py"))


def _schema(connection: Connection) -> str | None:
    """The revision the database is at; None for an empty one. Refuses one this program does not know."""
    found = inspect(connection).has_table(_REVISION.name)
    current: str | None = connection.execute(select(_REVISION.c.version_num)).scalar() if found else None
    if current is not None and current not in revisions():
        raise EnvironmentFault(
            "the database was written by a newer version of this program",
            code="schema-newer",
            hint="install that version; nothing was changed",
            found=current,
        )
    return current


def require_current(connection: Connection) -> None:
    """Refuse what this program cannot read as it is.

    Raises `EnvironmentFault` (`schema-newer`, `schema-older`), `DataFault` (`store-empty`).
    """
    current = _schema(connection)
    if current is None:
        raise DataFault(
            "the database is empty",
            code="store-empty",
            hint="Put its newest copy back, or restore all from one backup: `yinzheng restore`.",
        )
    if current != NEWEST:
        raise EnvironmentFault(
            "the database has an older schema than this program",
            code="schema-older",
            hint="let the registry's command line open it once: that brings it up to date",
            found=current,
        )


def migrate(connection: Connection) -> None:
    """Make the tables of a new database, or bring those of an older one here.

    Raises `EnvironmentFault` (`schema-newer`).
    """
    current = _schema(connection)
    if current is None:  # nothing to bring over: the tables as they are now
        Base.metadata.create_all(connection, checkfirst=False)
        _REVISION.create(connection, checkfirst=True)
        connection.execute(_REVISION.insert().values(version_num=NEWEST))
    elif current != NEWEST:
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # 0.2 s of every command, and none but this needs it

    command.upgrade(configuration(connection), "head")


def configuration(connection: Connection) -> Config:
    """What Alembic's commands ask for; the connection's transaction is the caller's."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
