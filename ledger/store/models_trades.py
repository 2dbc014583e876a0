"""The tables of trades (D10): what exchanges asked, and what they keep for themselves. As in `models`.

What was asked and answered lies sealed in the event, under the key of its month (`accesses/keys.py`).
"""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from yinzheng.ledger.store.models import Base, _Bytes


class TradeCheck(Base, table=True):
    """One check, whose answer is in its event. Rows are written once and never changed."""

    __tablename__ = "trade_check"
    __table_args__ = (Index("ix_trade_check_exchange", "exchange", "checked_at", "leaf"),)

    leaf: bytes = Field(primary_key=True, sa_type=_Bytes)
    """Of its statement; by it an exchange asks for the receipt."""
    exchange: str = Field(foreign_key="organisation.code")
    """Credit code of who asked, and alone learns the answer."""
    number: str | None
    """Of the certificate; None where there is no such certificate here."""
    checked_at: int = Field(sa_type=BigInteger)
    kid: bytes = Field(sa_type=_Bytes)
    signature: bytes = Field(sa_type=_Bytes)
    """Of the issuer, raw `r || s`, as the receipt has it."""


class Reservation(Base, table=True):
    """A certificate that an exchange had reserved (R46). How it stands follows from call, chain and time."""

    __tablename__ = "reservation"
    __table_args__ = (Index("ix_reservation_exchange", "exchange", "made_at", "leaf"),)

    leaf: bytes = Field(primary_key=True, sa_type=_Bytes)
    """Of its statement."""
    certificate: str = Field(foreign_key="certificate.number", index=True)
    exchange: str = Field(foreign_key="organisation.code")
    account: bytes = Field(sa_type=_Bytes)
    """20 bytes, that signed."""
    until: int = Field(sa_type=BigInteger)
    made_at: int = Field(sa_type=BigInteger)
    released: bytes | None = Field(default=None, sa_type=_Bytes)
    """Leaf hash of the statement that released it."""
    settled: bytes | None = Field(default=None, sa_type=_Bytes)
    """Leaf hash of the licence that settled it, or of the certificate that the rights passed to."""
    contract: bytes | None = Field(default=None, sa_type=_Bytes, index=True)
    """SHA-256 of the contract, or of the paper, by which its exchange reported that."""


class TradeContract(Base, table=True):
    """A contract that both parties signed (R56); what it says is in its first statement, sealed."""

    __tablename__ = "trade_contract"

    subject: bytes = Field(primary_key=True, sa_type=_Bytes)
    """32 random bytes, of its statements."""
    digest: bytes = Field(unique=True, sa_type=_Bytes)
    """SHA-256 of its canonical bytes: none is recorded twice."""
    number: str
    """Of the certificate."""
    seller: str
    buyer: str
    exchange: str | None
    """Credit code of the exchange that handed it in, if one did."""
    kind: str
    state: str
    head: bytes = Field(sa_type=_Bytes)
    concluded_at: int = Field(sa_type=BigInteger)
    accepted_at: int | None = Field(default=None, sa_type=BigInteger)
    ended_at: int | None = Field(default=None, sa_type=BigInteger)
