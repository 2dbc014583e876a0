"""The modules beside a deployment: consents and preservation, added without touching what is there (S5.10).

Like the deployment itself they are a fixed sequence of the administrator's transactions from `first_nonce`
on, so one that was interrupted continues where it stopped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rlp
from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from web3 import Web3

from yinzheng.contracts import MODULE_NAMES, artifact
from yinzheng.ledger.chain.deployment import (
    COMMITTEE,
    CREATE_GAS,
    MOVES,
    REGISTRY,
    RELAY,
    SETUP_GAS,
    Deployment,
    check_deployment,
    read_places,
    selector,
)
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import Call, Sender, checksummed
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

FORUM, MODULE = 6, 7
"""Roles in the authority: courts and arbitral bodies, who sign; contracts that move records not held."""

MODULE_STEPS = 3
"""Transactions that `deploy_modules` sends: two contracts, then all roles at once."""

_FORMAT = "yinzheng/modules/1"
_TARGETS: Mapping[str, Mapping[int, tuple[str, ...]]] = {
    "ConsentRegistry": {
        RELAY: ("open", "frozen", "receipt", "complete", "restrict"),
        MOVES: ("hold", "release"),
    },
    "Preservation": {RELAY: ("open", "addEvidence", "release"), MODULE: ("amend",)},
}


@dataclass(frozen=True, slots=True)
class Modules:
    """Where the modules are. Addresses are 20 bytes, code hashes keccak256 of the deployed code.

    `block` is the first block by which everything is there.
    """

    chain_id: int
    block: int
    consents: bytes
    preservation: bytes
    consents_code_hash: bytes
    preservation_code_hash: bytes

    def to_json(self) -> dict[str, Any]:
        """Give the JSON object that `from_json` reads."""
        contracts = {
            "consents": {"address": self.consents.hex(), "code_hash": self.consents_code_hash.hex()},
            "preservation": {
                "address": self.preservation.hex(),
                "code_hash": self.preservation_code_hash.hex(),
            },
        }
        return {"format": _FORMAT, "chain_id": self.chain_id, "block": self.block, "contracts": contracts}

    @classmethod
    def from_json(cls, value: Any) -> "Modules":
        """Read what `to_json` gave.

        Raises:
            DataFault: `modules-malformed`.
        """
        return cls(**read_places(value, _FORMAT, ("consents", "preservation"), _malformed))


def deploy_modules(
    w3: Web3,
    sender: Sender,
    deployment: Deployment,
    *,
    forums: Sequence[bytes] = (),
    first_nonce: int | None = None,
    patience: float = 60,
) -> Modules:
    """Deploy the modules of `deployment` and give them their roles, `sender` being its administrator.

    RELAY may submit to them, `forums` (addresses of 20 bytes) may decide, and the preservation contract
    receives MOVES, which nobody else is to hold. `first_nonce` is the administrator's nonce before this
    began; give it when an interrupted run continues.

    Raises:
        DataFault: `deployment-chain` or `deployment-code`, the deployment is not there.
        UsageFault: `roles-overlap`, a forum administers, sends or approves for the registry.
        EnvironmentFault: `modules-nonce`, the administrator's account sent something else; or the node.
        NotEntitled: `sender` is not the administrator.
    """
    check_deployment(w3, deployment)
    _check_separation(w3, deployment, sender.address, forums)
    nonce = sender.next_nonce()
    first = nonce if first_nonce is None else first_nonce
    consents, preservation = (keccak256(rlp.encode([sender.address, first + step]))[12:] for step in range(2))
    steps = [
        _creation("ConsentRegistry", deployment.manager),
        _creation("Preservation", deployment.manager, deployment.rights, consents),
        Call(deployment.manager, _roles(consents, preservation, forums), SETUP_GAS),
    ]
    if nonce < first:
        raise _foreign_nonce()
    for step in steps[nonce - first :]:
        sender.send(step, patience)
    codes = [_code(w3, address) for address in (consents, preservation)]
    if not all(codes):
        raise _foreign_nonce()
    with translated():
        block = w3.eth.block_number
    hashes = (keccak256(code) for code in codes)
    found = Modules(deployment.chain_id, block, consents, preservation, *hashes)
    check_modules(w3, deployment, found)
    return found


def check_modules(w3: Web3, deployment: Deployment, modules: Modules) -> None:
    """Check that these are our modules, joined to exactly this deployment, and have their roles.

    Raises:
        DataFault: `modules-chain`, `modules-code`, or `modules-roles`.
        ChainUnreachable, NodeRefused: the node.
    """
    if modules.chain_id != deployment.chain_id:
        raise DataFault(
            f"The modules are on chain {modules.chain_id}; the deployment is on chain {deployment.chain_id}.",
            code="modules-chain",
            hint="Use the modules that were deployed beside this registry.",
        )
    for name, address, code_hash in zip(
        MODULE_NAMES,
        (modules.consents, modules.preservation),
        (modules.consents_code_hash, modules.preservation_code_hash),
        strict=True,
    ):
        code = _code(w3, address)
        joined = code and _answer(w3, address, "authority()", "address") == _address(deployment.manager)
        if keccak256(code) != code_hash or not artifact(name).matches(code) or not joined:
            raise _other_code(name, address)
    for question, expected in (("rights()", deployment.rights), ("consents()", modules.consents)):
        if _answer(w3, modules.preservation, question, "address") != _address(expected):
            raise _other_code("Preservation", modules.preservation)
    _check_roles(w3, deployment, modules)


def _check_roles(w3: Web3, deployment: Deployment, modules: Modules) -> None:
    addresses = dict(zip(MODULE_NAMES, (modules.consents, modules.preservation), strict=True))
    sound = _holds(w3, deployment, MOVES, modules.preservation)
    for name, roles in _TARGETS.items():
        for role, functions in roles.items():
            for function in functions:
                asked = _signature_call(
                    "getTargetFunctionRole(address,bytes4)",
                    ["address", "bytes4"],
                    [_address(addresses[name]), selector(name, function)],
                )
                sound = sound and _ask(w3, deployment.manager, asked, ["uint64"])[0] == role
    if not sound:
        raise DataFault(
            "The modules do not have the roles they were deployed with.",
            code="modules-roles",
            hint="Continue an interrupted deployment, or ask the administrator who changed the roles.",
        )


def _check_separation(w3: Web3, deployment: Deployment, admin: bytes, forums: Sequence[bytes]) -> None:
    for forum in forums:
        if forum == admin or any(
            _holds(w3, deployment, role, forum) for role in (RELAY, REGISTRY, COMMITTEE)
        ):
            raise UsageFault(
                "A forum would also administer, send or approve for the registry.",
                code="roles-overlap",
                hint="A forum signs with a key of its own.",
            )


def _holds(w3: Web3, deployment: Deployment, role: int, account: bytes) -> bool:
    asked = _signature_call("hasRole(uint64,address)", ["uint64", "address"], [role, _address(account)])
    return bool(_ask(w3, deployment.manager, asked, ["bool", "uint32"])[0])


def _creation(name: str, *arguments: bytes) -> Call:
    encoded = abi_encode(["address"] * len(arguments), [checksummed(argument) for argument in arguments])
    return Call(None, artifact(name).bytecode + encoded, CREATE_GAS)


def _roles(consents: bytes, preservation: bytes, forums: Sequence[bytes]) -> bytes:
    """Encode one `multicall` of the authority that assigns every function and grants every role, or none."""
    addresses = dict(zip(MODULE_NAMES, (consents, preservation), strict=True))
    calls = [
        _signature_call(
            "setTargetFunctionRole(address,bytes4[],uint64)",
            ["address", "bytes4[]", "uint64"],
            [_address(addresses[name]), [selector(name, function) for function in functions], role],
        )
        for name, roles in _TARGETS.items()
        for role, functions in roles.items()
    ]
    grants = [(MOVES, preservation), *((FORUM, forum) for forum in forums)]
    calls += [
        _signature_call(
            "grantRole(uint64,address,uint32)", ["uint64", "address", "uint32"], [role, _address(account), 0]
        )
        for role, account in grants
    ]
    return _signature_call("multicall(bytes[])", ["bytes[]"], [calls])


def _signature_call(signature: str, types: Sequence[str], values: Sequence[Any]) -> bytes:
    return keccak256(signature.encode())[:4] + abi_encode(types, values)


def _answer(w3: Web3, address: bytes, question: str, kind: str) -> Any:
    return _ask(w3, address, keccak256(question.encode())[:4], [kind])[0]


def _ask(w3: Web3, address: bytes, data: bytes, kinds: Sequence[str]) -> tuple[Any, ...]:
    with translated():
        answer = w3.eth.call({"to": checksummed(address), "data": "0x" + data.hex()})  # type: ignore[typeddict-item]
        return abi_decode(kinds, bytes(answer))


def _address(value: bytes) -> str:
    return "0x" + value.hex()


def _code(w3: Web3, address: bytes) -> bytes:
    with translated():
        return bytes(w3.eth.get_code(checksummed(address)))


def _malformed() -> DataFault:
    return DataFault(
        "The file of modules is malformed.",
        code="modules-malformed",
        hint="Restore it from a backup, or find the addresses with the chain's operator.",
    )


def _other_code(name: str, address: bytes) -> DataFault:
    return DataFault(
        f"There is no {name} of this version and registry at 0x{address.hex()}.",
        code="modules-code",
        hint="Check the node and the file of modules; a withdrawal or dispute there proves nothing.",
    )


def _foreign_nonce() -> EnvironmentFault:
    return EnvironmentFault(
        "The administrator's account was used for other transactions while the modules were deployed.",
        code="modules-nonce",
        hint="Deploy them again, from the account's next transaction.",
    )
