"""The tables of what came to the contracts past the registry (D17, S24). Conventions as in `models`."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from yinzheng.ledger.store.models import Base, _Bytes


class Inlet(Base, table=True):
    """One event of a contract that nothing of ours asked for. Rows are written once and never changed."""

    __tablename__ = "inlet"

    block: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    log: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    """Which of the block's events."""
    inlet: str
    """As `verifier/formats/inlet.py` has it."""
    about: bytes = Field(index=True, sa_type=_Bytes)
    name: bytes = Field(index=True, sa_type=_Bytes)
    """Of the objection, or leaf hash of the statement that is said to decide it."""
    leaf: bytes = Field(unique=True, sa_type=_Bytes)
    """Of the statement by which it was recorded."""


class InletPlace(Base, table=True):
    """How far the chain has been looked through; one row."""

    __tablename__ = "inlet_place"

    id: int = Field(default=1, primary_key=True)
    block: int = Field(sa_type=BigInteger)
    """The last block, final."""
