"""By what a reservation was settled (R46)."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: of reservations of before it is derived as it was."""
    op.add_column("reservation", sa.Column("settled", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("reservation") as table:
        table.drop_column("settled")
