"""Reaching the instance's chain, embedded or foreign, for writing or for reading (D12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from web3 import Web3
from web3.middleware import ExtraDataToPOAMiddleware
from web3.providers.base import BaseProvider

from yinzheng.ledger.chain.deployment import check_deployment
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.evidence import asking
from yinzheng.ledger.chain.embedded.proofs import account_at, code_at, storage_at
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.ledger.chain.evidence import Prover
from yinzheng.ledger.chain.modules import check_modules
from yinzheng.ledger.chain.node import NodeProvider
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.keys.provider import VALIDATOR, KeyProvider
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.instance import Instance, Paths
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.errors import EnvironmentFault


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

    Raises as `EmbeddedChain.open`, `check_deployment` and `check_modules`; `EnvironmentFault` `other-chain`.
    """
    if instance.chain_url is not None:
        w3 = connect(instance.chain_url)
        _require_genesis(w3, instance.genesis)
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
    return Prover(asking(w3), instance.consensus, len(instance.validators))


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


def _require_genesis(w3: Web3, genesis: bytes) -> None:
    """Two chains may share an identifier; they do not share their first block."""
    with translated():
        found = bytes(w3.eth.get_block(0)["hash"])
    if found != genesis:
        raise EnvironmentFault(
            "the node is of another chain than this registry's",
            code="other-chain",
            hint="Check the address of the chain in the instance file; nothing was read or written.",
        )


def connect(url: str) -> Web3:
    """Speak to any JSON-RPC node, proof-of-authority networks included; nothing is asked yet."""
    w3 = speaking(NodeProvider(url))
    w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return w3


def speaking(provider: BaseProvider) -> Web3:
    """Speak through a provider, asking what we ask and nothing more."""
    w3 = Web3(provider)
    w3.middleware_onion.remove("validation")  # it asks which chain this is before every call
    return w3
