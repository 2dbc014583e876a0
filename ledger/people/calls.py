"""What enrolling and removing people asks of the chain: roles, given and taken by an administrator."""

from __future__ import annotations

from typing import Final

from yinzheng.ledger.flow.calls import CallKind

ROLE: Final = CallKind("role")
"""About a person, by name; each role of theirs is a part."""
ROLE_END: Final = CallKind("role-end")
"""About a person who left, by name; each role of theirs is a part."""

KINDS: Final = (ROLE, ROLE_END)
