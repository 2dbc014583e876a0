"""An exchange's checks are found by when they were asked."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """In place of the index by exchange alone."""
    op.drop_index("ix_trade_check_exchange", table_name="trade_check")
    op.create_index("ix_trade_check_exchange", "trade_check", ["exchange", "checked_at", "leaf"])
