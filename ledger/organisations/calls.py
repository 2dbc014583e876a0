"""What enrolling a forum asks of the chain: its role, given and taken by the administrator (R41, S5.14)."""

from __future__ import annotations

from typing import Final

from yinzheng.ledger.flow.calls import CallKind

FORUM: Final = CallKind("forum")
"""About an enrolment, by the hex of its leaf."""
FORUM_END: Final = CallKind("forum-end")
"""About a revocation, by the hex of its leaf."""

KINDS: Final = (FORUM, FORUM_END)
