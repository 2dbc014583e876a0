"""Whose key held when: folded from an organisation's thread of public statements (R41, S10.4)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final, NamedTuple

from sqlalchemy import bindparam, select
from sqlmodel import Session

from yinzheng.ledger.flow.threads import find_organisation, thread, unknown_organisation
from yinzheng.ledger.rules import organisations as rules
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.store.models import Event, table_of
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.key_history import HeldKey, Keys, fold

MAX_BODY: Final = 8192
"""Bytes of a statement's body about an organisation; their fields' sizes keep it below."""

_REMEMBERED: Final = 4096
_ROWS: Final = table_of(Organisation)
_HEAD: Final = Prepared(select(_ROWS.c.head).where(_ROWS.c.code == bindparam("named")))
_NAMED: Final = Prepared(
    select(_ROWS.c.code, _ROWS.c.name, _ROWS.c.account, _ROWS.c.roles).where(
        _ROWS.c.code == bindparam("named")
    )
)


class _Folded:
    """Keys by the head of their thread. A head names everything before it, so nothing here can be stale."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, Keys] = OrderedDict()

    def get(self, head: bytes) -> Keys | None:
        with self._lock:
            found = self._known.get(head)
            if found is not None:
                self._known.move_to_end(head)
            return found

    def put(self, head: bytes, keys: Keys) -> None:
        with self._lock:
            self._known[head] = keys
            if len(self._known) > self._most:
                self._known.popitem(last=False)


_folded: Final = _Folded(_REMEMBERED)


def keys_of(session: Session, code: str) -> Keys:
    """All keys an organisation ever had, oldest first, with when each held.

    Raises `UsageFault` `organisation-unknown`; `DataFault` where its thread does not hold together.
    """
    return keys_at(session, find_organisation(session, code).head)


def keys_at(session: Session, head: bytes) -> Keys:
    """The keys as the thread that ends in `head` tells them."""
    found = _folded.get(head)
    if found is None:
        found = _fold(thread(session, head))
        _folded.put(head, found)
    return found


class Named(NamedTuple):
    """What there is of an organisation beside its keys, as its row has it."""

    code: str
    name: str
    account: bytes | None


def named(session: Session, code: str, role: Role) -> Named:
    """As `require`, without an object of the database: where many ask."""
    row = _NAMED.first(session, named=code)
    if row is None:
        raise unknown_organisation(code)
    *about, roles = row
    rules.require_role(roles.split(), role)
    return Named(*about)


def require(session: Session, code: str, role: Role) -> Organisation:
    """The organisation, enrolled in that role.

    Raises `UsageFault`: `organisation-unknown`, `organisation-role`.
    """
    found = find_organisation(session, code)
    rules.require_role(found.roles.split(), role)
    return found


def find_key(session: Session, code: str, kid: bytes, at: int) -> HeldKey | None:
    """The key `kid` (8 bytes) of an organisation if it held at `at` (UTC seconds), else None."""
    head = _HEAD.scalar(session, named=code)
    if head is None:
        return None
    return _held(keys_at(session, head), kid, at)


def _held(keys: Keys, kid: bytes, at: int) -> HeldKey | None:
    return next((key for key in keys if key.kid == kid and key.holds_at(at)), None)


def public_key(session: Session, code: str, kid: bytes, at: int) -> Sm2PublicKey:
    """The key to check a signature with that the ledger first saw at `at` (UTC seconds).

    Raises `UsageFault` `organisation-unknown`, `DataFault` `key-not-in-force` (R41).
    """
    key = _held(keys_of(session, code), kid, at)
    if key is None:
        raise DataFault(
            "this organisation had no such key in force",
            code="key-not-in-force",
            hint="Sign with the key that is enrolled now.",
        )
    return Sm2PublicKey(key.grant.key)


def _fold(events: list[Event]) -> Keys:
    # Every statement about an organisation is public (S3.2).
    return fold((event.type, canonical.loads(event.public or b"", max_bytes=MAX_BODY)) for event in events)
