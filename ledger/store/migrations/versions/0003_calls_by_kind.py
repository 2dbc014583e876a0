"""Calls have a kind and what they are about, instead of one name for both.

A head of the log no longer names its call, which is the one of kind `anchor` about its size.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CALL = sa.table("call", *(sa.column(name) for name in ("id", "key", "kind", "about", "part")))


def upgrade() -> None:
    """Take the names apart: `kind:about`, or `kind:about:part`."""
    # First, or SQLite could not rebuild the table of calls below: it deletes the old one's rows.
    with op.batch_alter_table("checkpoint") as checkpoint:
        checkpoint.drop_constraint("fk_checkpoint_call_id", type_="foreignkey")
        checkpoint.drop_column("call_id")
    for name in ("kind", "about", "part"):
        op.add_column("call", sa.Column(name, sa.String(), nullable=False, server_default=""))
    connection = op.get_bind()
    for id_, key in connection.execute(sa.select(_CALL.c.id, _CALL.c.key)).all():
        kind, about, part = [*key.split(":", 2), ""][:3]
        changed = sa.update(_CALL).where(_CALL.c.id == id_).values(kind=kind, about=about, part=part)
        connection.execute(changed)
    with op.batch_alter_table("call") as call:
        call.drop_constraint("uq_call_key", type_="unique")
        call.drop_column("key")
        call.alter_column("kind", existing_type=sa.String(), nullable=False, server_default=None)
        call.alter_column("about", existing_type=sa.String(), nullable=False, server_default=None)
        call.create_unique_constraint("uq_call_kind", ["kind", "about", "part"])


def downgrade() -> None:
    """Put the names together again."""
    op.add_column("call", sa.Column("key", sa.String(), nullable=False, server_default=""))
    connection = op.get_bind()
    rows = connection.execute(sa.select(_CALL.c.id, _CALL.c.kind, _CALL.c.about, _CALL.c.part)).all()
    for id_, *words in rows:
        key = ":".join(word for word in words if word)
        connection.execute(sa.update(_CALL).where(_CALL.c.id == id_).values(key=key))
    with op.batch_alter_table("call") as call:
        call.drop_constraint("uq_call_kind", type_="unique")
        for name in ("kind", "about", "part"):
            call.drop_column(name)
        call.alter_column("key", existing_type=sa.String(), nullable=False, server_default=None)
        call.create_unique_constraint("uq_call_key", ["key"])
    with op.batch_alter_table("checkpoint") as checkpoint:
        checkpoint.add_column(sa.Column("call_id", _SERIAL, nullable=True))
        checkpoint.create_foreign_key("fk_checkpoint_call_id", "call", ["call_id"], ["id"])
