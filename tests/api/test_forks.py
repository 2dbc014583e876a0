"""Processes that begin at once: what they are given, what they leave behind, and when they end."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.api.forking import forks_of
from yinzheng.api import forks
from yinzheng.api.forks import Forks, LostError

pytestmark = pytest.mark.skipif(not forks.AVAILABLE, reason="only Linux forks")

WORK = """
import ctypes, json, os, signal, sys, time

called = 0

def main():
    global called
    called += 1
    given = sys.stdin.buffer.read()
    wanted = sys.argv[1]
    if wanted == "sleep":
        os.write(1, str(os.getpid()).encode())
        time.sleep(60)
    if wanted == "raise":
        raise ValueError("no")
    if wanted == "die":
        os.write(1, b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    if wanted == "talk":
        while True:
            os.write(1, bytes(1 << 20))
    facts = {"argv": sys.argv[1:], "called": called, "given": len(given), "parent": os.getppid()}
    facts["open"] = [int(name) for name in os.listdir("/proc/self/fd")]
    facts["variables"] = sorted(os.environ)
    facts["dumpable"] = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
    print(json.dumps(facts))
"""


@pytest.fixture
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Forks:
    return forks_of(WORK, tmp_path, monkeypatch)


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def facts(working: Forks, *arguments: str, data: bytes = b"") -> dict[str, object]:
    with working.begin(arguments) as fork:
        said = fork.answer(data, 20)
    assert said is not None
    told = json.loads(said)
    assert isinstance(told, dict)
    return told


def server(working: Forks) -> int:
    pid = facts(working, "tell")["parent"]
    assert isinstance(pid, int)
    return pid


def test_each_has_what_it_was_given_and_nothing_else(working: Forks) -> None:
    for size in (0, 1, 3_000_000):
        told = facts(working, "tell", "二", data=bytes(size))
        assert (told["argv"], told["given"], told["called"]) == (["tell", "二"], size, 1)
        assert told["dumpable"] == 0, "no other process of the account may look into it"
        assert told["open"] in ([0, 1, 2], [0, 1, 2, 3])  # and the folder that is listed
        assert set(told["variables"]) <= {"LC_CTYPE", "PWD", "SHLVL", "_", "OLDPWD"}  # type: ignore[call-overload] # a shell's
    assert len({server(working) for _ in range(3)}) == 1


@pytest.mark.parametrize("other", ["os.closerange = None", "os.listdir = no_folder"])
def test_nothing_else_is_open_however_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    """An old kernel closes a range one by one, and a container may have a thousand million numbers."""
    source = f"""
listed = os.listdir

def no_folder(path):
    os.listdir = listed
    raise FileNotFoundError

def load(wanted):
    {other}
"""
    told = facts(forks_of(WORK + source, tmp_path, monkeypatch), "tell")
    assert told["open"] in ([0, 1, 2], [0, 1, 2, 3])


def test_for_servers_the_same(working: Forks) -> None:
    async def ask(wanted: str) -> bytes | None:
        with working.begin([wanted]) as fork:
            return await fork.answer_while_waited_for(b"abc", 20)

    said = asyncio.run(ask("tell"))
    assert said is not None
    assert json.loads(said)["given"] == 3
    for wanted in ("raise", "die", "talk"):
        assert asyncio.run(ask(wanted)) is None


@pytest.mark.parametrize("wanted", ["raise", "die", "talk"])
def test_what_fails_has_no_answer_and_the_next_has(working: Forks, wanted: str) -> None:
    with working.begin([wanted]) as fork:
        assert fork.answer(bytes(1_000_000), 20) is None
    assert facts(working, "tell")["called"] == 1


def test_who_takes_too_long_or_is_left_is_killed(working: Forks) -> None:
    def begun() -> int:
        """Whoever asks gives up before there is an answer."""
        with working.begin(["sleep"]) as fork:
            fork._stream.shutdown(1)
            pid = int(fork._stream.recv(100))
            assert not gone(pid)
            with pytest.raises(TimeoutError):
                fork.answer(b"", 0)
        return pid

    pids = [begun() for _ in range(3)]
    until(lambda: all(map(gone, pids)))

    async def cancelled() -> None:
        with working.begin(["sleep"]) as fork:
            await asyncio.wait_for(fork.answer_while_waited_for(b"", 60), 0.2)

    with pytest.raises(TimeoutError):
        asyncio.run(cancelled())
    children = Path(f"/proc/{server(working)}/task")
    until(lambda: not any((one / "children").read_text() for one in children.iterdir()))


def test_what_ends_as_it_is_left_ends_nothing_else(working: Forks) -> None:
    """Its end and the leash let go may be heard of in one breath."""
    first = server(working)
    for at in range(300):
        with working.begin(["raise"]) as fork:
            fork._stream.shutdown(1)
            if at % 3:
                fork._stream.recv(1)
    assert server(working) == first


def test_what_forks_may_be_killed(working: Forks) -> None:
    first = server(working)
    with working.begin(["sleep"]) as fork:
        fork._stream.shutdown(1)
        child = int(fork._stream.recv(100))
        os.kill(first, signal.SIGKILL)
        os.kill(child, signal.SIGKILL)
        with pytest.raises(LostError):  # nobody says how it ended
            fork.answer(b"", 20)
    assert server(working) not in (first, child)


def test_what_forks_ends_by_its_own_fault_and_its_children_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = "def load(wanted):\n    if wanted == 'unknown': raise KeyError"
    working = forks_of(WORK + broken, tmp_path, monkeypatch)
    with working.begin(["sleep"]) as fork:
        fork._stream.shutdown(1)
        child = int(fork._stream.recv(100))
        with working.begin(["unknown"]) as other, pytest.raises(LostError):
            other.answer(b"", 20)
        until(lambda: gone(child))
    assert facts(working, "tell")["called"] == 1


@pytest.mark.parametrize("fault", ["raise OSError", "os.fork = no_more"])
def test_what_cannot_be_begun_is_said_and_all_else_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """No more processes, no more files, no more memory: of the file that says nothing."""
    source = f"""
fork = os.fork

def no_more():
    raise BlockingIOError

def load(wanted):
    os.fork = fork
    if wanted == "none":
        {fault}
"""
    working = forks_of(WORK + source, tmp_path, monkeypatch)
    first = server(working)
    with working.begin(["sleep"]) as at_work:
        at_work._stream.shutdown(1)
        child = int(at_work._stream.recv(100))
        for data in (b"", bytes(3_000_000)):
            with working.begin(["none"]) as fork, pytest.raises(LostError):
                fork.answer(data, 20)

            async def waited(data: bytes) -> None:
                with working.begin(["none"]) as fork:
                    await fork.answer_while_waited_for(data, 20)

            with pytest.raises(LostError):
                asyncio.run(waited(data))
        assert server(working) == first
        assert not gone(child)


def test_where_no_more_may_be_open_nothing_else_ends(working: Forks) -> None:
    first = server(working)
    resource.prlimit(first, resource.RLIMIT_NOFILE, (3, 20_000))
    with working.begin(["tell"]) as fork, pytest.raises(LostError):
        fork.answer(b"", 20)
    resource.prlimit(first, resource.RLIMIT_NOFILE, (256, 20_000))
    assert server(working) == first


def test_nobody_waits_for_what_forks_being_stopped(working: Forks) -> None:
    """A server would answer nobody any more."""
    first = server(working)
    os.kill(first, signal.SIGSTOP)
    try:
        with pytest.raises(LostError):
            for _ in range(100_000):
                with working.begin(["tell"]):
                    pass
    finally:
        os.kill(first, signal.SIGCONT)

    def told() -> bool:
        with suppress(LostError):  # there is much to take first
            return server(working) == first
        return False

    until(told)


def test_after_nothing_could_be_begun_the_next_is(working: Forks, monkeypatch: pytest.MonkeyPatch) -> None:
    first, python = server(working), sys.executable
    os.kill(first, signal.SIGKILL)
    until(lambda: "Z" in Path(f"/proc/{first}/stat").read_text())
    monkeypatch.setattr(sys, "executable", str(Path(python).with_name("nowhere")))
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            working.begin(["tell"])
    monkeypatch.setattr(sys, "executable", python)
    assert server(working) != first


def test_no_room_for_a_socket_is_the_machines(working: Forks) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    server(working)
    opened = len(os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 2, hard))
    try:
        with ExitStack() as kept, pytest.raises(LostError):
            for _ in range(1000):
                kept.enter_context(working.begin(["tell"]))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(os.listdir("/proc/self/fd")) == opened
    assert facts(working, "tell")["called"] == 1


def test_many_at_once(working: Forks) -> None:
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda at: facts(working, str(at), data=bytes(at * 1000)), range(40)))
    assert [one["given"] for one in told] == [at * 1000 for at in range(40)]


def test_all_end_with_whoever_began_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed, which lets nobody say goodbye."""
    working = forks_of(WORK, tmp_path, monkeypatch)
    reading, writing = os.pipe()
    owner = os.fork()
    if not owner:
        try:
            fork = working.begin(["sleep"])
            fork._stream.shutdown(1)
            said = fork._stream.recv(100)
            os.write(writing, said + b" %d" % server(working))
            time.sleep(60)
        finally:
            os._exit(1)
    child, forking = map(int, os.read(reading, 100).split())
    assert not gone(child)
    os.kill(owner, signal.SIGKILL)
    os.waitpid(owner, 0)
    until(lambda: gone(child) and gone(forking))
    os.close(reading)
    os.close(writing)


def test_a_fork_of_whoever_asks_has_its_own(working: Forks) -> None:
    """Or both would talk to one."""
    mine = server(working)
    reading, writing = os.pipe()
    if not (other := os.fork()):
        try:
            os.write(writing, b"%d" % server(working))
        finally:
            os._exit(0)
    assert int(os.read(reading, 100)) != mine
    os.waitpid(other, 0)
    assert server(working) == mine
    os.close(reading)
    os.close(writing)


def test_a_terminals_interrupt_is_not_for_them(working: Forks) -> None:
    pid = server(working)
    os.kill(pid, signal.SIGINT)
    assert server(working) == pid


def test_nothing_can_be_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = forks_of("raise ImportError", tmp_path, monkeypatch)
    with broken.begin(["tell"]) as fork, pytest.raises(LostError):
        fork.answer(b"", 20)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError):
        Forks("the_work", {}).begin(["tell"])
