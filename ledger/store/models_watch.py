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


class Subscription(Base, table=True):
    """Certificates that an organisation watches together; their events are told in order."""

    __tablename__ = "subscription"

    id: bytes = Field(primary_key=True, sa_type=_Bytes)
    """16 random bytes."""
    code: str = Field(foreign_key="organisation.code", index=True)
    webhook: str | None
    """Where it is told; None: it listens, or asks."""
    told: int = Field(sa_type=BigInteger)
    """Events below this number were put into letters, or came before it."""
    behind: bool = False
    """Whether there may be events from `told` on."""
    letter: bytes | None = Field(default=None, sa_type=_Bytes)
    """The latest letter: while that waits to be taken, the next is not written."""
    created_at: int = Field(sa_type=BigInteger)


class Watched(Base, table=True):
    """One certificate of a subscription."""

    __tablename__ = "watched"

    certificate: bytes = Field(primary_key=True, sa_type=_Bytes)
    """Its subject."""
    subscription_id: bytes = Field(
        primary_key=True, foreign_key="subscription.id", index=True, sa_type=_Bytes
    )
