"""Writing access lines, in the transaction that grants what they tell of: both happen or neither (R30, R47).

A line gets the next number, a fresh secret, its leaf hash (S19.2) and a keyed link to the line before, and is
sealed under the key of its month. In the log it is committed soon after, with others (`batching`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy import select as rows_of
from sqlmodel import Session

from yinzheng.ledger.accesses.bulk import count_openings, persons_in
from yinzheng.ledger.accesses.keys import MonthKey, key_for
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Keeping, Registry
from yinzheng.ledger.rules.offices import Role
from yinzheng.ledger.store.models import table_of
from yinzheng.ledger.store.models_accesses import AccessBatch, AccessRow
from yinzheng.ledger.store.prepared import Prepared
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes.algorithms import COMMITMENT_KEY_BYTES, DigestPair
from yinzheng.verifier.bytes.shape import names_of, read_shape
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access import AccessLine, Who, Words, leaf_of, parse_line
from yinzheng.verifier.log.statement import commit_private

GENESIS: Final = bytes(32)
"""What the first line links to."""

_OBJECT: Final = names_of(AccessLine)["object"]
_AT: Final = names_of(AccessLine)["at"]
_COLUMNS: Final = ("number", "at", "consent", "leaf", "link", "sealed", "words")


@dataclass(frozen=True, slots=True)
class Access:
    """What is used or opened, before it is a line. The words are those of S19.1."""

    action: str
    kind: str
    object: str
    purpose: str
    consent: bytes | None = None
    """Subject of the consent whose person it is about."""
    basis: str = "registration"
    scope: str | None = None
    covered: bool | None = None
    at: int | None = None
    """When a use happened, UTC seconds; None: now."""
    words: Words | None = None
    seal: SealedValue | None = None
    """The consent's, under which its words lie; without one they lie under the month's key."""
    counted: bool = True
    """Whether it counts among bulk openings, where it shows a person (`bulk`)."""


def note(registry: Keeping, session: Session, reader: Reader, access: Access) -> int:
    """Write one line, in the caller's transaction; gives its number. Raises as `note_many`."""
    return note_many(registry, session, reader, (access,)).start


def acted(
    registry: Keeping,
    session: Session,
    actor: Actor,
    kind: str,
    object_: str,
    purpose: str,
    *,
    consent: bytes | None = None,
) -> int:
    """Write down what an admitted person did to the registry itself, such as enrolling staff. As `note`."""
    access = Access("act", kind, object_, purpose, consent=consent)
    return note(registry, session, Reader.of_actor(registry, actor), access)


def opening(registry: Registry, actor: Actor, access: Access, *capacities: Role) -> Actor:
    """Admit someone to what is only read, and write it down, in one transaction; the actor again.

    Raises as `admit`: then nothing is shown, and there is no line.
    """
    with registry.store.transaction() as session:
        admit(session, actor, *capacities)
        note(registry, session, Reader.of_actor(registry, actor), access)
    return actor


def note_many(registry: Keeping, session: Session, reader: Reader, accesses: Iterable[Access]) -> range:
    """Write a line for each, in order, in the caller's transaction; gives their numbers.

    Nothing is written, and so nothing may be opened, of what `bulk.count_openings` refuses. Raises as that,
    and `DataFault`: `field-…`, `access-basis` for a line that its format does not allow.
    """
    now, accesses = registry.clock(), list(accesses)
    for purpose in dict.fromkeys(one.purpose for one in accesses if one.counted):
        own = (one for one in accesses if one.counted and one.purpose == purpose)
        shown = (persons_in(one.action, one.kind, one.object, one.consent) for one in own)
        count_openings(registry, session, reader, purpose, {one for one in shown if one is not None})
    key = key_for(session, registry.keys, now)
    first, link = _after(session)
    rows = []
    for number, access in enumerate(accesses, first):
        row = _row(key, reader, access, number, now)
        link = row["link"] = key.link(link, number, row["leaf"])
        rows.append(row)
    if rows:
        _INSERT.run(session, rows)
    return range(first, first + len(rows))


