"""`yinzheng verify FILE FILE…`: many documents at once, offline, a line of JSON each, in the order given."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

import typer

from yinzheng.api.cli.console import carried
from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK
from yinzheng.api.cli.policy import inputs_of, read_policy
from yinzheng.api.cli.verify_pack import judge_pack, pack_json
from yinzheng.api.cli.verify_target import is_pack, read_argument
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.judge.many import verify_many
from yinzheng.verifier.judge.proven import Proven
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.words.verdict import verdict

EXIT_OPEN: Final = 3
MOST_JOBS: Final = 64
TOGETHER: Final = 16
"""Documents that a process is given at once; so many for each job are on the way at most."""


@dataclass(frozen=True, slots=True)
class _Given:
    """Under what everything is judged, and how each line names it."""

    policy: TrustPolicy
    now: int
    inputs: dict[str, Any]

    @staticmethod
    def of(policy: TrustPolicy, now: int) -> _Given:
        return _Given(policy.remembering(Proven()), now, inputs_of(policy))


@dataclass(frozen=True, slots=True)
class _Line:
    """What is said about one target, and the exit code it would have had alone."""

    text: str
    code: int


def check_many(targets: Sequence[str], trust: Path, jobs: int) -> None:
    """Print a line for each target, in order; ends in `typer.Exit` with the worst code of S9.4.

    A file that cannot be read at all is a line too, with its fault. Raises `UsageFault` `usage-jobs`, and as
    `read_policy`.
    """
    if not 1 <= jobs <= MOST_JOBS:
        raise UsageFault(f"there are 1 to {MOST_JOBS} jobs", code="usage-jobs")
    policy, now = read_policy(trust), int(time.time())
    codes = set()
    lines = _alone(targets, policy, now) if jobs == 1 else _shared(targets, trust, now, jobs)
    for line in lines:
        sys.stdout.write(carried(line.text, sys.stdout) + "\n")
        codes.add(line.code)
    sys.stdout.flush()
    raise typer.Exit(EXIT_OK if codes <= {EXIT_OK} else EXIT_NOT if EXIT_NOT in codes else EXIT_OPEN)


def require_plain(**given: Any) -> None:
    """Raise `UsageFault` `usage-several` for an option that is about one target."""
    named = [name for name, value in given.items() if value]
    if named:
        raise UsageFault(
            f"--{named[0]} is for one target alone",
            code="usage-several",
            hint="Without it several are checked offline; or name one.",
        )


def _alone(targets: Sequence[str], policy: TrustPolicy, now: int) -> Iterator[_Line]:
    given = _Given.of(policy, now)
    return (_judged(target, given) for target in targets)


def _shared(targets: Sequence[str], trust: Path, now: int, jobs: int) -> Iterator[_Line]:
    """By processes of which each remembers what it proved, and holds no more than its part at a time."""
    waiting = (targets[first : first + TOGETHER] for first in range(0, len(targets), TOGETHER))
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(trust, now)) as pool, _ended():
            while parts := list(islice(waiting, jobs * 4)):
                with _uninterrupted():
                    some = [pool.submit(_work, part) for part in parts]
                for part in some:
                    yield from part.result()
    except BrokenProcessPool as error:
        raise EnvironmentFault(
            "a process that checks ended", code="job-ended", hint="Run it again, with fewer --jobs."
        ) from error


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes that begin in here leave an interrupt to this one: theirs would be a traceback each."""
    if not hasattr(signal, "pthread_sigmask"):
        yield  # Windows has none
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _ended() -> Iterator[None]:
    """Whatever is raised in here ends the processes at once, and not when they have judged what they have."""
    try:
        yield
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise


_own: list[_Given] = []
"""What this process was begun with."""


def _begin(trust: Path, now: int) -> None:
    begun_by = multiprocessing.parent_process()
    assert begun_by is not None
    threading.Thread(target=_end_with, args=(begun_by,), daemon=True).start()
    _own.append(_Given.of(read_policy(trust), now))


def _end_with(begun_by: BaseProcess) -> None:
    """End this process with the main one, which may be killed: it would wait for ever to be given more."""
    begun_by.join()
    os._exit(1)


def _work(targets: Sequence[str]) -> list[_Line]:
    return [_judged(target, _own[0]) for target in targets]


def _judged(target: str, given: _Given) -> _Line:
    try:
        if is_pack(target):
            pack = judge_pack(target, given.policy)
            return _Line(_json(target, {**pack_json(pack), "inputs": given.inputs}), pack.exit_code)
        (report,) = verify_many([_read(target)], given.policy, now=given.now)
    except (YinzhengError, OSError) as fault:
        code = fault.code if isinstance(fault, YinzhengError) else "file-unreadable"
        message = fault.message if isinstance(fault, YinzhengError) else str(fault.strerror)
        told: dict[str, Any] = {"fault": {"code": code, "message": message}}
        return _Line(_json(target, told), EXIT_OPEN)
    value = {"verdict": verdict(report).to_json(), **report.to_json(), "inputs": given.inputs}
    return _Line(_json(target, value), report.exit_code)


def _read(target: str) -> Presented | DataFault:
    try:
        return read_argument(target)
    except DataFault as fault:
        return fault


def _json(target: str, value: dict[str, Any]) -> str:
    return json.dumps({"target": target, **value}, ensure_ascii=False, separators=(",", ":"))
