"""Putting rows of the table of contracts on a chain, and recognising them there: the same for every contract.

What is put there is a fixed sequence of transactions of the administrator's account from some nonce on, so
that one which was interrupted continues where it stopped, at the same addresses: each contract in its turn,
then all roles at once, or none.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import rlp
from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from web3 import Web3

from yinzheng.contracts import artifact
from yinzheng.ledger.chain.contracts import ADMIN, CONTRACTS, selector
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import Call, Sender, checksummed
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.bytes.canonical import constant, hex_bytes, integer, object_of, read_object
from yinzheng.verifier.errors import DataFault, YinzhengError

CREATE_GAS = 6_000_000
SETUP_GAS = 1_500_000

_HAS_ROLE = "hasRole(uint64,address)"
_MULTICALL = "multicall(bytes[])"

Grant = tuple[int, bytes]
"""A role and the account that receives it."""


class Places:
    """Where some contracts are: a field for each one's address, 20 bytes, and one for its code's keccak256.

    `block` is the first block by which everything is there.
    """

    __slots__ = ()

    FORMAT: ClassVar[str]
    NAMES: ClassVar[tuple[str, ...]]
    """Rows of the table, in the order of deployment."""

    chain_id: int
    block: int

    @property
    def addresses(self) -> dict[str, bytes]:
        """Each contract's address, by its name in the table."""
        return {name: getattr(self, name) for name in self.NAMES}

    @property
    def code_hashes(self) -> dict[str, bytes]:
        """Each contract's hash of the deployed code, by its name in the table."""
        return {name: getattr(self, f"{name}_code_hash") for name in self.NAMES}

    def to_json(self) -> dict[str, Any]:
        """Give the JSON object that `from_json` reads."""
        hashes = self.code_hashes
        contracts = {
            name: {"address": address.hex(), "code_hash": hashes[name].hex()}
            for name, address in self.addresses.items()
        }
        return {"format": self.FORMAT, "chain_id": self.chain_id, "block": self.block, "contracts": contracts}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read what `to_json` gave. Raises `DataFault`, as each kind of places has it."""
        place = object_of({"address": hex_bytes(20), "code_hash": hex_bytes(32)})
        schema = {
            "format": constant(cls.FORMAT),
            "chain_id": integer(),
            "block": integer(),
            "contracts": object_of(dict.fromkeys(cls.NAMES, place)),
        }
        try:
            fields = read_object(value, schema)
        except DataFault:
            raise cls.malformed() from None
        contracts = fields["contracts"]
        found: dict[str, Any] = {"chain_id": fields["chain_id"], "block": fields["block"]}
        for name, item in contracts.items():
            found |= {name: item["address"], f"{name}_code_hash": item["code_hash"]}
        return cls(**found)

    @staticmethod
    def malformed() -> DataFault:
        """What is raised where a file of places cannot be read."""
        raise NotImplementedError


def addresses_of(admin: bytes, first_nonce: int, names: Iterable[str]) -> dict[str, bytes]:
    """Give where the administrator's sequence puts contracts (Yellow Paper, section 7)."""
    return {
        name: keccak256(rlp.encode([admin, nonce]))[12:]
        for nonce, name in enumerate(names, start=first_nonce)
    }


def put(
    w3: Web3,
    sender: Sender,
    names: Sequence[str],
    known: Mapping[str, bytes],
    grants: Iterable[Grant],
    *,
    first_nonce: int,
    patience: float,
    foreign: Callable[[], YinzhengError],
) -> dict[str, Any]:
    """Put contracts beside those that are `known`, give roles, and tell where all is, as `Places` has it.

    Raises what `foreign` makes where the account sent something else meanwhile.
    """
    new = addresses_of(sender.address, first_nonce, names)
    where = {ADMIN: sender.address, **known, **new}
    steps = [_creation(name, where) for name in names]
    steps.append(Call(where["manager"], _setup(names, where, grants), SETUP_GAS))
    done = sender.next_nonce() - first_nonce
    if done < 0 or not all(_code(w3, new[name]) for name in names[:done]):
        raise foreign()
    sender.send_all(steps[done:], patience)
    codes = {name: _code(w3, address) for name, address in new.items()}
    if not all(codes.values()):
        raise foreign()
    with translated():
        block = w3.eth.block_number
    return {"block": block, **new, **{f"{name}_code_hash": keccak256(code) for name, code in codes.items()}}


