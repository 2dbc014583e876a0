"""What an operator watches: how far things have come, what waits and how long, what is overdue (D17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import func
from sqlmodel import Session, col, select

from yinzheng.ledger.consents.basis import overdue
from yinzheng.ledger.rules.withdrawal import State
from yinzheng.ledger.store.models import ChainCall, Event
from yinzheng.ledger.store.models_consents import Delivery, Pooled, Withdrawal
from yinzheng.ledger.store.models_disputes import Backup


class Measure(NamedTuple):
    """One number. `label` is a name and its value, where there are several of one name."""

    name: str
    help: str
    value: int
    label: tuple[str, str] | None = None


_CALLS: Final = ("pending", "sent", "failed")
_LETTERS: Final = ("pending", "dead")


def measures(session: Session, health: Mapping[str, Any], now: int) -> Iterator[Measure]:
    """Numbers as of `now`, UTC seconds; times are UTC seconds too, 0 for none. No name of anyone is in them.

    `health` is how far log and chain are (`Reader.health`).
    """
    yield Measure("log_size", "Statements in the published log.", health["log_size"])
    yield Measure("log_anchored_size", "Statements under the latest head on chain.", health["anchored_size"])
    yield Measure("chain_block", "Number of the latest block.", health["block"])
    yield Measure("chain_block_time_seconds", "Time of the latest block.", health["block_time"])
    yield Measure(
        "chain_period_seconds",
        "Seconds from block to block as a rule; 0: it seals when there is something to seal.",
        health.get("period") or 0,
    )
    waiting = select(func.count(), func.min(Event.at)).where(col(Event.log_index).is_(None))
    count, since = session.exec(waiting).one()
    yield Measure("statements_waiting", "Statements decided and not in the log yet.", count)
    yield Measure("statements_waiting_since_seconds", "Since when the oldest of them waits.", since or 0)
    for state in _CALLS:
        calls = select(func.count(), func.min(ChainCall.created_at)).where(ChainCall.state == state)
        count, since = session.exec(calls).one()
        yield Measure("chain_calls", "Calls of the chain, by state.", count, ("state", state))
        yield Measure(
            "chain_calls_since_seconds",
            "Since when the oldest of them is there.",
            since or 0,
            ("state", state),
        )
    for state in _LETTERS:
        letters = select(func.count(), func.min(Delivery.created_at)).where(Delivery.state == state)
        count, since = session.exec(letters).one()
        yield Measure("letters", "Notices to organisations, by state.", count, ("state", state))
        yield Measure(
            "letters_since_seconds", "Since when the oldest of them is there.", since or 0, ("state", state)
        )
    pooled = session.exec(select(func.count()).select_from(Pooled)).one()
    yield Measure("consents_pooled", "Consents that wait for company before they enter the log.", pooled)
    running = select(func.count()).where(Withdrawal.state != State.COMPLETED.value)
    yield Measure(
        "withdrawals_running", "Withdrawals that are not carried out yet.", session.exec(running).one()
    )
    yield Measure(
        "withdrawals_overdue", "Of them, those in which somebody is late (R35).", overdue(session, now)
    )
    made = session.exec(select(func.max(Backup.made_at))).one()
    yield Measure("backup_time_seconds", "When the newest backup was made.", made or 0)
