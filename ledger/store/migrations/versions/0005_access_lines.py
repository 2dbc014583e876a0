"""Access lines, their keys, and the batches in which they are committed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of `models_accesses`."""
    op.create_table(
        "access_key",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_key"),
    )
    op.create_table(
        "access_line",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("consent", sa.LargeBinary(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_access_line"),
    )
    op.create_index("ix_access_line_at", "access_line", ["at"], unique=False)
    op.create_index("ix_access_line_consent", "access_line", ["consent"], unique=False)
    op.create_table(
        "access_batch",
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("first", name="pk_access_batch"),
        sa.UniqueConstraint("leaf", name="uq_access_batch_leaf"),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("access_batch", "access_line", "access_key"):
        op.drop_table(table)
