"""Indices for what each round asks: withdrawals that are not ended, and how far each witness has cosigned."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Make both."""
    op.create_index(
        "ix_withdrawal_open",
        "withdrawal",
        ["received_at", "id"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_cosignature_witness", "cosignature", ["witness", "size"])


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_cosignature_witness", "cosignature")
    op.drop_index("ix_withdrawal_open", "withdrawal")
