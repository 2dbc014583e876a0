"""The tables of organisations, notices, consents and withdrawals (D10). Conventions as in `models`.

A thread is a chain of statements of one subject, found by walking `prev` back from its `head`. What a
consent's thread says in private is sealed under the consent's own key: destroying that one wrapped key
destroys it in every copy (R44, R49). No row here joins two consents of one person.
"""

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlmodel import Field

from yinzheng.ledger.store.models import Base, _Bytes, _Serial


class Organisation(Base, table=True):
    """An enrolled organisation (R41). Its keys are folded from its thread of public statements."""

    __tablename__ = "organisation"

    code: str = Field(primary_key=True)
    """Unified social credit code."""
    name: str
    roles: str
    """Of `controller exchange forum holder party recipient`, ascending, with a space between."""
    subject: bytes = Field(unique=True)
    """S2.4."""
    head: bytes
    """Leaf hash of its latest statement."""
    account: bytes | None
    """20 bytes: the chain account of a forum, exchange, party or holder."""
    webhook: str | None
    """Where it is told; None: it asks for its notices itself."""
    enrolled_at: int = Field(sa_type=BigInteger)


class Nonce(Base, table=True):
    """A nonce of a signed request that was accepted (S11.3)."""

    __tablename__ = "nonce"
    __table_args__ = ({"sqlite_with_rowid": False},)

    code: str = Field(primary_key=True)
    nonce: bytes = Field(primary_key=True)
    until: int = Field(index=True, sa_type=BigInteger)
    """When it may be forgotten."""


class Answer(Base, table=True):
    """What was answered to a request that is to be carried out once, for whoever repeats it."""

    __tablename__ = "answer"

    id: bytes = Field(primary_key=True)
    """SHA-256 of who asked and of the random number it gave its request."""
    sealed: bytes
    """Opens under a key made of the request's own body: nobody else learns what was asked together."""
    until: int = Field(index=True, sa_type=BigInteger)
    """When it may be forgotten."""


class Notice(Base, table=True):
    """One version of a notice (R28); the public body is that of its event."""

    __tablename__ = "notice"

    id: int | None = Field(default=None, primary_key=True, sa_type=_Serial)
    leaf: bytes = Field(unique=True)
    """Of its statement; what consents and certificates name."""
    subject: bytes = Field(index=True)
    """32 random bytes, the same for all versions."""
    controller: str = Field(foreign_key="organisation.code", index=True)
    version: int
    published_at: int = Field(sa_type=BigInteger)


class Consent(Base, table=True):
    """One consent: its key, and where its thread ends. Who gave what lies sealed in the thread."""

    __tablename__ = "consent"
    __table_args__ = (
        Index("ix_consent_digest", "digest", unique=True),
        Index(
            "ix_consent_notice",
            "notice_id",
            "created_at",
            "subject",
            sqlite_where=text("wrapped_key IS NOT NULL"),
            postgresql_where=text("wrapped_key IS NOT NULL"),
        ),
    )

    subject: bytes = Field(primary_key=True, sa_type=_Bytes)
    """32 random bytes."""
    head: bytes = Field(sa_type=_Bytes)
    """Leaf hash of the latest statement: the consent itself, a withdrawal's, or the tombstone."""
    notice_id: int = Field(foreign_key="notice.id", sa_type=_Serial)
    wrapped_key: bytes | None = Field(sa_type=_Bytes)
    """None once destroyed."""
    created_at: int = Field(sa_type=BigInteger)
    digest: bytes | None = Field(default=None, sa_type=_Bytes)
    """By which the same consent is known when it comes again (`consents/twins.py`); None once erased."""


class DigestKey(Base, table=True):
    """The key under which one controller's consents are digested, wrapped by the key-encryption key."""

    __tablename__ = "digest_key"

    id: bytes = Field(primary_key=True)
    """`consent-digest:` and its credit code."""
    wrapped_key: bytes | None = Field(sa_type=_Bytes)
    """None in a backup, as every key is."""


class Pooled(Base, table=True):
    """A statement that is acknowledged but waits to enter the log in the company of others (R49)."""

    __tablename__ = "pooled"

    leaf: bytes = Field(primary_key=True, sa_type=_Bytes)
    subject: bytes = Field(sa_type=_Bytes)
    at: int = Field(sa_type=BigInteger)
    statement: bytes = Field(sa_type=_Bytes)
    sealed: bytes = Field(sa_type=_Bytes)
    created_at: int = Field(index=True, sa_type=BigInteger)


class Job(Base, table=True):
    """One import of many consents, so that it can be resumed and is never done twice."""

    __tablename__ = "job"

    id: str = Field(primary_key=True)
    """Lower-case hex SHA-256 of who sent what."""
    code: str = Field(foreign_key="organisation.code")
    sealed: bytes
    """Seed of the random order, sealed by the key-encryption key; empty once finished."""
    total: int
    """Lines."""
    done: int
    rejected: int = 0
    """How many of those done were refused."""
    already: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """How many were recorded before, or stand in the file twice."""
    blank: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    created_at: int = Field(sa_type=BigInteger)
    finished_at: int | None = Field(default=None, sa_type=BigInteger)


