"""Courts, arbitral bodies and exchanges on chain: giving and taking FORUM (S5.14) and EXCHANGE (S5.20).

Only the administrator's account may, so these calls go out under its key and nobody else's.
"""

from collections.abc import Mapping
from typing import Final

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.contracts import COMMITTEE, EXCHANGE, FORUM, REGISTRY, RELAY
from yinzheng.ledger.chain.sender import Call
from yinzheng.verifier.errors import UsageFault

ADMINISTRATOR: Final = 0
"""The authority's own role: who may give and take all others."""

_NAMES: Final[Mapping[int, str]] = {FORUM: "forum", EXCHANGE: "exchange"}


def grant(client: ContractsClient, role: int, account: bytes) -> Call:
    """Make the call that lets `account` (20 bytes) act as FORUM or EXCHANGE.

    Whoever decides, checks or sends does it for nobody else and holds no rights: `Holders` refuses accounts
    with roles, and here those that are, were or are announced to be a holder's are refused roles.

    Raises:
        UsageFault: `roles-overlap`, it has another role, or is a holder's.
    """
    others = {ADMINISTRATOR, RELAY, REGISTRY, COMMITTEE, FORUM, EXCHANGE} - {role}
    if any(client.has_role(other, account) for other in sorted(others)) or client.owner_of(account):
        raise UsageFault(
            f"An account of the {_NAMES[role]} has another part here: it administers, sends, approves, "
            "decides, checks trades or holds rights.",
            code="roles-overlap",
            hint=f"The {_NAMES[role]} signs with a key of its own.",
        )
    return client.grant_role(role, account)


def revoke(client: ContractsClient, role: int, account: bytes) -> Call:
    """Make the call after which `account` no longer acts in this role; what it decided stands."""
    return client.revoke_role(role, account)
