"""JSON-RPC as we ask it, and the shape that each answer must have: what has another was not answered.

Nothing here needs web3. What a node says is not believed for its shape; it only reaches those who check it,
or those who have to believe it, as values of the kind they expect. Fields that nobody here asks for are left
out, so that no library trips over them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.chain.header import FIELDS

Shape = Callable[[Any], Any]
"""Gives a value back as far as we use it. Raises `ValueError` for one of another shape."""


class Nonsense(Exception):  # noqa: N818 - what was said
    """What came is no answer to what was asked."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The node's own error: its code (0 for none), its words cut to 200 characters, what a contract said."""

    code: int
    message: str
    data: bytes | None

    @property
    def is_revert(self) -> bool:
        """Whether a contract refused, not the node."""
        return self.code == 3 or bool(self.data) or "revert" in self.message.lower()


def question(number: int, method: str, params: list[Any]) -> bytes:
    """A request of JSON-RPC 2.0."""
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()


def read_answer(data: bytes, number: int, method: str) -> Any:
    """The result, of the method's shape, or the `Refusal`. Raises `Nonsense`."""
    return _answer(_parsed(data), number, method)


def read_batch(data: bytes, numbers: Sequence[int], method: str) -> list[Any]:
    """Results and `Refusal`s of a batch of one method, in the order asked. Raises `Nonsense`."""
    answers = _parsed(data)
    if not isinstance(answers, list) or len(answers) != len(numbers):
        raise Nonsense
    by_number = {one["id"]: one for one in answers if isinstance(one, dict) and type(one.get("id")) is int}
    if sorted(by_number) != list(numbers):
        raise Nonsense
    return [_answer(by_number[number], number, method) for number in numbers]


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Nonsense from error


def _answer(value: Any, number: int, method: str) -> Any:
    if not isinstance(value, dict) or type(value.get("id")) is not int or value["id"] != number:
        raise Nonsense
    if value.get("error") is not None:
        return _refusal(value["error"])
    if "result" not in value:
        raise Nonsense
    try:
        return RESULTS[method](value["result"])
    except (ValueError, RecursionError) as error:
        raise Nonsense from error


def _refusal(error: Any) -> Refusal:
    if not isinstance(error, dict):
        raise Nonsense
    code, message, data = error.get("code"), error.get("message"), error.get("data")
    found = re.fullmatch(r"(?:Reverted )?0x((?:[0-9a-fA-F]{2})*)", data) if isinstance(data, str) else None
    return Refusal(
        code if type(code) is int else 0,
        message[:200] if isinstance(message, str) else "",
        None if found is None else bytes.fromhex(found[1]),
    )


# ---------------------------------------------------------------- shapes


def quantity(most: int = 64) -> Shape:
    """A number in hex, of at most so many digits. Some nodes pad theirs with zeros."""
    pattern = re.compile(rf"0x[0-9a-fA-F]{{1,{most}}}")
    return _text(pattern)


def octets(exactly: int | None = None) -> Shape:
    """Bytes in hex."""
    return _text(re.compile(r"0x(?:[0-9a-fA-F]{2})" + ("*" if exactly is None else f"{{{exactly}}}")))


def maybe(shape: Shape) -> Shape:
    """Null, or that."""
    return lambda value: None if value is None else shape(value)


def many(shape: Shape) -> Shape:
    """A list."""

    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError("not a list")  # noqa: TRY004 - one kind of fault for all shapes
        return [shape(one) for one in value]

    return read


def fields(needed: Mapping[str, Shape], others: Mapping[str, Shape] | None = None) -> Shape:
    """An object with those members; `others` may be missing or null. Anything else is left out."""

    def read(value: Any) -> Any:
        if not isinstance(value, dict) or not needed.keys() <= value.keys():
            raise ValueError("not an object, or a member is missing")
        found = {name: shape(value[name]) for name, shape in needed.items()}
        for name, shape in (others or {}).items():
            if value.get(name) is not None:
                found[name] = shape(value[name])
        return found

    return read


def _text(pattern: re.Pattern[str]) -> Shape:
    def read(value: Any) -> Any:
        if not isinstance(value, str) or pattern.fullmatch(value) is None:
            raise ValueError("not of the form")
        return value

    return read


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")  # noqa: TRY004
    return value


_QUANTITY: Final = quantity()
_NUMBER: Final = quantity(16)
_HASH: Final = octets(32)
_ADDRESS: Final = octets(20)
_DATA: Final = octets()

_NAMED: Final = {field.name: quantity() if field.integer else octets(field.size) for field in FIELDS}
BLOCK: Final = fields(
    {"hash": _HASH, **{name: _NAMED[name] for name in ("number", "parentHash", "timestamp")}}, _NAMED
)
_TRANSACTION: Final = fields(
    {"hash": _HASH, "from": _ADDRESS, "input": _DATA, "gas": _NUMBER, "value": _QUANTITY, "nonce": _NUMBER},
    {"to": _ADDRESS, "blockNumber": _NUMBER, "blockHash": _HASH},
)
_RECEIPT: Final = fields(
    {
        "transactionHash": _HASH,
        "blockHash": _HASH,
        "blockNumber": _NUMBER,
        "gasUsed": _NUMBER,
        "status": quantity(1),
    }
)
_LOG: Final = fields(
    {
        "address": _ADDRESS,
        "topics": many(_HASH),
        "data": _DATA,
        "blockNumber": _NUMBER,
        "blockHash": _HASH,
        "transactionHash": _HASH,
        "transactionIndex": _NUMBER,
        "logIndex": _NUMBER,
    },
    {"removed": _flag},
)
_PROOF: Final = fields(
    {
        "accountProof": many(_DATA),
        "storageProof": many(fields({"key": _QUANTITY, "proof": many(_DATA)})),
        "storageHash": _HASH,
    }
)

RESULTS: Final[Mapping[str, Shape]] = {
    "clique_getSigners": many(_ADDRESS),
    "eth_blockNumber": _NUMBER,
    "eth_call": _DATA,
    "eth_chainId": _NUMBER,
    "eth_gasPrice": _QUANTITY,
    "eth_getBalance": _QUANTITY,
    "eth_getBlockByNumber": maybe(BLOCK),
    "eth_getCode": _DATA,
    "eth_getLogs": many(_LOG),
    "eth_getProof": _PROOF,
    "eth_getTransactionByHash": maybe(_TRANSACTION),
    "eth_getTransactionCount": _NUMBER,
    "eth_getTransactionReceipt": maybe(_RECEIPT),
    "eth_maxPriorityFeePerGas": _QUANTITY,
    "eth_sendRawTransaction": _HASH,
}
"""Every method that anything of ours asks, and what a result of it is."""
