"""The modules, put beside a deployment without touching what is there (S5.10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from web3 import Web3

from yinzheng.ledger.chain.contracts import COMMITTEE, FORUM, REGISTRY, RELAY
from yinzheng.ledger.chain.deployment import Deployment, check_deployment
from yinzheng.ledger.chain.placing import Places, have_roles, holds, put, require_contracts
from yinzheng.ledger.chain.sender import Sender
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

MODULE_STEPS = 6
"""Transactions that `deploy_modules` sends: five contracts, then all roles at once."""


@dataclass(frozen=True, slots=True)
class Modules(Places):
    """Where the modules are."""

    FORMAT: ClassVar[str] = "yinzheng/modules/2"
    NAMES: ClassVar[tuple[str, ...]] = ("consents", "preservation", "holders", "moves", "standing")

    chain_id: int
    block: int
    consents: bytes
    preservation: bytes
    holders: bytes
    moves: bytes
    standing: bytes
    consents_code_hash: bytes
    preservation_code_hash: bytes
    holders_code_hash: bytes
    moves_code_hash: bytes
    standing_code_hash: bytes

    @staticmethod
    def malformed() -> DataFault:
        """What is raised where their file cannot be read: `modules-malformed`."""
        return DataFault(
            "The file of modules is malformed.",
            code="modules-malformed",
            hint="Restore it from a backup, or find the addresses with the chain's operator.",
        )


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

    RELAY may submit to them, `forums` (addresses of 20 bytes) may decide, the preservation contract receives
    MOVES, which nobody else is to hold, and moves and standing MODULE. `first_nonce` is the administrator's
    nonce before this began; give it when an interrupted run continues.

    Raises:
        DataFault: `deployment-chain` or `deployment-code`, the deployment is not there.
        UsageFault: `roles-overlap`, a forum administers, sends or approves for the registry.
        EnvironmentFault: `modules-nonce`, the administrator's account sent something else; or the node.
        NotEntitled: `sender` is not the administrator.
    """
    check_deployment(w3, deployment)
    _check_separation(w3, deployment, sender.address, forums)
    found = put(
        w3,
        sender,
        Modules.NAMES,
        deployment.addresses,
        [(FORUM, forum) for forum in forums],
        first_nonce=sender.next_nonce() if first_nonce is None else first_nonce,
        patience=patience,
        foreign=_foreign_nonce,
    )
    modules = Modules(chain_id=deployment.chain_id, **found)
    check_modules(w3, deployment, modules)
    return modules


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
    require_contracts(w3, modules, deployment.addresses, _other_code)
    if not have_roles(w3, modules, deployment.manager):
        raise DataFault(
            "The modules do not have the roles they were deployed with.",
            code="modules-roles",
            hint="Continue an interrupted deployment, or ask the administrator who changed the roles.",
        )


def _check_separation(w3: Web3, deployment: Deployment, admin: bytes, forums: Sequence[bytes]) -> None:
    for forum in forums:
        if forum == admin or any(
            holds(w3, deployment.manager, role, forum) for role in (RELAY, REGISTRY, COMMITTEE)
        ):
            raise UsageFault(
                "A forum would also administer, send or approve for the registry.",
                code="roles-overlap",
                hint="A forum signs with a key of its own.",
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
