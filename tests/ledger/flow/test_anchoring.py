"""A head goes to the chain untried: its proof is run once. A refusal is looked into, and told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from tests.ledger import world as w
from tests.ledger.world import World
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.unsettled import needs_settling
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import ChainCall
from yinzheng.verifier.errors import YinzhengError


@pytest.fixture
def decided(demonstration_template: World, tmp_path: Path) -> Iterator[Registry]:
    """An open registry with a decision whose head is not anchored."""
    with demonstration_template.copy(tmp_path / "state").open() as registry:
        w.apply(registry, tmp_path / "work")
        settle(registry)
        w.apply(registry, tmp_path / "more")
        yield registry


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """The calls that are simulated."""
    found: list[Call] = []
    real = ContractsClient.simulate

    def simulate(client: ContractsClient, call: Call, sender: bytes) -> None:
        found.append(call)
        real(client, call, sender)

    monkeypatch.setattr(ContractsClient, "simulate", simulate)
    return found


def heads(registry: Registry) -> list[ChainCall]:
    with registry.store.reading() as session:
        query = select(ChainCall).where(ChainCall.kind == "anchor").order_by(col(ChainCall.id))
        return list(session.exec(query))


def test_the_proof_is_run_once(decided: Registry, tried: list[Call]) -> None:
    before = decided.w3.eth.block_number
    settle(decided)
    assert heads(decided)[-1].state == "confirmed"
    assert (tried, decided.w3.eth.block_number) == ([], before + 1)


def test_a_head_that_the_contract_refuses_is_given_up_with_its_reason(
    decided: Registry, tried: list[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ContractsClient.anchor

    def wrong(client: ContractsClient, head: Any, proof: list[bytes]) -> Call:
        return real(client, head, [bytes(32), *proof[1:]])

    held = decided.client.latest_anchor()
    with monkeypatch.context() as patched:
        patched.setattr(ContractsClient, "anchor", wrong)
        with pytest.raises(YinzhengError) as told:
            settle(decided)
    assert told.value.code == "head-inconsistent"
    assert (len(tried), decided.client.latest_anchor()) == (2, held)  # again once what it rests on is final
    assert heads(decided)[-1].state == "failed"


def test_a_head_given_up_goes_out_again_though_the_log_does_not_grow(
    decided: Registry, tried: list[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a quiet day nothing else would ever anchor what was decided."""
    real = ContractsClient.anchor

    def wrong(client: ContractsClient, head: Any, proof: list[bytes]) -> Call:
        return real(client, head, [bytes(32), *proof[1:]])

    with monkeypatch.context() as patched:
        patched.setattr(ContractsClient, "anchor", wrong)
        for sends in (1, 0):  # what was refused once is tried before it is sent again
            before = decided.w3.eth.block_number
            with pytest.raises(YinzhengError, match="extend"):
                settle(decided)
            assert decided.w3.eth.block_number == before + sends
            assert needs_settling(decided), "so the desk's rounds see to it"
    size = decided.log.size
    settle(decided)
    latest = decided.client.latest_anchor()
    assert latest is not None
    assert (latest.size, decided.log.size, heads(decided)[-1].state) == (size, size, "confirmed")
    assert not needs_settling(decided)


def test_a_head_refused_for_what_had_passed_by_the_time_it_was_tried_goes_out_again(
    decided: Registry, tried: list[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where another's block came between: untried once, then tried, then anchored, in one settling."""
    made = type(decided.sender).prepare
    starved = iter([True])

    def prepare(sender: Any, call: Call, nonce: int, fees: Any) -> Any:
        gas = 60_000 if next(starved, False) else call.gas
        return made(sender, Call(call.to, call.data, gas), nonce, fees)

    monkeypatch.setattr(type(decided.sender), "prepare", prepare)
    settle(decided)
    assert (len(tried), heads(decided)[-1].state) == (1, "confirmed")
    latest = decided.client.latest_anchor()
    assert latest is not None
    assert latest.size == decided.log.size
