"""Part of a name in the register is found along an index: a search for one that nothing has went through all.

In SQLite; on PostgreSQL `pg_trgm` is not everywhere, and of Chinese it knows nothing in some locales.
"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_ADD = "INSERT INTO register_name(rowid, asset) VALUES (CAST(substr(new.number, 3) AS INTEGER), new.asset);"
_TAKE = "DELETE FROM register_name WHERE rowid = CAST(substr(old.number, 3) AS INTEGER);"


def upgrade() -> None:
    """Make it, have it follow the table, and fill it."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("CREATE VIRTUAL TABLE register_name USING fts5(asset, tokenize='trigram', detail='none')")
    for when, does in (("INSERT", _ADD), ("DELETE", _TAKE), ("UPDATE", f"{_TAKE} {_ADD}")):
        op.execute(
            f"CREATE TRIGGER register_entry_{when.lower()} AFTER {when} ON register_entry BEGIN {does} END"
        )
    op.execute(
        "INSERT INTO register_name(rowid, asset)"
        " SELECT CAST(substr(number, 3) AS INTEGER), asset FROM register_entry"
    )


def downgrade() -> None:
    """Drop it."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for when in ("insert", "delete", "update"):
        op.execute(f"DROP TRIGGER register_entry_{when}")
    op.execute("DROP TABLE register_name")
