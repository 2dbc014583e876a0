"""`yinzheng timestamp`, against an authority on this machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.authority import Authority, issue, serving
from tests.cli.commands import contents, refused, run

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the command openssl")


def test_a_checkpoint_is_stamped(copied: Callable[[], Path], tmp_path: Path) -> None:
    state = copied()
    authority = Authority(tmp_path / "authority")
    root = tmp_path / "root.pem"
    root.write_bytes(authority.root.pem)
    with serving(authority) as (url, seen):
        given = ("timestamp", "--authority", url, "--state", state)
        said = run(*given, "--certificate", root, "--json")
        assert said.code == 0, said
        assert (said.json["authority"], said.json["checked"]) == (url, True)
        assert said.json["size"] > 0
        again = run(*given)
        assert (again.code, len(seen)) == (0, 1)
        assert f"checkpoint of size {said.json['size']} stamped at 20" in again.out
    assert run("audit", "--state", state).code == 0


def test_what_is_refused_leaves_nothing(copied: Callable[[], Path], tmp_path: Path) -> None:
    state = copied()
    authority = Authority(tmp_path / "authority")
    before = contents(state)
    other, none, huge = (tmp_path / name for name in ("other.der", "none.pem", "huge.pem"))
    other.write_bytes(issue("Root").der)
    none.write_bytes(b"nothing")
    huge.write_bytes(bytes(300_000))
    with serving(authority) as (url, _):
        given = ("timestamp", "--state", state, "--authority", url, "--certificate")
        refused(*given, other, code="timestamp-authority", exit_code=1)
        refused(*given, none, code="time-authority-malformed", exit_code=1)
        refused(*given, huge, code="time-authority-malformed", exit_code=1)
        refused(*given, tmp_path / "missing", code="system", exit_code=3)
    refused("timestamp", "--state", state, "--authority", url, code="authority-unreachable", exit_code=3)
    refused("timestamp", "--state", state, "--authority", "http://tsa.example/",
            code="authority-url", exit_code=2)  # fmt: skip
    assert contents(state) == before
