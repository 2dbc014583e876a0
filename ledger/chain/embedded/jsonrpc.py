"""JSON-RPC 2.0 over bytes: requests and batches in, answers out. No transport."""

import json
import logging
import re
import time
from collections.abc import Sequence
from typing import Any

from yinzheng.ledger.chain.embedded import rpc
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.params import RpcError
from yinzheng.verifier.errors import YinzhengError

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INTERNAL_ERROR = -32603
UNAVAILABLE = -32002
LIMITED = -32005
MAX_BATCH = 1000
"""Requests of a batch, as many as go-ethereum takes."""
BATCH_SECONDS = 10.0
"""How long a batch is worked on; what was not begun by then is refused. A simulation takes seconds of a core,
and a thousand of them cost their sender nothing.
"""
MAX_ANSWERS = 25_000_000
"""Bytes that a batch is answered with, as with go-ethereum: what is not answered by then is refused. A proof
of a thousand slots takes 2.5 million, and all of a batch would be held at once.
"""
_LATE = RpcError(LIMITED, "the batch took too long; send less at once")
_LONG = RpcError(LIMITED, "the batch's answers are too long; ask less at once")
MAX_DEPTH = 16
"""How deep a body may nest; a filter in a batch has 5 levels."""

_SEND = "eth_sendRawTransaction"
_MEMBERS = frozenset({"jsonrpc", "method", "params", "id"})
# A string, closed or not, so that no second attempt is made within it: linear for any input.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_log = logging.getLogger(__name__)


def respond(chain: EmbeddedChain, body: bytes) -> bytes | None:
    """Answer one request or a batch; None when every one was a notification, which has no answer.

    Never raises for what a client sends. Faults of ours are answered without their internals.
    """
    try:
        asked = _parse(body)
    except ValueError:
        return _encode(_failed(None, RpcError(PARSE_ERROR, "parse error")))
    if isinstance(asked, list):
        return _batch(chain, asked)
    answer = _one(chain, asked)
    return None if answer is None else _encode(answer)


def _parse(body: bytes) -> Any:
    """JSON of bounded depth, counted before parsing: the parser recurses. Raises `ValueError`."""
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
    return json.loads(body)


def _encode(answer: Any) -> bytes:
    return json.dumps(answer, separators=(",", ":")).encode()


def _batch(chain: EmbeddedChain, asked: Sequence[Any]) -> bytes | None:
    if not 0 < len(asked) <= MAX_BATCH:
        return _encode(_failed(None, RpcError(INVALID_REQUEST, f"a batch has 1 to {MAX_BATCH} requests")))
    if len(asked) > 1 and all(_is_send(one) for one in asked):
        return _encode(_send_together(chain, asked))
    until, answers, length = time.monotonic() + BATCH_SECONDS, list[bytes](), 0
    for one in asked:
        refused = _LATE if time.monotonic() > until else _LONG if length > MAX_ANSWERS else None
        answer = _one(chain, one, refused=refused)
        if answer is not None:
            answers.append(_encode(answer))
            length += len(answers[-1])
    return b"[" + b",".join(answers) + b"]" if answers else None


def _is_send(asked: Any) -> bool:
    """Whether this is a well-formed request, with an id, to send a transaction."""
    if _malformed(asked) is not None or asked["method"] != _SEND or "id" not in asked:
        return False
    params = asked.get("params")
    return isinstance(params, list) and len(params) == 1


def _send_together(chain: EmbeddedChain, asked: Sequence[Any]) -> list[Any]:
    """A batch of transactions only is sealed together, one durable write for all of them."""
    try:
        outcomes = rpc.send_batch(chain, [one["params"][0] for one in asked])
    except Exception as error:
        outcomes = [_as_rpc_error(error)] * len(asked)
    return [
        _failed(one["id"], outcome) if isinstance(outcome, RpcError) else _answered(one["id"], outcome)
        for one, outcome in zip(asked, outcomes, strict=True)
    ]


def _one(chain: EmbeddedChain, asked: Any, *, refused: RpcError | None = None) -> dict[str, Any] | None:
    malformed = _malformed(asked)
    if malformed is not None:
        return _failed(None, malformed)
    number = asked.get("id")
    try:
        answer = _failed(number, refused) if refused else _answered(number, _result(chain, asked))
    except Exception as error:
        answer = _failed(number, _as_rpc_error(error))
    return answer if "id" in asked else None


def _result(chain: EmbeddedChain, asked: Any) -> Any:
    return rpc.call(chain, asked["method"], asked.get("params"))


def _malformed(asked: Any) -> RpcError | None:
    """What is wrong with a request object, if anything."""
    if not isinstance(asked, dict):
        return RpcError(INVALID_REQUEST, "a request is an object")
    if asked.get("jsonrpc") != "2.0" or not isinstance(asked.get("method"), str):
        return RpcError(INVALID_REQUEST, 'a request has "jsonrpc": "2.0" and a method')
    if set(asked) - _MEMBERS or isinstance(asked.get("id"), bool | dict | list):
        return RpcError(INVALID_REQUEST, "a request has jsonrpc, method, params and a plain id only")
    return None


def _as_rpc_error(error: Exception) -> RpcError:
    if isinstance(error, RpcError):
        return error
    if isinstance(error, YinzhengError):
        return RpcError(UNAVAILABLE, error.message, {"code": error.code, "hint": error.hint})
    _log.error("a JSON-RPC request failed", exc_info=error)
    return RpcError(INTERNAL_ERROR, "internal error")


def _answered(number: Any, result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "result": result}


def _failed(number: Any, error: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "error": error.as_json()}
