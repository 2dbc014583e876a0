"""The same decisions on a real network of four validators (geth's Clique, a block a second) and embedded:
until final, and whose time it is: ours, the node's, or waiting for blocks.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, Final

from scripts.bench_parts.measure import Figure, Say, seconds
from scripts.bench_parts.site import EXAMPLE, OFFICER, make_site, opened
from scripts.network_parts import nodes
from scripts.network_parts.binaries import NoProgram, find_geth
from scripts.network_parts.making import make
from scripts.network_parts.plan import Network
from yinzheng.ledger.cases import asked, deciding, intake
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.chain.sender import Sender
from yinzheng.ledger.demonstration.certificates import PLAN, demonstration_keys
from yinzheng.ledger.demonstration.material import favourable_review
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.passphrase import PASSPHRASE, create_passphrase_file
from yinzheng.ledger.keys.provider import RELAY
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.people.keyring import make_demonstration_passphrase
from yinzheng.ledger.registry import Registry, silent, wall_clock
from yinzheng.ledger.rules.profiles import DEMO
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.ledger.state.creation import create_registry
from yinzheng.verifier.errors import EnvironmentFault

_PART: Final = "network"
PERIOD: Final = 1
FINAL: Final = 3
"""Blocks, the one with the transaction included, until it is final among four of Clique."""


@dataclass
class _Spent:
    """Seconds in the node, and in sleep, since it was last emptied."""

    node: float = 0.0
    waiting: float = 0.0


def measure_network(folder: Path, decisions: int, say: Say) -> list[Figure]:
    """Carry so many decisions to a final block, one at a time, on both chains; nothing without geth."""
    try:
        binary = find_geth(say=say)
    except NoProgram as missing:
        say(f"no network: {missing}")
        return []
    say("deciding on the embedded chain")
    with opened(make_site(folder / "embedded")) as registry:
        embedded = [seconds(step) for step in _steps(registry, decisions)]
    say("starting four validators")
    network = make(folder / "network", binary, period=PERIOD, fees=True)
    nodes.start(network)
    try:
        with _registry(folder / "state", network) as registry:
            spent = _measured(registry)
            say("deciding on the network")
            return _figures(spent, _steps(registry, decisions), embedded)
    finally:
        nodes.stop(network)


def _figures(spent: _Spent, steps: list[Callable[[], object]], embedded: list[float]) -> list[Figure]:
    totals, ours, asked_, waited = [], [], [], []
    for step in steps:
        spent.node = spent.waiting = 0.0
        total = seconds(step)
        totals.append(total)
        asked_.append(spent.node / total)
        waited.append(spent.waiting / total)
        ours.append(1 - (spent.node + spent.waiting) / total)
    floor = PERIOD * FINAL
    whole = f"{FINAL} blocks of {PERIOD} s"
    return [
        Figure(_PART, "decision until final", median(totals), "s", whole, floor, floor / median(totals)),
        Figure(_PART, "the same on the embedded chain", median(embedded) * 1e3, "ms"),
        Figure(_PART, "of it ours", 100 * median(ours), "%", goal="≤ 5 %", met=median(ours) <= 0.05),
        Figure(_PART, "of it in the node", 100 * median(asked_), "%"),
        Figure(_PART, "of it waiting", 100 * median(waited), "%"),
    ]


def _steps(registry: Registry, count: int) -> list[Callable[[], object]]:
    """Reviews of as many accepted cases, each carried through."""
    by = acting_as(registry, OFFICER)
    cases = [intake.apply(registry, EXAMPLE, DEMO.tag, silent) for _ in range(count)]
    for case in cases:
        deciding.accept(registry, case, by, Procedure.SIMPLIFIED, "不涉及公共数据")
    settle(registry)

    def step(case: str) -> Callable[[], object]:
        def decide() -> None:
            with work_on(registry, case) as work:
                application = asked.application_of(work)
            answers, flags = favourable_review(application.facts, (application.files[0].path,))
            deciding.review(registry, case, by, answers, flags)
            settle(registry)

        return decide

    return [step(case) for case in cases]


@contextmanager
def _registry(root: Path, network: Network) -> Iterator[Registry]:
    plan = replace(PLAN, chain_urls=(network.node("registry").url,))

    def create() -> None:
        create_registry(
            root,
            plan,
            lambda keys: create_passphrase_file(keys / PASSPHRASE),
            make_demonstration_passphrase,
            wall_clock,
            silent,
        )

    try:
        create()
    except EnvironmentFault as fault:
        nodes.fund(network, re.findall(r"0x[0-9a-f]{40}", fault.message))
        create()
    with open_registry(root, demonstration_keys) as registry:
        yield registry


def _measured(registry: Registry) -> _Spent:
    """Have the registry's node and its sleep counted."""
    spent, provider = _Spent(), registry.w3.provider

    def counted(ask: Callable[..., Any]) -> Callable[..., Any]:
        def asking(*arguments: Any) -> Any:
            begin = time.perf_counter()
            try:
                return ask(*arguments)
            finally:
                spent.node += time.perf_counter() - begin

        return asking

    def sleep(pause: float) -> None:
        begin = time.perf_counter()
        time.sleep(pause)
        spent.waiting += time.perf_counter() - begin

    provider.make_request = counted(provider.make_request)  # type: ignore[method-assign]
    provider.make_batch_request = counted(provider.make_batch_request)  # type: ignore[attr-defined]
    object.__setattr__(registry, "sender", Sender(registry.w3, registry.keys.account(RELAY), sleep))
    return spent
