"""A real network of four validators and a registry on it, which all tests of a run share.

The registry is one, and so is its chain: what a test does stays for the next.
"""

from __future__ import annotations

import logging
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from scripts.network_parts import nodes, standstill
from scripts.network_parts.making import make
from scripts.network_parts.plan import Network, Node
from tests.ledger import consent_world as cw
from tests.ledger import world as w
from tests.ledger.disputes.court import COURT, FORUM, OPENER, address
from tests.ledger.organisations.enrolling import Member
from tests.ledger.withdrawals import clinic
from tests.ledger.world import KEEPER, OFFICER, PASSPHRASE, Clock, World, actor_of, secret_of
from tests.network.gate import Gate
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.flow import pipeline
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import Registry, silent
from yinzheng.ledger.state.creation import Plan, create_registry
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.store.models_consents import Notice
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.errors import EnvironmentFault


class WallClock(Clock):
    """The real time; whoever sets it waits until then. `skew` seconds are added."""

    skew = 0

    def __init__(self) -> None:
        pass

    @property
    def now(self) -> int:
        return int(time.time()) + self.skew

    @now.setter
    def now(self, value: int) -> None:
        time.sleep(max(0.0, value + 1 - time.time()))

    def __call__(self) -> int:
        return self.now


_STILL: Final = 8.0
"""Seconds without a block after which it is looked at."""

BEHIND: Final = "registry"
"""Whose node is reached through the gate alone."""


@dataclass
class Net:
    """The network, the gate before the registry's own node, and an operator who heals what stands still.

    Clique's four may come to wait for each other at any moment (`standstill`). What tests are about is what
    the registry does meanwhile and afterwards, not that somebody sees to it.
    """

    network: Network
    gate: Gate
    healed: list[list[str]] = field(default_factory=list)
    """Who went back, each time."""
    _hands: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    _away: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def start(cls, folder: Path, binary: Path) -> Net:
        gate = Gate()
        network = make(folder, binary, period=1, fees=True, behind={BEHIND: gate.port})
        gate.target = network.node(BEHIND).peer
        nodes.start(network, patience=120)
        net = cls(network, gate)
        threading.Thread(target=net._watch, daemon=True).start()
        net.wait(lambda: (nodes.height(net["plain"]) or 0) > 2, "the plain node follows", 60)
        return net

    def close(self) -> None:
        self._over.set()
        self.gate.close()
        with self._hands:
            nodes.stop(self.network)

    def kill(self, *names: str) -> None:
        """Kill nodes, as a machine does that loses its power."""
        with self._hands:
            nodes.stop(self.network, names, how=signal.SIGKILL)

    @contextmanager
    def unattended(self) -> Iterator[None]:
        """Have nobody heal it for the block's duration."""
        self._away.set()
        try:
            yield
        finally:
            self._away.clear()

    def _watch(self) -> None:
        """Heal the network whenever it stands still although enough of its validators are at work; while the
        gate is shut, those before it: each of three that sealed at one moment waits for the two others.
        """
        seen, since = (False, -1), time.monotonic()
        while not self._over.wait(1.0):
            parted = self.gate.is_shut
            among = tuple(one for one in self.network.nodes if not parted or one.name != BEHIND)
            asked = [(node, nodes.height(node)) for node in among]
            answering = [(node, height) for node, height in asked if height is not None]
            found = (parted, max((height for _, height in answering), default=-1))
            # Not whether they seal (`eth_mining`): geth seals nothing while it fetches a heavier chain, and
            # goes on fetching one that it may not take yet.
            enough = sum(1 for node, _ in answering if node.validator) >= 3
            if found != seen or self._away.is_set() or not enough:
                seen, since = found, time.monotonic()
            elif time.monotonic() - since > _STILL:
                with self._hands, suppress(TimeoutError, ValueError):
                    if back := standstill.heal(replace(self.network, nodes=among), patience=90):
                        self.healed.append(back)
                since = time.monotonic()

    def __getitem__(self, name: str) -> Node:
        return self.network.node(name)

    def url(self, *names: str) -> tuple[str, ...]:
        return tuple(self[name].url for name in names)

    @staticmethod
    def wait(done: Callable[[], object], what: str, seconds: float = 40) -> None:
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, f"waited in vain until {what}"
            time.sleep(0.1)

    def block_of(self, node: Node, transaction: bytes) -> tuple[int, str] | None:
        """In which block a node has a transaction: number and hash."""
        found = nodes.ask(node, "eth_getTransactionReceipt", ["0x" + transaction.hex()])
        return None if not found else (int(found["blockNumber"], 16), found["blockHash"])

    def knows(self, node: Node, transaction: bytes) -> bool:
        """Whether a node has a transaction, in a block or for the next."""
        return bool(nodes.ask(node, "eth_getTransactionByHash", ["0x" + transaction.hex()]))

    def hash_at(self, node: Node, number: int) -> str | None:
        found = nodes.ask(node, "eth_getBlockByNumber", [hex(number), False])
        return None if not found else str(found["hash"])

    def running(self) -> None:
        """Have all nodes run, and follow one chain."""
        self.gate.open()
        with self._hands:
            standstill.start(self.network, patience=60)
        for node in self.network.nodes:
            if node.validator is not None:
                nodes.ask(node, "miner_start")

        def together() -> bool:
            # Asked one after another, they differ by what is sealed meanwhile.
            heights = [nodes.height(node) or -99 for node in self.network.nodes]
            low = min(heights)
            if low <= before or max(heights) - low > 3:
                return False
            return len({self.hash_at(node, low) for node in self.network.nodes}) == 1

        before = max(nodes.height(node) or 0 for node in self.network.nodes)
        self.wait(together, "all nodes follow one chain, which goes on", 180)


