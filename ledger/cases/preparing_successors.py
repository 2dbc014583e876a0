"""How what follows a certificate is prepared: transfer, change, renewal (R4, R6, R10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from yinzheng.ledger.cases import calls
from yinzheng.ledger.cases.asked import (
    predecessor_of,
    request_of,
)
from yinzheng.ledger.cases.bearing import exchange_of
from yinzheng.ledger.cases.deciders import (
    Prepared,
    Signer,
    head_of,
    instant_of,
    listed_of,
    officials,
    organisations,
    record_of,
    registry_party,
    settling,
    waived,
)
from yinzheng.ledger.cases.numbering import certificates
from yinzheng.ledger.cases.prepared import Stated, message_of, stated
from yinzheng.ledger.cases.work import CaseThread
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.rules.certificates import REMARK_BITS, renewed_until
from yinzheng.ledger.rules.moves import CARRIED, remainder
from yinzheng.ledger.rules.terms import RemarkKind, Right
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.body import RIGHTS, Body


def transfer(work: CaseThread) -> Prepared:
    """Rights pass; what stays keeps a certificate of its own."""
    request, before, client = request_of(work).request, predecessor_of(work), work.registry.client
    transferor, transferee = request.party("transferor"), request.party("transferee")
    left = remainder(
        {one.code: frozenset(map(Right, one.rights)) for one in before.holders},
        transferor.code,
        map(Right, request.terms.rights),
    )
    passed: list[JSON] = [{**transferee.to_json(), "rights": list(request.terms.rights)}]
    stays: list[JSON] = [
        {"name": one.name, "code": one.code, "rights": [right for right in RIGHTS if right in left[one.code]]}
        for one in before.holders
        if one.code in left
    ]
    following = _following(work, before, [passed, stays] if stays else [passed])
    moved = _decision(
        work,
        "right.transferred",
        following,
        transferor=transferor.to_json(),
        transferee=transferee.to_json(),
        rights=list(request.terms.rights),
        remainder=_named(following[1]) if stays else None,
    )
    exchange = exchange_of(record_of(work), work.kind, work.now)
    message: Any = message_of([*following, moved], work.case.subject, exchange or bytes(20))
    listed = listed_of(before)
    return _succession(
        work,
        (*following, moved),
        message,
        (*organisations(work, request), *settling(exchange)),
        lambda signatures: client.transfer(message, listed, signatures),
    )


def change(work: CaseThread) -> Prepared:
    """What is registered reads otherwise; who holds what stays."""
    request, before, client = request_of(work).request, predecessor_of(work), work.registry.client
    changes: dict[str, Any] = dict(request.terms.changes)
    names = {one["code"]: one["name"] for one in changes.pop("names", ())}
    holders: list[JSON] = [{**one.to_json(), "name": names.get(one.code, one.name)} for one in before.holders]
    following = _following(work, before, [holders], **changes)
    moved = _decision(work, "certificate.changed", following, ground=request.terms.ground)
    message: Any = message_of([*following, moved], work.case.subject)
    listed = listed_of(before)
    return _succession(
        work,
        (*following, moved),
        message,
        organisations(work, request),
        lambda signatures: client.change(message, listed, signatures),
    )


def renewal(work: CaseThread) -> Prepared:
    """It is registered for a further term."""
    request, before, client = request_of(work).request, predecessor_of(work), work.registry.client
    at = instant_of(work)
    until = renewed_until(before.valid_until, at, request.terms.years, work.rules)
    holders: list[JSON] = [one.to_json() for one in before.holders]
    following = _following(work, before, [holders], valid_until=until)
    moved = _decision(work, "certificate.renewed", following)
    message: Any = message_of([*following, moved], work.case.subject)
    listed = listed_of(before)
    return _succession(
        work,
        (*following, moved),
        message,
        organisations(work, request),
        lambda signatures: client.renew(message, listed, signatures),
    )


def _succession(
    work: CaseThread,
    all_stated: tuple[Stated, ...],
    message: Any,
    organisations: tuple[Signer, ...],
    call: Callable[[Sequence[bytes]], Call],
) -> Prepared:
    return Prepared(
        stated=all_stated,
        message=message,
        domain=work.registry.client.moves_domain,
        signers=(*officials(work), *organisations),
        kind=calls.SUCCESSION,
        about=message.predecessor.hex(),
        part=all_stated[0].statement.leaf_hash.hex(),
        call=call,
    )


def _following(work: CaseThread, before: Body, holders: Sequence[list[JSON]], **changes: Any) -> list[Stated]:
    """The certificates that follow, one for each list of holders; else as before, but for `changes`."""
    prev, made = head_of(work), []
    for number, held in zip(certificates(work, len(holders)), holders, strict=True):
        one = stated(
            "certificate.deposited",
            {
                **before.to_json(),
                "number": number,
                "type": work.kind.registration.value,
                "procedure": work.case.procedure,
                "holders": held,
                "registered_at": instant_of(work),
                "remarks": _remarks(work, before),
                "follows": [{"number": before.number, "leaf": record_of(work).content.hex()}],
                "prev": prev.hex(),
                **changes,
            },
        )
        made.append(one)
        prev = one.statement.leaf_hash
    return made


def _decision(work: CaseThread, type_: str, following: Sequence[Stated], **said: JSON) -> Stated:
    request = request_of(work).request
    return stated(
        type_,
        {
            "v": 1,
            "profile": work.profile,
            "certificate": request.certificate.to_json(),
            "successor": _named(following[0]),
            "request": request.digest.to_json(),
            "registry": registry_party(work),
            "decided_at": instant_of(work),
            "prev": following[-1].statement.leaf_hash.hex(),
            **said,
        },
    )


def _named(one: Stated) -> dict[str, JSON]:
    return {"number": one.body.number, "leaf": one.statement.leaf_hash.hex()}


def _remarks(work: CaseThread, before: Body) -> list[JSON]:
    """Those that pass to whatever follows (R16, R55): control and pledge that stand now."""
    standing = record_of(work).remarks
    kinds = [kind for kind in RemarkKind if kind in CARRIED and standing & REMARK_BITS[kind]]
    texts = {remark.kind: remark.text for remark in before.remarks}
    carried: list[JSON] = [
        {"kind": kind.value, "text": texts.get(kind.value, f"承自 {before.number} Carried over")}
        for kind in kinds
    ]
    return [*carried, *waived(work)]
