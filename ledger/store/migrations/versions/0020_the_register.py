"""What the public register is searched by: assets' names and holders, of certificates that are deposited."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables and fill them from the records there are."""
    entries = op.create_table(
        "register_entry",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("asset", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_register_entry"),
        sa.ForeignKeyConstraint(["number"], ["certificate.number"], name="fk_register_entry_number"),
    )
    holders = op.create_table(
        "register_holder",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", "code", name="pk_register_holder"),
        sa.ForeignKeyConstraint(["number"], ["certificate.number"], name="fk_register_holder_number"),
    )
    op.create_index("ix_register_holder_name", "register_holder", ["name"], unique=False)
    op.create_index("ix_register_holder_code", "register_holder", ["code"], unique=False)
    for number, data in op.get_bind().execute(
        sa.text("SELECT number, body FROM certificate WHERE event_id IS NOT NULL")
    ):
        body = json.loads(bytes(data))
        op.bulk_insert(entries, [{"number": number, "asset": body["asset"]}])
        held = {one["code"]: one["name"] for one in body["holders"]}
        rows = [{"number": number, "code": code, "name": name} for code, name in held.items()]
        op.bulk_insert(holders, rows)


def downgrade() -> None:
    """Drop both."""
    op.drop_table("register_holder")
    op.drop_table("register_entry")
