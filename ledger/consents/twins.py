"""Knowing a consent that was recorded before, without keeping anything by which it could be guessed.

Of each consent a digest is kept: HMAC-SHA-256 of the SHA-256 of its canonical body, under a random key of
its controller, which lies wrapped by the key-encryption key. Whoever has the database alone learns nothing
from it, not even by trying every name and date of birth; and no two controllers' digests can be compared. It
is unique in its table, so that the same consent cannot be recorded twice, by whichever ways it comes, and a
withdrawal leaves no twin behind. Erasing a consent takes its digest away: then the person may consent anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from sqlalchemy import bindparam
from sqlalchemy import select as rows_of
from sqlmodel import Session

from yinzheng.ledger.keys.provider import KeyWrapper
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_consents import Consent, DigestKey
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.verifier.bytes.algorithms import KeyedSha256

_ROWS: Final = table_of(DigestKey)
_KEY: Final = Prepared(rows_of(_ROWS.c.wrapped_key).where(_ROWS.c.id == bindparam("name")))

_CONSENTS: Final = table_of(Consent)
_KNOWN: Final = Prepared(rows_of(_CONSENTS.c.subject).where(_CONSENTS.c.digest == bindparam("asked")))
_TOGETHER: Final = 100
"""Digests that are looked for by one statement."""
_NAMES: Final = [f"asked{n}" for n in range(_TOGETHER)]
_KNOWN_OF_MANY: Final = Prepared(
    rows_of(_CONSENTS.c.digest, _CONSENTS.c.subject).where(
        _CONSENTS.c.digest.in_([bindparam(name, type_=_CONSENTS.c.digest.type) for name in _NAMES])
    )
)

KEY_BYTES: Final = 16


class Twins:
    """The digests of one controller's consents."""

    def __init__(self, key: bytes) -> None:
        self._keyed = KeyedSha256(key)

    def digest(self, fingerprint: bytes) -> bytes:
        """The digest, 32 bytes, by the SHA-256 of a consent's canonical body."""
        return self._keyed(fingerprint)

    def __repr__(self) -> str:
        return "Twins()"


def twins_of(session: Session, wrapper: KeyWrapper, code: str) -> Twins:
    """Those of a controller, by its credit code; its key is made with its first consent.

    A key that a restored backup lacks is made anew: what was recorded before is then not known again. In a
    transaction that writes. Raises `DataFault` `seal-broken`.
    """
    name = b"consent-digest:" + code.encode()
    wrapped = _KEY.scalar(session, name=name)
    if wrapped is not None:
        return _unwrapped(wrapper, wrapped, name)
    row = session.get(DigestKey, name) or DigestKey(id=name, wrapped_key=None)
    key = secrets.token_bytes(KEY_BYTES)
    row.wrapped_key = wrapper.wrap(key, name)
    session.add(row)
    session.flush()
    return Twins(key)


@lru_cache(maxsize=64)
def _unwrapped(wrapper: KeyWrapper, wrapped: bytes, name: bytes) -> Twins:
    """What lies there is read each time; the same bytes are unwrapped once."""
    return Twins(wrapper.unwrap(wrapped, name))


def known(session: Session, digests: Sequence[bytes]) -> Mapping[bytes, bytes]:
    """Subjects of the consents that were recorded before, by digest."""
    found: dict[bytes, bytes] = {}
    whole = len(digests) - len(digests) % _TOGETHER
    for first in range(0, whole, _TOGETHER):
        asked = dict(zip(_NAMES, digests[first : first + _TOGETHER], strict=True))
        found |= {row[0]: row[1] for row in _KNOWN_OF_MANY.all(session, **asked)}
    for digest in digests[whole:]:
        subject = _KNOWN.scalar(session, asked=digest)
        if subject is not None:
            found[digest] = subject
    return found