class Rejected(Base, table=True):
    """A line of an import that made no consent, kept until the import is finished; the line itself is not."""

    __tablename__ = "rejected_line"

    job_id: str = Field(primary_key=True, foreign_key="job.id")
    line: int = Field(primary_key=True)
    """From 1."""
    code: str
    """Why it was refused; or `line-blank`, or `consent-already`."""
    message: str
    """Names no person. Of a consent recorded before, its subject in hex."""


class Withdrawal(Base, table=True):
    """One withdrawal of a consent. Overdue is no column: it follows from the times (R35)."""

    __tablename__ = "withdrawal"
    __table_args__ = (
        Index("ix_withdrawal_notice", "notice_id", "state"),
        Index(
            "ix_withdrawal_open",
            "received_at",
            "id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: bytes = Field(primary_key=True)
    """32 bytes, its identifier on chain: the consent's subject for the first, random for later ones."""
    consent: bytes = Field(foreign_key="consent.subject", index=True)
    serial: int
    """Of this consent, from 1."""
    notice_id: int = Field(foreign_key="notice.id", sa_type=_Serial)
    controller: str = Field(foreign_key="organisation.code", index=True)
    state: str
    """As in `ledger/rules/withdrawal.py`."""
    minor: bool
    genetic: bool
    received_at: int = Field(sa_type=BigInteger)
    restricted_until: int = Field(default=0, sa_type=BigInteger)
    ended_at: int | None = Field(default=None, sa_type=BigInteger)
    """When it was completed."""


class WithdrawalRecipient(Base, table=True):
    """What one organisation owes a withdrawal, the controller among them (R32)."""

    __tablename__ = "withdrawal_recipient"

    withdrawal_id: bytes = Field(primary_key=True, foreign_key="withdrawal.id")
    code: str = Field(primary_key=True, index=True)
    name: bytes
    """32 bytes, its name on chain: SHA-256(code || salt); empty for who is exempt, and so not there."""
    duty: str
    """`clear_links`, `destroy` or `exempt` (S10.6)."""
    receipt: bytes | None = None
    """Leaf hash of the statement of its receipt."""
    given_at: int | None = Field(default=None, sa_type=BigInteger)
    late: bool = False
    told_at: int | None = Field(default=None, sa_type=BigInteger)
    """When it was first known to have been reached: it took or fetched a notice, or answered."""


class GuardianUpload(Base, table=True):
    """Documents that a guardian sent in, until someone has looked at them (R33)."""

    __tablename__ = "guardian_upload"

    withdrawal_id: bytes = Field(
        primary_key=True,
        sa_column_args=[ForeignKey("withdrawal.id", name="fk_guardian_upload_withdrawal_id_withdrawal")],
    )
    sealed: bytes
    """Under the consent's key; kept nowhere once it was looked at."""
    at: int = Field(sa_type=BigInteger)


class Delivery(Base, table=True):
    """A signed notice to an organisation, sent until it is acknowledged."""

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_code", "code", "state", "created_at", "id"),)

    id: bytes = Field(primary_key=True)
    """16 random bytes, the notice's id."""
    code: str = Field(foreign_key="organisation.code")
    kind: str
    body: bytes
    """Canonical JSON, exactly what is signed."""
    withdrawal_id: bytes | None = Field(default=None, foreign_key="withdrawal.id", index=True)
    subscription_id: bytes | None = Field(default=None, index=True)
    """Of the subscription whose events it tells, and whose webhook it goes to (`models_watch`)."""
    state: str = Field(default="pending", index=True)
    """`pending`, `delivered`, `fetched` where the organisation asked for it itself, `moot` where what it
    asks for was done before it arrived, or `dead` where its subscription's webhook never took it."""
    attempts: int = 0
    next_at: int = Field(sa_type=BigInteger)
    delivered_at: int | None = Field(default=None, sa_type=BigInteger)
    last_error: str | None = None
    """Code of the last failure."""
    created_at: int = Field(sa_type=BigInteger)


class ReceiptCredential(Base, table=True):
    """What the credentials of a consent's receipts are checked by (`consents/credentials.py`)."""

    __tablename__ = "receipt_credential"

    subject: bytes = Field(primary_key=True, foreign_key="consent.subject", sa_type=_Bytes)
    sealed: bytes = Field(sa_type=_Bytes)
    """Canonical JSON `{"v": 1, "issued": list}`, sealed under the consent's key."""


class Attempt(Base, table=True):
    """Wrong dates of birth given with a consent's current receipt: who guesses is stopped."""

    __tablename__ = "attempt"

    subject: bytes = Field(primary_key=True)
    wrong: int
    since: int = Field(sa_type=BigInteger)
