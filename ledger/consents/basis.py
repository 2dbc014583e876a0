"""Consents as the basis of a data asset (R27): which notices a certificate may name, and what became of them.

Everyone may ask how many withdrawals are pending and overdue under a notice that a certificate names; nobody
learns of anyone in particular, so small numbers are not told exactly. Consents count for the version they
name, and for no later one that goes beyond it (R28): that is said with each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import distinct, func
from sqlmodel import Session, col, select

from yinzheng.ledger.consents.uncovered import at_most, kept_earlier, parts_of
from yinzheng.ledger.consents.versions import notice_at, row_at
from yinzheng.ledger.dossiers.application import Application
from yinzheng.ledger.rules.notices import Change, changes
from yinzheng.ledger.rules.withdrawal import Situation, State
from yinzheng.ledger.store.models_consents import Notice as NoticeRow
from yinzheng.ledger.store.models_consents import Withdrawal, WithdrawalRecipient
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.layout_consents import FREEZE
from yinzheng.verifier.errors import DataFault

SMALL: Final = 5
"""Numbers from 1 up to but without this one are told as "<5"."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Withdrawals under one version of a notice, as shown: a number, or "<5"."""

    pending: str
    """Not completed, overdue ones among them."""
    overdue: str
    """With a deadline that has passed (R35)."""
    not_told: str = "0"
    """Pending ones of which someone who owes was never reached: it does not refuse, it does not know."""

    @property
    def any_overdue(self) -> bool:
        """Tell whether a withdrawal is overdue: an asset with one is not traded (R45)."""
        return self.overdue != "0"


@dataclass(frozen=True, slots=True)
class Basis:
    """One notice version that a certificate names, and what became of the consents to it."""

    leaf: str
    """Leaf hash, hex."""
    controller: str
    version: int
    published_at: int
    counts: Counts
    not_counted_for: tuple[Change, ...] = ()
    """In what consents to earlier versions do not cover it and do not count; empty where there are none."""


def shown(count: int) -> str:
    """Give a count as anyone may see it: nothing and many exactly, a few as "<5"."""
    return f"<{SMALL}" if 0 < count < SMALL else str(count)


def counts(session: Session, leaf: bytes, now: int) -> Counts:
    """Count the withdrawals of consents to the notice of that leaf hash, as of `now` (UTC seconds)."""
    query = (
        select(Withdrawal)
        .join(NoticeRow, Withdrawal.notice_id == NoticeRow.id)  # type: ignore[arg-type]
        .where(NoticeRow.leaf == leaf, Withdrawal.state != State.COMPLETED.value)
        .execution_options(yield_per=1024)
    )
    pending = overdue = 0
    for row in session.exec(query):
        pending += 1
        overdue += _situation(row).overdue_since(now) is not None
    return Counts(shown(pending), shown(overdue), shown(_not_told(session, leaf)))


def overdue_under(session: Session, leaves: Iterable[bytes], now: int) -> int:
    """Count the overdue withdrawals of consents to these notices, as of `now` (UTC seconds; R35, R45)."""
    query = (
        select(Withdrawal)
        .join(NoticeRow, Withdrawal.notice_id == NoticeRow.id)  # type: ignore[arg-type]
        .where(
            col(NoticeRow.leaf).in_(tuple(leaves)),
            Withdrawal.state != State.COMPLETED.value,
            col(Withdrawal.received_at) < now - FREEZE,  # no duty ends sooner
        )
        .execution_options(yield_per=1024)
    )
    return _late(session.exec(query), now)


def overdue(session: Session, now: int) -> int:
    """Count all overdue withdrawals, as of `now` (UTC seconds; R35)."""
    query = (
        select(Withdrawal)
        .where(Withdrawal.state != State.COMPLETED.value, col(Withdrawal.received_at) < now - FREEZE)
        .execution_options(yield_per=1024)
    )
    return _late(session.exec(query), now)


def _late(rows: Iterable[Withdrawal], now: int) -> int:
    return sum(1 for row in rows if _situation(row).overdue_since(now) is not None)


def _not_told(session: Session, leaf: bytes) -> int:
    query = (
        select(func.count(distinct(col(Withdrawal.id))))
        .join(NoticeRow, Withdrawal.notice_id == NoticeRow.id)  # type: ignore[arg-type]
        .join(WithdrawalRecipient, WithdrawalRecipient.withdrawal_id == Withdrawal.id)  # type: ignore[arg-type]
        .where(
            NoticeRow.leaf == leaf,
            Withdrawal.state != State.COMPLETED.value,
            WithdrawalRecipient.duty != "exempt",
            col(WithdrawalRecipient.receipt).is_(None),
            col(WithdrawalRecipient.told_at).is_(None),
        )
    )
    return session.exec(query).one()


def _situation(row: Withdrawal) -> Situation:
    return Situation(
        state=State(row.state),
        minor=row.minor,
        received_at=row.received_at,
        restricted_until=row.restricted_until,
    )


def basis_of(session: Session, leaves: tuple[bytes, ...], now: int) -> tuple[Basis, ...]:
    """Tell the basis of a certificate that names these notices. Raises `UsageFault` (`notice-unknown`)."""
    told = []
    for leaf in leaves:
        notice = notice_at(session, leaf)
        told.append(
            Basis(
                leaf=leaf.hex(),
                controller=notice.controller.name,
                version=notice.version,
                published_at=notice.published_at,
                counts=counts(session, leaf, now),
                not_counted_for=changes(
                    part for earlier in kept_earlier(session, row_at(session, leaf)) for part in earlier.wider
                ),
            )
        )
    return tuple(told)


def standing(session: Session, leaf: bytes) -> dict[str, JSON]:
    """What an officer is told of a notice that an application names: which consents count for it (R27, R28).

    Numbers are of consents that are kept; ended and withdrawn ones are among them. Raises `UsageFault`
    `notice-unknown`.
    """
    row = row_at(session, leaf)
    return {
        "notice": leaf.hex(),
        "controller": row.controller,
        "version": row.version,
        "at_most": at_most(session, [row]),
        "not_counted": [
            {
                "version": earlier.row.version,
                "at_most": at_most(session, [earlier.row]),
                "wider": parts_of(earlier.wider),
            }
            for earlier in kept_earlier(session, row)
        ],
    }


def require_notices(session: Session, application: Application) -> None:
    """Refuse an application that names a notice which is not published, or is a stranger's.

    A notice must be the applicant's or one of the holders'. Raises `DataFault` (`basis-notice`).
    """
    entitled = {application.applicant.code, *(holder.code for holder in application.holders)}
    for leaf in application.notices:
        row = session.exec(select(NoticeRow).where(NoticeRow.leaf == leaf)).first()
        if row is None or row.controller not in entitled:
            raise DataFault(
                "the application names a notice that neither the applicant nor a holder published here",
                code="basis-notice",
                hint="`yinzheng notices` lists the notices and their leaf hashes; nothing was recorded.",
                leaf=leaf.hex(),
            )
