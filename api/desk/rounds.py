"""Rounds of the desk: what is due is done though nobody asks, such as notices to deliver (S11.4).

A look at the database, without the writer's lock, tells whether anything is due; only then is the writer
asked, so that an idle desk keeps nobody waiting.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from yinzheng.api.desk.worker import Worker
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.unsettled import is_unsettled
from yinzheng.ledger.flow.watched import derived
from yinzheng.ledger.notify.deliveries import MOST_ATTEMPTS, Send, claim, note, pending, send_all
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.database import Store
from yinzheng.ledger.watch.letters import letters_are_due
from yinzheng.ledger.withdrawals.ending import tick
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError

_log = logging.getLogger(__name__)

EVERY: Final = 3.0
"""Seconds between two looks."""

GLANCE: Final = 0.25
"""Seconds between two glances at whether there are new events of certificates, which do not wait."""

AFTER_TROUBLE: Final = 30.0
"""Seconds until the next look where something stood in the way."""

TICK: Final = 60
"""Seconds between two looks at what time alone brings about: restrictions that end, reminders (R35)."""

PATIENCE_SECONDS: Final = 120.0
"""How long the rounds wait for the writer."""

T = TypeVar("T")


class Rounds:
    """A thread that looks for what is due and has the worker do it."""

    def __init__(
        self,
        worker: Worker,
        store: Store,
        clock: Callable[[], int],
        send: Send,
        *,
        every: float = EVERY,
        attempts: int = MOST_ATTEMPTS,
    ) -> None:
        self._worker = worker
        self._store = store
        self._clock = clock
        self._send = send
        self._ticked = 0
        self._every = every
        self._attempts = attempts
        self._heard = -1
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._walk, name="desk-rounds", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the look in hand."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def look(self) -> None:
        """Have done what is due. Raises what stood in the way; what is wrong with one withdrawal, after all
        else was done.
        """
        now = self._clock()
        trouble = self._tick(now)
        with self._store.reading() as session:
            unsettled = is_unsettled(session, now)
        if unsettled and not self._worker.busy:  # which settles itself, and need not do it twice as often
            # Patient: nothing is left to carry by what carries everything.
            self._do(settle, patient=True)
        self._deliver(now)
        if trouble is not None:
            raise trouble

    def _tick(self, now: int) -> YinzhengError | None:
        if now - self._ticked < TICK:
            return None
        trouble: YinzhengError | None = None
        try:
            self._do(tick)
        except (DataFault, UsageFault) as fault:
            trouble = fault
        self._ticked = now
        return trouble

    def _deliver(self, now: int) -> None:
        due = self._due(now)
        while due and not self._ending.is_set():
            # Sent without the lock: a server that hangs holds up nobody but the notices after it.
            self._send_due(now)
            due = self._due(now)

    def _send_due(self, now: int) -> None:
        results = send_all(self._do(lambda registry: claim(registry, now)), self._send)
        if results:
            self._do(lambda registry: note(registry, results, self._clock(), self._attempts))

    def _due(self, now: int) -> bool:
        with self._store.reading() as session:
            self._heard = derived(session)
            return letters_are_due(session) or bool(pending(session, now, 1))

    def _new_events(self) -> bool:
        with self._store.reading() as session:
            return derived(session) != self._heard

    def _rest(self) -> bool:
        """Wait for the next look; new events are handed on meanwhile. False at the end."""
        until = time.monotonic() + self._every
        while not self._ending.wait(min(GLANCE, self._every)):
            if time.monotonic() >= until:
                return True
            if self._new_events():
                self._deliver(self._clock())
        return False

    def _do(self, act: Callable[[Registry], T], *, patient: bool = False) -> T:
        doing = self._worker.do(act, patient=patient)
        try:
            return doing.result(PATIENCE_SECONDS)
        except TimeoutError:
            doing.cancel()  # nobody would send what a late claim takes: it would be put off again and again
            # As where the chain stands still, and each settling waits for its blocks.
            raise EnvironmentFault(
                "the writer is still at what came before",
                code="server-busy",
                hint="What is due is looked for again by itself.",
            ) from None

    def _walk(self) -> None:
        going_on = True
        while going_on:
            try:
                going_on = self._rest()
                if going_on:
                    self.look()
            except YinzhengError as error:
                _log.warning("what is due waits: %s", error.code)
                going_on = not self._ending.wait(AFTER_TROUBLE)
            except Exception as error:
                _log.error("unexpected fault %s on the desk's rounds", type(error).__name__)
                going_on = not self._ending.wait(AFTER_TROUBLE)
