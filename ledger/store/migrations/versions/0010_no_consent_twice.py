"""The same consent is recorded once: a keyed digest of each, and what an import came to besides."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Consents recorded before have no digest: it would need each to be opened."""
    op.create_table(
        "digest_key",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_digest_key"),
    )
    op.add_column("consent", sa.Column("digest", sa.LargeBinary(), nullable=True))
    op.create_index("ix_consent_digest", "consent", ["digest"], unique=True)
    op.add_column("job", sa.Column("already", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("job", sa.Column("blank", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("job", "blank")
    op.drop_column("job", "already")
    op.drop_index("ix_consent_digest", "consent")
    op.drop_column("consent", "digest")
    op.drop_table("digest_key")
