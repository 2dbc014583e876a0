"""The deployment: authority, anchor and rights on a chain, and recognising them there.

The administrator's key can grant roles and is therefore worth as much as all approvers' together: keep it
away from the server.
"""

from dataclasses import dataclass
from typing import ClassVar

from web3 import Web3

from yinzheng.ledger.chain.contracts import CALENDAR, COMMITTEE, REGISTRY, RELAY
from yinzheng.ledger.chain.placing import Places, put, require_contracts
from yinzheng.ledger.chain.reverts import translated
from yinzheng.ledger.chain.sender import Sender
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

DEPLOY_STEPS = 4
"""Transactions that `deploy` sends: three contracts, then all roles at once."""


@dataclass(frozen=True, slots=True)
class Deployment(Places):
    """Where the contracts of every registry are."""

    FORMAT: ClassVar[str] = "yinzheng/deployment/1"
    NAMES: ClassVar[tuple[str, ...]] = ("manager", "anchor", "rights")

    chain_id: int
    block: int
    manager: bytes
    anchor: bytes
    rights: bytes
    manager_code_hash: bytes
    anchor_code_hash: bytes
    rights_code_hash: bytes

    @staticmethod
    def malformed() -> DataFault:
        """What is raised where its file cannot be read: `deployment-malformed`."""
        return DataFault(
            "The deployment file is malformed.",
            code="deployment-malformed",
            hint="Restore it from a backup, or find the addresses with the chain's operator.",
        )


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
    grants = [(RELAY, holders.relay), (CALENDAR, sender.address)]
    grants += [(REGISTRY, person) for person in holders.registry]
    grants += [(COMMITTEE, person) for person in holders.committee]
    found = put(
        w3,
        sender,
        Deployment.NAMES,
        {},
        grants,
        first_nonce=first_nonce,
        patience=patience,
        foreign=_foreign_nonce,
    )
    with translated():
        deployment = Deployment(chain_id=w3.eth.chain_id, **found)
    check_deployment(w3, deployment)
    return deployment


def check_deployment(w3: Web3, deployment: Deployment) -> None:
    """Check that this chain holds exactly our contracts at these addresses.

    Raises:
        DataFault: `deployment-chain`, another chain; `deployment-code`, other code, or another authority.
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
    require_contracts(w3, deployment, {}, _other_code)


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


def _other_code(name: str, address: bytes) -> DataFault:
    return DataFault(
        f"There is no {name} of this version at 0x{address.hex()}.",
        code="deployment-code",
        hint="Check the node and the deployment file; a head or record there proves nothing.",
    )


def _foreign_nonce() -> EnvironmentFault:
    return EnvironmentFault(
        "The administrator's account was used for other transactions during the deployment.",
        code="deployment-nonce",
        hint="Deploy with a fresh account.",
    )
