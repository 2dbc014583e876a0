"""Run by Alembic for each command; the connection comes from `ledger.store.database`, never from a file."""

from alembic import context

from yinzheng.ledger.store import all_models  # noqa: F401 - or they would not be known
from yinzheng.ledger.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter a table in place: copy it into a new one.
    render_as_batch=True,
    # The caller opened the transaction and commits it: all migrations happen, or none.
    transactional_ddl=False,
)
context.run_migrations()
