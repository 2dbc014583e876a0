"""Tables of moves: licences, and which organisations a move concerns (ADR 47)."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from yinzheng.ledger.store.models import Base, _Bytes, _Serial


class Licence(Base, table=True):
    """A licence from the moment its number is allocated. Whether it stands is what the chain says."""

    __tablename__ = "licence"

    number: str = Field(primary_key=True)
    """Such as `L-2026-000001`."""
    subject: bytes = Field(unique=True)
    """S2.4; on chain its `id`."""
    case_id: str = Field(foreign_key="case.id", index=True)
    certificate: str = Field(foreign_key="certificate.number", index=True)
    body: bytes
    """Canonical JSON (S6.6)."""
    state: str
    """`draft` until the chain has it, then `given`, and `ended` if it ended before its term."""
    event_id: int | None = Field(default=None, foreign_key="event.id", sa_type=_Serial)
    """The statement that gave it; None while approvals are collected."""
    qr: str | None = None
    """Text of the voucher's code (S6.8), signed when it is given."""
    registered_at: int = Field(sa_type=BigInteger)


class ReplacedRequest(Base, table=True):
    """A joint request in whose place a supplement came: it was taken in, and is not taken in again."""

    __tablename__ = "replaced_request"

    digest: bytes = Field(primary_key=True, sa_type=_Bytes)
    """SHA-256, as `Case.request` has that of the latest."""
    case_id: str = Field(foreign_key="case.id", index=True)


class MoveParty(Base, table=True):
    """An organisation that a move concerns, by which it finds its own."""

    __tablename__ = "move_party"

    organisation: str = Field(primary_key=True, foreign_key="organisation.code")
    case_id: str = Field(primary_key=True, foreign_key="case.id", index=True)
