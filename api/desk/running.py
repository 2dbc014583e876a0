"""Running the desk over a state folder."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from yinzheng.api.desk.app import create_app
from yinzheng.api.desk.rounds import Rounds
from yinzheng.api.desk.server import Desk, DeskLimits
from yinzheng.api.desk.sole import sole_desk
from yinzheng.api.desk.worker import Pace, Worker
from yinzheng.api.http.pages import Pages, make_word
from yinzheng.api.http.serving import serve_until_ended
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.unsettled import needs_settling
from yinzheng.ledger.keys.provider import ISSUER, RELAY, KeyProvider
from yinzheng.ledger.notify.deliveries import LETTER_HOURS, attempts_within
from yinzheng.ledger.notify.sending import Courier, Network
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.registry import Clock, Registry
from yinzheng.ledger.state.instance import Paths, read_instance
from yinzheng.ledger.state.lock import is_awaited
from yinzheng.ledger.store.database import open_store

LOCK_PATIENCE: Final = 25.0
"""Seconds at least that the writer waits for a command that holds the lock, such as a long import."""


_log = logging.getLogger(__name__)


class KeysOnce:
    """The unlocked keys, kept as long as their folder stays as it is: unlocking one takes 0.1 seconds."""

    def __init__(self, make: Callable[[Paths], KeyProvider]) -> None:
        self._make = make
        self._kept: tuple[object, KeyProvider] | None = None

    def __call__(self, paths: Paths) -> KeyProvider:
        """The keys of the folder."""
        files = sorted(paths.keys.glob("*.json"))
        seen = [(file.name, (stat := file.stat()).st_mtime_ns, stat.st_size, stat.st_ino) for file in files]
        if self._kept is None or self._kept[0] != seen:
            self._kept = seen, self._make(paths)
        return self._kept[1]


@contextmanager
def open_desk(
    root: Path,
    keys: Callable[[Paths], KeyProvider],
    *,
    clock: Clock,
    limits: DeskLimits | None = None,
    pace: Pace | None = None,
    within: Sequence[Network] = (),
    letter_hours: int = LETTER_HOURS,
) -> Iterator[Desk]:
    """Be the desk of the state folder `root`: writer and rounds run until the block ends.

    `within`: networks that are not public and to which notices go all the same. `letter_hours`: how long a
    letter is tried before it is dead.

    Raises what `read_instance`, `sole_desk`, the database or the keys find wrong, before anything is served.
    """
    paths, instance = read_instance(root)
    with sole_desk(paths):
        provider = KeysOnce(keys)
        _unlock(provider(paths))
        store = open_store(instance.store_url(paths))

        @contextmanager
        def opened() -> Iterator[Registry]:
            with open_registry(
                root,
                provider,
                clock=clock,
                lock_seconds=max(LOCK_PATIENCE, instance.lock_seconds),
                tell=_log.warning,
            ) as registry:
                yield registry

        worker = Worker(opened, settle_what_waits, awaited=lambda: is_awaited(paths), pace=pace)
        courier = Courier(loopback=instance.demonstration, within=within)
        rounds = Rounds(worker, store, clock, courier, attempts=attempts_within(letter_hours))
        worker.start()
        rounds.start()
        try:
            yield Desk(
                worker,
                store,
                clock,
                limits,
                registry=instance.registry_id,
                pages=Pages(make_word(paths)),
                courier=courier,
            )
        finally:
            rounds.stop()
            worker.stop()
            store.close()


def run_desk(
    root: Path,
    keys: Callable[[Paths], KeyProvider],
    host: str = "127.0.0.1",
    port: int = 8001,
    *,
    clock: Clock = lambda: int(time.time()),
    limits: DeskLimits | None = None,
    proxies: Sequence[str] = (),
    within: Sequence[Network] = (),
    letter_hours: int = LETTER_HOURS,
    ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve the desk until interrupted. `ready` hears the address once it is known.

    Requests are not logged: their addresses name consents. `proxies`: as the web server's;
    `within`, `letter_hours`: as of `open_desk`. Raises as `open_desk`, and `UsageFault` `proxy-address`,
    `EnvironmentFault` as `cannot_listen`.
    """
    with open_desk(root, keys, clock=clock, limits=limits, within=within, letter_hours=letter_hours) as desk:
        app, ending = create_app(desk), desk.streams.end
        serve_until_ended(app, host, port, proxies=proxies, ready=ready, ending=ending)


def settle_what_waits(registry: Registry) -> None:
    """Settle, if there is anything to.

    Consents that wait for company (R49) leave nothing to carry, and asking is much cheaper than settling.
    """
    if needs_settling(registry):
        settle(registry)


def _unlock(keys: KeyProvider) -> None:
    """Learn of a wrong passphrase now, not from the first patient."""
    keys.wrapper()
    keys.sm2(ISSUER)
    keys.account(RELAY)
