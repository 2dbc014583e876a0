"""A call says which certificate is less free by it: a trade check looked at all calls that wait."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_BINDING = sa.text("binds IS NOT NULL AND state IN ('pending', 'sent')")
_OPEN = sa.text("SELECT id, about FROM call WHERE kind = :kind AND state IN ('pending', 'sent', 'failed')")
_STATED = "SELECT subject FROM event WHERE leaf_hash = :about"
_LICENSED = (
    "SELECT certificate.subject FROM certificate JOIN licence ON licence.certificate = certificate.number"
    " WHERE licence.subject = :about"
)
_FOUND = {
    **dict.fromkeys(("remark", "lapse", "cancellation", "later-objection", "reservation"), _STATED),
    **dict.fromkeys(("succession", "holders-cancellation"), "SELECT :about"),
    "licence": _LICENSED,
}
"""How the subject of the certificate is found by what a call of a kind is about."""


def upgrade() -> None:
    """Make the column and its index, and say it of the calls that may wait yet."""
    op.add_column("call", sa.Column("binds", sa.LargeBinary(), nullable=True))
    connection = op.get_bind()
    for kind, found in _FOUND.items():
        calls = connection.execute(_OPEN, {"kind": kind}).all()
        rows = [{"id": id_, "about": _bytes(about)} for id_, about in calls]
        if rows:
            connection.execute(sa.text(f"UPDATE call SET binds = ({found}) WHERE id = :id"), rows)  # noqa: S608 - our own words
    op.create_index("ix_call_binding", "call", ["binds"], sqlite_where=_BINDING, postgresql_where=_BINDING)


def _bytes(about: str) -> bytes:
    """What an altered row is about is nothing: an audit says so, which begins by opening the database."""
    try:
        return bytes.fromhex(about)
    except ValueError:
        return b""


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_call_binding", "call")
    with op.batch_alter_table("call") as table:
        table.drop_column("binds")
