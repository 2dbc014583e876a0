"""A web3.py provider over an embedded chain: the client code that drives any node drives this one."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from web3._utils.encoding import Web3JsonEncoder
from web3.middleware import ExtraDataToPOAMiddleware, combine_middleware
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from yinzheng.ledger.chain.embedded import rpc
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.params import RpcError

if TYPE_CHECKING:
    from web3 import Web3
    from web3.middleware.base import MiddlewareOnion


class EmbeddedProvider(JSONBaseProvider):
    """`Web3(EmbeddedProvider(chain))` speaks to `chain` in this process.

    web3.py refuses blocks whose `extraData` is over 32 bytes, as every Clique block's is, unless its
    proof-of-authority middleware is there. This provider brings it along, so nothing need be injected:
    such blocks show `proofOfAuthorityData` instead of `extraData`. (Over HTTP, to `yinzheng node` or any
    other Clique or QBFT network, inject `ExtraDataToPOAMiddleware` at layer 0.) `make_request` is below
    that and gives `extraData`.

    Faults of disk or lock are raised as they are (`EnvironmentFault`), not as JSON-RPC errors.
    """

    global_ccip_read_enabled = False

    def __init__(self, chain: EmbeddedChain) -> None:
        super().__init__()
        self.chain = chain

    def request_func(self, w3: "Web3", middleware_onion: "MiddlewareOnion") -> Callable[..., RPCResponse]:
        """The caller's middleware, then proof of authority, then `make_request`; cached as web3.py does."""
        middleware = (*middleware_onion.as_tuple_of_middleware(), ExtraDataToPOAMiddleware)
        if self._request_func_cache[0] != middleware:
            combined = combine_middleware(middleware=middleware, w3=w3, provider_request_fn=self.make_request)
            self._request_func_cache = (middleware, combined)
        return self._request_func_cache[1]

    def batch_request_func(
        self, w3: "Web3", middleware_onion: "MiddlewareOnion"
    ) -> Callable[..., list[RPCResponse] | RPCResponse]:
        """As `request_func`, for batches."""
        middleware = (*middleware_onion.as_tuple_of_middleware(), ExtraDataToPOAMiddleware)
        if self._batch_request_func_cache[0] != middleware:
            combined: Callable[..., Any] = self.make_batch_request
            for layer in reversed(middleware):
                combined = layer(w3).wrap_make_batch_request(combined)
            self._batch_request_func_cache = (middleware, combined)
        return self._batch_request_func_cache[1]

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Answer one request as a node would."""
        number = next(self.request_counter)
        try:
            return _response(number, result=rpc.call(self.chain, method, _plain(params)))
        except RpcError as error:
            return _response(number, error=error.as_json())

    def make_batch_request(self, requests: list[tuple[RPCEndpoint, Any]]) -> list[RPCResponse] | RPCResponse:
        """Answer several in order; a batch of nothing but transactions is sealed together."""
        if requests and all(method == "eth_sendRawTransaction" for method, _ in requests):
            answers = rpc.send_batch(self.chain, [_plain(params)[0] for _, params in requests])
            return [
                _response(number, error=answer.as_json())
                if isinstance(answer, RpcError)
                else _response(number, result=answer)
                for number, answer in enumerate(answers)
            ]
        return [self.make_request(method, params) for method, params in requests]


def _response(number: int, **outcome: Any) -> RPCResponse:
    return cast("RPCResponse", {"jsonrpc": "2.0", "id": number, **outcome})


def _plain(params: Any) -> Any:
    """Parameters as they would arrive over a wire."""
    try:
        return _copied(params or [])
    except TypeError:
        return json.loads(json.dumps(params or [], cls=Web3JsonEncoder))


def _copied(value: Any) -> Any:
    """What is JSON already, in lists and objects of its own. Raises `TypeError` for what is not."""
    kind = type(value)
    if kind is str or kind is bool or kind is int or value is None:
        return value
    if kind is list or kind is tuple:
        return [_copied(one) for one in value]
    if kind is dict and all(type(name) is str for name in value):
        return {name: _copied(one) for name, one in value.items()}
    raise TypeError
