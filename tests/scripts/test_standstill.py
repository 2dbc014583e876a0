"""Two chains of one network are told apart, one is kept, and what is final is never taken back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from scripts.network_parts import nodes, standstill
from scripts.network_parts.making import make
from scripts.network_parts.plan import Network, Node
from tests.scripts.test_network import program

SHARED = ("registry", "court", "notary", "exchange")
"""Who sealed blocks 1 to 4, which all have; each weighs two."""


class Nodes:
    """Nodes that answer of the chains they were given, and note what they are told to do."""

    def __init__(self, network: Network, chains: dict[str, Sequence[tuple[str, int]]]) -> None:
        self.network, self.chains = network, {name: list(chain) for name, chain in chains.items()}
        self.told: list[tuple[str, str]] = []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(nodes, "ask", self.ask)
        monkeypatch.setattr("time.sleep", lambda _: None)
        monkeypatch.setattr(nodes, "stop", lambda _, names: self.note("stop", names))
        monkeypatch.setattr(nodes, "start", lambda _, names, patience: self.note("start", names))

    def note(self, what: str, names: Sequence[str]) -> None:
        self.told += [(what, name) for name in names]

    def ask(self, node: Node, method: str, parameters: Sequence[Any] = (), *, seconds: float = 5) -> Any:
        if (chain := self.chains.get(node.name)) is None:
            return None
        if method == "eth_blockNumber":
            return hex(len(chain))
        if method == "eth_getBlockByNumber":
            number = len(chain) if parameters[0] == "latest" else int(parameters[0], 16)
            return self.block(chain[:number]) if number <= len(chain) else None
        if method == "clique_getSigner":
            return chain[int(parameters[0], 16) - 1][0]
        if method == "clique_getSigners":
            return list(SHARED)
        self.told.append((method, node.name))
        if method == "debug_setHead":  # and it follows the others at once
            assert int(parameters[0], 16) == 4
            stayed = [one for name, one in self.chains.items() if ("stop", name) not in self.told]
            self.chains[node.name] = max(stayed, key=len)
        return None

    @staticmethod
    def block(chain: Sequence[tuple[str, int]]) -> dict[str, Any]:
        weight = sum(weight for _, weight in chain)
        made = {"number": hex(len(chain)), "hash": repr(chain), "totalDifficulty": hex(weight)}
        return made | ({"timestamp": hex(2**40)} if chain and chain[-1] == AHEAD else {})


BEFORE = [(name, 2) for name in SHARED]
ONE = [*BEFORE, ("exchange", 2)]
OTHER = [*BEFORE, ("notary", 1), ("court", 1)]
"""As it was seen: both weigh ten, and on each the next block may be sealed by those on the other alone."""


AHEAD = ("exchange", 3)
"""A block that is yet to come."""


def network(tmp_path: Path) -> Network:
    return make(tmp_path / "net", program(tmp_path, "geth"), period=1, fees=True)


def test_pairs_that_wait_for_each_other_follow_one_chain_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = network(tmp_path)
    found = Nodes(made, {"registry": ONE, "exchange": ONE, "plain": ONE[:4], "court": OTHER, "notary": OTHER})
    found.install(monkeypatch)
    assert len(standstill.sides_of(made)) == 2
    back = standstill.heal(made)
    assert set(back) in ({"registry", "exchange"}, {"court", "notary"})
    assert [name for what, name in found.told if what == "debug_setHead"] == back
    assert [name for what, name in found.told if what == "miner_start"] == back
    assert len(standstill.sides_of(made)) == 1
    assert standstill.heal(made) == []


def test_who_stands_on_a_block_that_is_yet_to_come_goes_back_however_heavy_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody builds on it before it is due; those who were made to follow it would wait with it."""
    made = network(tmp_path)
    found = Nodes(made, {"registry": BEFORE, "court": BEFORE, "notary": BEFORE, "exchange": [*BEFORE, AHEAD]})
    found.install(monkeypatch)
    assert standstill.sides_of(made) == [["registry", "court", "notary"], ["exchange"]]
    assert standstill.heal(made) == ["exchange"]
    assert found.chains["exchange"] == BEFORE


def test_a_network_at_work_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Nodes(made := network(tmp_path), {"registry": ONE, "court": OTHER})
    found.install(monkeypatch)
    monkeypatch.setattr("time.sleep", lambda _: found.chains.update(registry=[*ONE, ("court", 2)]))
    with pytest.raises(ValueError, match="blocks come"):
        standstill.heal(made)
    assert found.told == []


def test_what_is_behind_is_on_the_chain_that_it_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = network(tmp_path)
    Nodes(made, {"registry": ONE, "court": BEFORE, "plain": BEFORE[:2]}).install(monkeypatch)
    assert standstill.sides_of(made) == [["registry", "court", "plain"]]
    Nodes(made, {}).install(monkeypatch)
    assert standstill.sides_of(made) == []


def test_what_is_final_is_not_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = network(tmp_path)
    three = [*BEFORE, ("registry", 1), ("court", 1), ("notary", 1)]
    found = Nodes(made, {"registry": three, "exchange": [*BEFORE, ("exchange", 9)]})
    found.install(monkeypatch)
    with pytest.raises(ValueError, match="final block 5"):
        standstill.heal(made)
    assert found.told == []
    found.chains["registry"] = [("exchange", 1)] * 80
    with pytest.raises(ValueError, match="in common"):
        standstill.heal(made)
