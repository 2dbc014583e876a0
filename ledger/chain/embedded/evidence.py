"""Chain evidence from a web3 instance, with any provider (S7.3)."""

from collections.abc import Sequence
from typing import Any

from web3 import Web3
from web3.types import RPCEndpoint

from yinzheng.ledger.chain.evidence import Ask, collect, encode_header
from yinzheng.ledger.chain.refusals import ChainUnreachable
from yinzheng.verifier.errors import EnvironmentFault

__all__ = ["asking", "collect_evidence", "encode_header"]


def collect_evidence(
    w3: Web3,
    block: int,
    wanted: Sequence[tuple[bytes, Sequence[bytes]]],
    *,
    validators: int = 1,
) -> dict[str, Any]:
    """As `ledger.chain.evidence.collect`, asking through `w3`."""
    return collect(asking(w3), block, wanted, validators=validators)


def asking(w3: Web3) -> Ask:
    """Ask a web3 instance's node below web3's middleware, which would rename and convert fields."""

    def ask(method: str, arguments: list[Any]) -> Any:
        try:
            response = w3.provider.make_request(RPCEndpoint(method), arguments)
        except (ChainUnreachable, OSError, ValueError) as error:  # the latter of providers other than ours
            raise EnvironmentFault(
                "The node does not answer.",
                code="node-unreachable",
                hint="Check its address and that it runs; nothing is known about the data.",
            ) from error
        if response.get("error") is not None:
            raise EnvironmentFault(
                f"The node refuses {method}.",
                code="node-refused",
                hint="An archive node is needed for old blocks, and one that allows this method.",
            )
        return response.get("result")

    return ask
