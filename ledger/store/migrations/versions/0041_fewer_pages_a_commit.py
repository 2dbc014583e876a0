"""What belongs to no case stands in no index over cases, and nonces lie in one tree: fewer pages a commit."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_OF_CASES = sa.text("case_id IS NOT NULL")


def upgrade() -> None:
    """Make both anew."""
    op.drop_index("ix_event_case", "event")
    op.create_index(
        "ix_event_case", "event", ["case_id", "id"], sqlite_where=_OF_CASES, postgresql_where=_OF_CASES
    )
    _nonces(with_rowid=False)


def downgrade() -> None:
    """Make them as they were."""
    _nonces(with_rowid=True)
    op.drop_index("ix_event_case", "event")
    op.create_index("ix_event_case", "event", ["case_id", "id"])


def _nonces(*, with_rowid: bool) -> None:
    if op.get_bind().dialect.name == "sqlite":
        kept = {"sqlite_with_rowid": with_rowid}
        with op.batch_alter_table("nonce", recreate="always", table_kwargs=kept):
            pass
