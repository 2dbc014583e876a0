"""Which certificates organisations watch, and the letters that tell them."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create `subscription` and `watched`; a delivery may be of a subscription."""
    op.create_table(
        "subscription",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("webhook", sa.String(), nullable=True),
        sa.Column("told", sa.BigInteger(), nullable=False),
        sa.Column("behind", sa.Boolean(), nullable=False),
        sa.Column("letter", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["organisation.code"], name="fk_subscription_code"),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
    )
    op.create_index("ix_subscription_code", "subscription", ["code"], unique=False)
    op.create_table(
        "watched",
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("subscription_id", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name="fk_watched_subscription_id"),
        sa.PrimaryKeyConstraint("certificate", "subscription_id", name="pk_watched"),
    )
    op.create_index("ix_watched_subscription_id", "watched", ["subscription_id"], unique=False)
    op.add_column("delivery", sa.Column("subscription_id", sa.LargeBinary(), nullable=True))
    op.create_index("ix_delivery_subscription_id", "delivery", ["subscription_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.execute("DELETE FROM delivery WHERE subscription_id IS NOT NULL")
    op.drop_index("ix_delivery_subscription_id", "delivery")
    op.drop_column("delivery", "subscription_id")
    op.drop_table("watched")
    op.drop_table("subscription")
    op.execute("DELETE FROM counter WHERE scope = 'certificate-events-told'")
