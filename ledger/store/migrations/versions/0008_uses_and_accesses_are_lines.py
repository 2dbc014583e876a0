"""Uses and accesses are lines of their own table; the earlier ones, without keyed links, go."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Drop what took no part in the log."""
    op.drop_table("access")
    op.drop_index("ix_data_use_consent", "data_use")
    op.drop_table("data_use")


def downgrade() -> None:
    """Empty tables again."""
    op.create_table(
        "data_use",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("consent", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["consent"], ["consent.subject"], name="fk_data_use_consent"),
        sa.PrimaryKeyConstraint("id", name="pk_data_use"),
    )
    op.create_index("ix_data_use_consent", "data_use", ["consent"], unique=False)
    op.create_table(
        "access",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access"),
    )
