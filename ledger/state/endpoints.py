"""Which nodes a registry asks, in which order, and what it pays at most: changed in its description.

Each new node is tried first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from yinzheng.ledger.chain.connect import chain_of
from yinzheng.ledger.chain.endpoints import MOST, Endpoints, shown
from yinzheng.ledger.state.files import write_durably
from yinzheng.ledger.state.instance import Instance, read_instance
from yinzheng.ledger.state.lock import writer_lock
from yinzheng.verifier.errors import EnvironmentFault, UsageFault


def change_endpoints(
    root: Path,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    first: str | None = None,
    fee_limit: int | None = None,
) -> Instance:
    """Add nodes at the end, remove some, then put one first; gives what the registry is now.

    `fee_limit`: wei for a unit of gas that sealers get at most from now on.

    A new one must answer and be of the registry's chain. Whoever works with the registry now asks the nodes
    it began with. Raises `UsageFault` (`node-embedded`, `endpoint-unknown`, `endpoint-twice`,
    `endpoints-none`, `endpoints-many`), `EnvironmentFault` (`other-chain`, `chain-unreachable`).
    """
    paths, instance = read_instance(root)
    if not instance.foreign:
        raise UsageFault(
            "this registry has an embedded chain, and no nodes to choose from", code="node-embedded"
        )
    for url in add:
        _require_ours(url, instance)
    with writer_lock(paths, instance.lock_seconds):
        _, instance = read_instance(root)
        urls = list(instance.chain_urls)
        for url in add:
            if url in urls:
                raise UsageFault(f"{shown(url)} is there already", code="endpoint-twice")
            urls.append(url)
        for url in remove:
            _known(url, urls)
            urls.remove(url)
        if first is not None:
            _known(first, urls)
            urls.insert(0, urls.pop(urls.index(first)))
        if not urls:
            raise UsageFault("a registry needs a node of its chain", code="endpoints-none")
        if len(urls) > MOST:
            raise UsageFault(f"a registry asks {MOST} nodes at most", code="endpoints-many")
        most = instance.fee_limit if fee_limit is None else fee_limit
        changed = replace(instance, chain_urls=tuple(urls), fee_limit=most)
        Instance.from_json(changed.to_json())  # what could not be read back must not be written
        write_durably(paths.instance, changed.to_json())
    return changed


def _known(url: str, urls: Sequence[str]) -> None:
    if url not in urls:
        raise UsageFault(
            f"{shown(url)} is not among the nodes",
            code="endpoint-unknown",
            hint="As they are: " + ", ".join(map(shown, urls)),
        )


def _require_ours(url: str, instance: Instance) -> None:
    (found,) = Endpoints([url], chain_of(instance)).conditions()
    if found.fault is not None:
        raise EnvironmentFault(
            f"{found.name} {found.fault}",
            code="other-chain" if found.of_another else "chain-unreachable",
            hint="Nothing was changed.",
        )
