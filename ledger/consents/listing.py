"""Lists for officers: notices and their versions, and how many consents there are; none is opened."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func
from sqlmodel import col, select

from yinzheng.ledger.consents.basis import Counts, counts
from yinzheng.ledger.consents.uncovered import at_most
from yinzheng.ledger.consents.versions import against_the_one_before, narrower_than, notice_at
from yinzheng.ledger.rules.notices import Change, changes
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store.database import open_store_read_only
from yinzheng.ledger.store.models_consents import Consent, Job, Notice, Organisation, Pooled


@dataclass(frozen=True, slots=True)
class ListedNotice:
    """One version of a notice."""

    leaf: bytes
    """What consents and certificates name."""
    code: str
    controller: str
    version: int
    published_at: int
    counts: Counts
    changes: tuple[Change, ...]
    """In what it goes beyond the version before, so that consents to that one do not cover it (R28)."""
    uncovered: int
    """How many consents to earlier versions do not cover this one; ended and withdrawn ones among them."""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many consents are kept; `waiting` of them are not in the log yet, `erased` have lost their key."""

    consents: int
    waiting: int
    erased: int
    unfinished: int
    """Imports that were begun and not finished."""


def list_notices(root: Path, now: int) -> list[ListedNotice]:
    """Every version of every notice in the state folder `root`, as of `now` (UTC seconds).

    Raises `UsageFault` (`state-missing`), `EnvironmentFault` (`store-…`).
    """
    paths, instance = read_instance(root)
    with closing(open_store_read_only(instance.store_url(paths))) as store, store.reading() as session:
        query = select(Notice, Organisation.name).join(Organisation)
        query = query.order_by(Notice.controller, col(Notice.id))
        return [
            ListedNotice(
                row.leaf,
                row.controller,
                name,
                row.version,
                row.published_at,
                counts(session, row.leaf, now),
                changes(against_the_one_before(session, notice_at(session, row.leaf))),
                at_most(session, (one.row for one in narrower_than(session, row))),
            )
            for row, name in session.exec(query)
        ]


def count_consents(root: Path) -> Totals:
    """Count the consents in the state folder `root`. Raises as `list_notices`."""
    paths, instance = read_instance(root)
    with closing(open_store_read_only(instance.store_url(paths))) as store, store.reading() as session:
        kept = session.exec(select(func.count()).select_from(Consent)).one()
        waiting = session.exec(select(func.count()).select_from(Pooled)).one()
        lost = select(func.count()).select_from(Consent).where(col(Consent.wrapped_key).is_(None))
        begun = select(func.count()).select_from(Job).where(col(Job.finished_at).is_(None))
        return Totals(kept, waiting, session.exec(lost).one(), session.exec(begun).one())
