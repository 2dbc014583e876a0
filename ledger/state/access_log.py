"""The access log (R47): who saw what, when, from where; each line names the hash of the one before.

It cannot be edited unseen: whoever changes or drops a line breaks every link after it, and a range handed
to a court as evidence (S10.7) carries the links. No line is ever deleted, which is longer than the six months
that R42 asks for. What the links cannot show is that the last lines were cut off: a range once handed out, or
a backup, does.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from sqlmodel import Session, col, select

from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store.database import open_store_read_only, sqlite_url
from yinzheng.ledger.store.models_disputes import Access
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault

GENESIS = bytes(32)
"""What the first line links to."""

MAX_RANGE = 100_000
"""Lines handed out at once."""


def note(session: Session, at: int, actor: str, action: str, target: str, place: str = "command") -> None:
    """Write down an access, in the transaction that grants it. `at` in UTC seconds; names no data subject."""
    last = session.exec(select(Access).order_by(col(Access.id).desc()).limit(1)).first()
    line = Access(at=at, actor=actor, action=action, target=target, place=place, link=b"")
    line.link = _link(GENESIS if last is None else last.link, line)
    session.add(line)
    session.flush()  # the next line of this transaction links to it


def between(session: Session, since: int, until: int) -> Sequence[Access]:
    """The lines of `since` ≤ at ≤ `until`, oldest first.

    Raises `UsageFault` `access-range` where there are none, or more than `MAX_RANGE`.
    """
    query = select(Access).where(col(Access.at).between(since, until)).order_by(col(Access.id))
    lines = session.exec(query.limit(MAX_RANGE + 1)).all()
    if not 1 <= len(lines) <= MAX_RANGE:
        raise UsageFault(
            f"there are no accesses then, or more than {MAX_RANGE}",
            code="access-range",
            hint="Name another, or a shorter, time.",
        )
    return lines


def read_range(root: Path, since: int, until: int) -> list[dict[str, JSON]]:
    """The lines of a state folder from `since` to `until`, with numbers and links, once the log is checked.

    Needs neither keys nor the writer's lock. Raises as `check` and `between`.
    """
    paths, instance = read_instance(root)
    url = instance.database_url or sqlite_url(paths.database)
    with closing(open_store_read_only(url)) as store, store.reading() as session:
        check(session)
        lines = between(session, since, until)
        return [{"line": line.id, **as_json(line), "link": line.link.hex()} for line in lines]


def as_json(line: Access) -> dict[str, JSON]:
    """One line as it is hashed and handed out."""
    return {
        "at": line.at,
        "actor": line.actor,
        "action": line.action,
        "target": line.target,
        "place": line.place,
    }


def check(session: Session) -> int:
    """Re-hash the whole log; returns its length. Raises `DataFault` `access-log-altered` at a break."""
    link, count = GENESIS, 0
    for line in session.exec(select(Access).order_by(col(Access.id))):
        link = _link(link, line)
        if link != line.link:
            raise DataFault("a line of the access log was altered", code="access-log-altered", line=line.id)
        count += 1
    return count


def _link(before: bytes, line: Access) -> bytes:
    return sha256(before + canonical.dumps(as_json(line))).digest()
