"""Processes that begin at once: forks of one that has imported what they need, and does nothing else.

Of the half second that a process of its own takes to read a PDF, all but a twentieth is importing. Here one
process imports, once, with an empty environment; for each piece of work it forks a child that gets its bytes
by a socket of its own, answers there, and is gone. Whoever asks holds a second socket, the leash: what became
of the child is said there, and where it is let go, the child is killed. What a child runs into neither the
one that forks nor any later child has seen (ADR 107).
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from threading import Lock
from time import monotonic
from types import ModuleType, TracebackType
from typing import Final

AVAILABLE: Final = sys.platform == "linux"
"""Elsewhere a process that has threads or native libraries may not be forked, or there is no such socket."""

MOST_SAID: Final = 64 * 1024**2
"""Bytes of an answer; who says more is killed."""

_MOST_ASKED: Final = 1 << 16
_PR_SET_DUMPABLE: Final = 4
"""Whether processes of the same account may look into this one (prctl(2))."""

_PIECE: Final = 1 << 18
_WELL: Final = b"0"
_SCARCE: Final = frozenset(
    {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ETOOMANYREFS}
)


class LostError(OSError):
    """No child could be begun, or nobody knows what became of it: of its work that says nothing."""


class Fork:
    """A child at work, for one answer. Leaving it ends the child, if it has not ended."""

    __slots__ = ("_leash", "_stream")

    def __init__(self, stream: socket.socket, leash: socket.socket) -> None:
        self._stream, self._leash = stream, leash

    def __enter__(self) -> Fork:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._leash.close()

    def answer(self, data: bytes, seconds: float) -> bytes | None:
        """What it says to `data`; None where it fails; `TimeoutError` where it takes longer; `LostError`."""
        until = monotonic() + seconds

        def left() -> float:
            if (time := until - monotonic()) <= 0:
                raise TimeoutError
            return time

        said = bytearray()
        with suppress(ConnectionError):  # it was gone before it had read all; the leash says how
            self._stream.settimeout(left())
            self._stream.sendall(data)
            self._stream.shutdown(socket.SHUT_WR)
            while len(said) <= MOST_SAID:
                self._stream.settimeout(left())
                piece = self._stream.recv(_PIECE)
                if not piece:
                    break
                said += piece
            else:
                return None
        self._leash.settimeout(left())
        return _told(self._leash.recv(1), said)

    async def answer_while_waited_for(self, data: bytes, seconds: float) -> bytes | None:
        """As `answer`, for servers: whoever is cancelled meanwhile leaves it, which ends the child."""
        import asyncio  # the command line does without

        loop = asyncio.get_running_loop()
        self._stream.setblocking(False)
        self._leash.setblocking(False)
        said = bytearray()
        async with asyncio.timeout(seconds):
            with suppress(ConnectionError):  # as above
                await loop.sock_sendall(self._stream, data)
                self._stream.shutdown(socket.SHUT_WR)
                while len(said) <= MOST_SAID:
                    piece = await loop.sock_recv(self._stream, _PIECE)
                    if not piece:
                        break
                    said += piece
                else:
                    return None
            return _told(await loop.sock_recv(self._leash, 1), said)


def _told(word: bytes, said: bytearray) -> bytes | None:
    """The answer, if the word about its child is that it ended well. Raises `LostError` without a word."""
    if not word:
        raise LostError("nobody knows what became of the child")
    return bytes(said) if word == _WELL else None


class Forks:
    """Children of `module`, as `python -I -m module ARGUMENTS…` would run it. May be used by many threads.

    The module has `load`, which imports what its work with these arguments needs, and `main`, the work.
    """

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._module = module
        self._environment = dict(environment)
        self._lock = Lock()
        self._control: socket.socket | None = None
        self._of = 0

    def begin(self, arguments: Sequence[str]) -> Fork:
        """Have a child begin. What forks is begun with the first, and anew where it is no more.

        Waits for nothing. Raises `LostError` where the machine has no room for it; `OSError`.
        """
        asked = json.dumps(list(arguments)).encode()
        with ExitStack() as unless_begun, ExitStack() as its:
            try:
                handed = []
                ours = []
                for _ in range(2):
                    one, other = socket.socketpair()
                    ours.append(unless_begun.enter_context(one))
                    handed.append(its.enter_context(other))
                self._hand(asked, handed)
            except OSError as error:
                if error.errno in _SCARCE:
                    raise LostError(error.errno, "no child could be begun") from error
                raise
            unless_begun.pop_all()
        return Fork(*ours)

    def _hand(self, asked: bytes, handed: Sequence[socket.socket]) -> None:
        with self._lock:
            if self._control is None or self._of != os.getpid() or not _sent(self._control, asked, handed):
                self._control = None  # should none be begun now, the next is to try
                self._control, self._of = self._server(), os.getpid()
                _sent(self._control, asked, handed)  # if that one has ended too, the leash says so

    def _server(self) -> socket.socket:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            subprocess.Popen(  # noqa: S603 - ourselves; it ends when our end of the socket is closed
                [sys.executable, "-I", "-m", __name__, str(its.fileno()), self._module],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self._environment,
                pass_fds=[its.fileno()],
            )
        ours.setblocking(False)  # one that reads no more, being stopped, holds nobody up
        return ours


def _sent(control: socket.socket, asked: bytes, handed: Sequence[socket.socket]) -> bool:
    try:
        socket.send_fds(control, [asked], [one.fileno() for one in handed])
    except ConnectionError:
        control.close()
        return False
    return True


def main() -> None:
    """Fork for whoever has the other end of the socket that is named, until it is closed."""
    # Nor its children: one that a file took over looks neither into it nor into another.
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's goes to all; it ends with who began it
    _Serving(control, importlib.import_module(sys.argv[2])).go_on()


class _Serving:
    """What forks. A child keeps its number until it is waited for here, so none is killed for another."""

    def __init__(self, control: socket.socket, module: ModuleType) -> None:
        self._control, self._module = control, module
        self._leashes: dict[int, socket.socket] = {}
        self._waiting = selectors.DefaultSelector()
        self._heard, self._wake = socket.socketpair()
        for one in (self._heard, self._wake):
            one.setblocking(False)

    def go_on(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._waiting.register(self._control, selectors.EVENT_READ, self._take)
        self._waiting.register(self._heard, selectors.EVENT_READ, self._reap)
        try:
            while all(key.data() for key, _ in self._waiting.select()):
                pass
        finally:
            for child in self._leashes:
                os.kill(child, signal.SIGKILL)

    def _take(self) -> bool:
        """One piece of work; whether there may be more. What cannot be begun is let go, and nothing else."""
        asked, handed, *_ = socket.recv_fds(self._control, _MOST_ASKED, 2)
        if not asked:
            return False
        try:
            stream, leash = handed  # fewer come where no more may be open
            arguments: list[str] = json.loads(asked)
            self._module.load(*arguments)
            child = os.fork()
        except (OSError, MemoryError, ValueError):
            for one in handed:
                os.close(one)
            return True
        if not child:
            _become(stream, [self._module.__name__, *arguments], self._module.main)
        os.close(stream)
        held = self._leashes[child] = socket.socket(fileno=leash)

        def let_go() -> bool:
            if self._leashes.get(child) is held:  # else it ended a moment ago, and the number is nobody's
                self._waiting.unregister(held)
                os.kill(child, signal.SIGKILL)
            return True

        self._waiting.register(held, selectors.EVENT_READ, let_go)
        return True

    def _reap(self) -> bool:
        with suppress(BlockingIOError):
            while self._heard.recv(_MOST_ASKED):
                pass
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                leash = self._leashes.pop(ended[0])
                with suppress(KeyError):
                    self._waiting.unregister(leash)
                with leash, suppress(ConnectionError):
                    leash.send(b"1" if ended[1] else _WELL)
        return True


def _become(stream: int, arguments: list[str], work: Callable[[], None]) -> None:
    """Be the child: nothing is open but its stream."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(stream, 0)
        os.dup2(stream, 1)
        _close_from(3)
        sys.argv = arguments
        work()
        sys.stdout.flush()
        status = 0
    finally:
        os._exit(status)  # what was begun before the fork is its parent's to end


def _close_from(first: int) -> None:
    """Close what is open from this number on. A range is closed one by one by a kernel before 5.9, or one
    behind a filter that does not know the call: in a container that is up to a thousand million numbers.
    """
    try:
        opened = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        os.closerange(first, os.sysconf("SC_OPEN_MAX"))
        return
    for one in opened:
        if one >= first:
            with suppress(OSError):  # the folder that was listed
                os.close(one)


if __name__ == "__main__":
    main()
