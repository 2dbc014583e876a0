"""The notice board is read along an index: with fewer notices than it shows it went through every event."""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_index("ix_event_type", "event", ["type", "id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_event_type", "event")