def require_contracts(
    w3: Web3, places: Places, known: Mapping[str, bytes], refused: Callable[[str, bytes], DataFault]
) -> None:
    """Check that a chain holds exactly our contracts at these places, joined to each other and to `known`.

    Raises what `refused` makes of the name and address of one that is another; `DataFault`
    `contracts-version` where it is the one that was put there, by another version of this program.
    """
    hashes, where = places.code_hashes, {**known, **places.addresses}
    for name in places.NAMES:
        row, address = CONTRACTS[name], where[name]
        code = _code(w3, address)
        if not code or keccak256(code) != hashes[name]:
            raise refused(row.artifact, address)
        if not artifact(row.artifact).matches(code):
            raise DataFault(
                f"The registry's {row.artifact} was put on its chain by another version of this program.",
                code="contracts-version",
                hint="Run the version that put it there: contracts stay as they are. Nothing was changed.",
            )
        # The administrator's account is not asked for: it may have handed its office over since.
        for question, other in zip(row.asked, row.arguments, strict=False):
            if _answer(w3, address, question) != where[other]:
                raise refused(row.artifact, address)


def have_roles(w3: Web3, places: Places, manager: bytes) -> bool:
    """Whether the authority has for these contracts what the table says, and they hold their own roles.

    All of it is asked in one call, for a node may be far away.
    """
    asked: list[bytes] = []
    expected: list[bytes] = []
    for name, address in places.addresses.items():
        row = CONTRACTS[name]
        for role in row.holds:
            asked.append(_calldata(_HAS_ROLE, [role, checksummed(address)]))
            expected.append(abi_encode(["bool", "uint32"], [True, 0]))
        for role, functions in row.roles.items():
            for function in functions:
                arguments = [checksummed(address), selector(name, function)]
                asked.append(_calldata("getTargetFunctionRole(address,bytes4)", arguments))
                expected.append(abi_encode(["uint64"], [role]))
    (answers,) = _ask(w3, manager, _calldata(_MULTICALL, [asked]), ["bytes[]"])
    return list(answers) == expected


def holds(w3: Web3, manager: bytes, role: int, account: bytes) -> bool:
    """Whether an account holds a role."""
    asked = _calldata(_HAS_ROLE, [role, checksummed(account)])
    return bool(_ask(w3, manager, asked, ["bool", "uint32"])[0])


def _creation(name: str, where: Mapping[str, bytes]) -> Call:
    row = CONTRACTS[name]
    arguments = [checksummed(where[argument]) for argument in row.arguments]
    encoded = abi_encode(["address"] * len(arguments), arguments)
    return Call(None, artifact(row.artifact).bytecode + encoded, CREATE_GAS)


def _setup(names: Iterable[str], where: Mapping[str, bytes], grants: Iterable[Grant]) -> bytes:
    """Encode one `multicall` of the authority that assigns every function and grants every role, or none."""
    calls, granted = [], []
    for name in names:
        for role, functions in CONTRACTS[name].roles.items():
            selectors = [selector(name, function) for function in functions]
            arguments = [checksummed(where[name]), selectors, role]
            calls.append(_calldata("setTargetFunctionRole(address,bytes4[],uint64)", arguments))
        granted += [(role, where[name]) for role in CONTRACTS[name].holds]
    for role, account in (*granted, *grants):
        calls.append(_calldata("grantRole(uint64,address,uint32)", [role, checksummed(account), 0]))
    return _calldata(_MULTICALL, [calls])


def _calldata(signature: str, values: Sequence[Any]) -> bytes:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak256(signature.encode())[:4] + abi_encode(types, values)


def _answer(w3: Web3, address: bytes, question: str) -> bytes:
    (found,) = _ask(w3, address, keccak256(question.encode())[:4], ["address"])
    return bytes.fromhex(found[2:])


def _ask(w3: Web3, address: bytes, data: bytes, kinds: Sequence[str]) -> tuple[Any, ...]:
    with translated():
        answer = w3.eth.call({"to": checksummed(address), "data": "0x" + data.hex()})  # type: ignore[typeddict-item]
        return abi_decode(kinds, bytes(answer))


def _code(w3: Web3, address: bytes) -> bytes:
    with translated():
        return bytes(w3.eth.get_code(checksummed(address)))
