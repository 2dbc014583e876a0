"""The tables of watching certificates (D10). Conventions as in `models`."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from yinzheng.ledger.store.models import Base, _Bytes


class CertificateEvent(Base, table=True):
    """That an anchored statement is an event of a certificate. Derived from the events, in their order."""

    __tablename__ = "certificate_event"
    __table_args__ = (Index("ix_certificate_event_certificate", "certificate", "number"),)

    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    """Its place in the log, which no other event has and which never changes."""
    certificate: bytes = Field(primary_key=True, sa_type=_Bytes)
    """The certificate's subject."""
    about: bytes = Field(index=True, sa_type=_Bytes)
    """The statement's own subject: a licence's or dispute's end is about what its beginning was about."""
