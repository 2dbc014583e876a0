"""What only a real process shows: its streams, its exit code, its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Demonstration
from tests.cli.processes import COMMAND, ask, environment, node, start
from tests.forked import Forked


def test_a_verdict_is_an_exit_code(demonstration: Demonstration, tmp_path: Path) -> None:
    trust = ("--trust", demonstration.trust)
    genuine = start("verify", demonstration.file("pdf"), *trust, "--json")
    assert (genuine.returncode, genuine.stderr) == (0, "")
    assert json.loads(genuine.stdout)["in_force"] is True
    assert start("verify", demonstration.file("png"), *trust).returncode == 3
    assert start("verify", "HTTPS://HOST/V/AAAA", *trust).returncode == 3
    gone = start("verify", tmp_path / "gone.pdf", *trust)
    assert (gone.returncode, gone.stdout) == (2, "")
    assert gone.stderr.startswith("yinzheng: there is no file")
    assert "→" in gone.stderr


def test_errors_of_usage_are_json_where_json_is_asked_for() -> None:
    for arguments in (
        ("verify", "--json"),
        ("nonsense", "--json"),
        ("serve", "--port", "99999", "--json"),
        ("refuse", "A-2026-000001", "--as", "somebody", "--reasons", "材料不实", "--json"),  # names choices
    ):
        done = start(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        error = json.loads(done.stderr)["error"]
        assert (error["code"], error["exit_code"]) == ("usage", 2)
        assert error["hint"].startswith("See `yinzheng")
        assert error["message"] == " ".join(error["message"].split())
    spoken = start("verify")
    assert (spoken.returncode, spoken.stdout) == (2, "")
    assert spoken.stderr.startswith("yinzheng: Missing")


@pytest.mark.parametrize("form", [(), ("--json",)])
@pytest.mark.parametrize("command", ["show", "verify"])
def test_a_reader_who_has_seen_enough(
    demonstration: Demonstration, command: str, form: tuple[str, ...]
) -> None:
    """Nobody reads on: no trace, no complaint, and no exit code that could be taken for a verdict."""
    number = demonstration.numbers[0]
    what = [number, "--state", str(demonstration.state)]
    if command == "verify":
        what += ["--trust", str(demonstration.trust)]
    pipe = subprocess.PIPE
    with Forked(command, *what, *form, env=environment(), text=False, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
        process.wait(timeout=60)
    assert (errors, process.returncode) == (b"", 141)


def test_text_that_is_no_utf_8(demonstration: Demonstration) -> None:
    arguments = [b"show", b"\xff\xfe", b"--json", b"--state", os.fsencode(demonstration.state)]
    done = subprocess.run(
        [*map(os.fsencode, COMMAND), *arguments],
        capture_output=True,
        check=False,
        timeout=60,
        env=environment(),
    )
    assert done.returncode == 2, done.stderr
    assert json.loads(done.stderr)["error"]["code"] == "argument-encoding"


def test_ctrl_c_ends_a_node_quietly(demonstration: Demonstration) -> None:
    command = [*COMMAND, "node", "--state", str(demonstration.state), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert int(ask(url, "eth_blockNumber"), 16) > 0
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


def test_a_locked_registry_says_so(state: Path) -> None:
    """A node that may seal keeps the chain: a writer is told to wait."""
    with node(state, "--seal"):
        done = start("settle", "--state", state, "--json")
    assert done.returncode == 3
    assert json.loads(done.stderr)["error"]["code"] in ("state-locked", "chain-locked")


def test_a_node_reads_beside_who_writes(state: Path) -> None:
    """It keeps nobody from writing, and shows what was written since."""
    with node(state) as url:
        before = int(ask(url, "eth_blockNumber"), 16)
        time.sleep(1.1)  # or the last block is not old
        done = start("heartbeat", "--older-than", "1", "--state", state, "--json")
        assert (done.returncode, json.loads(done.stdout)) == (0, {"sealed": True})
        assert int(ask(url, "eth_blockNumber"), 16) == before + 1
