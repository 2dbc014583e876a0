"""Courts and arbitral bodies on chain: giving and taking FORUM (S5.14).

Only the administrator's account may, so these calls go out under its key and nobody else's.
"""

from typing import Final

from yinzheng.ledger.chain.client import RegistryClient
from yinzheng.ledger.chain.contracts import COMMITTEE, FORUM, REGISTRY, RELAY
from yinzheng.ledger.chain.sender import Call
from yinzheng.verifier.errors import UsageFault

ADMINISTRATOR: Final = 0
"""The authority's own role: who may give and take all others."""


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
    return client.grant_role(FORUM, account)


def revoke_forum(client: RegistryClient, account: bytes) -> Call:
    """Make the call after which `account` no longer decides as a forum; what it decided stands."""
    return client.revoke_role(FORUM, account)
