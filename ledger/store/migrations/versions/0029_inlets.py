"""What came to the contracts past the registry, and how far the chain was looked through (D17)."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables; the chain is looked through from its beginning, once."""
    op.create_table(
        "inlet",
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("inlet", sa.String(), nullable=False),
        sa.Column("about", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block", "log", name=op.f("pk_inlet")),
        sa.UniqueConstraint("leaf", name=op.f("uq_inlet_leaf")),
    )
    op.create_index(op.f("ix_inlet_about"), "inlet", ["about"])
    op.create_index(op.f("ix_inlet_name"), "inlet", ["name"])
    op.create_table(
        "inlet_place",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inlet_place")),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("inlet_place")
    op.drop_table("inlet")
