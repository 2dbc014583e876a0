"""By which contract a reservation was settled (R56)."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: what was settled before names none."""
    op.add_column("reservation", sa.Column("contract", sa.LargeBinary(), nullable=True))
    op.create_index("ix_reservation_contract", "reservation", ["contract"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_reservation_contract", table_name="reservation")
    with op.batch_alter_table("reservation") as table:
        table.drop_column("contract")
