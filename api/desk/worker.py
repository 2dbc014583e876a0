"""The desk's one writer: takes jobs from a queue and does them in bursts with the registry open.

Opening the registry takes the writer's lock. A burst ends when nothing came for a moment; or, however much is
waiting, after some seconds where officers' commands wait for the lock, so that they get their turn, and after
some minutes where nobody does.
What is alike and waits at the same time is done together: one transaction instead of many.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from yinzheng.ledger.organisations.requests import Admitted, Together
from yinzheng.ledger.registry import Registry
from yinzheng.verifier.errors import EnvironmentFault, YinzhengError
from yinzheng.verifier.formats.request import replayed

_log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_WAITING: Final = 1000
"""Jobs in the queue; whoever comes then is asked to come again."""

MOST_TOGETHER: Final = 256
"""Jobs done in one transaction."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the registry stays open, in seconds."""

    idle: float = 1.0
    """So long after the last job; reopening costs some 60 ms."""
    burst: float = 5.0
    """So long until others who wait get the lock: well under what a command waits for it."""
    longest: float = 600.0
    """So long however little it is waited for: opening does what time alone brings about, and looks whether
    database, log and chain are of one history still."""
    turn: float = 0.3
    """So long the lock is left to others between two bursts; they look for it every 50 ms."""


@dataclass(frozen=True, slots=True)
class _Job:
    alike: Hashable | None
    """Jobs with the same value here may be done together; None: alone."""
    item: Any
    run: Callable[[Registry, Sequence[Any]], Sequence[Any]]
    answer: Future[Any]
    patient: bool = False
    """Whether what it leaves may wait for log and chain until nothing more comes, or the burst ends."""
    admitted: Admitted | None = None
    """The request it is done for, whose nonce is used up with it."""


