"""Many statements at a time: made in worker processes, written in batches, tiled as they are (ADR 97).

Two things go on at once. Worker processes make what is asked for (`mill`, `in_order`). The caller's process
takes it, writes one batch after the other, each in one durable transaction, and grows the log by it
(`write_batches`). Whatever waits for the disk so waits beside others' work, and order is that of the asking,
whoever is done first.

A worker gets what its maker is begun with and what it is asked for; no database, no key-encryption key.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Final, TypeVar

from yinzheng.verifier.errors import EnvironmentFault

if TYPE_CHECKING:
    from sqlmodel import Session

    from yinzheng.ledger.registry import Registry
    from yinzheng.ledger.store.repository import Placed

Asked = TypeVar("Asked")
Made = TypeVar("Made")
Told = TypeVar("Told")

WORKERS: Final = 2

Mill = Callable[[Asked], "Future[Made]"]
Begin = Callable[[], AbstractContextManager[Callable[[Asked], Made]]]


def _import_ended() -> EnvironmentFault:
    return EnvironmentFault(
        "a worker process of the import ended unexpectedly",
        code="import-worker",
        hint="What was recorded stays; import the same file again to go on. Memory may be short.",
    )


@contextmanager
def mill(
    begin: Begin[Asked, Made], workers: int, ended: Callable[[], EnvironmentFault] = _import_ended
) -> Iterator[Mill[Asked, Made]]:
    """Give what has things made by a maker that each worker process begins; for 0 workers, this process.

    `begin`, what is asked and what is made are pickled. Workers are spawned, not forked: a fork would copy
    the keys of this process and the locks of its threads. Raises what `ended` gives (`import-worker`) where
    one ends unexpectedly. Whatever is raised, an interrupt too, ends all of them at once.
    """
    if workers == 0:
        with begin() as make:
            yield lambda asked: _at_once(make, asked)
        return
    spawning = get_context("spawn")
    its, leash = spawning.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, mp_context=spawning, initializer=_begin_worker, initargs=(begin, its))
    try:
        yield partial(_submit, pool)
    except BaseException as error:
        leash.close()
        _let_go(pool)
        if isinstance(error, BrokenProcessPool):
            raise ended() from error
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        leash.close()
        its.close()


def _let_go(pool: ProcessPoolExecutor) -> None:
    """Give up this process's ends of what its processes alone read, and write: threads of the pool wait for
    ever to write what nobody reads (before CPython 3.11.5, issue 94777), or for the rest of what one had
    half written when it ended, and with them whoever ends the pool.
    """
    with suppress(AttributeError, OSError):
        pool._call_queue._reader.close()  # type: ignore[attr-defined]
        pool._result_queue._writer.close()  # type: ignore[attr-defined]


def _submit(pool: ProcessPoolExecutor, asked: Any) -> Future[Any]:
    """Have a pool make what is asked. Its processes begin at the first, and inherit that an interrupt is not
    theirs: while they still import, it would end each of them with a traceback of its own.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(_work, asked)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def in_order(mill: Mill[Asked, Made], asked: Iterable[Asked], most: int) -> Iterator[Made]:
    """What is made of each, in the order asked; at most so many are in the making or wait to be taken."""
    source = iter(asked)
    making: deque[Future[Made]] = deque()
    while True:
        while len(making) < most and (one := next(source, _END)) is not _END:
            making.append(mill(one))
        if not making:
            return
        yield making.popleft().result()


def write_batches(
    registry: Registry,
    batches: Iterable[Made],
    write: Callable[[Session, Made], tuple[Told, Placed]],
) -> Iterator[Told]:
    """Write each in a transaction of its own; gives what `write` tells, once all and full tiles are durable.

    The next batch is taken in another thread while one waits for the disk, and while the log grows (ADR 116).
    `write` also gives what it added with its places (`repository.add_sequenced`): the log takes it as it is
    at hand once it is durable, and reads it from the database no more. Heads are left to `pipeline.settle`:
    what is tiled and not under one is as if it were not there. Raises what `batches`, `write` and
    `Store.transaction` raise, and as `TileLog.append`.
    """
    from yinzheng.ledger.flow.pipeline import grow_log  # not needed to make rows, which workers do

    source, ahead = iter(batches), ThreadPoolExecutor(1, "ahead")
    try:
        with registry.store.in_bulk(), _unlooked_at():
            batch = next(source, _END)
            while batch is not _END:
                with registry.store.transaction() as session:
                    told, placed = write(session, batch)
                    # Not sooner: a row is a moment for another thread to run, and as many waits for it.
                    following = ahead.submit(next, source, _END)
                grow_log(registry, tiles_only=True, at_hand=placed)
                yield told
                batch = following.result()
    finally:
        ahead.shutdown(wait=False)  # whoever makes batches ends what it may still wait for


@contextmanager
def _unlooked_at() -> Iterator[None]:
    """Have what is in memory by now not looked through for cycles again and again while rows come and go."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


_END: Final[Any] = object()


def _at_once(make: Callable[[Asked], Made], asked: Asked) -> Future[Made]:
    done: Future[Made] = Future()
    done.set_result(make(asked))
    return done


# ---------------------------------------------------------------- in a worker process

_begun: AbstractContextManager[Callable[[Any], Any]] | None = None
_make: Callable[[Any], Any] | None = None


def _begin_worker(begin: Begin[Any, Any], leash: Connection) -> None:
    """Prepare a worker process; an interrupt, which is blocked here, is the main process's to handle."""
    global _begun, _make
    threading.Thread(target=_end_when_let_go, args=(leash,), daemon=True).start()
    try:
        _begun = begin()  # for as long as the process is there: one that is dropped is closed
        _make = _begun.__enter__()
        gc.freeze()
    except Exception as error:  # told to whoever asks for something
        _make = partial(_raise, error)


def _end_when_let_go(leash: Connection) -> None:
    """End this process when the main one lets go of it, or is gone: killed, it cannot tell its workers."""
    leash.poll(None)
    os._exit(1)


def _raise(error: Exception, _asked: Any) -> None:
    raise error


def _work(asked: Any) -> Any:
    assert _make is not None  # _begin_worker ran first
    return _make(asked)
