"""Which statements are events of a certificate, and how the certificates are found that one is about.

The rule is open: whatever has a certificate's subject (S2.4) is an event of it, unless it is nobody else's to
hear. So a move that a later version records is heard of without a word here. What has another subject, or
concerns others besides, is named by its body (`verifier/formats/watched.py`) or by what a dispute holds.
"""

from __future__ import annotations

from typing import Final

from yinzheng.ledger.rules.events import SupervisionStatement

SILENT: Final = frozenset({"dispute.evidence", "trade.checked", *SupervisionStatement})
"""Told to nobody: what parties bring forward, what a supervisor looks into, what an exchange asked."""

OF_PERSONS: Final = ("accesses.", "consent.", "withdrawal.")
"""Beginnings of the types that come by the million and are about no certificate."""

HOLDING: Final = frozenset({"dispute.opened", "dispute.released"})
"""About what their dispute holds."""
