"""`scripts/network`: what it makes, and that it ends nothing which it did not start."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
import rlp

from scripts.network_parts import nodes
from scripts.network_parts.binaries import NoProgram, Program, find_geth, geth_at_hand, kind_of
from scripts.network_parts.making import make
from scripts.network_parts.plan import MEMBERS, load
from yinzheng.verifier.bytes.canonical import list_of
from yinzheng.verifier.chain.qbft import MIX_HASH
from yinzheng.verifier.judge.trust import OPERATOR, read_operators


def program(folder: Path, says: str) -> Path:
    """A binary that says that of itself."""
    path = folder / "node"
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ("Geth Version: 1.13.15-stable", Program.GETH),
        ("Geth Version: 1.10.3-stable Quorum Version: 24.4.1", Program.GOQUORUM),
        ("besu/v24.3.0/linux-x86_64/openjdk-java-17", Program.BESU),
    ],
)
def test_a_network_is_made_for_each_kind_of_node(tmp_path: Path, says: str, kind: Program) -> None:
    binary = program(tmp_path, says)
    assert kind_of(binary) is kind
    made = make(tmp_path / "net", binary, period=2, fees=kind is Program.GETH, behind={"registry": 4401})
    assert load(tmp_path / "net") == made
    listed = json.loads((tmp_path / "net" / "operators.json").read_bytes())
    operators = read_operators(list_of(OPERATOR, 1, 64)(listed, "operators"))
    assert [one.code for one in operators] == [one.code for one in MEMBERS]
    validators = sorted(address for one in operators for address in one.validators)
    genesis = json.loads((tmp_path / "net" / "genesis.json").read_bytes())
    if kind is Program.GETH:
        assert bytes.fromhex(genesis["extradata"][2:]) == bytes(32) + b"".join(validators) + bytes(65)
        assert genesis["config"]["clique"] == {"period": 2, "epoch": 30000}
        assert len(genesis["alloc"]) == 1
    else:
        assert rlp.decode(bytes.fromhex(genesis["extraData"][2:]))[1] == validators
        assert bytes.fromhex(genesis["mixHash"][2:]) == MIX_HASH
        assert genesis["alloc"] == {}
    for name in ("registry", "court", "notary", "exchange", "plain"):
        assert stat.S_IMODE((tmp_path / "net" / name / "nodekey").stat().st_mode) == 0o600
        assert (tmp_path / "net" / name / "validator.json").exists() is (name != "plain")
        said = nodes.command_of(made, made.node(name))
        assert str(tmp_path / "net" / name) in " ".join(said)
        if kind is Program.BESU:
            assert "--p2p-interface=127.0.0.1" in said
        else:  # an option for the port alone would stand above the file
            assert "--port" not in said
            listens = f'ListenAddr = "127.0.0.1:{made.node(name).peer}"'
            assert listens in (tmp_path / "net" / name / "config.toml").read_text()
    assert "127.0.0.1:4401" in made.node("registry").enode
    assert made.node("registry").dials == []
    assert len(made.node("court").dials) == 4


def test_it_ends_nothing_that_it_did_not_start(tmp_path: Path) -> None:
    made = make(tmp_path / "net", program(tmp_path, "geth"), period=1)
    (tmp_path / "net" / "court" / "pid").write_text(f"{os.getpid()}\n")
    assert nodes.pid_of(made, made.node("court")) is None
    nodes.stop(made)  # or this test would end here


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoProgram, match="neither geth, GoQuorum nor Besu"):
        kind_of(program(tmp_path, "reth"))
    with pytest.raises(NoProgram, match="no program"):
        find_geth(tmp_path / "nowhere")
    monkeypatch.delenv("YINZHENG_GETH", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("scripts.network_parts.binaries.find_go", lambda: None)
    assert geth_at_hand() is None
    with pytest.raises(NoProgram, match="no Go"):
        find_geth()
    built = tmp_path / "yinzheng" / "geth-1.13.15" / "geth"
    built.parent.mkdir(parents=True)
    built.touch(mode=0o755)
    assert geth_at_hand() == find_geth() == built
    with pytest.raises(ValueError, match="no fees"):
        nodes.fund(make(tmp_path / "net", program(tmp_path, "geth"), period=1), ["0x" + "11" * 20])
