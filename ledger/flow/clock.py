"""The ledger's clock: no decision is dated, and no block sealed, by a clock that is plainly wrong (S5.4).

Block time never goes back. One block sealed by a clock that stands in 2099 would close an embedded chain for
all the years between; a decision dated before the last one would stand in the log for ever. So every reading
is held against the last block and the last thing written down: a clock far behind is refused, and so is one
that leaps ahead by more than a registry sleeps without a word.

A leap is believed when an operator says that the clock is right: a registry may have slept a month. What was
written under a wrong clock, within such a leap, is got over the same way: the ledger's time then stands still
at its last block until the clock has caught up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sqlmodel import Session, col, select

from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import ChainCall, Event
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.ledger.store.models_consents import Pooled
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import EnvironmentFault

LEAP: Final = 7 * 86_400
"""Seconds without a block and without a decision that need no word."""

OWN_TOLERANCE: Final = 2
"""Seconds by which the clock may be behind what it said itself (`embedded.chain.CLOCK_TOLERANCE`)."""
NODE_TOLERANCE: Final = 300
"""Seconds by which it may be behind the blocks of others, whose clocks are not ours."""

_STANDING: Final = "clock.standing"


class LedgerClock:
    """A clock, held against what the ledger knows of time; UTC seconds. It never goes back."""

    def __init__(self, clock: Callable[[], int], *, leap: int | None = LEAP) -> None:
        """Believe `clock`, but no leap of more than `leap` seconds; any, if None."""
        self._clock, self._leap = clock, leap
        self._own = self._last = self._standing = 0
        self._tolerance = OWN_TOLERANCE

    def begin(self, *, block: int, written: int, standing: int, foreign: bool) -> None:
        """Hold it from now on against the time of the last block and of what was last written.

        `standing` is the time at which the ledger may stand still (0: none). Raises as a reading.
        """
        self._last, self._own, self._standing = max(block, written), written, standing
        self._tolerance = NODE_TOLERANCE if foreign else OWN_TOLERANCE
        self()

    @property
    def last(self) -> int:
        """The latest time known: of a block, of something written, or of a reading."""
        return self._last

    def __call__(self) -> int:
        """The time by which to decide and to seal.

        Raises `EnvironmentFault` `clock-behind`, `clock-ahead`: nothing may be written.
        """
        now = self._clock()
        if now < self._last - self._tolerance:
            if self._standing < self._last:
                raise _behind(now, self._last)
            return self._last
        if self._last and self._leap is not None and now > self._last + self._leap:
            raise _ahead(now, self._last, self._leap)
        self._own = max(self._own, now)
        self._last = max(self._last, now)
        return self._own


def clock_for(session: Session, clock: Callable[[], int]) -> LedgerClock:
    """A clock for a database that is written to without its chain, as `LedgerClock.begin`."""
    held = LedgerClock(clock, leap=None)
    held.begin(block=0, written=last_written(session), standing=standing_time(session), foreign=False)
    return held


def last_written(session: Session) -> int:
    """When the database was last written to, by what has a time of its own; 0 where nothing has."""
    checkpoint = repository.latest_checkpoint(session)
    newest = (
        select(Event.created_at).order_by(col(Event.id).desc()).limit(1),
        select(ChainCall.created_at).order_by(col(ChainCall.id).desc()).limit(1),
        select(AccessRow.at).order_by(col(AccessRow.number).desc()).limit(1),
        select(Pooled.created_at).order_by(col(Pooled.created_at).desc()).limit(1),
    )
    found = [session.exec(query).first() or 0 for query in newest]
    return max(*found, 0 if checkpoint is None else checkpoint.created_at)


def standing_time(session: Session) -> int:
    """The time at which an operator let the ledger stand still; 0 where none did."""
    return int(repository.meta_of(session, _STANDING) or 0)


def let_stand(session: Session, time: int) -> None:
    """Let the ledger stand still at `time` until the clock has caught up, on an operator's word."""
    repository.write_meta(session, {_STANDING: str(time)})


def shown(time: int) -> str:
    """A time as people read it, in UTC."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _behind(now: int, last: int) -> EnvironmentFault:
    return EnvironmentFault(
        f"the clock says {shown(now)}, but the ledger was last written to at {shown(last)}",
        code="clock-behind",
        hint="Nothing was written. Set the clock right, or wait until it has caught up. If it is right and"
        " that time was wrong: `yinzheng heartbeat --clock-is-right`; the ledger's time then stands still"
        f" until {shown(last)}.",
        now=now,
        last=last,
    )


def _ahead(now: int, last: int, leap: int) -> EnvironmentFault:
    return EnvironmentFault(
        f"the clock says {shown(now)}, {counted((now - last) // 86_400, 'day')} after anything was last "
        f"written ({shown(last)})",
        code="clock-ahead",
        hint="Nothing was written: a block sealed under a wrong clock closes the ledger until that time has"
        f" come. Set the clock right; if it is right and nothing was written for over {leap // 86_400} days:"
        " `yinzheng heartbeat --clock-is-right`.",
        now=now,
        last=last,
    )
