"""What organisations are shown of moves that concern them: where each stands, and what waits to be signed."""

from __future__ import annotations

from yinzheng.ledger.cases.issuing import standing
from yinzheng.ledger.cases.prepared import PreparedFile
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.chain.approvals import plain, typed_data
from yinzheng.ledger.registry import Registry


def prepared_file(registry: Registry, case_id: str) -> PreparedFile:
    """What is prepared in a case, for whoever signs it elsewhere. Raises as `issuing.standing`."""
    with work_on(registry, case_id) as work:
        prepared = standing(work)
        message = plain(typed_data(prepared.message, prepared.domain))
    assert isinstance(message, dict)
    return PreparedFile(case_id, prepared.stated, message)
