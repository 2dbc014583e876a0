"""Real processes of `yinzheng`: those that run on, and those that only a process can show."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.forked import Forked

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-c", "from yinzheng.api.cli import main; main()")
"""As the installed script does it, whatever folder it is installed in."""


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what would steer the command."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YINZHENG_")}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def start(*args: object, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    given = dict(env or environment())
    pipe = subprocess.PIPE
    with Forked(*map(str, args), env=given, stdout=pipe, stderr=pipe) as process:
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess([*map(str, args)], process.returncode, out, err)


@contextmanager
def node(state: Path, *args: str, **more: str) -> Iterator[str]:
    """`yinzheng node` on a free port, as `serving`."""
    with serving("node", "--state", str(state), "--port", "0", *args, **more) as url:
        yield url


@contextmanager
def serving(*command: str, **more: str) -> Iterator[str]:
    """A command that serves, with `more` in its environment; gives its URL, and ends it as Ctrl-C does."""
    with (
        Forked(*command, "--json", env=environment(**more), stdout=subprocess.PIPE) as process,
        _ending(process) as url,
    ):
        yield url


@contextmanager
def serving_by_itself(*command: str, **more: str) -> Iterator[str]:
    """As `serving`, begun as a user does: its name in the list of processes is its own."""
    whole = [*COMMAND, *command, "--json"]
    with (
        subprocess.Popen(whole, stdout=subprocess.PIPE, text=True, env=environment(**more)) as process,
        _ending(process) as url,
    ):
        yield url


@contextmanager
def _ending(process: subprocess.Popen[str]) -> Iterator[str]:
    try:
        yield str(_first_json(process)["url"])
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()


def _first_json(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            value = json.loads(text)
            assert isinstance(value, dict)
            return value
    raise AssertionError(f"it ended after saying {text!r}")


def ask(url: str, method: str, *params: Any) -> Any:
    """One JSON-RPC call."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.loads(response.read())["result"]
