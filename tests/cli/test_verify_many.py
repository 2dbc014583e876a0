"""`yinzheng verify FILE FILE…`: a line for each, in order, as each would be judged alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import refused, run
from tests.cli.processes import COMMAND, environment
from tests.verifier.world import NOW, genuine_file, presented, trust, trust_json
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.many import verify_many
from yinzheng.verifier.judge.proven import Proven


@pytest.fixture
def book(tmp_path: Path) -> list[Path]:
    """A policy, then documents: genuine, altered, none of ours, genuine."""
    altered = genuine_file()
    altered["record"]["asset"] = "别的数据集"
    contents: dict[str, Any] = {
        "trust.json": trust_json(),
        "a.json": genuine_file(),
        "b.json": altered,
        "c.json": {"format": "something else"},
        "d.json": genuine_file(),
    }
    for name, value in contents.items():
        (tmp_path / name).write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return [tmp_path / name for name in contents]


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_line_is_what_the_target_alone_gets(book: list[Path], jobs: int) -> None:
    policy, *targets = book
    missing = targets[0].with_name("missing.json")
    said = run("verify", *targets, missing, targets[0], "--trust", policy, "--jobs", jobs)
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [line.pop("target") for line in lines] == [str(one) for one in (*targets, missing, targets[0])]
    for target, line in zip([*targets, None, targets[0]], lines, strict=True):
        if target is None:
            assert line["fault"]["code"] == "target-missing"
            continue
        alone = run("verify", target, "--trust", policy, "--json").json
        for value in (alone, line):
            value["checked_at"] = 0
            value["verdict"] |= {"zh": "", "en": ""}
            if value["block"] is not None:
                value["block"]["age"] = 0
            for finding in value["obligations"]:
                finding["data"].pop("age", None)
        assert line == alone
    assert said.code == 1


@pytest.mark.parametrize("line", [False, True])
def test_an_interrupt_ends_all_processes_without_a_word_of_theirs(book: list[Path], *, line: bool) -> None:
    """While they begin, and once they judge."""
    process = _begun(book)
    assert process.stdout is not None
    if line:
        assert process.stdout.readline()
    else:
        while process.poll() is None and len(_group(process.pid)) < 4:  # it, two, and what cleans up
            time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert b"Traceback" not in said
    assert process.returncode == 130
    _require_ended(process.pid)


def test_what_is_killed_leaves_no_process(book: list[Path]) -> None:
    process = _begun(book)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.kill()
    process.wait()
    _require_ended(process.pid)
    process.communicate()


def _begun(book: list[Path]) -> subprocess.Popen[bytes]:
    """Two processes, and the one that began them, at work for a while; a group of their own."""
    policy, *targets = book
    python, option, code = COMMAND
    heard = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # if it was ignored here
    )
    command = [python, option, heard + code, "verify", *targets * 500, "--trust", policy, "--jobs", 2]
    return subprocess.Popen(
        [*map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    )


def _require_ended(leader: int) -> None:
    until = time.monotonic() + 20  # what cleans up after them ends a moment later
    while left := _group(leader):
        assert time.monotonic() < until, left
        time.sleep(0.01)


def _group(leader: int) -> list[int]:
    """Processes of a group that are there (Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[2]) == leader:
                found.append(int(stat.parent.name))
    return found


def test_the_code_is_that_of_the_worst(book: list[Path]) -> None:
    policy, genuine, altered, other, _ = book
    codes = {run("verify", one, "--trust", policy, "--json").code for one in (genuine, other)}
    assert codes == {3}  # the block of this world is old by now
    assert run("verify", genuine, other, "--trust", policy).code == 3
    assert run("verify", genuine, altered, "--trust", policy).code == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--jobs", "0"], "usage-jobs"),
        (["--at", "2026-01-01"], "usage-several"),
        (["--rpc", "http://x"], "usage-several"),
    ],
)
def test_what_is_for_one_alone_is_refused(book: list[Path], options: list[str], code: str) -> None:
    policy, one, two, *_ = book
    refused("verify", one, two, "--trust", policy, *options, code=code, exit_code=2)


def test_as_a_function() -> None:
    policy, proven = trust(), Proven()
    genuine = presented(genuine_file())
    shown: list[Presented | DataFault] = [genuine, DataFault("none", code="target-unknown"), genuine]
    for known in (policy, policy.remembering(proven)):
        first, none, again = verify_many(shown, known, now=NOW)
        assert first == again == verify(genuine, policy, now=NOW)
        assert none.findings[0].code == "target-unknown"
    assert len(proven)
