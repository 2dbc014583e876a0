"""Which events are about which certificate, in the order of the log."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create `certificate_event`, empty: whoever opens the registry derives what is missing."""
    op.create_table(
        "certificate_event",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("about", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", "certificate", name="pk_certificate_event"),
    )
    op.create_index("ix_certificate_event_about", "certificate_event", ["about"], unique=False)
    op.create_index(
        "ix_certificate_event_certificate", "certificate_event", ["certificate", "number"], unique=False
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("certificate_event")
    op.execute("DELETE FROM counter WHERE scope = 'certificate-events'")
