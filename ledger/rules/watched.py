"""Which statements are events of a certificate, and how the certificates are found that one is about.

The rule is open: whatever has a certificate's subject (S2.4) is an event of it, unless it is nobody else's to
hear. So a move that a later version records is heard of without a word here; the tables name what has
another subject, or concerns others besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.log.statement import CERTIFICATE_DEPOSITED

SILENT: Final = frozenset({"dispute.evidence", "supervision.recorded", "trade.checked"})
"""Told to nobody: what parties bring forward, what a supervisor looks into, what an exchange asked."""

OF_PERSONS: Final = ("accesses.", "consent.", "withdrawal.")
"""Beginnings of the types that come by the million and are about no certificate."""

HOLDING: Final = frozenset({"dispute.opened", "dispute.released"})
"""About what their dispute holds."""


NAMING: Final = frozenset({CERTIFICATE_DEPOSITED, "licence.given"})
"""Whose public body names further certificates."""


def named_by(kind: str, body: JSON) -> Iterable[str]:
    """Numbers of further certificates that a public body of a type of `NAMING` says it is about.

    A deposit is an event of those it follows too (R4, R6); a licence has a subject of its own, and names the
    certificate whose right it is given from.
    """
    match kind, body:
        case "licence.given", {"certificate": {"number": str(number)}}:
            return (number,)
        case _, {"follows": list(predecessors)}:
            return tuple(str(one["number"]) for one in predecessors if isinstance(one, dict))
    return ()
