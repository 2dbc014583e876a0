"""Objections to what is registered already: told to the registrant, answered, concluded (R25)."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; objections of before are against cases."""
    with op.batch_alter_table("objection") as objection:
        objection.add_column(sa.Column("certificate", sa.String(), nullable=True))
        objection.add_column(sa.Column("told_at", sa.BigInteger(), nullable=True))
        objection.add_column(sa.Column("answered_at", sa.BigInteger(), nullable=True))
        objection.add_column(sa.Column("agrees", sa.Boolean(), nullable=True))
        objection.create_foreign_key("fk_objection_certificate", "certificate", ["certificate"], ["number"])
        objection.create_index("ix_objection_certificate", ["certificate"])


def downgrade() -> None:
    """Objections to certificates are not told apart any more."""
    with op.batch_alter_table("objection") as objection:
        objection.drop_index("ix_objection_certificate")
        objection.drop_constraint("fk_objection_certificate", type_="foreignkey")
        for name in ("agrees", "answered_at", "told_at", "certificate"):
            objection.drop_column(name)
