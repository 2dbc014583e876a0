"""What a receipt's credentials are checked by, one row for each consent that had one handed out (R31)."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of its own: most of many imported consents never have a receipt."""
    op.create_table(
        "receipt_credential",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["subject"], ["consent.subject"], name="fk_receipt_credential_subject"),
        sa.PrimaryKeyConstraint("subject", name="pk_receipt_credential"),
    )


def downgrade() -> None:
    """Without it nobody acts with a receipt."""
    op.drop_table("receipt_credential")
