"""What enrolling asks of the chain: a forum's or exchange's role, given and taken by the administrator, and a
holder's account, entered and changed by its own signature and an officer's (S5.19).
"""

from __future__ import annotations

from typing import Final

from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.flow.calls import CallKind

FORUM: Final = CallKind("forum")
"""About an enrolment, or the latest statement of who is appointed again, by the hex of its leaf. Its part
counts those about one statement, the first without; so with each of these kinds."""
FORUM_END: Final = CallKind("forum-end")
"""About a revocation, by the hex of its leaf."""
EXCHANGE: Final = CallKind("exchange")
"""About an enrolment, by the hex of its leaf."""
EXCHANGE_END: Final = CallKind("exchange-end")
"""About a revocation, or the latest statement of who is dismissed, by the hex of its leaf."""
HOLDER: Final = CallKind("holder")
"""About an organisation, by the hex of its subject; its parts are the numbers of its changes."""


def _vetoed(client: ContractsClient, about: str, part: str) -> bool:
    found = client.holder(bytes.fromhex(about))
    return found is not None and found.contested and found.serial == int(part)


VETO: Final = CallKind("holder-veto", done=_vetoed)
"""About an organisation, by the hex of its subject; its part is the number of that change."""

KINDS: Final = (FORUM, FORUM_END, EXCHANGE, EXCHANGE_END, HOLDER, VETO)
