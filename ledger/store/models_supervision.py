"""The table of supervision (R52). Conventions as in `models`; whom it is about lies sealed in its thread."""

from sqlalchemy import BigInteger, ForeignKey
from sqlmodel import Field

from yinzheng.ledger.store.models import Base


class Supervision(Base, table=True):
    """One suspicion against a right holder, and what became of it. Times are those of its statements."""

    __tablename__ = "supervision"

    id: str = Field(primary_key=True)
    """A reference for people, such as `S-2026-000001`."""
    subject: bytes = Field(unique=True)
    """32 random bytes: the log tells nobody whom it is about."""
    state: str
    """One of `ledger.rules.supervision.State`."""
    dossier_id: bytes = Field(
        unique=True, sa_column_args=[ForeignKey("dossier.id", name="fk_supervision_dossier_id_dossier")]
    )
    """Of its own: the key its thread is sealed under, and its files."""
    head: bytes | None = None
    """Leaf hash of its latest statement."""
    opened_at: int = Field(sa_type=BigInteger)
    measured_at: int | None = Field(default=None, sa_type=BigInteger)
    """When the first measure was recorded."""
    reported_at: int | None = Field(default=None, sa_type=BigInteger)
    """When the first report was recorded."""
    closed_at: int | None = Field(default=None, sa_type=BigInteger)
