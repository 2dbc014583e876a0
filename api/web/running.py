"""Running the web server over a state folder."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI

from yinzheng.api.http.limits import GATES, Limits
from yinzheng.api.http.pages import read_word
from yinzheng.api.http.serving import serve_by_several, serve_until_ended
from yinzheng.api.http.shared import SharedLevels, SharedMarks, make_file
from yinzheng.api.web.app import create_app
from yinzheng.api.web.desk import HttpDesk
from yinzheng.ledger.reading import Reader, open_reader
from yinzheng.ledger.state.instance import Paths
from yinzheng.verifier.judge.trust import MAX_TRUST


@dataclass(frozen=True, slots=True)
class _Service:
    """What one process needs to serve; it can be sent to another. `shared` is the folder of `_Together`."""

    root: Path
    policy: bytes | None
    limits: Limits
    desk: str | None
    shared: Path | None = None

    def app(self, reader: Reader) -> FastAPI:
        port_of_desk = None
        if self.desk is not None:
            port_of_desk = HttpDesk(self.desk, lambda: read_word(Paths(self.root)))
        together = None if self.shared is None else _Together(self.shared, self.limits)
        return create_app(
            reader,
            clock=lambda: int(time.time()),
            trust=self.policy,
            limits=self.limits,
            demonstration=reader.instance.demonstration,
            desk=port_of_desk,
            levels=None if together is None else together.levels,
            answered=None if together is None else together.answered,
        )


class _Together:
    """What the processes of one service know together, in a folder of their own."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._file = folder / "levels"
        self._clients = limits.clients
        self.answered = SharedMarks(folder / "answered")

    @classmethod
    def make(cls, folder: Path, limits: Limits) -> None:
        make_file(folder / "levels", GATES, limits.clients)
        (folder / "answered").mkdir(mode=0o700)

    def levels(self, part: int) -> SharedLevels:
        return SharedLevels(self._file, part, self._clients)


def serve(
    root: Path,
    trust: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    limits: Limits | None = None,
    desk: str | None = None,
    proxies: Sequence[str] = (),
    workers: int = 1,
    ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve the registry in the state folder `root` until interrupted.

    Pages verify under the policy in the file `trust`, or under the registry's own where there is none.
    Patients' forms are handed on to the desk at `desk`, an address of this machine, with the word it left in
    the folder (`api.http.pages`).
    Behind a reverse proxy, of which `proxies` has the IP addresses, the client's address is taken from
    X-Forwarded-For. Requests are not logged: the address of a certificate's page is the certificate. `ready`
    hears the server's address once it can be asked.

    `workers` processes share the socket and what they grant each client; each reads by itself and keeps its
    own part of the memory that `limits` gives to bodies. One that dies is replaced.

    Raises what `open_reader` raises; `DataFault` `trust-malformed`; `UsageFault` `desk-address`,
    `proxy-address`; `EnvironmentFault` as `cannot_listen`.
    """
    policy = None if trust is None else _read(trust)
    service = _Service(root, policy, limits or Limits(), desk)
    with open_reader(root, lambda: int(time.time())) as reader:
        app = service.app(reader)
        if workers == 1:
            serve_until_ended(app, host, port, proxies=proxies, ready=ready)
            return
    with TemporaryDirectory(prefix="yinzheng-pages-") as folder, _held(Path(folder)):
        _Together.make(Path(folder), service.limits)
        each = replace(service, limits=_part(service.limits, workers), shared=Path(folder))
        serve_by_several(partial(_opened, each), host, port, workers, proxies=proxies, ready=ready)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Lock a temporary folder: systemd-tmpfiles leaves it, and all in it, alone however old it gets."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def _part(limits: Limits, workers: int) -> Limits:
    """What one of several processes grants: the rates of all, its share of memory, files and turns."""
    return replace(
        limits,
        bytes_in_flight=max(limits.body_bytes, limits.bytes_in_flight // workers),
        small_in_flight=limits.small_in_flight // workers,
        verifications=max(1, limits.verifications // workers),
        files=max(1, limits.files // workers),
    )


def _opened(service: _Service) -> FastAPI:
    """The application of one of several processes, whose reader stays open as long as it lives.

    It ends with whoever began it, also where that was killed: it would keep the port.
    """
    begun_by = multiprocessing.parent_process()
    if begun_by is not None:
        threading.Thread(target=_end_with, args=(begun_by,), daemon=True).start()
    return service.app(_for_good.enter_context(open_reader(service.root, lambda: int(time.time()))))


def _end_with(begun_by: BaseProcess) -> None:
    begun_by.join()
    os.kill(os.getpid(), signal.SIGTERM)


_for_good = ExitStack()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_TRUST + 1)
