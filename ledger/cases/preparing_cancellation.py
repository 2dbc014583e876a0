"""How a cancellation is prepared: the holders' own, or the registry's on its own motion (R7)."""

from __future__ import annotations

from typing import Any

from yinzheng.ledger.cases import calls
from yinzheng.ledger.cases.asked import predecessor_of, request_of
from yinzheng.ledger.cases.deciders import (
    Prepared,
    head_of,
    instant_of,
    listed_of,
    officials,
    organisations,
    registry_party,
)
from yinzheng.ledger.cases.prepared import Stated, message_of
from yinzheng.ledger.cases.work import CaseThread
from yinzheng.verifier.formats.standing import parse_cancellation
from yinzheng.verifier.log.statement import Statement, certificate_subject, commit_public


def cancellation(work: CaseThread) -> Prepared:
    """The certificate is over for good: by every holder's hand, or by registry and committee (S5.25)."""
    request, before, client = request_of(work).request, predecessor_of(work), work.registry.client
    body = parse_cancellation(
        {
            "v": 1,
            "certificate": before.number,
            "ground": request.terms.ground,
            "initiator": request.initiator,
            "document": request.digest.to_json(),
            "reference": None,
            "by": registry_party(work),
            "at": instant_of(work),
        }
    )
    statement = Statement(
        type="certificate.cancelled",
        profile=work.profile,
        subject=certificate_subject(before.number),
        at=body.at,
        commitment=commit_public(body.canonical()),
        prev=head_of(work),
        by="registry",
    )
    ended = Stated(statement, body)
    message: Any = message_of([ended], work.case.subject)
    by_holders = request.initiator == "holders"
    listed = listed_of(before) if by_holders else ()
    return Prepared(
        stated=(ended,),
        message=message,
        domain=client.standing_domain,
        signers=(*officials(work), *(organisations(work, request) if by_holders else ())),
        kind=calls.CASE_CANCELLATION,
        about=message.id.hex(),
        part=statement.leaf_hash.hex(),
        call=lambda signatures: client.cancel(message, listed, signatures),
        tell=() if by_holders else tuple(holder.code for holder in before.holders),
    )
