"""What exchanges asked before a trade (R45)."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "trade_check",
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("exchange", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("kid", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["exchange"], ["organisation.code"], name=op.f("fk_trade_check_exchange")),
        sa.PrimaryKeyConstraint("leaf", name=op.f("pk_trade_check")),
    )
    op.create_index("ix_trade_check_exchange", "trade_check", ["exchange"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("trade_check")
