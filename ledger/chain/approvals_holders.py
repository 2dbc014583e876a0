"""What organisations sign about their own accounts (S5.19), in the domain of `Holders`.

Each message counts: `serial` is the number of the organisation's next change. `key` is the SHA-256 of the
SM2 key, 65 bytes `04 || x || y`; `statement` the leaf hash of the statement that tells of it, or the digest
of what the organisation declared in it (S10.4a).
"""

from dataclasses import dataclass
from typing import ClassVar

from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.records_holders import AccountState

HOLDERS_NAME = "Yinzheng Holders"

_ACCOUNT = "bytes32 organisation,uint32 serial,address account,bytes32 key,bytes32 statement"


@dataclass(frozen=True, slots=True)
class AccountMessage(Message):
    """An account and an SM2 key for an organisation."""

    FIELDS: ClassVar = _ACCOUNT
    organisation: bytes
    serial: int
    account: bytes
    key: bytes
    statement: bytes


@dataclass(frozen=True, slots=True)
class Enrolment(AccountMessage):
    """Enter an organisation. Signed by the account, and the registry."""


@dataclass(frozen=True, slots=True)
class Rotation(AccountMessage):
    """Exchange account or key. Signed by the new account, the current one, and the registry."""


@dataclass(frozen=True, slots=True)
class Replacement(AccountMessage):
    """Replace an account whose key is gone. Signed by the new account, the registry, and perhaps a forum."""


@dataclass(frozen=True, slots=True)
class Veto(Message):
    """Refuse an announced replacement. Signed by the account that is to be replaced."""

    FIELDS: ClassVar = "bytes32 organisation,uint32 serial,bytes32 statement"
    organisation: bytes
    serial: int
    statement: bytes


@dataclass(frozen=True, slots=True)
class Revocation(Message):
    """Say that an account was lost or compromised `since`. Signed by itself, or by the registry."""

    FIELDS: ClassVar = (
        "bytes32 organisation,uint32 serial,address account,uint8 reason,uint64 since,bytes32 statement"
    )
    organisation: bytes
    serial: int
    account: bytes
    reason: AccountState
    since: int
    statement: bytes
