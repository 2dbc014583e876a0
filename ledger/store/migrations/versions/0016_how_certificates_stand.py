"""What becomes of a registered certificate: a thread of its own, and whether it is over (R7, R10, R16)."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and the index by which those are found whose validity has ended."""
    op.add_column("certificate", sa.Column("head", sa.LargeBinary(), nullable=True))
    op.add_column("certificate", sa.Column("ended", sa.String(), nullable=True))
    running = sa.text("ended IS NULL")
    op.create_index(
        "ix_certificate_running",
        "certificate",
        ["valid_until"],
        unique=False,
        sqlite_where=running,
        postgresql_where=running,
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_certificate_running", "certificate")
    op.drop_column("certificate", "ended")
    op.drop_column("certificate", "head")
