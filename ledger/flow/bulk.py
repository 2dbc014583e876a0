"""Many statements at a time: made in worker processes, written in batches, tiled as they are (ADR 97).

Two things go on at once. Worker processes make what is asked for (`mill`, `in_order`). The caller's process
takes it, writes one batch after the other, each in one durable transaction, and grows the log by it
(`write_batches`). Whatever waits for the disk so waits beside others' work, and order is that of the asking,
whoever is done first.

A worker gets what its maker is begun with and what it is asked for; no database, no key-encryption key.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Any, Final, TypeVar

from yinzheng.verifier.errors import EnvironmentFault

if TYPE_CHECKING:
    from sqlmodel import Session

    from yinzheng.ledger.registry import Registry
    from yinzheng.ledger.store.repository import EventRow

Asked = TypeVar("Asked")
Made = TypeVar("Made")
Told = TypeVar("Told")

WORKERS: Final = 2

Mill = Callable[[Asked], "Future[Made]"]
Begin = Callable[[], AbstractContextManager[Callable[[Asked], Made]]]


@contextmanager
def mill(begin: Begin[Asked, Made], workers: int) -> Iterator[Mill[Asked, Made]]:
    """Give what has things made by a maker that each worker process begins; for 0 workers, this process.

    `begin`, what is asked and what is made are pickled. Workers are spawned, not forked: a fork would copy
    the keys of this process and the locks of its threads. Raises `EnvironmentFault` (`import-worker`).
    """
    if workers == 0:
        with begin() as make:
            yield lambda asked: _at_once(make, asked)
        return
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin_worker, initargs=(begin,)
    )
    try:
        yield lambda asked: pool.submit(_work, asked)
    except BrokenProcessPool as error:
        raise EnvironmentFault(
            "a worker process of the import ended unexpectedly",
            code="import-worker",
            hint="What was recorded stays; import the same file again to go on. Memory may be short.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


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
    write: Callable[[Session, Made], tuple[Told, Sequence[EventRow]]],
) -> Iterator[Told]:
    """Write each in a transaction of its own; gives what `write` tells, once all and full tiles are durable.

    `write` also gives the rows that it added with their places (`repository.add_sequenced`): the log takes
    them as they are at hand once they are durable, and reads them from the database no more. Heads are left
    to `pipeline.settle`: what is tiled and not under one is as if it were not there. Raises what `write` and
    `Store.transaction` raise, and as `TileLog.append`.
    """
    from yinzheng.ledger.flow.pipeline import grow_log  # not needed to make rows, which workers do

    for batch in batches:
        with registry.store.transaction() as session:
            told, rows = write(session, batch)
        grow_log(registry, tiles_only=True, at_hand=rows)
        yield told


_END: Final[Any] = object()


def _at_once(make: Callable[[Asked], Made], asked: Asked) -> Future[Made]:
    done: Future[Made] = Future()
    done.set_result(make(asked))
    return done


# ---------------------------------------------------------------- in a worker process

_make: Callable[[Any], Any] | None = None


def _begin_worker(begin: Begin[Any, Any]) -> None:
    """Prepare a worker process; an interrupt is the main process's to handle."""
    global _make
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _make = begin().__enter__()  # for as long as the process is there


def _end_with_parent() -> None:
    """End this process when the main one is gone: killed, it cannot tell its workers, and they would stay."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(asked: Any) -> Any:
    assert _make is not None  # _begin_worker ran first
    return _make(asked)
