"""Asking the node behind a web3 instance, with any provider, as evidence is collected (S7.3)."""

from typing import Any

from web3 import Web3
from web3.types import RPCEndpoint

from yinzheng.ledger.chain.evidence import Ask
from yinzheng.ledger.chain.refusals import ChainUnreachable
from yinzheng.verifier.errors import EnvironmentFault


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
