"""`yinzheng mirror` beside a running registry: pages, node and mirror are three processes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.processes import node, serving, start
from tests.ledger import world as w
from tests.ledger.conftest import demonstration_template, world
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.log.tiles import ENTRIES, Tile

__all__ = ["demonstration_template", "world"]

pytestmark = [pytest.mark.server, pytest.mark.slow]


def test_a_second_pair_of_eyes(world: w.World, tmp_path: Path) -> None:
    with world.open() as registry:
        w.to_deposited(registry, world.clock, tmp_path / "one")
        policy = trust_policy(registry.instance, max_age=10**9)  # the world's clock is long past
        (tmp_path / "trust.json").write_text(json.dumps(policy))
        size = registry.log.size
    how = ("--trust", tmp_path / "trust.json", "--folder", tmp_path / "mirror", "--once")
    with serving("serve", "--state", str(world.root), "--port", "0") as pages, node(world.root) as rpc:
        done = start("mirror", f"{pages}/log", *how, "--rpc", rpc, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["size"] == size
        # An entry is exchanged where the log is served from: a hidden statement.
        with world.open() as registry:
            w.to_publicity(registry, tmp_path / "two")
            last = registry.log.size
        lying = tmp_path / "lying"
        shutil.copytree(world.paths.log, lying)
        path = lying / Tile(ENTRIES, 0, last).path
        data = path.read_bytes()
        path.write_bytes(data.replace(b"publicity.opened", b"review.recorded!"[:16].replace(b"!", b"x")))
        heard = tmp_path / "heard.json"
        hook = f"tee -a {heard}"
        done = start("mirror", lying, *how, "--rpc", rpc, "--hook", hook)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "log-statement" in done.stderr
        assert json.loads(heard.read_text().splitlines()[0])["code"] == "log-statement"
        assert start("mirror", f"{pages}/log", *how, "--rpc", rpc).returncode == 0
    done = start("mirror", f"{pages}/log", *how)
    assert done.returncode == 3
    assert "log-unreachable" in done.stderr
    assert f"{pages}/log/checkpoint: nobody answers" in done.stderr
    assert "not all could be asked" in done.stdout
