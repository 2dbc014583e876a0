"""Transactions that were replaced by dearer ones, and since when one waits (ADR 69)."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add column and table: what is under way now was never replaced."""
    op.add_column("call", sa.Column("since_block", sa.BigInteger(), nullable=True))
    op.create_table(
        "earlier_transaction",
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("call", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("raw_tx", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["call"], ["call.id"], name="fk_earlier_transaction_call"),
        sa.PrimaryKeyConstraint("tx_hash", name="pk_earlier_transaction"),
    )
    op.create_index("ix_earlier_transaction_call", "earlier_transaction", ["call"])


def downgrade() -> None:
    """Drop both."""
    op.drop_table("earlier_transaction")
    with op.batch_alter_table("call") as table:
        table.drop_column("since_block")
