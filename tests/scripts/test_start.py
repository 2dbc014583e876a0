"""`./scripts/start`: registers once, serves, ends on Ctrl-C, and continues the next time."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 300
"""Until the page must be there; the demonstration itself takes some thirty on an idle machine."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fetch(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.status, response.read().decode()


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """The script from its start to Ctrl-C; gives the page's address once it answers."""
    port = free_port()
    steering = {
        "YINZHENG_STATE": str(folder / "state"),
        "YINZHENG_OUT": str(folder / "out"),
        "YINZHENG_PORT": str(port),
        "YINZHENG_DESK_PORT": str(free_port()),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YINZHENG_")}
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(
            [ROOT / "scripts" / "start"],
            stdout=log,
            stderr=log,
            env={**kept, **steering},
            start_new_session=True,
        ) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(process, f"{url}/healthz", folder / "log")
            yield url
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(timeout=30) in (0, 130, -signal.SIGINT)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            fetch(url)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(log.read_text(encoding="utf-8"))


def require_life(out: Path, numbers: list[str]) -> None:
    """A licence, a check, a sale, a seizure and a cancellation, as anyone finds them."""
    assert len(numbers) == 6, "four first registrations, and two certificates that follow one of them"
    assert json.loads((out / "trade-check.json").read_bytes())["body"]["answer"] == "allow"
    yinzheng = ROOT / ".venv" / "bin" / "yinzheng"
    contract = [str(yinzheng), "verify", str(out / "contract.pdf"), "--trust", str(out / "trust.json")]
    assert subprocess.run(contract, capture_output=True, check=False, timeout=120).returncode == 0
    for number, status in ((numbers[1], "superseded"), (numbers[2], "cancelled"), (numbers[4], "in_force")):
        files = str(out / f"{number}.pdf"), "--trust", str(out / "trust.json")
        command = [str(yinzheng), "verify", *files, "--json"]
        said = subprocess.run(command, capture_output=True, check=False, timeout=120)
        assert json.loads(said.stdout)["status"] == status, number


@pytest.mark.slow
def test_it_starts_ends_and_continues(tmp_path: Path) -> None:
    with started(tmp_path) as url:
        health = json.loads(fetch(f"{url}/healthz")[1])
        status, page = fetch(f"{url}/")
        assert status == 200
        assert "印证" in page
        assert fetch(f"{url}/verify")[0] == 200
    out = tmp_path / "out"
    numbers = sorted(path.stem for path in out.glob("SJ*.pdf"))
    assert len(numbers) >= 4, numbers
    assert (out / "trust.json").is_file()
    assert (out / "consent-receipt.pdf").is_file(), "a consent, partly withdrawn"
    (pack,) = out.glob("D-*.zip")
    require_life(out, numbers)
    shown = pack.read_bytes()
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "http://127.0.0.1:" in log, "it says where to look"
    assert "Traceback" not in log
    with started(tmp_path) as url:
        again = json.loads(fetch(f"{url}/healthz")[1])
        assert again["log_size"] == health["log_size"], "nothing was registered again"
        assert again["anchored_size"] == again["log_size"], "what waited is anchored"
    assert sorted(path.stem for path in out.glob("SJ*.pdf")) == numbers
    assert pack.read_bytes() == shown
    assert "Traceback" not in (tmp_path / "log").read_text(encoding="utf-8")
