"""The tables (D10).

What is here in clear is what the public may learn or what the machinery needs: times, states, public
bodies, hashes. Everything else about a case (applicant, file names, plaintext digests, reasons, secrets of
commitments) is sealed under the key of its dossier, so that destroying that one wrapped key destroys it in
every copy and backup (R44, R49). Digests of private files count as private: a small or known file can be
recognised by them.

Times are UTC seconds. Hashes, subjects and identifiers are raw bytes; addresses are 20 raw bytes.
States, procedures, types and roles are the plain strings of the rules (`ledger/rules`) and of S3.2.
"""

from typing import ClassVar, Final

from sqlalchemy import (
    BigInteger,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

_Serial = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts by itself only on a column declared INTEGER; PostgreSQL needs 64 bits said aloud."""


class _Bytes(LargeBinary):
    """Bytes as the drivers take them: wrapping each in a memoryview cost a fifth of a bulk insertion."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> None:
        """No conversion: sqlite3 and psycopg bind `bytes` as they are."""


class Base(SQLModel):
    """What the tables share: constraints with predictable names, so that later migrations can find them."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Meta(Base, table=True):
    """What this instance is: origin, registry, chain, contracts. One row a fact."""

    __tablename__ = "meta"

    key: str = Field(primary_key=True)
    value: str


class Counter(Base, table=True):
    """The last serial given out in a scope, such as `certificate:202611` or `case:2026` (R14)."""

    __tablename__ = "counter"

    scope: str = Field(primary_key=True)
    last: int


class Person(Base, table=True):
    """Someone who acts for the registry, by the secp256k1 address of a key that is theirs alone."""

    __tablename__ = "person"

    name: str = Field(primary_key=True)
    """A slug such as `li-wei`, also the name of the key's file."""
    role: str
    """One of `rules.offices.ROLES`."""
    address: bytes = Field(unique=True)
    added_at: int = Field(sa_type=BigInteger)
    removed_at: int | None = Field(default=None, sa_type=BigInteger)


class TakenDecision(Base, table=True):
    """A decision signed elsewhere that was carried out: none is taken twice."""

    __tablename__ = "taken_decision"

    digest: bytes = Field(primary_key=True)
    """32 bytes, of S18.2."""


class Dossier(Base, table=True):
    """One dossier: the key all its secrets are sealed under, itself wrapped by the key-encryption key."""

    __tablename__ = "dossier"

    id: bytes = Field(primary_key=True)
    """16 random bytes."""
    wrapped_key: bytes | None
    """None once destroyed (R44): what was sealed under it is gone for good."""
    created_at: int = Field(sa_type=BigInteger)


class DossierFile(Base, table=True):
    """One file of a dossier: where its sealed content lies. Name, role and digests are sealed too."""

    __tablename__ = "dossier_file"
    __table_args__ = (Index("ix_dossier_file_blob", "blob"),)

    dossier_id: bytes = Field(primary_key=True, foreign_key="dossier.id")
    number: int = Field(primary_key=True)
    """Counted from 0 within the dossier."""
    blob: str
    """Content address: lower-case hex SHA-256 of the sealed bytes."""
    sealed_size: int = Field(sa_type=BigInteger)
    """Length of the sealed bytes."""
    manifest: bytes
    """Sealed canonical JSON: `path`, `role`, `title`, `size` and `digest` (pair) of the plaintext."""


class Case(Base, table=True):
    """One application on its way to a certificate, a move or a refusal. Its history is its events."""

    __tablename__ = "case"

    id: str = Field(primary_key=True)
    """A reference for people, such as `A-2026-000123`."""
    subject: bytes = Field(unique=True)
    """32 random bytes; on chain the `caseId` (S2.4)."""
    type: str = Field(default="first", sa_column_kwargs={"server_default": "first"})
    """One of `rules.case_types.CaseType`."""
    certificate: str | None = Field(default=None, index=True)
    """Of a move the certificate it is about; None for a first registration."""
    request: bytes | None = Field(default=None, unique=True)
    """SHA-256 of a move's joint request, the latest, which is taken in once (earlier: `ReplacedRequest`)."""
    profile: str
    procedure: str
    state: str = Field(index=True)
    dossier_id: bytes = Field(foreign_key="dossier.id", unique=True)
    created_at: int = Field(sa_type=BigInteger)
    changed_at: int = Field(sa_type=BigInteger)
    publicity_end: int | None = Field(default=None, sa_type=BigInteger)
    """As the chain computed it (S5.7); None before publicity."""
    prepared_at: int | None = Field(default=None, sa_type=BigInteger)
    """The instant that a prepared decision bears, from which it is made again; None while there is none."""
    refusal: str | None = None
    """Code of the rule that refused it; the written reasons are in the sealed event."""


class Event(Base, table=True):
    """One statement (S3) with what opens its commitment. The rows are the log's source: never edited."""

    __tablename__ = "event"
    __table_args__ = (
        Index(
            "ix_event_case",
            "case_id",
            "id",
            sqlite_where=text("case_id IS NOT NULL"),
            postgresql_where=text("case_id IS NOT NULL"),
        ),
        Index("ix_event_type", "type", "id"),
        Index(
            "uq_event_log_index",
            "log_index",
            unique=True,
            sqlite_where=text("log_index IS NOT NULL"),
            postgresql_where=text("log_index IS NOT NULL"),
        ),
        Index(
            "ix_event_unsequenced",
            "id",
            sqlite_where=text("log_index IS NULL"),
            postgresql_where=text("log_index IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=_Serial)
    case_id: str | None = Field(default=None, foreign_key="case.id")
    """None for what belongs to no application: such events are found by their thread (`models_consents`)."""
    subject: bytes = Field(sa_type=_Bytes)
    """Of the case, or of the certificate for its deposit (S2.4): found through those tables, not here."""
    type: str
    at: int = Field(sa_type=BigInteger)
    statement: bytes = Field(sa_type=_Bytes)
    """Canonical bytes, exactly the entry of the log."""
    leaf_hash: bytes = Field(unique=True, sa_type=_Bytes)
    sealed: bytes = Field(sa_type=_Bytes)
    """Canonical JSON `{"body": …, "secret": hex or null}` sealed under the key of its dossier or consent
    (`sealed.py`); empty for a public body outside any dossier, and for what was erased."""
    public: bytes | None = Field(default=None, sa_type=_Bytes)
    """Canonical JSON of the body, where its type makes it public (S3.2): it outlives the dossier's key."""
    log_index: int | None = Field(default=None, sa_type=BigInteger)
    """Position in the log; None until sequenced."""
    created_at: int = Field(sa_type=BigInteger)


def table_of(model: type[SQLModel]) -> Table:
    """The table of a model, for statements that read or write rows and no objects: those are dear."""
    return Base.metadata.tables[str(model.__tablename__)]


class Certificate(Base, table=True):
    """A certificate from the moment its number is allocated. Whether it stands is what the chain says."""

    __tablename__ = "certificate"
    __table_args__ = (
        Index(
            "ix_certificate_running",
            "valid_until",
            sqlite_where=text("ended IS NULL"),
            postgresql_where=text("ended IS NULL"),
        ),
    )

    number: str = Field(primary_key=True)
    subject: bytes = Field(unique=True)
    """S2.4."""
    case_id: str = Field(foreign_key="case.id", index=True)
    """Several may come of one case: a transfer of a part makes one for each side (R4)."""
    body: bytes
    """Canonical JSON (S6.1)."""
    qr: str | None = None
    """Text of the QR code (S6.3), which carries the signed core; None while a draft."""
    state: str
    """`draft` until the deposit is confirmed, then `deposited`."""
    event_id: int | None = Field(default=None, foreign_key="event.id", sa_type=_Serial)
    """The deposit event; None while approvals are collected."""
    registered_at: int = Field(sa_type=BigInteger)
    valid_until: int = Field(sa_type=BigInteger)
    head: bytes | None = None
    """Leaf hash of the latest statement about it that is of no case; None: its deposit is the latest."""
    ended: str | None = None
    """`superseded`, `cancelled` or `lapsed` from the decision on, whatever the chain has heard of it."""


class Approval(Base, table=True):
    """One EIP-712 signature (S5.5, S5.20) for one step of a case: a person's, or an organisation's."""

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("case_id", "kind", "digest", "person"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=_Serial)
    case_id: str = Field(foreign_key="case.id")
    kind: str
    """`publication`, `conclusion`, `closure`, `deposit`, or `move` for what ends another case; of a
    certificate, under the case that it came of, the kind of the call."""
    digest: bytes
    """The EIP-712 hash signed."""
    person: str | None = Field(default=None, foreign_key="person.name")
    """Of the registry; None for an organisation's."""
    organisation: str | None = Field(default=None, foreign_key="organisation.code")
    address: bytes
    signature: bytes
    """65 bytes `r || s || v`."""
    at: int = Field(sa_type=BigInteger)


class Objection(Base, table=True):
    """One objection against a published case (R24), or against a certificate that came of one (R25)."""

    __tablename__ = "objection"

    id: int | None = Field(default=None, primary_key=True, sa_type=_Serial)
    case_id: str = Field(foreign_key="case.id", index=True)
    leaf: bytes = Field(unique=True)
    """Leaf hash of the statement that raised it; its name on chain."""
    raised_at: int = Field(sa_type=BigInteger)
    concluded_at: int | None = Field(default=None, sa_type=BigInteger)
    upheld: bool | None = None
    secret: bytes | None = Field(default=None, unique=True)
    """Hash of the secret with which whoever raised it through the form follows it."""
    certificate: str | None = Field(default=None, foreign_key="certificate.number", index=True)
    """Against which registered certificate; None: against the case under publicity."""
    told_at: int | None = Field(default=None, sa_type=BigInteger)
    """When an officer recorded that the registrant was told, other than by a signed notice."""
    answered_at: int | None = Field(default=None, sa_type=BigInteger)
    agrees: bool | None = None
    """What the registrant answered: it agrees, or explains."""
    sealed: bytes
    """The objector's text, sealed under the dossier's key."""


CALL_WAITS: Final = "state IN ('pending', 'sent')"
"""Of a call that the chain has not carried out; in these very words, by which SQLite knows its index."""
_BINDING: Final = f"binds IS NOT NULL AND {CALL_WAITS}"


class ChainCall(Base, table=True):
    """The outbox of the chain: what must be called, written together with the decision that asks for it."""

    __tablename__ = "call"
    __table_args__ = (
        UniqueConstraint("kind", "about", "part"),
        Index("ix_call_binding", "binds", sqlite_where=text(_BINDING), postgresql_where=text(_BINDING)),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=_Serial)
    kind: str
    """What it is for, as `ledger.flow.calls.CallKind` has it, such as `deposit`."""
    about: str
    """What it is about, in the words of its kind, such as a certificate's number."""
    part: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Tells calls of one kind about the same thing apart: with both it makes one and the same call however
    often it is tried."""
    sender: str = Field(default="relay", sa_column_kwargs={"server_default": "relay"})
    """Who sends it: `relay`, or the name of the administrator whose key signed it already."""
    target: bytes
    data: bytes
    gas: int = Field(sa_column_kwargs={"server_default": "1000000"})
    """Limit of the transaction."""
    state: str = Field(default="pending", index=True)
    """`pending`, `sent`, `confirmed` or `failed`; `withdrawn` for a refused deposit, to be issued anew."""
    raw_tx: bytes | None = None
    """Kept before it is sent: after a crash the same bytes are sent again, never a second transaction."""
    tx_hash: bytes | None = Field(default=None, unique=True)
    nonce: int | None = Field(default=None, sa_type=BigInteger)
    block_number: int | None = Field(default=None, sa_type=BigInteger)
    error: str | None = None
    created_at: int = Field(sa_type=BigInteger)
    since_block: int | None = Field(default=None, sa_type=BigInteger)
    """The chain's newest block when the transaction was signed; None: nobody noted it."""
    binds: bytes | None = None
    """Subject of the certificate that is less free by it, and is told so meanwhile (R45); None: of none, or
    of those that the dispute holds which it is about."""

    @property
    def name(self) -> str:
        """What people call it, such as `deposit:SJ4412026110001`."""
        return ":".join(word for word in (self.kind, self.about, self.part) if word)


class EarlierTransaction(Base, table=True):
    """A call's transaction that one with the same nonce and a dearer fee replaces: either may be mined."""

    __tablename__ = "earlier_transaction"

    tx_hash: bytes = Field(primary_key=True)
    call: int = Field(foreign_key="call.id", index=True, sa_type=BigInteger)
    nonce: int = Field(sa_type=BigInteger)
    raw_tx: bytes


class Checkpoint(Base, table=True):
    """One signed head of the log, and where it is anchored."""

    __tablename__ = "checkpoint"

    size: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    root: bytes
    note: str
    """The whole signed note."""
    anchored_block: int | None = Field(default=None, sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger)