class Worker:
    """A thread that writes.

    `open_` opens the registry and finishes what was left unfinished; `settle` carries on what a job left;
    `awaited` tells whether another process waits for the lock.
    """

    def __init__(
        self,
        open_: Callable[[], AbstractContextManager[Registry]],
        settle: Callable[[Registry], None],
        *,
        awaited: Callable[[], bool] = lambda: True,
        pace: Pace | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open = open_
        self._settle_what_waits = settle
        self._awaited = awaited
        self._pace = pace or Pace()
        self._monotonic = monotonic
        self._waiting: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._busy = False
        self._thread = threading.Thread(target=self._work, name="desk-writer", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self, patience: float = 30.0) -> None:
        """Finish the job in hand, refuse what waits, and end."""
        self._ending.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(patience)
        with self._changed:
            left, self._waiting = list(self._waiting), deque()
        for job in left:
            if job.answer.set_running_or_notify_cancel():
                job.answer.set_exception(_closing())

    def do(
        self, act: Callable[[Registry], T], *, patient: bool = False, admitted: Admitted | None = None
    ) -> Future[T]:
        """Have `act` done with the registry open; `patient` and `admitted` as of `do_together`.

        Raises `EnvironmentFault` `server-busy`.
        """
        return self._put(_Job(None, None, lambda registry, _: [act(registry)], Future(), patient, admitted))

    def do_together(
        self,
        alike: Hashable,
        item: Any,
        run: Callable[[Registry, Sequence[Any]], Sequence[T]],
        *,
        patient: bool = False,
        admitted: Admitted | None = None,
    ) -> Future[T]:
        """Have `run` done for `item` and whatever waits that is `alike`; one answer for each, in order.

        `run` does all or nothing. Where it raises, each half is tried alone, and so on, so that nobody fails
        for another; what is durable with its nonces is not done again.
        `patient`: whoever asks next does not wait while this goes to log and chain. `admitted`: the request
        it is done for. Its nonce is used up in the first transaction of `run`; where there is none, or none
        that ends well, in one of its own before the answer is there.

        Raises `EnvironmentFault` `server-busy`.
        """
        return self._put(_Job(alike, item, run, Future(), patient, admitted))

    def _put(self, job: _Job) -> Future[Any]:
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:  # those whose clients went hold no place
                self._waiting = deque(one for one in self._waiting if not one.answer.cancelled())
            if len(self._waiting) >= MOST_WAITING or self._ending.is_set():
                raise EnvironmentFault(
                    "too much is waiting to be recorded",
                    code="server-busy",
                    hint="Try again in a minute; nothing was recorded.",
                    retry_after=30,
                )
            self._waiting.append(job)
            self._changed.notify()
        return job.answer

    @property
    def busy(self) -> bool:
        """Whether the registry is open: what is left is settled before it closes, and every `Pace.burst`."""
        return self._busy

    # ---------------------------------------------------------------- the thread

    def _work(self) -> None:
        while self._await(None):
            self._burst()
            if self._awaited():  # whoever waits for the lock gets it before we ask for it again
                self._ending.wait(self._pace.turn)

    def _await(self, seconds: float | None) -> bool:
        """Wait until there is a job; False if there is none, or the end has come."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or self._ending.is_set(), seconds)
            return bool(self._waiting) and not self._ending.is_set()

    def _burst(self) -> None:
        try:
            with self._open() as registry:
                self._busy = True
                opened = self._monotonic()
                until = opened + self._pace.burst
                more, urgent = True, False
                while more:
                    jobs = self._take()
                    self._carry_out(registry, jobs)
                    urgent |= any(not job.patient for job in jobs)
                    if urgent and not self._waiting:
                        self._settle(registry)
                        urgent = False
                    more = self._await(self._pace.idle)
                    if self._monotonic() >= until:
                        self._settle(registry)
                        urgent = False
                        kept = self._monotonic() - opened < self._pace.longest
                        more &= kept and not self._awaited()
                        until = self._monotonic() + self._pace.burst
                self._settle(registry)
        except BaseException as error:  # the registry cannot be opened: those who wait are told why
            self._refuse_all(error)
        finally:
            self._busy = False

    def _take(self) -> list[_Job]:
        """The next job, and those alike that wait; none of those whose clients went."""
        with self._changed:
            return [job for job in self._next() if _begins(job)]

    def _next(self) -> list[_Job]:
        first = self._waiting.popleft()
        if first.alike is None:
            return [first]
        together = [first]
        others: deque[_Job] = deque()
        for job in self._waiting:
            fits = job.alike == first.alike and len(together) < MOST_TOGETHER
            (together if fits else others).append(job)
        self._waiting = others
        return together

    def _carry_out(self, registry: Registry, jobs: Sequence[_Job]) -> None:
        if not jobs:
            return
        admitted = [job.admitted for job in jobs if job.admitted is not None]
        nonces = Together(admitted) if admitted else None
        try:
            within = registry if nonces is None else replace(registry, store=nonces.begin(registry.store))
            answers = jobs[0].run(within, [job.item for job in jobs])
            if nonces is not None:
                nonces.end()
            answered = list(zip(jobs, answers, strict=True))
        except BaseException as error:  # also a panic of a library: this thread is the only one that writes
            kept = nonces is not None and nonces.kept  # done already: what failed came after
            if len(jobs) > 1 and not kept:
                half = len(jobs) // 2  # one that fails costs the others a few transactions, and not one each
                self._carry_out(registry, jobs[:half])
                self._carry_out(registry, jobs[half:])
            else:
                told = _told(_used_up(nonces, error))
                for job in jobs:
                    job.answer.set_exception(told)
            return
        for job, answer in answered:
            job.answer.set_result(answer)

    def _settle(self, registry: Registry) -> None:
        """Carry what was acknowledged to the chain. What fails here is acknowledged and is tried again."""
        try:
            self._settle_what_waits(registry)
        except Exception as error:
            told = _told(error)
            _log.error("what was recorded waits for the chain: %s", told.code)

    def _refuse_all(self, error: BaseException) -> None:
        told = _told(error)
        with self._changed:
            left, self._waiting = list(self._waiting), deque()
        for job in left:
            if job.answer.set_running_or_notify_cancel():
                job.answer.set_exception(told)


def _begins(job: _Job) -> bool:
    """Whether it is still waited for; then its nonce is the writer's to use up."""
    if not job.answer.set_running_or_notify_cancel():
        return False
    if job.admitted is None or job.admitted.claim() or job.admitted.used:
        return True
    job.answer.set_exception(replayed())
    return False


def _used_up(nonces: Together | None, error: BaseException) -> BaseException:
    """What is told of a job that failed: its request is not taken again, or that could not be made sure."""
    try:
        if nonces is not None:
            nonces.end()
    except Exception as fault:
        return fault
    return error


def _told(error: BaseException) -> YinzhengError:
    """What may be said of an error. A trace or an error of the database could show personal data."""
    if isinstance(error, YinzhengError):
        return error
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f"{place.tb_frame.f_globals.get('__name__')}:{place.tb_lineno}"
    _log.error("unexpected fault %s at %s", type(error).__name__, where)
    return YinzhengError("an unexpected fault of this server", code="internal", hint="Try again later.")


def _closing() -> EnvironmentFault:
    return EnvironmentFault(
        "the desk is closing", code="server-busy", hint="Try again in a minute.", retry_after=30
    )
