"""The tables of disputes, erasure and time stamps (D10). Conventions as in `models`."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from yinzheng.ledger.store.models import Base, _Serial


class Dispute(Base, table=True):
    """A dispute (R37). Case number, parties and documents lie sealed in its thread."""

    __tablename__ = "dispute"

    id: str = Field(primary_key=True)
    """A reference for people, such as `D-2026-000001`."""
    subject: bytes = Field(unique=True)
    """32 random bytes; on chain the `caseId`."""
    state: str
    """`draft` until its opening is signed, then as in `ledger/rules/disputes.py`."""
    kind: str
    """`forum` or `party`: who opens it."""
    opener: str = Field(foreign_key="organisation.code")
    dossier_id: bytes = Field(foreign_key="dossier.id", unique=True)
    """Holds the key its thread is sealed under, and the bytes of its evidence."""
    draft: bytes | None = None
    """The composed opening, sealed, until it is signed or dropped."""
    head: bytes | None = None
    """Leaf hash of its latest statement."""
    created_at: int = Field(sa_type=BigInteger)
    opened_at: int | None = Field(default=None, sa_type=BigInteger)
    released_at: int | None = Field(default=None, sa_type=BigInteger)


class DisputeSubject(Base, table=True):
    """What a dispute holds while it is open."""

    __tablename__ = "dispute_subject"

    dispute_id: str = Field(primary_key=True, foreign_key="dispute.id")
    kind: str = Field(primary_key=True)
    """`record`, `case` or `consent`."""
    subject: bytes = Field(primary_key=True, index=True)
    """Identifier on chain; for a consent's later withdrawals that of the withdrawal."""


class EvidenceItem(Base, table=True):
    """One evidence item of a dispute, in the order in which they came."""

    __tablename__ = "evidence_item"

    dispute_id: str = Field(primary_key=True, foreign_key="dispute.id")
    number: int = Field(primary_key=True)
    """From 0; also the number of its file in the dispute's dossier."""
    leaf: bytes = Field(unique=True)
    """Of its statement."""
    batch: int
    """Items that came together share one root on chain; counted from 0."""


class Signature(Base, table=True):
    """A signature made once for a document that must come out the same each time, such as a pack's."""

    __tablename__ = "signature"

    digest: bytes = Field(primary_key=True)
    """SHA-256 of what was signed."""
    signature: bytes
    created_at: int = Field(sa_type=BigInteger)


class TimeStamp(Base, table=True):
    """A time-stamp token (RFC 3161) an authority gave for something of ours."""

    __tablename__ = "time_stamp"

    id: int | None = Field(default=None, primary_key=True, sa_type=_Serial)
    digest: bytes = Field(index=True)
    """SHA-256 of what was stamped: a checkpoint's note, or a root of evidence."""
    authority: str
    token: bytes
    """DER."""
    stamped_at: int = Field(sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger)


class Erasure(Base, table=True):
    """One erasure under way or done (R43)."""

    __tablename__ = "erasure"

    id: str = Field(primary_key=True)
    """A reference for people, such as `E-2026-000001`."""
    target: str
    """`consent`, `case` or `dispute`."""
    subject: bytes = Field(index=True)
    ground: str
    method: str
    wording: bytes
    """Canonical JSON of what is approved and witnessed: what every signature is over."""
    state: str
    """`proposed`, `approved`, `destroyed`, `dropped`."""
    tombstone: bytes | None = None
    """Leaf hash of its last statement; while the state is `approved`, what the database does not hold any
    more is still to be cleared from files."""
    created_at: int = Field(sa_type=BigInteger)
    erased_at: int | None = Field(default=None, sa_type=BigInteger)


class ErasureSignature(Base, table=True):
    """One person's approval or testimony."""

    __tablename__ = "erasure_signature"

    erasure_id: str = Field(primary_key=True, foreign_key="erasure.id")
    person: str = Field(primary_key=True, foreign_key="person.name")
    role: str
    """Of `verifier/formats/tombstone.py`, or `witness`, or `operator` for who carried it out."""
    signature: bytes
    """65 bytes `r || s || v` over SHA-256 of the order with its prefix."""
    at: int = Field(sa_type=BigInteger)


class Backup(Base, table=True):
    """A place where a copy of the records' keys is kept, from which erasure must remove them too (R44)."""

    __tablename__ = "backup"

    place: str = Field(primary_key=True)
    """Folder of the key file, as an absolute path."""
    made_at: int = Field(sa_type=BigInteger)
    """When the newest backup whose keys are there became whole, UTC seconds; 0: none has."""
