"""When each organisation was first reached about a withdrawal (R35)."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was delivered or fetched before, or answered, was reached then."""
    op.add_column("withdrawal_recipient", sa.Column("told_at", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE withdrawal_recipient SET told_at = COALESCE((SELECT MIN(delivered_at) FROM delivery"
        " WHERE delivery.withdrawal_id = withdrawal_recipient.withdrawal_id"
        " AND delivery.code = withdrawal_recipient.code), given_at)"
    )


def downgrade() -> None:
    """It follows from deliveries alone again."""
    op.drop_column("withdrawal_recipient", "told_at")
