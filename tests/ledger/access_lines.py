"""The access lines of a registry, opened: what tests of whoever opens something compare."""

from __future__ import annotations

from sqlmodel import col, select

from tests.ledger.world import OFFICER, actor_of
from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.opening import Lines, OpenedLine
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.keys.provider import KeyProvider
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.verifier.formats.access import AccessLine


def lines_of(registry: Registry) -> list[AccessLine]:
    """All lines, in order."""
    return [one.line for one in opened_in(registry.store, registry.keys)]


def opened_in(store: Store, keys: KeyProvider) -> list[OpenedLine]:
    """All lines of a database, in order, with who acted."""
    with store.reading() as session:
        lines = Lines(session, keys)
        rows = session.exec(select(AccessRow).order_by(col(AccessRow.number))).all()
        return [lines.open(row) for row in rows]


def said(registry: Registry) -> list[tuple[str, str, str, str]]:
    """Who, what with, which kind, which object."""
    opened = opened_in(registry.store, registry.keys)
    return [(one.who.person, one.line.action, one.line.kind, one.line.object) for one in opened]


def opened_dossier(registry: Registry, case: str) -> int:
    """Write down that an officer opened the dossier of a case; gives the line's number."""
    with registry.store.transaction() as session:
        reader = Reader.of_actor(registry, actor_of(registry, OFFICER))
        return note(registry, session, reader, Access("export", "dossier", case, "registration"))
