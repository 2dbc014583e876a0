"""What the public register is searched by (D10): nothing about a person. Conventions as in `models`."""

from sqlalchemy import Index
from sqlmodel import Field

from yinzheng.ledger.store.models import Base


class RegisterEntry(Base, table=True):
    """A deposited certificate in the register, with the name of its asset. Derived from its record."""

    __tablename__ = "register_entry"

    number: str = Field(primary_key=True, foreign_key="certificate.number")
    asset: str


class RegisterHolder(Base, table=True):
    """That an organisation is a holder under a certificate."""

    __tablename__ = "register_holder"
    __table_args__ = (
        Index("ix_register_holder_name", "name", "number"),
        Index("ix_register_holder_code", "code", "number"),
    )

    number: str = Field(primary_key=True, foreign_key="certificate.number")
    code: str = Field(primary_key=True)
    name: str
