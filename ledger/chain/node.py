"""A web3 provider over one HTTP client of ours: bounded, straight to the node, believing shapes alone.

web3's own would take its way through `http_proxy`, read answers of any size, and, told so by an error of the
node, fetch addresses that the node names (EIP-3668).
"""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from web3._utils.encoding import Web3JsonEncoder
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from yinzheng.ledger.chain.reverts import ChainUnreachable, NodeRefused, decode_revert
from yinzheng.ledger.chain.wire import Nonsense, Refusal, question, read_answer, read_batch
from yinzheng.ledger.net.client import Client
from yinzheng.ledger.net.exchange import Bounds, NoAnswer, NotSent, Sent, TooLate, TooLong

MAX_ANSWER: Final = 32 * 1024 * 1024
REQUEST_SECONDS: Final = 20.0
TRIES: Final = 3
"""Times a question is asked while the connection fails at once; sending a transaction is asked but once."""
_PAUSE: Final = 0.1

_SENDING: Final = "eth_sendRawTransaction"
_LOGS: Final = "eth_getLogs"
"""May be asked for fewer blocks, where its answer would be too long."""


class NodeProvider(JSONBaseProvider):
    """`Web3(NodeProvider(url))` speaks to any JSON-RPC node. Nothing is asked yet.

    Raises `ChainUnreachable` (`chain-unreachable`; `chain-nonsense` for what is no answer), `NodeRefused`
    where events asked for are too many, and what a contract refused, as its typed error.
    """

    global_ccip_read_enabled = False

    def __init__(
        self, url: str, *, seconds: float = REQUEST_SECONDS, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__()
        self._url = url
        self._bounds = Bounds(MAX_ANSWER, total=seconds, each=seconds)
        self._client = Client(os.environ, keep=True)
        self._sleep = sleep
        self._numbers = itertools.count(1)

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Ask one thing; the node's own error comes back as `error`, a contract's is raised."""
        number = next(self._numbers)
        body = _encoded(number, method, params)
        data = self._ask(body, repeat=method != _SENDING, divisible=method == _LOGS)
        return _response(number, _understood(lambda: read_answer(data, number, method)))

    def make_batch_request(self, requests: list[tuple[RPCEndpoint, Any]]) -> list[RPCResponse] | RPCResponse:
        """Ask several things of one kind at once. A node that takes no batches gives an empty list."""
        numbers = [next(self._numbers) for _ in requests]
        bodies = [_encoded(number, *one) for number, one in zip(numbers, requests, strict=True)]
        data = self._ask(b"[" + b",".join(bodies) + b"]", repeat=False)
        if not data.lstrip().startswith(b"["):
            return []
        answers = _understood(lambda: read_batch(data, numbers, requests[0][0]))
        return [_response(number, answer) for number, answer in zip(numbers, answers, strict=True)]

    def is_connected(self, show_traceback: bool = False) -> bool:
        """Whether the node answers."""
        del show_traceback
        try:
            self.make_request(RPCEndpoint("eth_chainId"), [])
        except ChainUnreachable:
            return False
        return True

    def _ask(self, body: bytes, *, repeat: bool, divisible: bool = False) -> bytes:
        sent = Sent("POST", self._url, body, {"Content-Type": "application/json"})
        for left in reversed(range(TRIES)):
            try:
                answer = self._client.send(sent, self._bounds)
            except NoAnswer as error:
                if divisible and isinstance(error, TooLong):
                    raise NodeRefused(
                        "The node has more to say than is taken at once.",
                        code="chain-refused",
                        hint="Ask for fewer blocks at once.",
                    ) from error
                lost = not isinstance(error, TooLate | TooLong) and (repeat or isinstance(error, NotSent))
                if not left or not lost:
                    late = isinstance(error, TooLate) and not isinstance(error, NotSent)
                    what = (
                        f"did not answer in {self._bounds.total:.0f} seconds" if late else "does not answer"
                    )
                    raise _unreachable(what, "chain-unreachable") from error
                self._sleep(_PAUSE)
            else:
                if 200 <= answer.status < 300:
                    return answer.body
                raise _unreachable(f"answers {answer.status}", "chain-unreachable")
        raise AssertionError


def _encoded(number: int, method: str, params: Any) -> bytes:
    plain = json.loads(json.dumps(params or [], cls=Web3JsonEncoder))
    return question(number, method, plain)


T = TypeVar("T")


def _understood(read: Callable[[], T]) -> T:
    try:
        return read()
    except Nonsense as error:
        raise _unreachable("answers nonsense", "chain-nonsense") from error


def _response(number: int, answer: Any) -> RPCResponse:
    """As web3 expects it. What a contract refused never passes through web3, which would read its bytes."""
    if not isinstance(answer, Refusal):
        return cast("RPCResponse", {"jsonrpc": "2.0", "id": number, "result": answer})
    if answer.is_revert:
        raise decode_revert(answer.data or b"")
    error = {"code": answer.code, "message": answer.message or "refused"}
    return cast("RPCResponse", {"jsonrpc": "2.0", "id": number, "error": error})


def _unreachable(what: str, code: str) -> ChainUnreachable:
    fault = ChainUnreachable(
        f"The chain's node {what}.",
        code=code,
        hint="Check that the node runs and its address is right; what was sent is looked up by its hash.",
    )
    fault.reason = what
    return fault
