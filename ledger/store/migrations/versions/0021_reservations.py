"""Certificates that exchanges had reserved (R46)."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "reservation",
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("exchange", sa.String(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("released", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["certificate"], ["certificate.number"], name=op.f("fk_reservation_certificate")
        ),
        sa.ForeignKeyConstraint(["exchange"], ["organisation.code"], name=op.f("fk_reservation_exchange")),
        sa.PrimaryKeyConstraint("leaf", name=op.f("pk_reservation")),
    )
    op.create_index("ix_reservation_certificate", "reservation", ["certificate"], unique=False)
    op.create_index("ix_reservation_exchange", "reservation", ["exchange"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("reservation")
