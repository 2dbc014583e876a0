"""Witnesses that others wrote cosign our log, as real processes: what they take and say is C2SP's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.witnesses import foreign
from tests.ledger.witnesses.foreign import Running
from tests.ledger.witnesses.test_feeding import judged, on_chain, standing_of
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.witnesses.asking import WitnessFault, ask
from yinzheng.ledger.witnesses.known import add_witness, set_quorum
from yinzheng.verifier import Authentic
from yinzheng.verifier.bytes.algorithms import Ed25519PublicKey
from yinzheng.verifier.judge.witnesses import Witness
from yinzheng.verifier.log.cosignature import parse_cosigner
from yinzheng.verifier.log.note import parse_vkey, sign_checkpoint

pytestmark = pytest.mark.slow

GO = pytest.mark.skipif(foreign.GO is None, reason="Go is not installed")


@pytest.fixture(params=[pytest.param("litewitness", marks=GO), "aics"])
def running(request: pytest.FixtureRequest, world: w.World, tmp_path: Path) -> Iterator[Running]:
    """One that knows this log by its Ed25519 key: SM2 it cannot read, and ignores."""
    instance = read_instance(world.root)[1]
    keys = [parse_vkey(vkey) for vkey in instance.log_keys]
    known = [key for key in keys if isinstance(key.key, Ed25519PublicKey)]
    started: AbstractContextManager[Running]
    if request.param == "aics":
        started = foreign.aics_witness(foreign.fetch_aics(), tmp_path / "witness", instance.origin, known)
    else:
        program = foreign.build_litewitness(tmp_path / "go")
        started = foreign.litewitness(program, tmp_path / "witness", instance.origin, known)
    with started as one:
        yield one


def test_a_foreign_witness_cosigns_what_is_issued(world: w.World, running: Running, tmp_path: Path) -> None:
    with world.open() as registry:
        keeper = w.actor_of(registry, w.KEEPER)
        add_witness(registry, "他人见证", running.url, [running.vkey], keeper)
        set_quorum(registry, 1, keeper)
        world.clock.now = max(
            world.clock.now, int(time.time())
        )  # its clock is the machine's, ours the test's
        _, number = w.to_deposited(registry, world.clock, tmp_path / "dossier")
        assert standing_of(registry).found == ["他人见证"]
        assert on_chain(registry, number) is not None
        report = judged(world, number)
        assert report.authentic is Authentic.GENUINE
        assert [one["name"] for one in report.finding(6).data["cosigned"]] == ["他人见证"]
        _refuses_a_fork(registry, running)


def _refuses_a_fork(registry: Registry, running: Running) -> None:
    """Another head of the size that it cosigned, signed by our very keys: it says no, which is an alarm."""
    settle(registry)
    head = registry.log.checkpoint()
    assert head is not None
    forged = sign_checkpoint(
        replace(head, root=bytes(32)), registry.keys.log_signers(registry.instance.origin)
    )
    witness = Witness("他人见证", (parse_cosigner(running.vkey),))
    with pytest.raises(WitnessFault) as caught:
        ask(witness, running.url, forged, head.size, registry.log.consistency, registry.clock)
    assert caught.value.code == "witness-fork"
