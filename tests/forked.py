"""Processes of `yinzheng` that begin at once, for tests that begin, and kill, hundreds.

Of a command's first two seconds all but a tenth is importing. Here one process has imported everything and
does nothing else: it forks, and its child is the command, with its own arguments, environment, folder and
files. It is a child of whoever asked (its parent ends at once, and Linux gives it to the nearest that
adopts), so that it is killed, waited for and found dead as any other. How a command begins by itself, other
tests show.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]

_ADOPT: Final = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""
_MOST: Final = 1 << 20

_PROGRAM: Final = """
import sys
from tests.forked import serve
module = serve(int(sys.argv[1]))
if module:
    import runpy
    runpy.run_module(module, run_name="__main__", alter_sys=True)
else:
    from yinzheng.api.cli import main
    main()
"""


class Forked(subprocess.Popen[Any]):
    """`yinzheng` with these arguments, or a module of the tests, as `python -m` runs it.

    Otherwise as `subprocess.Popen`.
    """

    def __init__(
        self, *arguments: str, env: dict[str, str], module: str = "", text: bool = True, **streams: Any
    ) -> None:
        self._module = module
        super().__init__(list(arguments), env=env, text=text, **streams)

    def _execute_child(self, args: list[str], *rest: Any) -> None:
        _executable, _before, _close, _passed, cwd, env, _info, _flags, _shell, *pipes = rest
        stdin, _, _, stdout, _, stderr = pipes[:6]
        asked = {"argv": args, "cwd": cwd or os.getcwd(), "env": env, "module": self._module}
        streams = [given if given != -1 else own for own, given in enumerate((stdin, stdout, stderr))]
        try:
            self.pid = _ask(asked, streams)
            self._child_created = True
        finally:
            self._close_pipe_fds(*pipes[:6])  # type: ignore[attr-defined]


@cache
def _server() -> socket.socket:
    """What forks for this process, begun when first asked; it ends when this one does."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(its.fileno())],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            pass_fds=[its.fileno()],
        )
    assert ours.recv(_MOST) == b"ready"
    return ours


def _ask(asked: dict[str, Any], streams: list[int]) -> int:
    server, libc = _server(), ctypes.CDLL(None)
    libc.prctl(_ADOPT, 1, 0, 0, 0)
    try:
        socket.send_fds(server, [json.dumps(asked).encode()], streams)
        return int(server.recv(_MOST))
    finally:
        libc.prctl(_ADOPT, 0, 0, 0, 0)


def serve(number: int) -> str:
    """Fork for whoever asks. Returns in a child alone: the module it is to be, or none for the command."""
    _import_everything()
    asking = socket.socket(fileno=number)
    asking.send(b"ready")
    while True:
        data, streams, _, _ = socket.recv_fds(asking, _MOST, 3)
        if not data:
            os._exit(0)
        reading, writing = os.pipe()
        between = os.fork()
        if between:
            os.close(writing)
            os.waitpid(between, 0)
            asking.send(os.read(reading, 32))
            for descriptor in (reading, *streams):
                os.close(descriptor)
            continue
        if child := os.fork():
            os.write(writing, str(child).encode())
            os._exit(0)
        os.close(reading)
        os.close(writing)
        asking.close()
        asked = json.loads(data)
        _become(asked, streams)
        return str(asked["module"])


def _become(asked: dict[str, Any], streams: list[int]) -> None:
    for own, given in enumerate(streams):
        os.dup2(given, own)
    for given in streams:
        if given > 2:
            os.close(given)
    # What the server's own were opened on may have been files where these are pipes.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv[1:] = asked["argv"]


def _import_everything() -> None:
    for room in ("yinzheng.api", "yinzheng.ledger", "yinzheng.verifier"):
        folder = importlib.import_module(room).__path__
        for module in pkgutil.walk_packages(folder, f"{room}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)
    gc.freeze()  # or each child would copy, page by page, what it looks through
