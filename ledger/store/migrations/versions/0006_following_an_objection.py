"""Whoever objects through the form on a notice follows it with a secret (R24)."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The hash of the secret, unique: the same form sent twice is one objection."""
    with op.batch_alter_table("objection") as objection:
        objection.add_column(sa.Column("secret", sa.LargeBinary(), nullable=True))
        objection.create_unique_constraint("uq_objection_secret", ["secret"])


def downgrade() -> None:
    """Nobody follows an objection."""
    with op.batch_alter_table("objection") as objection:
        objection.drop_constraint("uq_objection_secret", type_="unique")
        objection.drop_column("secret")
