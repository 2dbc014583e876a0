"""Reaching the instance's chain, embedded or foreign, for writing or for reading (D12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from web3 import HTTPProvider, Web3
from web3.middleware import ExtraDataToPOAMiddleware

from yinzheng.ledger.chain.deployment import check_deployment
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.provider import EmbeddedProvider
from yinzheng.ledger.chain.modules import check_modules
from yinzheng.ledger.keys.provider import VALIDATOR, KeyProvider
from yinzheng.ledger.state.faults import NO_FAULTS, Faults
from yinzheng.ledger.state.instance import Instance, Paths

REQUEST_SECONDS = 20


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

    Raises as `EmbeddedChain.open`, `check_deployment` and `check_modules`.
    """
    if instance.chain_url is not None:
        w3 = connect(instance.chain_url)
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
        w3 = Web3(EmbeddedProvider(chain))
        _check(w3, instance)
        yield w3


def _check(w3: Web3, instance: Instance) -> None:
    check_deployment(w3, instance.deployment)
    check_modules(w3, instance.deployment, instance.modules)


def connect(url: str) -> Web3:
    """Speak to any JSON-RPC node, proof-of-authority networks included; nothing is asked yet."""
    w3 = Web3(HTTPProvider(url, request_kwargs={"timeout": REQUEST_SECONDS}))
    w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return w3
