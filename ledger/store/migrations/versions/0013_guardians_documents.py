"""Documents that guardians send in, until they were looked at (R33)."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "guardian_upload",
        sa.Column("withdrawal_id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["withdrawal_id"], ["withdrawal.id"], name="fk_guardian_upload_withdrawal_id_withdrawal"
        ),
        sa.PrimaryKeyConstraint("withdrawal_id", name="pk_guardian_upload"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("guardian_upload")
