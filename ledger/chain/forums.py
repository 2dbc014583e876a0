"""Courts and arbitral bodies on chain: who holds FORUM, and giving and taking it (S5.14).

Only the administrator's account may, so these calls go out under its key and nobody else's.
"""

from typing import Final

from eth_abi.abi import encode as abi_encode

from yinzheng.ledger.chain.client import RegistryClient
from yinzheng.ledger.chain.deployment import COMMITTEE, REGISTRY, RELAY, selector
from yinzheng.ledger.chain.modules import FORUM
from yinzheng.ledger.chain.sender import Call, checksummed
from yinzheng.verifier.errors import UsageFault

ADMINISTRATOR: Final = 0
"""The authority's own role: who may give and take all others."""

GAS: Final = 300_000


def grant_forum(client: RegistryClient, account: bytes) -> Call:
    """Make the call that lets `account` (20 bytes) decide as a forum.

    Raises:
        UsageFault: `roles-overlap`, it administers, sends or approves for the registry.
    """
    if any(client.has_role(role, account) for role in (ADMINISTRATOR, RELAY, REGISTRY, COMMITTEE)):
        raise UsageFault(
            "A forum would also administer, send or approve for the registry.",
            code="roles-overlap",
            hint="A forum signs with a key of its own.",
        )
    arguments = abi_encode(["uint64", "address", "uint32"], [FORUM, checksummed(account), 0])
    return Call(client.deployment.manager, selector("AccessManager", "grantRole") + arguments, GAS)


def revoke_forum(client: RegistryClient, account: bytes) -> Call:
    """Make the call after which `account` no longer decides as a forum; what it decided stands."""
    arguments = abi_encode(["uint64", "address"], [FORUM, checksummed(account)])
    return Call(client.deployment.manager, selector("AccessManager", "revokeRole") + arguments, GAS)
