"""What witnesses said of the log's heads, and when one last failed to."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from yinzheng.ledger.store.models import Base


class Cosignature(Base, table=True):
    """A witness's line on a signed head (S4.6)."""

    __tablename__ = "cosignature"
    __table_args__ = (Index("ix_cosignature_witness", "witness", "size"),)

    size: int = Field(
        primary_key=True,
        foreign_key="checkpoint.size",
        sa_type=BigInteger,
        sa_column_kwargs={"autoincrement": False},
    )
    witness: str = Field(primary_key=True)
    """Its name, as the registry knew it then."""
    line: str
    """The signature line, with its newline."""
    at: int = Field(sa_type=BigInteger)
    """The witness's own time, UTC seconds."""


class WitnessFailure(Base, table=True):
    """Why a witness did not cosign when it was last asked; there is none once it has."""

    __tablename__ = "witness_failure"

    witness: str = Field(primary_key=True)
    code: str
    message: str
    since: int = Field(sa_type=BigInteger)
    """When it failed first; UTC seconds, like the next."""
    at: int = Field(sa_type=BigInteger)
    """When it failed last."""
