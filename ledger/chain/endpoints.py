"""Several nodes of one network, asked in order: what lags, hangs, errs, lies or is of another chain is left.

The first that is well answers. One that failed is not asked again for a while, and is named with the reason;
it comes back into its place in the order when it is well. Transactions are handed to every node that is well,
for one alone may keep them to itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import urlsplit

from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from yinzheng.ledger.chain.evidence import Ask, header_of
from yinzheng.ledger.chain.node import REQUEST_SECONDS, NodeProvider
from yinzheng.ledger.chain.reverts import ChainUnreachable
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.chain.consensus import UNPROVEN, Consensus
from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.errors import DataFault, EnvironmentFault

HANGS: Final = 10.0
"""Seconds after which a node is left, where there is another to ask."""
LAG: Final = 4
"""Blocks by which a node may be behind the best one."""
AHEAD: Final = 15
"""Seconds by which a node's newest block may be dated ahead of our clock, where others' are not: it follows a
validator whose clock is wrong, or is it, and stands on blocks that nobody else takes."""
LEFT_SECONDS: Final = 30.0
"""How long one that failed is not asked again …"""
COMPARED_SECONDS: Final = 15.0
"""… and how old a comparison of heights may be."""
MOST: Final = 16
"""Endpoints of one registry."""

_SENDING: Final = "eth_sendRawTransaction"


@dataclass(frozen=True, slots=True)
class Chain:
    """Which chain it has to be, and who may seal its blocks."""

    chain_id: int
    genesis: bytes
    consensus: Consensus
    validators: frozenset[bytes]


@dataclass(slots=True)
class Endpoint:
    """One node."""

    url: str
    provider: NodeProvider
    known: bool = False
    """Whether it was seen to be of the chain."""
    height: int | None = None
    """Its newest block when it was last compared …"""
    head: str | None = None
    """… and that block's hash, as the node gives it …"""
    base_fee: int | None = None
    """… its base fee, in wei (None where it has none) …"""
    time: int | None = None
    """… and when it says that it was proposed, in UTC seconds."""
    left: str | None = None
    """Why it is not asked; None: it is."""
    until: float = 0.0
    """Until when, by the monotonic clock."""

    @property
    def name(self) -> str:
        """Its address as it may be shown, without credentials."""
        return shown(self.url)


@dataclass(frozen=True, slots=True)
class Condition:
    """What is known of one node."""

    name: str
    height: int | None
    fault: str | None
    asked: bool
    """Whether it is the one that answers."""
    head: str | None = None
    """Its newest block's hash, 0x and 64 hex."""
    base_fee: int | None = None
    """Wei that its newest block asked for a unit of gas; None where there is no such thing."""
    time: int | None = None
    """When its newest block was proposed, by the clock of who proposed it; UTC seconds."""

    @property
    def of_another(self) -> bool:
        """Whether it was left for being of another chain."""
        return self.fault == _OTHER_CHAIN


@dataclass
class _Times:
    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    compared: float = field(default=float("-inf"))


