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
from tests.faults.turns import Armed
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


def recover(world: World, step: str, *, acknowledged: bool) -> None:
    """Open again, find an acknowledged step done, go on to the end, and check everything."""
    with world.open() as registry:
        statement = EVENTS[step]
        if statement is not None:
            assert happened(registry)[statement] in ((1,) if acknowledged else (0, 1))
        if acknowledged:
            assert next_step(registry) != step
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
@pytest.mark.parametrize("step", EVENTS)
def test_a_failed_write_rolls_forward(table: Table, step: str, tmp_path: Path) -> None:
    for number, (_, point, nth) in enumerate(row for row in rows(table.passed) if row[0] == step):
        world = table.before[step].copy(tmp_path / str(number))
        acknowledged = crash(world, step, RaiseAt(point, nth), InjectedFault)
        try:
            recover(world, step, acknowledged=acknowledged)
        except BaseException as error:
            error.add_note(f"{step}: {point}, occurrence {nth}")
            raise


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
    recover(world, step, acknowledged=True)
