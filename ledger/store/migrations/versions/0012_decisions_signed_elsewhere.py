"""Decisions signed elsewhere that were carried out, so that none is taken twice (R47)."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table("taken_decision", sa.Column("digest", sa.LargeBinary(), nullable=False, primary_key=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_table("taken_decision")
