"""Putting the contracts on a chain, and recognising them there.

A deployment is a fixed sequence of transactions of the administrator's account from `first_nonce` on, so
one that was interrupted continues where it stopped, at the same addresses. The administrator's key can grant
roles and is therefore worth as much as all approvers' together: keep it away from the server.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rlp
from eth_abi.abi import encode as abi_encode
from web3 import Web3

from yinzheng.contracts import NAMES, artifact
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import Call, Sender, checksummed
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.bytes.canonical import constant, hex_bytes, integer, object_of, read_object
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

REGISTRY, COMMITTEE, RELAY, CALENDAR, MOVES = 1, 2, 3, 4, 5
"""Roles in the authority: people who approve (1, 2), the relay, the calendar's keeper, modules."""

CREATE_GAS = 6_000_000
SETUP_GAS = 1_500_000
DEPLOY_STEPS = 4
"""Transactions that `deploy` sends: three contracts, then all roles at once."""

_FORMAT = "yinzheng/deployment/1"
_RIGHTS_TARGETS: Mapping[int, tuple[str, ...]] = {
    RELAY: ("openPublicity", "raiseObjection", "concludeObjection", "closeCase", "deposit"),
    CALENDAR: ("defineProfile", "extendCalendar", "correctCalendar"),
    MOVES: ("amend", "holdCase"),
}


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the contracts are. Addresses are 20 bytes, code hashes keccak256 of the deployed code.

    `block` is the first block by which everything is there.
    """

    chain_id: int
    block: int
    manager: bytes
    anchor: bytes
    rights: bytes
    manager_code_hash: bytes
    anchor_code_hash: bytes
    rights_code_hash: bytes

    def to_json(self) -> dict[str, Any]:
        """Give the JSON object that `from_json` reads."""
        contracts = {
            name: {"address": address.hex(), "code_hash": code_hash.hex()}
            for name, address, code_hash in (
                ("manager", self.manager, self.manager_code_hash),
                ("anchor", self.anchor, self.anchor_code_hash),
                ("rights", self.rights, self.rights_code_hash),
            )
        }
        return {"format": _FORMAT, "chain_id": self.chain_id, "block": self.block, "contracts": contracts}

    @classmethod
    def from_json(cls, value: Any) -> "Deployment":
        """Read what `to_json` gave.

        Raises:
            DataFault: `deployment-malformed`.
        """
        return cls(**read_places(value, _FORMAT, ("manager", "anchor", "rights"), _malformed))


def read_places(
    value: Any, format_: str, names: Iterable[str], malformed: Callable[[], DataFault]
) -> dict[str, Any]:
    """Read where contracts are: `chain_id`, `block`, and each contract's address and code hash by field name.

    Raises what `malformed` makes when anything is missing, unknown or not of its form.
    """
    place = object_of({"address": hex_bytes(20), "code_hash": hex_bytes(32)})
    schema = {
        "format": constant(format_),
        "chain_id": integer(),
        "block": integer(),
        "contracts": object_of(dict.fromkeys(names, place)),
    }
    try:
        fields = read_object(value, schema)
    except DataFault:
        raise malformed() from None
    contracts = fields["contracts"]
    return {
        "chain_id": fields["chain_id"],
        "block": fields["block"],
        **{name: item["address"] for name, item in contracts.items()},
        **{f"{name}_code_hash": item["code_hash"] for name, item in contracts.items()},
    }


@dataclass(frozen=True, slots=True)
class RoleHolders:
    """Who holds which role at the start; addresses of 20 bytes. MOVES is granted to no one."""

    relay: bytes
    registry: tuple[bytes, ...]
    committee: tuple[bytes, ...]


def deploy(
    w3: Web3, sender: Sender, holders: RoleHolders, *, first_nonce: int = 0, patience: float = 60
) -> Deployment:
    """Deploy the contracts and grant the roles, `sender` being the administrator.

    `first_nonce` is the administrator's nonce before the deployment began. Profiles and calendar follow with
    `ledger.chain.configuration`.

    Raises:
        UsageFault: `roles-overlap`, the sending or the administrating account would also approve.
        EnvironmentFault: `deployment-nonce`, the administrator's account sent something else; or the node.
    """
    _check_separation(sender.address, holders)
    manager, anchor, rights = addresses(sender.address, first_nonce)
    steps = [
        _creation("AccessManager", sender.address),
        _creation("CheckpointAnchor", manager),
        _creation("RightsRegistry", manager),
        Call(manager, _roles(sender.address, anchor, rights, holders), SETUP_GAS),
    ]
    done = sender.next_nonce() - first_nonce
    if done < 0:
        raise _foreign_nonce()
    for step in steps[done:]:
        sender.send(step, patience)
    found = _locate(w3, manager, anchor, rights)
    check_deployment(w3, found)
    return found


def addresses(admin: bytes, first_nonce: int) -> tuple[bytes, bytes, bytes]:
    """Give where the administrator's deployment puts manager, anchor and rights (Yellow Paper, section 7)."""
    manager, anchor, rights = (
        keccak256(rlp.encode([admin, first_nonce + step]))[12:] for step in range(DEPLOY_STEPS - 1)
    )
    return manager, anchor, rights


