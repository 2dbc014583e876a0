"""Which organisations are enrolled, read without keys and without the writer's lock."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, select

from yinzheng.ledger.organisations.keys import keys_at
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store.database import open_store_read_only
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.formats.key_history import Keys, key_at


@dataclass(frozen=True, slots=True)
class Listed:
    """An organisation as anyone may know it; `webhook` is for the registry alone."""

    code: str
    name: str
    roles: tuple[str, ...]
    account: bytes | None
    webhook: str | None
    keys: Keys
    kid: bytes | None
    """8 bytes: the key that holds now."""


def list_organisations(root: Path, now: int) -> list[Listed]:
    """All of them, by credit code. Raises as `read_instance` and `open_store_read_only`."""
    paths, instance = read_instance(root)
    with closing(open_store_read_only(instance.store_url(paths))) as store, store.reading() as session:
        rows = session.exec(select(Organisation).order_by(col(Organisation.code))).all()
        return [_listed(session, row, now) for row in rows]


def _listed(session: Session, row: Organisation, now: int) -> Listed:
    keys = keys_at(session, row.head)
    current = key_at(keys, now)
    return Listed(
        code=row.code,
        name=row.name,
        roles=tuple(row.roles.split()),
        account=row.account,
        webhook=row.webhook,
        keys=keys,
        kid=None if current is None else current.kid,
    )
