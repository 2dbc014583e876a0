"""A real QBFT network, where `YINZHENG_QBFT` names a GoQuorum or Besu: from `init` to a certificate."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from scripts.network_parts import nodes
from scripts.network_parts.making import make
from tests.ledger import world as w
from tests.ledger.world import PASSPHRASE, World, secret_of
from tests.network.faults import anchored
from tests.network.net import Net, WallClock, plan
from yinzheng.ledger.chain.sender import OutcomeOpen
from yinzheng.ledger.flow import carrying
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import silent
from yinzheng.ledger.state.creation import create_registry


@pytest.mark.whole_network
def test_a_qbft_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate is genuine; with one of four down it goes on, with two it records and waits."""
    if "YINZHENG_QBFT" not in os.environ:
        pytest.skip("YINZHENG_QBFT names no GoQuorum or Besu")
    network = make(tmp_path / "net", Path(os.environ["YINZHENG_QBFT"]), period=1)
    root, clock = tmp_path / "state", WallClock()
    try:
        nodes.start(network, patience=120)
        Net.wait(lambda: (nodes.height(network.nodes[0]) or 0) > 1, "there are blocks", 60)
        urls = [network.node(name).url for name in ("registry", "plain")]
        create_registry(root, plan(urls), lambda _folder: PASSPHRASE, secret_of, clock, silent)
        world = World(root, clock)
        with world.open() as registry:
            assert registry.instance.consensus.name == "qbft"
            assert len(registry.instance.validators) == 4
            number = w.to_deposited(registry, clock, tmp_path / "dossier")[1]
            nodes.stop(network, ["exchange"], how=signal.SIGKILL)
            w.apply(registry, tmp_path / "second")
            settle(registry)
            assert anchored(registry)
            nodes.stop(network, ["notary"], how=signal.SIGKILL)
            w.apply(registry, tmp_path / "third")
            with monkeypatch.context() as patched, pytest.raises(OutcomeOpen):
                patched.setattr(carrying, "PATIENCE_SECONDS", 4)
                settle(registry)
            nodes.start(network)
            settle(registry)
            assert anchored(registry)
        assert world.verify(number).authentic.value == "genuine"
        assert world.codes() == set()
    finally:
        nodes.stop(network)
