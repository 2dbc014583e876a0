"""The crash table (D9): every write on the way from a decision to its confirmed deposit fails.

Each fault point is passed with `RaiseAt`: a point before a write fails it "not written", one after it
"written but reported as failed". The registry is then opened again as after a crash, which rolls it forward;
the caller looks where the case stands and goes on. In the end every statement is there once, an acknowledged
one was there right away, the audit finds nothing, and the verifier calls the certificate genuine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import requests

from tests.faults.course import EVENTS, finish, happened, next_step, require_whole, take
from tests.faults.turns import Armed, Fault, rounds, spanning
from tests.ledger.world import World
from yinzheng.ledger.chain.reverts import ChainUnreachable
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import Faults, InjectedFault, RaiseAt, Recorder

ON_THE_WAY = {
    "store.commit", "blob.write", "blob.rename", "blob.put", "log.file", "log.checkpoint", "chain.send",
    "chain.commit",
}  # fmt: skip
"""Writes the table must have met; the key's and the pruning of full tiles are tested in their own rooms."""


@dataclass
class Table:
    """The state just before each step, and the points passed by that step until it is settled."""

    before: dict[str, World]
    passed: dict[str, list[str]]


@pytest.fixture(scope="module")
def table(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Table:
    folder = tmp_path_factory.mktemp("table")
    world = demonstration_template.copy(folder / "course")
    found = Table({}, {})
    for step in EVENTS:
        found.before[step] = world.copy(folder / step)
        recorder = Recorder()
        with world.open(recorder, settle=False) as registry:
            assert next_step(registry, objecting=True) == step
            recorder.seen.clear()  # what looking around passed
            take(world, registry, step)
            settle(registry)
        found.passed[step] = recorder.seen
    require_whole(world)
    return found


def rows(passed: dict[str, list[str]]) -> Iterator[tuple[str, str, int]]:
    """What to try: everything at the last step; at the others the decision's own writes, and every sixth of
    the rest, which is the same way for all, from a place that moves on from step to step.
    """
    for index, (step, points) in enumerate(passed.items()):
        own = points.index("store.commit.after") + 1
        seen: Counter[str] = Counter()
        for place, point in enumerate(points):
            seen[point] += 1
            if point.startswith("blob.") and seen[point] != 2:
                continue
            if step == "deposit" or place < own or (place + index) % 6 == 0:
                yield step, point, seen[point]


def crash(world: World, step: str, fault: Faults, expected: type[Exception]) -> bool:
    """Take the step and settle until `fault` strikes; tells whether the step had been acknowledged."""
    acknowledged = False
    armed = Armed()
    with pytest.raises(expected), world.open(armed, settle=False) as registry:
        armed.inner = fault
        take(world, registry, step)
        acknowledged = True
        settle(registry)
    return acknowledged


def recover(world: World, step: str) -> None:
    """Open again, find the acknowledged step done, go on to the end, and check everything."""
    with world.open() as registry:
        reached(registry, step, acknowledged=True)
        finish(world, registry)
    require_whole(world)


def test_the_table_meets_every_write(table: Table) -> None:
    met = {point for points in table.passed.values() for point in points}
    assert {point.rpartition(".")[0] for point in met} == ON_THE_WAY
    tried = list(rows(table.passed))
    assert {point for _, point, _ in tried} == met
    for step, points in table.passed.items():
        assert (step, "store.commit.before", 1) in tried
        assert (step, "store.commit.after", 1) in tried
        if step == "deposit":
            assert Counter(points) == Counter(point for kind, point, _ in tried if kind == step)


@pytest.mark.slow
def test_a_failed_write_rolls_forward(table: Table, tmp_path: Path) -> None:
    """One registry takes a fault of each step in turn, from the first step that has one, and is then looked
    at whole."""
    tried: dict[str, list[Fault]] = {}
    for step, point, nth in rows(table.passed):
        tried.setdefault(step, []).append((point, nth))
    for number, faults in enumerate(rounds(tried)):
        steps = spanning(list(EVENTS), faults)
        world = table.before[steps[0]].copy(tmp_path / str(number))
        for step in steps:
            try:
                strike(world, step, faults.get(step))
            except BaseException as error:
                error.add_note(f"{step}: {faults.get(step)}, after {faults}")
                raise
        require_whole(world)


def strike(world: World, step: str, fault: Fault | None) -> None:
    """Take a step, with a fault if there is one for it, and take it again where it was not done."""
    acknowledged = fault is not None and crash(world, step, RaiseAt(*fault), InjectedFault)
    with world.open() as registry:
        reached(registry, step, acknowledged=acknowledged)
        if next_step(registry, objecting=True) == step:
            take(world, registry, step)
            settle(registry)


def reached(registry: Registry, step: str, *, acknowledged: bool) -> None:
    """An acknowledged step is done, and no step twice."""
    statement = EVENTS[step]
    if statement is not None:
        assert happened(registry)[statement] in ((1,) if acknowledged else (0, 1))
    if acknowledged:
        assert next_step(registry, objecting=True) != step


# ---------------------------------------------------------------- the chain does not answer


@dataclass
class Silence:
    """A node that stops answering: `method` fails at its `nth` request, carried out before or not at all."""

    method: str
    nth: int
    delivered: bool

    def meet(self, method: str, ask: Callable[[], Any]) -> Any:
        """Answer a request, or fall silent at it."""
        if method != self.method:
            return ask()
        self.nth -= 1
        if self.nth == 0 and self.delivered:
            ask()
        if self.nth == 0:
            raise requests.ConnectionError
        return ask()


def silence(registry: Registry, method: str, nth: int, *, delivered: bool) -> None:
    """Let the registry's node fall silent, to whoever asks through web3 and below it."""
    provider = cast("Any", registry.w3.provider)
    one, batch, kind = provider.make_request, provider.make_batch_request, Silence(method, nth, delivered)
    provider.make_request = lambda method, params: kind.meet(method, lambda: one(method, params))
    provider.make_batch_request = lambda asked: kind.meet(asked[0][0], lambda: batch(asked))
    provider._request_func_cache = (None, None)  # what web3 made of the one before


@pytest.mark.parametrize(
    ("step", "method", "nth", "delivered"),
    [
        *(
            (step, *fault)
            for step in ("accept", "publish", "deposit")
            for fault in (
                ("eth_sendRawTransaction", 1, False),
                ("eth_sendRawTransaction", 1, True),
                ("eth_getTransactionReceipt", 1, False),
            )
        ),
        *(
            (step, "eth_getTransactionReceipt", 2, False) for step in ("publish", "deposit")
        ),  # a call and a head
    ],
)
def test_a_silent_node_is_asked_again_later(
    table: Table, step: str, method: str, nth: int, delivered: bool, tmp_path: Path
) -> None:
    world = table.before[step].copy(tmp_path / "state")
    with world.open() as registry:
        take(world, registry, step)
        silence(registry, method, nth, delivered=delivered)
        with pytest.raises(ChainUnreachable):
            settle(registry)
        settle(registry)  # the node answers again
    recover(world, step)
