"""Chain evidence (S7): headers, and proofs of accounts and their storage against the first header's state.

Parsing establishes form alone. What the evidence shows is asked with `Evidence.words`, and whether its block
counts is obligation 8's question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from yinzheng.verifier.bytes.canonical import Check, hex_bytes, list_of, object_of, read_object
from yinzheng.verifier.bytes.lists import list_of_hex
from yinzheng.verifier.chain.header import MAX_HEADER, Header, parse_header
from yinzheng.verifier.chain.mpt import MAX_NODE, MAX_NODES, Nodes, prove_secure
from yinzheng.verifier.chain.rlp import decode_fixed, decode_integer, decode_item
from yinzheng.verifier.errors import DataFault, YinzhengError

T = TypeVar("T")

MAX_HEADERS: Final = 256
MAX_ACCOUNTS: Final = 8
MAX_STORAGE: Final = 256
"""Slots of one account: a consent that each of 8 scopes and 31 recipients was taken back from, one by one,
takes 157, a dispute with all it lists 90.
"""


class NotGiven(YinzhengError):  # noqa: N818 - nothing went wrong
    """What an answer needs was not given: no fault of anyone, and no statement about the certificate."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as a policy pins it: where it lives (20 bytes) and the keccak256 of its code."""

    address: bytes
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class AccountProof:
    """Proof nodes for an account, and for slots of its storage by slot (32 bytes)."""

    nodes: tuple[bytes, ...]
    storage: Mapping[bytes, tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Headers in order, the first the block proved against, and proofs by address (20 bytes)."""

    headers: tuple[Header, ...]
    accounts: Mapping[bytes, AccountProof]
    _nodes: Nodes = field(default_factory=dict, init=False, repr=False, compare=False)
    _found: dict[tuple[object, ...], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, of: tuple[object, ...], find: Callable[[], T]) -> T:
        """What ``find`` finds in this evidence, once for each ``of``, all else that it rests on.

        What it raises is not kept.
        """
        if of not in self._found:
            self._found[of] = find()
        found: T = self._found[of]
        return found

    @property
    def nodes(self) -> Nodes:
        """Nodes of the state's tries that were hashed and decoded so far."""
        return self._nodes

    def know(self, nodes: Nodes) -> None:
        """Take nodes that other evidence of the same state has hashed, and add its own to them."""
        object.__setattr__(self, "_nodes", nodes)

    @property
    def block(self) -> Header:
        """The block whose state the proofs are about."""
        return self.headers[0]

    def words(self, contract: Contract, slots: Sequence[bytes]) -> list[int]:
        """The words that the contract's storage holds at ``slots``; 0 where absence is proved.

        Raises `NotGiven` (`evidence-not-given`), or `DataFault`: `contract-absent`, `code-differs`, or a
        `state-proof-…` code of `mpt`.
        """
        account = self.accounts.get(contract.address)
        if account is None or any(slot not in account.storage for slot in slots):
            raise NotGiven("the evidence has no proof for what is asked", code="evidence-not-given")
        return list(self.once(("words", contract, *slots), lambda: self._words(contract, account, slots)))

    def _words(self, contract: Contract, account: AccountProof, slots: Sequence[bytes]) -> list[int]:
        storage_root = self.once(
            ("storage", contract.address, contract.code_hash), lambda: self._storage_root(contract, account)
        )
        values = [prove_secure(storage_root, slot, account.storage[slot], self._nodes) for slot in slots]
        return [
            0 if value is None else decode_integer(_decode(value), size=32, what="a storage value")
            for value in values
        ]

    def storage_root(self, address: bytes) -> bytes:
        """The root of the whole storage of a contract (20 bytes), whichever its code: 32 bytes.

        Raises as `words`, but for `code-differs`.
        """
        account = self.accounts.get(address)
        if account is None:
            raise NotGiven("the evidence has no proof for what is asked", code="evidence-not-given")
        return decode_fixed(self._fields(address, account)[2], size=32, what="a storage root")

    def _fields(self, address: bytes, account: AccountProof) -> list[Any]:
        value = prove_secure(self.block.state_root, address, account.nodes, self._nodes)
        if value is None:
            raise DataFault(
                f"there is no contract at 0x{address.hex()} on that chain", code="contract-absent"
            )
        fields = _decode(value)
        if not isinstance(fields, list) or len(fields) != 4:
            raise DataFault("an account has not four fields", code="state-proof-malformed")
        return fields

    def _storage_root(self, contract: Contract, account: AccountProof) -> bytes:
        fields = self._fields(contract.address, account)
        if decode_fixed(fields[3], size=32, what="a code hash") != contract.code_hash:
            raise DataFault(
                f"the contract at 0x{contract.address.hex()} is not the pinned one", code="code-differs"
            )
        return decode_fixed(fields[2], size=32, what="a storage root")


def parse_evidence(value: object, path: str = "$", *, slots: int = MAX_STORAGE) -> Evidence:
    """Read the JSON of S7.3, with at most ``slots`` slots of each account. Usable as a `Check`.

    Raises `DataFault`: a code of `canonical.read_object`, `header-malformed`, `rlp-…`,
    `evidence-duplicate`.
    """
    fields = read_object(value, _fields(slots), path)
    return Evidence(
        headers=tuple(parse_header(raw) for raw in fields["headers"]),
        accounts=_by(
            "address",
            [
                {
                    "address": account["address"],
                    "proof": AccountProof(
                        tuple(account["proof"]),
                        _by("slot", [{**item, "proof": tuple(item["proof"])} for item in account["storage"]]),
                    ),
                }
                for account in fields["accounts"]
            ],
        ),
    )


def _by(name: str, items: list[dict[str, Any]]) -> dict[bytes, Any]:
    found = {item[name]: item["proof"] for item in items}
    if len(found) != len(items):
        raise DataFault(f"the evidence has the same {name} twice", code="evidence-duplicate")
    return found


def _decode(value: bytes) -> Any:
    return decode_item(value, limit=MAX_NODE, what="a proved value")


_NODES: Final = list_of_hex((1, MAX_NODE), 0, MAX_NODES)
_SLOT: Final = object_of({"slot": hex_bytes(32), "proof": _NODES})
_HEADERS: Final = list_of_hex((1, MAX_HEADER), 1, MAX_HEADERS)


def _fields(slots: int) -> dict[str, Check[Any]]:
    account = object_of({"address": hex_bytes(20), "proof": _NODES, "storage": list_of(_SLOT, 0, slots)})
    return {"headers": _HEADERS, "accounts": list_of(account, 0, MAX_ACCOUNTS)}
