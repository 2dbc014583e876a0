"""Requests in whose place a supplement came are not taken in again (R11)."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "replaced_request",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_replaced_request_case_id"),
        sa.PrimaryKeyConstraint("digest", name="pk_replaced_request"),
    )
    op.create_index("ix_replaced_request_case_id", "replaced_request", ["case_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_replaced_request_case_id", "replaced_request")
    op.drop_table("replaced_request")