def plan(urls: Sequence[str]) -> Plan:
    return replace(w.plan(), chain_urls=tuple(urls))


def create(net: Net, root: Path, urls: Sequence[str]) -> World:
    """A registry on the network, its accounts funded after `init` named them."""

    def made() -> None:
        create_registry(root, plan(urls), lambda _folder: PASSPHRASE, secret_of, clock, silent)

    clock = WallClock()
    try:
        made()
    except EnvironmentFault as fault:
        assert fault.code == "chain-unfunded"  # noqa: PT017
        nodes.fund(net.network, re.findall(r"0x[0-9a-f]{40}", fault.message))
        made()
    return World(root, clock)


@dataclass
class Office:
    """The registry with a court, a hospital, its notice, and people's consents."""

    net: Net
    world: World
    folder: Path
    notice: Notice
    digest: DigestPair
    cases: int = 0

    @classmethod
    def found(cls, net: Net, world: World, folder: Path) -> Office:
        with world.open() as registry:
            made = cw.ConsentWorld(registry, **clinic.NOTICE)
            cw.enrol_one(registry, OPENER, "party")
            member = Member(COURT, ("forum",), "某市中级人民法院", address(FORUM))
            enrolment.enrol(
                registry,
                member.enrolment(registry.clock()),
                actor_of(registry, OFFICER),
                administrator=actor_of(registry, KEEPER),
            )
            pipeline.settle(registry)
        return cls(net, world, folder, made.notice, made.digest)

    def dossier(self) -> Path:
        self.cases += 1
        return self.folder / f"dossier{self.cases}"

    def consent(self, registry: Registry) -> bytes:
        self.cases += 1
        bench = clinic.Clinic(self.world, registry, self.notice, self.digest)
        return grant(registry, [bench.body(self.cases)], cw.HOSPITAL)[0].subject

    @contextmanager
    def settling(self, registry: Registry) -> Iterator[list[BaseException]]:
        """Carry on beside the block, as a desk does: again where nodes were not to be had or blocks late.

        Afterwards it is waited for, with what it raised; what it tried in vain is told with a failure.
        """
        faults: list[BaseException] = []
        until = time.monotonic() + 180

        def carry_on() -> None:
            while True:
                try:
                    return pipeline.settle(registry)
                except EnvironmentFault as fault:
                    logging.getLogger(__name__).warning("settling again: %s, %s", fault.code, fault.message)
                    if time.monotonic() > until:
                        return faults.append(fault)
                    time.sleep(0.5)
                except BaseException as fault:
                    return faults.append(fault)

        thread = threading.Thread(target=carry_on)
        thread.start()
        try:
            yield faults
        finally:
            thread.join(240)
            assert not thread.is_alive()

    def change(self, urls: Sequence[str]) -> None:
        """Have the registry ask these nodes."""
        paths, instance = read_instance(self.world.root)
        paths.instance.write_bytes(replace(instance, chain_urls=tuple(urls)).to_json())

    def codes(self) -> set[str]:
        return self.world.codes()
