"""Cosignatures of witnesses on the log's heads, and who failed to give one."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables; heads of before have no cosignatures."""
    op.create_table(
        "cosignature",
        sa.Column("size", sa.BigInteger(), sa.ForeignKey("checkpoint.size"), nullable=False),
        sa.Column("witness", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("size", "witness"),
    )
    op.create_table(
        "witness_failure",
        sa.Column("witness", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("witness"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("witness_failure")
    op.drop_table("cosignature")
