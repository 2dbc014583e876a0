"""How a licence, and the end of one, is prepared (R4, R5)."""

from __future__ import annotations

from typing import Any

from yinzheng.ledger.cases import calls
from yinzheng.ledger.cases.asked import (
    predecessor_of,
    request_of,
)
from yinzheng.ledger.cases.bearing import exchange_of
from yinzheng.ledger.cases.deciders import (
    Prepared,
    head_of,
    instant_of,
    listed_of,
    missing_record,
    officials,
    organisations,
    record_of,
    registry_party,
    settling,
)
from yinzheng.ledger.cases.numbering import licence_number
from yinzheng.ledger.cases.prepared import message_of, stated
from yinzheng.ledger.cases.work import CaseThread
from yinzheng.ledger.rules.case_types import require_available
from yinzheng.verifier.log.statement import licence_subject


def licence(work: CaseThread) -> Prepared:
    """A licence is given, by licensor and licensee."""
    request, before, client = request_of(work).request, predecessor_of(work), work.registry.client
    terms, at = request.terms, instant_of(work)
    given = stated(
        "licence.given",
        {
            "v": 1,
            "number": licence_number(work),
            "profile": work.profile,
            "registration": require_available(work.kind, work.rules),
            "certificate": request.certificate.to_json(),
            "licensor": request.party("licensor").to_json(),
            "licensee": request.party("licensee").to_json(),
            "rights": list(terms.rights),
            "acts": list(terms.acts),
            "territory": list(terms.territory),
            "purposes": terms.purposes,
            "exclusive": terms.exclusive,
            "begins": at if terms.begins is None else terms.begins,
            "ends": terms.ends,
            "registry": registry_party(work),
            "registered_at": at,
            "request": request.digest.to_json(),
            "prev": head_of(work).hex(),
        },
    )
    record = record_of(work)
    exchange = exchange_of(record, work.kind, work.now)
    message: Any = message_of([given], work.case.subject, exchange or bytes(20))
    listed = listed_of(before)
    return Prepared(
        stated=(given,),
        message=message,
        domain=client.moves_domain,
        signers=(*officials(work), *organisations(work, request), *settling(exchange)),
        kind=calls.LICENCE,
        about=message.id.hex(),
        part=given.statement.leaf_hash.hex(),
        call=lambda signatures: client.license(message, listed, signatures),
    )


def licence_end(work: CaseThread) -> Prepared:
    """A licence ends before its term, by both parties or by a forum alone."""
    request, client = request_of(work).request, work.registry.client
    given = client.licence(licence_subject(request.terms.licence))
    if given is None:
        raise missing_record(request.terms.licence)
    forum = next((one for one in request.parties if one.role == "forum"), None)
    ended = stated(
        "licence.ended",
        {
            "v": 1,
            "number": request.terms.licence,
            "profile": work.profile,
            "given": given.statement.hex(),
            "ground": "agreed" if forum is None else "document",
            "request": None if forum else request.digest.to_json(),
            "forum": None if forum is None else forum.party.to_json(),
            "document": None if forum is None else request.documents[0].digest.to_json(),
            "registry": registry_party(work),
            "ended_at": instant_of(work),
            "prev": head_of(work).hex(),
        },
    )
    message: Any = message_of([ended], work.case.subject)
    approving = () if forum else officials(work)
    return Prepared(
        stated=(ended,),
        message=message,
        domain=client.moves_domain,
        signers=(*approving, *organisations(work, request)),
        kind=calls.LICENCE_END,
        about=message.id.hex(),
        part=ended.statement.leaf_hash.hex(),
        call=lambda signatures: client.end_licence(message, signatures),
    )
