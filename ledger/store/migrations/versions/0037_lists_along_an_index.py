"""Lists of one organisation are read along an index in their order, and not sorted anew for each page."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_CHANGED = (
    ("ix_register_holder_name", "register_holder", ["name"], ["number"]),
    ("ix_register_holder_code", "register_holder", ["code"], ["number"]),
    ("ix_reservation_exchange", "reservation", ["exchange"], ["made_at", "leaf"]),
    ("ix_delivery_code", "delivery", ["code"], ["state", "created_at", "id"]),
)
"""Indexes, what they were of, and what is added."""


def upgrade() -> None:
    """Make them anew with what orders a list."""
    for name, table, of, more in _CHANGED:
        op.drop_index(name, table)
        op.create_index(name, table, of + more)


def downgrade() -> None:
    """Make them as they were."""
    for name, table, of, _ in _CHANGED:
        op.drop_index(name, table)
        op.create_index(name, table, of)
