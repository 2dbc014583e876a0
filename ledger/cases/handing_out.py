"""What is prepared in a case, as it is handed to whoever signs it elsewhere (S16.9, S18.4)."""

from __future__ import annotations

from typing import Any, cast

from yinzheng.ledger.cases.asked import predecessor_of, request_of
from yinzheng.ledger.cases.calls import SUCCESSION
from yinzheng.ledger.cases.deciders import Prepared
from yinzheng.ledger.cases.prepared import PreparedFile, stated
from yinzheng.ledger.cases.work import CaseThread
from yinzheng.ledger.chain.approvals import plain, typed_data
from yinzheng.ledger.people.decisions import Content
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.verifier.log.statement import CERTIFICATE_DEPOSITED


def file_of(work: CaseThread, prepared: Prepared) -> PreparedFile:
    """With the certificate before, where others are to follow it: it is compared with them."""
    message = plain(typed_data(prepared.message, prepared.domain))
    assert isinstance(message, dict)
    follows = prepared.kind is SUCCESSION
    before = stated(CERTIFICATE_DEPOSITED, predecessor_of(work).to_json()) if follows else None
    return PreparedFile(work.case.id, prepared.stated, message, before)


def content_for(work: CaseThread, prepared: Prepared) -> Content:
    """For an officer: the statement that decides; of a move with all that is prepared, and the request."""
    decision, move = prepared.decision, None
    if work.kind is not CaseType.FIRST:
        move = {
            "prepared": file_of(work, prepared).to_json(),
            "request": request_of(work).to_json(),
        }
    body = cast("dict[str, Any]", decision.body.to_json())
    return Content(decision.statement, body, None, move)
