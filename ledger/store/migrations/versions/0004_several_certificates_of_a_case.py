"""Several certificates may come of one case (R4)."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A case's certificates are found by an index, and are as many as there are."""
    with op.batch_alter_table("certificate") as certificate:
        certificate.drop_constraint("uq_certificate_case_id", type_="unique")
    op.create_index("ix_certificate_case_id", "certificate", ["case_id"])


def downgrade() -> None:
    """One a case again; fails where there are more."""
    op.drop_index("ix_certificate_case_id", "certificate")
    with op.batch_alter_table("certificate") as certificate:
        certificate.create_unique_constraint("uq_certificate_case_id", ["case_id"])