def _after(session: Session) -> tuple[int, bytes]:
    """The next number, and the link it follows. A number that a batch has used is never used again."""
    number, link = _LAST.first(session) or (0, GENESIS)
    first, count = _BATCH.first(session) or (1, 0)
    return max(number, first + count - 1) + 1, link


_LINES, _BATCHES = table_of(AccessRow), table_of(AccessBatch)
_INSERT: Final = Prepared(insert(_LINES), _COLUMNS)
_LAST: Final = Prepared(rows_of(_LINES.c.number, _LINES.c.link).order_by(_LINES.c.number.desc()).limit(1))
_BATCH: Final = Prepared(
    rows_of(_BATCHES.c.first, _BATCHES.c["count"]).order_by(_BATCHES.c.first.desc()).limit(1)
)


def _row(key: MonthKey, reader: Reader, access: Access, number: int, now: int) -> dict[str, Any]:
    words = sealed_words = None
    if access.words is not None:
        said, secret = access.words.canonical(), secrets.token_bytes(COMMITMENT_KEY_BYTES)
        words = commit_private(secret, said)
        sealed_words = (access.seal or key.seal).seal(
            b'{"secret":"%b","words":%b}' % (secret.hex().encode(), said), words_place(number)
        )
    who, who_secret = _who(reader.person), secrets.token_bytes(COMMITMENT_KEY_BYTES)
    line = AccessLine(
        number=number,
        noted_at=now,
        at=now if access.at is None else access.at,
        organisation=reader.organisation,
        who=commit_private(who_secret, who),
        function=reader.function,
        action=access.action,
        kind=access.kind,
        object=access.object,
        consent=access.consent,
        purpose=access.purpose,
        scope=access.scope,
        basis=access.basis,
        covered=access.covered,
        channel=reader.channel,
        words=words,
    )
    _check(line)
    body, secret = line.canonical(), secrets.token_bytes(COMMITMENT_KEY_BYTES)
    return {
        "number": number,
        "at": now,
        "consent": access.consent,
        "leaf": leaf_of(body, secret),
        "sealed": key.seal.seal(
            b'{"line":%b,"secret":"%b","who":%b,"who_secret":"%b"}'
            % (body, secret.hex().encode(), who, who_secret.hex().encode()),
            line_place(number),
        ),
        "words": sealed_words,
    }


@lru_cache(maxsize=1024)
def _who(person: str) -> bytes:
    return read_shape(Who, Who(person).to_json()).canonical()


def _check(line: AccessLine) -> None:
    """What cannot be read is not written. What many lines have in common is looked at once."""
    _OBJECT(line.object, "$.object")
    _AT(line.at, "$.at")
    if line.consent is not None and len(line.consent) != 32:
        raise DataFault("$.consent is not of 32 bytes", code="field-value", path="$.consent")
    _check_common(
        line.organisation,
        line.function,
        line.action,
        line.kind,
        line.purpose,
        line.scope,
        line.basis,
        line.covered,
        line.channel,
    )


@lru_cache(maxsize=1024)
def _check_common(
    organisation: str | None,
    function: str,
    action: str,
    kind: str,
    purpose: str,
    scope: str | None,
    basis: str,
    covered: bool | None,
    channel: str,
) -> None:
    pair = DigestPair(bytes(32), bytes(32))
    line = AccessLine(
        1, 0, 0, organisation, pair, function, action, kind, "0", None, purpose, scope, basis, covered,
        channel, None,
    )  # fmt: skip
    parse_line(line.to_json())


def line_place(number: int) -> bytes:
    """What the sealed bytes of a line belong to."""
    return b"yinzheng/access-line/1:%d" % number


def words_place(number: int) -> bytes:
    """What the sealed words of a line belong to."""
    return b"yinzheng/access-words/1:%d" % number
