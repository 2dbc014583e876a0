"""All withdrawals that are not ended, at one glance: a few queries, however many; nothing is opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from yinzheng.ledger.consents.notices import hour_of
from yinzheng.ledger.rules.withdrawal import HOUR, Situation, State
from yinzheng.ledger.store.models_consents import Delivery, Withdrawal, WithdrawalRecipient
from yinzheng.ledger.store.models_disputes import Dispute, DisputeSubject
from yinzheng.ledger.withdrawals.work import EXEMPT


@dataclass(frozen=True, slots=True)
class Overview:
    """One withdrawal that is not ended."""

    id: bytes
    situation: Situation
    disputed: bool
    """Whether any dispute ever concerned it, open or not."""
    told: Mapping[tuple[str, str], int]
    """When each organisation was last told something of each kind, by code and kind."""
    untold: frozenset[str]
    """Credit codes of those who owe and were never reached (R35)."""

    def told_last(self, code: str, kind: str, other: str) -> bool:
        """Whether of two kinds of notices, each taking back the other, it was told the first one last."""
        return self.told.get((code, kind), -1) > self.told.get((code, other), -1)

    def outlived(self, now: int) -> bool:
        """Whether its restriction may have outlived the dispute it rested on."""
        situation = self.situation
        return (
            self.disputed
            and situation.state is State.RESTRICTED
            and not situation.holds
            and situation.restricted_until > soon_after(now)
        )


_OPEN: Final = select(Withdrawal.id).where(col(Withdrawal.ended_at).is_(None))
"""Few of all there ever were: what concerns them is looked for by them."""


def soon_after(now: int) -> int:
    """The first full hour that leaves the chain time to hear of it."""
    return hour_of(now) + 2 * HOUR


def overview(session: Session) -> list[Overview]:
    """All that are not ended, oldest first."""
    rows = session.exec(
        select(Withdrawal)
        .where(col(Withdrawal.ended_at).is_(None))
        .order_by(col(Withdrawal.received_at), col(Withdrawal.id))
    ).all()
    owing, disputes, told = _owes(session), _disputes(session), _told(session)
    untold = owing_untold(session)
    found = []
    for row in rows:
        concerned = disputes.get(row.consent, {}) | disputes.get(row.id, {})
        situation = Situation(
            state=State(row.state),
            minor=row.minor,
            genetic=row.genetic,
            controller=row.controller,
            received_at=row.received_at,
            owing=frozenset(owing.get(row.id, ())),
            holds=sum(state == "open" for state in concerned.values()),
            restricted_until=row.restricted_until,
        )
        untold_here = frozenset(untold.get(row.id, ()))
        found.append(Overview(row.id, situation, bool(concerned), told.get(row.id, {}), untold_here))
    return found


def _owes(session: Session, *more: ColumnElement[bool]) -> Mapping[bytes, list[str]]:
    query = select(WithdrawalRecipient.withdrawal_id, WithdrawalRecipient.code).where(
        col(WithdrawalRecipient.withdrawal_id).in_(_OPEN),
        col(WithdrawalRecipient.receipt).is_(None),
        WithdrawalRecipient.duty != EXEMPT,
        *more,
    )
    found: dict[bytes, list[str]] = defaultdict(list)
    for id_, code in session.exec(query):
        found[id_].append(code)
    return found


def owing_untold(session: Session) -> Mapping[bytes, list[str]]:
    """Who owes something under a withdrawal and was never reached about it, by its identifier."""
    return _owes(session, col(WithdrawalRecipient.told_at).is_(None))


def _disputes(session: Session) -> Mapping[bytes, dict[str, str]]:
    """Reference and state of the disputes that concern a consent or a later withdrawal, by its identifier."""
    query = (
        select(DisputeSubject.subject, Dispute.id, Dispute.state)
        .join(Dispute)
        .where(DisputeSubject.kind == "consent")
    )
    found: dict[bytes, dict[str, str]] = defaultdict(dict)
    for subject, reference, state in session.exec(query):
        found[subject][reference] = state
    return found


def _told(session: Session) -> Mapping[bytes, dict[tuple[str, str], int]]:
    query = (
        select(Delivery.withdrawal_id, Delivery.code, Delivery.kind, func.max(Delivery.created_at))
        .where(col(Delivery.withdrawal_id).in_(_OPEN))
        .group_by(col(Delivery.withdrawal_id), Delivery.code, Delivery.kind)
    )
    found: dict[bytes, dict[tuple[str, str], int]] = defaultdict(dict)
    for id_, code, kind, at in session.exec(query):
        if id_ is not None:
            found[id_][code, kind] = at
    return found
