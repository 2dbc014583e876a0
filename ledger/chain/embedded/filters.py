"""Filters of an embedded chain's node: what came since they were asked last, bounded in number and age.

A client makes one (`eth_newFilter`, `eth_newBlockFilter`), asks it again and again, and takes it away; one
that nobody asked for five minutes is gone, as with go-ethereum. Its name is a random number, so that nobody
asks or takes away another's. A node that is begun anew has none: clients make theirs again.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from weakref import WeakKeyDictionary

from yinzheng.ledger.chain.embedded import blocks, params
from yinzheng.ledger.chain.embedded.blocks import LIMIT_EXCEEDED, MAX_SEARCH, LogFilter
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.params import RpcError
from yinzheng.ledger.chain.embedded.views import hexed

MOST: Final = 256
"""Filters of a chain at once."""
SECONDS: Final = 300.0
"""How long one is kept that nobody asks."""
UNKNOWN: Final = -32000
_SMALLER: Final = 8
"""By how much less is looked through where there are too many logs for one answer."""


@dataclass(slots=True)
class _Filter:
    """`wanted` None: the hashes of blocks. `told`: the last block that was looked through."""

    wanted: LogFilter | None
    told: int
    asked: float
    lock: threading.Lock


class Filters:
    """The filters of one chain. Safe to share between threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._filters: dict[str, _Filter] = {}
        self._lock = threading.Lock()

    def begin(self, wanted: LogFilter | None, head: int) -> str:
        """A new one, of what comes after block `head`; its name. Raises `RpcError` -32005 at `MOST`."""
        name = hex(secrets.randbits(127) | 1 << 127)
        with self._lock:
            self._forget_old()
            if len(self._filters) >= MOST:
                raise RpcError(LIMIT_EXCEEDED, f"{MOST} filters are in use; eth_getLogs needs none")
            self._filters[name] = _Filter(wanted, head, self._monotonic(), threading.Lock())
        return name

    def find(self, name: str) -> _Filter:
        """The one of that name, which counts as asked now. Raises `RpcError` -32000 where there is none."""
        with self._lock:
            self._forget_old()
            found = self._filters.get(name)
            if found is None:
                raise RpcError(UNKNOWN, "filter not found")
            found.asked = self._monotonic()
            return found

    def end(self, name: str) -> bool:
        """Take one away; whether it was there."""
        with self._lock:
            self._forget_old()
            return self._filters.pop(name, None) is not None

    def _forget_old(self) -> None:
        until = self._monotonic() - SECONDS
        for name in [name for name, one in self._filters.items() if one.asked < until]:
            del self._filters[name]


_of_chains: Final[WeakKeyDictionary[EmbeddedChain, Filters]] = WeakKeyDictionary()
_lock: Final = threading.Lock()


def filters_of(chain: EmbeddedChain) -> Filters:
    """The filters of that chain, gone with it."""
    with _lock:
        return _of_chains.setdefault(chain, Filters())


def new_filter(chain: EmbeddedChain, value: Any = None) -> str:
    """`eth_newFilter`: logs of blocks to come, as `eth_getLogs` chooses them."""
    asked = {} if value is None else value
    wanted = blocks.parse_filter(chain, asked)
    if asked.get("blockHash") is not None:
        raise params.invalid("filter: a block that is there already has no changes; use eth_getLogs")
    head = chain.head().block_number
    first = asked.get("fromBlock")
    wanted = replace(
        wanted,
        first=head + 1 if blocks.newest(first) else wanted.first,
        last=2**63 if blocks.newest(asked.get("toBlock")) else blocks.bound(chain, asked.get("toBlock")),
    )
    return filters_of(chain).begin(wanted, head)


def new_block_filter(chain: EmbeddedChain) -> str:
    """`eth_newBlockFilter`: the hashes of blocks to come."""
    return filters_of(chain).begin(None, chain.head().block_number)


def changes(chain: EmbeddedChain, name: Any) -> list[Any]:
    """`eth_getFilterChanges`: what came since it was asked last, oldest first.

    No more than one answer bears; what is left comes with the next.
    """
    found = filters_of(chain).find(_name(name))
    with found.lock:  # of two that ask at once, each is told something else
        first, last = found.told + 1, min(chain.head().block_number, found.told + MAX_SEARCH)
        if found.wanted is None:
            headers = [chain.header(number) for number in range(first, last + 1)]
            told: list[Any] = [hexed(header.hash) for header in headers if header is not None]
        else:
            told, last = _logs(chain, found.wanted, first, last)
        found.told = max(found.told, last)
        return told


def logs(chain: EmbeddedChain, name: Any) -> list[Any]:
    """`eth_getFilterLogs`: all logs that an `eth_newFilter` chooses, those before it was made, too."""
    wanted = filters_of(chain).find(_name(name)).wanted
    if wanted is None:
        raise RpcError(UNKNOWN, "filter not found")
    return blocks.find_logs(chain, replace(wanted, last=min(wanted.last, chain.head().block_number)))


def uninstall(chain: EmbeddedChain, name: Any) -> bool:
    """`eth_uninstallFilter`."""
    return filters_of(chain).end(_name(name))


def _logs(chain: EmbeddedChain, wanted: LogFilter, first: int, last: int) -> tuple[list[Any], int]:
    """The logs wanted of these blocks, or of the first of them; and the last block looked through."""
    while True:
        part = replace(wanted, first=max(first, wanted.first), last=min(last, wanted.last))
        try:
            return blocks.find_logs(chain, part) if part.first <= part.last else [], last
        except RpcError as error:
            if error.code != LIMIT_EXCEEDED or first == last:
                raise
            last = first + (last - first) // _SMALLER


def _name(value: Any) -> str:
    return hex(params.quantity(value, "filter", bits=128))
