"""The tables of access lines (R30, R47; S19). Conventions as in `models`.

Rows are written once and never changed, but for the words of a line, which go with the record they speak of.
What a line says lies sealed under the access key of its month, so that keys of records may be destroyed and
the lines stay.
"""

from sqlalchemy import BigInteger
from sqlmodel import Field

from yinzheng.ledger.store.models import Base, _Bytes, _Serial


class AccessKey(Base, table=True):
    """The key of one calendar month's lines: it seals them, and keys their links."""

    __tablename__ = "access_key"

    id: bytes = Field(primary_key=True, sa_type=_Bytes)
    """ASCII, such as `access/2026-11`, counted at +08:00."""
    wrapped_key: bytes | None = Field(sa_type=_Bytes)
    created_at: int = Field(sa_type=BigInteger)


class AccessRow(Base, table=True):
    """One line."""

    __tablename__ = "access_line"

    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    """From 1, without gaps."""
    at: int = Field(index=True, sa_type=BigInteger)
    """When it was written; says which month's key it is sealed under."""
    consent: bytes | None = Field(index=True, sa_type=_Bytes)
    """Subject of the consent it is about, so that its person's lines are found."""
    leaf: bytes = Field(sa_type=_Bytes)
    """Leaf hash in the tree of its batch (S19.2)."""
    link: bytes = Field(sa_type=_Bytes)
    """HMAC under the month's key over the link before, number and leaf."""
    sealed: bytes = Field(sa_type=_Bytes)
    """`{"line", "secret"}` under the month's key."""
    words: bytes | None = Field(sa_type=_Bytes)
    """`{"words", "secret"}` under the consent's key, or without one the month's; empty once erased."""


class AccessBatch(Base, table=True):
    """Which lines a statement `accesses.noted` commits to."""

    __tablename__ = "access_batch"

    first: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    count: int = Field(sa_type=BigInteger)
    leaf: bytes = Field(unique=True)
    """Leaf hash of the statement."""


class BulkApproval(Base, table=True):
    """A second person's word that one actor opens many persons' records (R47)."""

    __tablename__ = "bulk_approval"

    id: int | None = Field(default=None, primary_key=True, sa_type=_Serial)
    actor: str = Field(index=True)
    """A person's short name, or an organisation's credit code."""
    purpose: str
    persons: int
    """How many."""
    used: int
    """How many of them so far."""
    since: int = Field(sa_type=BigInteger)
    until: int = Field(sa_type=BigInteger)
    by: str = Field(foreign_key="person.name")
    signature: bytes
    """65 bytes `r || s || v` over the approval's digest."""


class RecentOpening(Base, table=True):
    """Whom an actor opened within the last ten minutes; forgotten after that, the lines remain."""

    __tablename__ = "recent_opening"

    actor: str = Field(primary_key=True)
    object: bytes = Field(primary_key=True, sa_type=_Bytes)
    """A consent's subject, or the digest of a dossier's reference."""
    at: int = Field(index=True, sa_type=BigInteger)
