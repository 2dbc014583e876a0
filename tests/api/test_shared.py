"""What several processes of one service know together."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.processes import serving_by_itself
from tests.ledger.world import Clock, create
from yinzheng.api.http.limits import Buckets, Rate
from yinzheng.api.http.serving import WORKER_SECONDS
from yinzheng.api.http.shared import OwnLevels, SharedLevels, SharedMarks, make_file

FORK = multiprocessing.get_context("fork")


def shared(folder: Path, clients: int = 64) -> Path:
    make_file(folder / "levels", 2, clients)
    return folder / "levels"


@settings(max_examples=60)
@given(steps=st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4), st.floats(0, 3)), max_size=40))
def test_shared_buckets_grant_what_own_ones_do(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, float]]
) -> None:
    now = 1000.0
    file = shared(tmp_path_factory.mktemp("levels"))
    own = Buckets(Rate(1.5, 5), OwnLevels(64), lambda: now)
    ours = [Buckets(Rate(1.5, 5), SharedLevels(file, 1, 64), lambda: now) for _ in range(2)]
    other = Buckets(Rate(1.5, 5), SharedLevels(file, 0, 64), lambda: now)
    for at, (client, tokens, passes) in enumerate(steps):
        assert ours[at % 2].take(client, tokens) == own.take(client, tokens)
        now += passes
    assert other.take("a", 5) == 0  # another part of the file knows nothing of it


def test_the_longest_unseen_is_forgotten_first(tmp_path: Path) -> None:
    now = 0.0
    levels = SharedLevels(shared(tmp_path, 1), 0, 1)
    buckets = Buckets(Rate(0.001, 1), levels, lambda: now)
    for client in range(200):
        now += 1
        assert buckets.take(str(client)) == 0
        assert buckets.take(str(client)) > 0
    assert buckets.take("0") == 0


def _take(file: Path, count: int, taken: multiprocessing.SimpleQueue[int]) -> None:
    buckets = Buckets(Rate(0.0001, 500), SharedLevels(file, 0, 64), time.monotonic)
    taken.put(sum(buckets.take("client") == 0 for _ in range(count)))


def test_processes_together_take_no_more_than_there_is(tmp_path: Path) -> None:
    file, taken = shared(tmp_path), FORK.SimpleQueue()
    workers = [FORK.Process(target=_take, args=(file, 400, taken)) for _ in range(3)]
    for worker in workers:
        worker.start()
    assert sum(taken.get() for _ in workers) == 500
    for worker in workers:
        worker.join(20)


def _hold(file: Path, holding: multiprocessing.SimpleQueue[bool]) -> None:
    def change(_: object) -> tuple[tuple[float, float], float]:
        holding.put(True)
        time.sleep(60)
        raise AssertionError

    SharedLevels(file, 0, 64).update("client", change)


def test_one_that_is_killed_keeps_nobody(tmp_path: Path) -> None:
    file, holding = shared(tmp_path), FORK.SimpleQueue()
    worker = FORK.Process(target=_hold, args=(file, holding))
    worker.start()
    assert holding.get()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(20)
    assert Buckets(Rate(1, 1), SharedLevels(file, 0, 64), time.monotonic).take("client") == 0


def test_a_mark_is_set_once_until_its_time(tmp_path: Path) -> None:
    one, two = SharedMarks(tmp_path), SharedMarks(tmp_path)
    assert not one.has(b"x", 1000)
    assert one.set(b"x", 1300, 1000)
    assert two.has(b"x", 1299)
    assert not two.set(b"x", 1300, 1000)
    assert not two.has(b"x", 1300)
    assert two.set(b"y", 9000, 2000)
    assert [path.name for path in tmp_path.iterdir()] == [b"y".hex()]


def _children(of: int) -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                whole = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == of and b"spawn_main" in whole:
                found.add(int(entry.name))
    return found


def _status(url: str) -> int:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return create(tmp_path_factory.mktemp("served") / "state", Clock(int(time.time()) - 60))


@pytest.mark.server
def test_several_processes_serve_as_one(state: Path) -> None:
    with serving_by_itself(
        "serve", "--state", str(state), "--port", "0", "--workers", "2", "--rate", "1"
    ) as url:
        assert _status(f"{url}/healthz") == 200
        began = time.monotonic()
        with ThreadPoolExecutor(16) as pool:
            answered = list(pool.map(lambda _: _status(f"{url}/verify"), range(48)))
        assert set(answered) <= {200, 429}
        assert 2 <= answered.count(200) <= 2 + time.monotonic() - began  # whichever of them is asked

        (parent,) = {int(pid) for pid in _parents("--workers", str(state))}
        workers = _children(parent)
        assert len(workers) == 2
        os.kill(min(workers), signal.SIGSTOP)
        time.sleep(1.5)  # it is asked for a sign of life by now, and has a minute to give it
        os.kill(min(workers), signal.SIGKILL)
        until = time.monotonic() + WORKER_SECONDS / 2
        while len(_children(parent) - {min(workers)}) < 2 and time.monotonic() < until:
            time.sleep(0.2)
        assert len(_children(parent) - {min(workers)}) == 2
        assert _status(f"{url}/healthz") == 200
    assert _children(parent) == set()


@pytest.mark.slow
@pytest.mark.server
def test_they_end_with_whoever_began_them(state: Path, tmp_path: Path) -> None:
    command = ("serve", "--state", str(state), "--port", "0", "--workers", "2")
    with serving_by_itself(*command, TMPDIR=str(tmp_path)) as url:
        assert _status(f"{url}/healthz") == 200
        (parent,) = {int(pid) for pid in _parents("--workers", str(state))}
        workers = _children(parent)
        assert len(workers) == 2
        os.kill(parent, signal.SIGKILL)
        until = time.monotonic() + 30
        while left := [one for one in workers if _line(Path(f"/proc/{one}"))]:
            assert time.monotonic() < until, f"they would keep the port: {left}"
            time.sleep(0.2)


def _parents(*words: str) -> list[str]:
    return [
        entry.name
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and all(word.encode() in _line(entry) for word in words)
    ]


def _line(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""
