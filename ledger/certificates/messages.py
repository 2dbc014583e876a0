"""What is signed about a registered certificate: it follows from the body and its statement alone.

So whoever signs makes the message anew from what it says, the registry does so again before it is sent, and
an audit long after.
"""

from __future__ import annotations

from yinzheng.ledger.chain.approvals_moves import NOTHING, RemarkEntry, RemarkLifting
from yinzheng.ledger.rules.certificates import REMARK_BITS
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.verifier.formats import standing
from yinzheng.verifier.log.statement import certificate_subject


def entry(body: standing.Remark, leaf: bytes) -> RemarkEntry:
    """Of a remark; `leaf` is its statement's leaf hash."""
    kind = REMARK_BITS[RemarkKind(body.kind)]
    return RemarkEntry(certificate_subject(body.certificate), kind, leaf, body.digest)


def lifting(body: standing.Lifting, leaf: bytes) -> RemarkLifting:
    """Of its lifting."""
    kind = REMARK_BITS[RemarkKind(body.kind)]
    return RemarkLifting(
        certificate_subject(body.certificate), kind, body.remark or NOTHING, leaf, body.digest
    )
