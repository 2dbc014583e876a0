"""The text of a voucher's code, beside its licence."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of licences given before there is none."""
    with op.batch_alter_table("licence") as licence:
        licence.add_column(sa.Column("qr", sa.String(), nullable=True))