class Endpoints(JSONBaseProvider):
    """`Web3(Endpoints(urls, chain))` speaks to whichever node is well. Nothing is asked yet.

    Raises as `NodeProvider`; `ChainUnreachable` names every node and why it was left.
    """

    global_ccip_read_enabled = False

    def __init__(
        self,
        urls: Sequence[str],
        chain: Chain,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        seconds = REQUEST_SECONDS if len(urls) == 1 else HANGS
        self._all = [Endpoint(url, NodeProvider(url, seconds=seconds)) for url in urls]
        self._chain = chain
        self._times = _Times(monotonic, wall)

    # ---------------------------------------------------------------- as web3 asks

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Ask the first node that is well, and the next where it fails."""
        if method == _SENDING:
            return cast("RPCResponse", self._sent(lambda one: one.make_request(method, params)))
        return cast("RPCResponse", self._asked(lambda one: one.make_request(method, params)))

    def make_batch_request(self, requests: list[tuple[RPCEndpoint, Any]]) -> list[RPCResponse] | RPCResponse:
        """As `make_request`, for several things of one kind."""
        ask: Callable[[NodeProvider], Any] = lambda one: one.make_batch_request(requests)  # noqa: E731
        if requests and requests[0][0] == _SENDING:
            return cast("list[RPCResponse]", self._sent(ask))
        return cast("list[RPCResponse]", self._asked(ask))

    def each(self, method: str, params: list[Any]) -> list[Any]:
        """What each node that is well answers, in their order; those that refuse are left out.

        Raises `ChainUnreachable` where none answers.
        """
        answers: list[Any] = []
        for one in self._well():
            try:
                answers.append(one.provider.make_request(RPCEndpoint(method), params))
            except ChainUnreachable as fault:
                self._leave(one, fault.reason)
        if not answers:
            raise self._none_left()
        return [one["result"] for one in answers if one.get("result") is not None]

    def is_connected(self, show_traceback: bool = False) -> bool:
        """Whether any node answers."""
        del show_traceback
        try:
            self.make_request(RPCEndpoint("eth_chainId"), [])
        except ChainUnreachable:
            return False
        return True

    # ---------------------------------------------------------------- which one

    def lies(self, why: str) -> bool:
        """Leave the node that answered last, for what it said cannot be; tells whether there is another."""
        for one in self._all:
            if one.left is None:
                self._leave(one, why)
                break
        return any(one.left is None for one in self._all)

    def conditions(self) -> list[Condition]:
        """Each node as it is now, all of them asked, in their order."""
        for one in self._all:
            one.left, one.until = None, 0.0
        self._compare()
        first = next((one for one in self._all if one.left is None), None)
        return [
            Condition(one.name, one.height, one.left, one is first, one.head, one.base_fee, one.time)
            for one in self._all
        ]

    def left(self) -> list[Condition]:
        """Those that are left at this moment; nobody is asked."""
        return [Condition(one.name, one.height, one.left, False) for one in self._all if one.left is not None]

    def _well(self) -> list[Endpoint]:
        """Those to ask, in order; all of them again where none is well."""
        now = self._times.monotonic()
        for one in self._all:
            if one.left is not None and now >= one.until:
                one.left = None
        if len(self._all) > 1 and now - self._times.compared >= COMPARED_SECONDS:
            self._compare()
        return [one for one in self._all if one.left is None and self._is_of_the_chain(one)]

    def _asked(self, ask: Callable[[NodeProvider], Any]) -> Any:
        last: ChainUnreachable | None = None
        for one in self._well():
            try:
                return ask(one.provider)
            except ChainUnreachable as fault:
                self._leave(one, fault.reason)
                last = fault
        raise self._none_left() from last

    def _sent(self, ask: Callable[[NodeProvider], Any]) -> Any:
        """Hand it to every node that is well; what the first that answered said counts."""
        answers: list[Any] = []
        for one in self._well():
            try:
                answers.append(ask(one.provider))
            except ChainUnreachable as fault:
                self._leave(one, fault.reason)
        if not answers:
            raise self._none_left()
        return next((one for one in answers if _taken(one)), answers[0])

    def _leave(self, one: Endpoint, why: str) -> None:
        one.left, one.until = why, self._times.monotonic() + LEFT_SECONDS

    def _none_left(self) -> ChainUnreachable:
        faults = "; ".join(f"{one.name} {one.left or 'does not answer'}" for one in self._all)
        codes = {one.left for one in self._all}
        return ChainUnreachable(
            f"No node of the chain can be used: {faults}.",
            code="other-chain" if codes == {_OTHER_CHAIN} else "chain-unreachable",
            hint="Check that the nodes run and their addresses are right (`yinzheng chain`); what was sent is"
            " looked up by its hash. Nothing was lost.",
        )

    def _is_of_the_chain(self, one: Endpoint) -> bool:
        """Two chains may share an identifier; they do not share their first block."""
        if one.known:
            return True
        try:
            ask = _ask_of(one)
            same = int(ask("eth_chainId", []), 16) == self._chain.chain_id
            first = ask("eth_getBlockByNumber", ["0x0", False])
        except EnvironmentFault as fault:
            self._leave(one, getattr(fault, "reason", "does not answer"))
            return False
        if not same or first is None or first["hash"] != "0x" + self._chain.genesis.hex():
            self._leave(one, _OTHER_CHAIN)
            return False
        one.known = True
        return True

    def _compare(self) -> None:
        """Leave those that are behind the highest block that the validators sealed."""
        self._times.compared = self._times.monotonic()
        for one in self._all:
            if one.left is None and self._is_of_the_chain(one):
                try:
                    one.height = self._height(one)
                except EnvironmentFault as fault:
                    self._leave(one, getattr(fault, "reason", "does not answer"))
                except (DataFault, NotGiven):
                    self._leave(one, "says what cannot be of its newest block")
        self._leave_those_ahead()
        best = max((one.height or 0 for one in self._all if one.left is None), default=0)
        for one in self._all:
            if one.left is None and (one.height or 0) < best - LAG:
                self._leave(one, f"is {counted(best - (one.height or 0), 'block')} behind")

    def _leave_those_ahead(self) -> None:
        """Leave those whose newest block is yet to come; where all of them say so our clock is wrong."""
        now = self._times.wall()
        well = [one for one in self._all if one.left is None]
        ahead = [one for one in well if (one.time or 0) > now + AHEAD]
        for one in ahead if len(ahead) < len(well) else ():
            self._leave(one, f"has a block dated {(one.time or 0) - now:.0f} seconds ahead of our clock")

    def _height(self, one: Endpoint) -> int:
        """Its newest block's number. A height that nobody sealed would make all others lag."""
        ask = _ask_of(one)
        newest = ask("eth_getBlockByNumber", ["latest", False])
        chain, one.head = self._chain, newest["hash"]
        told = newest.get("baseFeePerGas")
        one.base_fee, one.time = None if told is None else int(told, 16), int(newest["timestamp"], 16)
        if chain.consensus is UNPROVEN:
            return int(newest["number"], 16)
        header = header_of(newest, chain.consensus)
        if header.number and chain.validators:
            try:
                chain.consensus.sealers(header, chain.validators)
            except NotGiven as fault:
                if fault.code not in ("sealer-not-pinned", "validators-not-pinned"):
                    raise  # a validator voted in since is no lie
        return header.number


_OTHER_CHAIN: Final = "is of another chain"


def shown(url: str) -> str:
    """An address as it may be shown: without credentials, path and query, where tokens lie."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _taken(answer: Any) -> bool:
    return "error" not in answer if isinstance(answer, dict) else True


def _ask_of(one: Endpoint) -> Ask:
    def ask(method: str, arguments: list[Any]) -> Any:
        response = one.provider.make_request(RPCEndpoint(method), arguments)
        if response.get("error") is not None:
            raise EnvironmentFault("refuses", code="node-refused")
        return response.get("result")

    return ask
