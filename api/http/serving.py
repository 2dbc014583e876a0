"""How both HTTP services listen: bounded, silent about requests, and clear about a port in use."""

from __future__ import annotations

import errno
import gc
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors.multiprocess import Multiprocess

from yinzheng.api.http.connections import ConnectionLimits, protocol
from yinzheng.api.http.proxies import check_proxies
from yinzheng.verifier.errors import EnvironmentFault

_log = logging.getLogger(__name__)

BACKLOG: Final = 512
"""Connections the system keeps until they are taken up; all of them may be taken up at once."""

WORKER_SECONDS: Final = 60
"""After which one of several processes that does not answer is replaced; opening a registry takes seconds."""

OTHERS: Final = 256
"""Descriptors for everything else: databases, the log's files, processes that take uploads apart."""


def configuration(
    app: ASGIApp | Callable[[], ASGIApp],
    host: str,
    port: int,
    *,
    limits: ConnectionLimits | None = None,
    proxies: Sequence[str] = (),
) -> uvicorn.Config:
    """What both are served with. Requests are not logged: their addresses name certificates and consents.

    `X-Forwarded-For` is believed of `proxies` alone. Raises `UsageFault` `proxy-address`.
    """
    check_proxies(proxies)
    limits = limits or ConnectionLimits()
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        # A partial is no class, but all that is asked of it is to make one.
        http=cast(Any, protocol(limits, proxies)),
        ws="none",
        access_log=False,
        # Warnings are about single requests: whoever sends nonsense would fill the disk with them.
        log_level="error",
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        backlog=BACKLOG,
        timeout_keep_alive=limits.idle_seconds,
        timeout_graceful_shutdown=10,
    )


def serve_until_ended(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    limits: ConnectionLimits | None = None,
    proxies: Sequence[str] = (),
    ready: Callable[[str], None],
    ending: Callable[[], None] = lambda: None,
) -> None:
    """Serve until interrupted. `ready` hears the address once whoever hears it can connect; `ending` is
    called, in the event loop, before what is in hand is waited for.

    Raises `UsageFault` `proxy-address`; `EnvironmentFault` as `cannot_listen`.
    """
    limits = within_descriptors(limits or ConnectionLimits())
    config = configuration(app, host, port, limits=limits, proxies=proxies)
    with _listening(config) as listening:
        leave_out_what_is_there()
        ready(url_of(host, listening.getsockname()[1]))
        _Server(config, ending).run(sockets=[listening])


def leave_out_what_is_there() -> None:
    """Leave what beginning brought, and what stays as long as the process, out of collecting garbage.

    To look through all modules takes a tenth of a second, in which nobody is answered (ADR 89).
    """
    with _undisturbed():
        gc.collect()
        gc.freeze()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the signals that end a service until the block ends: what is called while garbage is collected
    swallows whatever they raise, and the service would not end."""
    if threading.current_thread() is not threading.main_thread():
        yield  # which alone is told of signals
        return
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    kept = {one: signal.signal(one, hear) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in kept.items():
            signal.signal(one, signal.SIG_DFL if handler is None else handler)
    for number in heard:
        signal.raise_signal(number)


def begun(made: Callable[[], ASGIApp]) -> ASGIApp:
    """The application of one of several processes, once it is made."""
    app = made()
    leave_out_what_is_there()
    return app


def serve_by_several(
    made: Callable[[], ASGIApp],
    host: str,
    port: int,
    workers: int,
    *,
    proxies: Sequence[str] = (),
    ready: Callable[[str], None],
) -> None:
    """Serve by several processes, each of which calls `made` (it can be sent to them), until interrupted.

    One socket is all theirs; each takes its part of the connections that one process would. Raises as
    `serve_until_ended`.
    """
    limits = within_descriptors(ConnectionLimits())
    total = max(16, limits.total // workers)
    limits = replace(limits, total=total, each=min(max(16, limits.each // workers), total))
    config = configuration(partial(begun, made), host, port, limits=limits, proxies=proxies)
    config.factory, config.workers = True, workers
    config.timeout_worker_healthcheck = WORKER_SECONDS
    with _listening(config) as listening:
        ready(url_of(host, listening.getsockname()[1]))
        _Workers(config, sockets=[listening]).run()


@contextmanager
def _listening(config: uvicorn.Config) -> Iterator[socket.socket]:
    host, port = config.host, config.port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            raise cannot_listen(host, port, error) from error
        listening.set_inheritable(True)
        # asyncio sets it only on sockets it made itself; without it each answer waits 40 ms for its body.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.listen(BACKLOG)  # who hears the address may connect at once
        yield listening


class _Workers(Multiprocess):
    """Hears at once of one that dies while it is asked for a sign of life, which is waited for long: the pipe
    it would answer by has no other end left."""

    def init_processes(self) -> None:
        super().init_processes()
        self._let_go()

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        self._let_go()

    def _let_go(self) -> None:
        for process in self.processes:
            process.child_conn.close()  # the process that was begun has its own


class _Server(uvicorn.Server):
    """Ends what would not end by itself before it waits for the rest."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)


def within_descriptors(limits: ConnectionLimits) -> ConnectionLimits:
    """The limits, with no more connections than there can be descriptors for.

    The process's own bound is raised as far as it may; where that is too little, the log says so. Without
    this a flood would leave no descriptor to open the database with.
    """
    try:
        import resource
    except ImportError:
        return limits
    wanted = limits.total + BACKLOG + OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return limits
    most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if most > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most == wanted:
        return limits
    total = max(16, most - BACKLOG - OTHERS)
    _log.warning(
        "%d descriptors are allowed, %d wanted: at most %d connections (raise `ulimit -n`)",
        most,
        wanted,
        total,
    )
    return replace(limits, total=total, each=min(limits.each, total))


def url_of(host: str, port: int) -> str:
    """The address of a service; an IPv6 address stands in brackets."""
    return f"http://{_bracketed(host)}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def cannot_listen(host: str, port: int, error: OSError) -> EnvironmentFault:
    """What is told where nothing can listen: `port-taken`, `port-forbidden`, or `host-foreign`."""
    code, hint = {
        errno.EADDRINUSE: ("port-taken", "Is another server running there? Choose another with --port."),
        errno.EACCES: (
            "port-forbidden",
            "Ports below 1024 are the system's. Choose another with --port, and let a proxy listen there.",
        ),
    }.get(error.errno or 0, ("host-foreign", "Is that an address of this machine, in numbers?"))
    return EnvironmentFault(f"cannot listen on {_bracketed(host)}:{port}", code=code, hint=hint)
