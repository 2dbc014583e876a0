"""Reaching the instance's chain, embedded or foreign, for writing or for reading (D12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from web3 import Web3
from web3.middleware import AttributeDictMiddleware, ExtraDataToPOAMiddleware
from web3.providers.base import BaseProvider

from yinzheng.ledger.chain.deployment import check_deployment
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.evidence import asking
from yinzheng.ledger.chain.embedded.proofs import account_at, code_at, storage_at
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.ledger.chain.endpoints import Chain, Condition, Endpoints
from yinzheng.ledger.chain.evidence import Prover, nobody_else
from yinzheng.ledger.chain.modules import check_modules
from yinzheng.ledger.chain.node import NodeProvider
from yinzheng.ledger.keys.provider import VALIDATOR, KeyProvider
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.instance import Instance, Paths
from yinzheng.verifier.bytes.algorithms import sha256


@contextmanager
def open_chain(
    paths: Paths,
    instance: Instance,
    keys: KeyProvider | None,
    *,
    clock: Callable[[], int],
    faults: Faults = NO_FAULTS,
) -> Iterator[Web3]:
    """Open the chain and check that it holds our contracts; with `keys` the embedded one can seal.

    Raises as `EmbeddedChain.open`, `check_deployment` and `check_modules`; `EnvironmentFault`
    `other-chain` (ChainUnreachable, where every node is of another).
    """
    if instance.foreign:
        w3 = connect_all(instance.chain_urls, chain_of(instance))
        _check(w3, instance)
        yield w3
        return
    key = None if keys is None else keys.ethereum(VALIDATOR).secret_bytes()
    with EmbeddedChain.open(
        paths.chain,
        clock=clock,
        key=key,
        chain_id=instance.chain_id,
        genesis=instance.genesis,
        faults=faults,
    ) as chain:
        w3 = speaking(EmbeddedProvider(chain))
        resting = _resting_on(chain, instance)
        if resting not in _RECOGNISED:
            _check(w3, instance)
            if len(_RECOGNISED) >= _KEPT:
                _RECOGNISED.clear()
            _RECOGNISED.add(resting)
        yield w3


def prover(w3: Web3, instance: Instance) -> Prover:
    """What collects evidence from the instance's chain, as its consensus asks for."""
    nodes = w3.provider
    other = nodes.lies if isinstance(nodes, Endpoints) else nobody_else
    return Prover(asking(w3), instance.consensus, len(instance.validators), other)


_RECOGNISED: Final[set[tuple[object, ...]]] = set()
"""What each check that passed in this process rested on; at most `_KEPT`."""

_KEPT: Final = 64


def _resting_on(chain: EmbeddedChain, instance: Instance) -> tuple[object, ...]:
    """All that `_check` rests on, which it need not find again where nothing of this differs.

    A contract's code holds what it was joined to, but for its authority, its first word of storage
    (`AccessManaged`); the authority's storage holds every role. What it says today it says later too: a
    role that is held ends by a write, and a delay only shortens with time.
    """
    head = chain.head()
    places = {**instance.deployment.addresses, **instance.modules.addresses}
    codes = [sha256(code_at(chain.store, head, address)) for address in places.values()]
    words = [storage_at(chain.store, head, address, 0) for address in places.values()]
    roles = account_at(chain.store, head, instance.deployment.manager).storage_root
    return (chain.chain_id, instance.deployment, instance.modules, roles, *words, *codes)


def _check(w3: Web3, instance: Instance) -> None:
    check_deployment(w3, instance.deployment)
    check_modules(w3, instance.deployment, instance.modules)


def connect_all(urls: Sequence[str], chain: Chain) -> Web3:
    """Speak to nodes of one chain, whichever is well; nothing is asked yet."""
    return _of_authority(Endpoints(urls, chain))


def chain_of(instance: Instance) -> Chain:
    """Which chain an instance's nodes have to be of."""
    return Chain(instance.chain_id, instance.genesis, instance.consensus, frozenset(instance.validators))


def conditions(w3: Web3) -> list[Condition]:
    """Each node as it is now, all of them asked; none of an embedded chain."""
    return w3.provider.conditions() if isinstance(w3.provider, Endpoints) else []


def nodes_left(w3: Web3) -> list[Condition]:
    """The nodes that are not asked at this moment, and why; none of an embedded chain."""
    return w3.provider.left() if isinstance(w3.provider, Endpoints) else []


def connect(url: str) -> Web3:
    """Speak to any JSON-RPC node, proof-of-authority networks included; nothing is asked yet."""
    return _of_authority(NodeProvider(url))


def _of_authority(provider: BaseProvider) -> Web3:
    w3 = speaking(provider)
    w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return w3


def speaking(provider: BaseProvider) -> Web3:
    """Speak through a provider, asking what we ask and nothing more."""
    # The rest of web3's own would ask which chain this is before every call, look names up in every argument
    # and think of prices, for senders who give none.
    return Web3(provider, middleware=[(AttributeDictMiddleware, "attrdict")])