def check_deployment(w3: Web3, deployment: Deployment) -> None:
    """Check that this chain holds exactly our contracts at these addresses.

    Raises:
        DataFault: `deployment-chain`, another chain; `deployment-code`, other code.
        ChainUnreachable, NodeRefused: the node.
    """
    with translated():
        chain_id = w3.eth.chain_id
    if chain_id != deployment.chain_id:
        raise DataFault(
            f"This is chain {chain_id}; the contracts were deployed on chain {deployment.chain_id}.",
            code="deployment-chain",
            hint="Connect to the chain the state folder belongs to.",
        )
    for name, address, code_hash in zip(
        NAMES,
        (deployment.manager, deployment.anchor, deployment.rights),
        (deployment.manager_code_hash, deployment.anchor_code_hash, deployment.rights_code_hash),
        strict=True,
    ):
        code = _code(w3, address)
        if keccak256(code) != code_hash or not artifact(name).matches(code):
            raise DataFault(
                f"There is no {name} of this version at 0x{address.hex()}.",
                code="deployment-code",
                hint="Check the node and the deployment file; a head or record there proves nothing.",
            )


def _creation(name: str, argument: bytes) -> Call:
    return Call(None, artifact(name).bytecode + abi_encode(["address"], [checksummed(argument)]), CREATE_GAS)


def _roles(admin: bytes, anchor: bytes, rights: bytes, holders: RoleHolders) -> bytes:
    """Encode one `multicall` of the authority that assigns every function and grants every role, or none."""
    calls = [_targets("CheckpointAnchor", anchor, ("anchor",), RELAY)]
    calls += [_targets("RightsRegistry", rights, names, role) for role, names in _RIGHTS_TARGETS.items()]
    grants = [(RELAY, holders.relay), (CALENDAR, admin)]
    grants += [(REGISTRY, person) for person in holders.registry]
    grants += [(COMMITTEE, person) for person in holders.committee]
    calls += [
        _selector("grantRole(uint64,address,uint32)")
        + abi_encode(["uint64", "address", "uint32"], [role, checksummed(account), 0])
        for role, account in grants
    ]
    return _selector("multicall(bytes[])") + abi_encode(["bytes[]"], [calls])


def _targets(contract: str, address: bytes, names: Sequence[str], role: int) -> bytes:
    selectors = [selector(contract, name) for name in names]
    return _selector("setTargetFunctionRole(address,bytes4[],uint64)") + abi_encode(
        ["address", "bytes4[]", "uint64"], [checksummed(address), selectors, role]
    )


def selector(contract: str, name: str) -> bytes:
    """Give the 4-byte selector of a function of one of our contracts."""
    (item,) = (i for i in artifact(contract).abi if i["type"] == "function" and i["name"] == name)
    return _selector(f"{name}({','.join(canonical_type(i) for i in item['inputs'])})")


def canonical_type(item: Mapping[str, Any]) -> str:
    """Give the canonical ABI type of a function's input, structs as tuples."""
    if not item["type"].startswith("tuple"):
        return str(item["type"])
    parts = ",".join(canonical_type(part) for part in item["components"])
    return f"({parts}){item['type'][len('tuple') :]}"


def _selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]


def _locate(w3: Web3, manager: bytes, anchor: bytes, rights: bytes) -> Deployment:
    codes = [_code(w3, address) for address in (manager, anchor, rights)]
    if not all(codes):
        raise _foreign_nonce()
    with translated():
        chain_id, block = w3.eth.chain_id, w3.eth.block_number
    return Deployment(chain_id, block, manager, anchor, rights, *(keccak256(code) for code in codes))


def _code(w3: Web3, address: bytes) -> bytes:
    with translated():
        return bytes(w3.eth.get_code(checksummed(address)))


def _check_separation(admin: bytes, holders: RoleHolders) -> None:
    people = {*holders.registry, *holders.committee}
    if {admin, holders.relay} & people:
        raise UsageFault(
            "The account that sends transactions, or administers, would also approve.",
            code="roles-overlap",
            hint="Give officers and committee members keys of their own.",
        )
    if not holders.registry or not holders.committee:
        raise UsageFault(
            "Someone must hold the roles of registry and committee.",
            code="roles-empty",
            hint="Name at least one address for each.",
        )


def _malformed() -> DataFault:
    return DataFault(
        "The deployment file is malformed.",
        code="deployment-malformed",
        hint="Restore it from a backup, or find the addresses with the chain's operator.",
    )


def _foreign_nonce() -> EnvironmentFault:
    return EnvironmentFault(
        "The administrator's account was used for other transactions during the deployment.",
        code="deployment-nonce",
        hint="Deploy with a fresh account.",
    )
