"""Who opened many persons' records of late, and who approved it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create `bulk_approval` and `recent_opening`."""
    op.create_table(
        "bulk_approval",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.name"], name="fk_bulk_approval_by"),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_approval"),
    )
    op.create_index("ix_bulk_approval_actor", "bulk_approval", ["actor"], unique=False)
    op.create_table(
        "recent_opening",
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("object", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "object", name="pk_recent_opening"),
    )
    op.create_index("ix_recent_opening_at", "recent_opening", ["at"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("recent_opening")
    op.drop_table("bulk_approval")
