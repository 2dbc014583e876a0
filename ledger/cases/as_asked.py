"""Whether what was prepared is what its parties asked for, to the last field (S16.9, D16).

What follows a certificate reads as that did, but for what was asked for and what the registration itself
sets: number, procedure, times, remarks. So the certificate that ends is looked at too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from yinzheng.ledger.rules.certificates import renewed_until
from yinzheng.ledger.rules.moves import remainder
from yinzheng.ledger.rules.profiles import profile_for
from yinzheng.ledger.rules.terms import Right
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.formats.body import RIGHTS, Body
from yinzheng.verifier.formats.licence import Licence, LicenceEnd
from yinzheng.verifier.formats.move_request import MoveRequest
from yinzheng.verifier.formats.moves import Transfer
from yinzheng.verifier.formats.standing import Cancellation

_DECIDES: Final[Mapping[str, str]] = {
    "licence.given": "licence",
    "licence.ended": "licence_end",
    "right.transferred": "transfer",
    "certificate.changed": "change",
    "certificate.renewed": "renewal",
    "certificate.cancelled": "cancellation",
}
"""By the type of the statement that decides, the type of the request."""


def differences(
    decides: str, bodies: Sequence[Any], request: MoveRequest, before: Body | None
) -> tuple[str, ...]:
    """In what the bodies, that of the statement of type `decides` last, are not what a request asks for.

    Nothing if they are. `before` is the certificate that the request is about, where others follow it.
    """
    body = bodies[-1]
    if _DECIDES.get(decides) != request.type:
        return ("type",)
    if isinstance(body, LicenceEnd):
        return _named(_same_end(body, request))
    if isinstance(body, Cancellation):
        return _named(_same_cancellation(body, request))
    same = {
        "request": body.request.matches(request.digest),
        "registry": body.registry.code == request.registry,
        "certificate": (body.certificate.number, body.certificate.leaf)
        == (request.certificate.number, request.certificate.leaf),
    }
    if isinstance(body, Licence):
        return _named(same | _same_licence(body, request))
    if before is None:
        return _named(same | {"certificate": False})
    same["profile"] = body.profile == before.profile
    if isinstance(body, Transfer):
        same |= _same_transfer(body, request)
    expected = _expected(bodies, request, before)
    return (*_named(same), *_following(bodies[:-1], expected, request, before))


def _same_end(body: LicenceEnd, request: MoveRequest) -> dict[str, bool]:
    same = {"licence": body.number == request.terms.licence}
    if body.document is not None:
        documents = [one.digest for one in request.documents]
        decided = body.document in documents and body.forum == request.party("forum")
        return {**same, "document": decided}
    return {**same, "request": body.request is not None and body.request.matches(request.digest)}


def _same_cancellation(body: Cancellation, request: MoveRequest) -> dict[str, bool]:
    return {
        "request": body.document is not None and body.document.matches(request.digest),
        "certificate": body.certificate == request.certificate.number,
        "ground": body.ground == request.terms.ground,
        "initiator": body.initiator == request.initiator,
        "by": body.by.code == request.registry,
        "reference": body.reference is None,
    }


def _same_licence(body: Licence, request: MoveRequest) -> dict[str, bool]:
    terms = request.terms
    names = ("rights", "acts", "territory", "purposes", "exclusive", "ends")
    same = {name: getattr(body, name) == getattr(terms, name) for name in names}
    begins = body.registered_at if terms.begins is None else terms.begins
    return same | {
        "begins": body.begins == begins,
        "licensor": body.licensor == request.party("licensor"),
        "licensee": body.licensee == request.party("licensee"),
    }


def _same_transfer(body: Transfer, request: MoveRequest) -> dict[str, bool]:
    return {
        "rights": body.rights == request.terms.rights,
        "transferor": body.transferor == request.party("transferor"),
        "transferee": body.transferee == request.party("transferee"),
    }


def _named(same: Mapping[str, bool]) -> tuple[str, ...]:
    return tuple(name for name, holds in same.items() if not holds)


def _expected(bodies: Sequence[Any], request: MoveRequest, before: Body) -> list[dict[str, JSON]]:
    """What each certificate that follows says otherwise than the one before."""
    if request.type == "transfer":
        transferor, transferee = request.party("transferor"), request.party("transferee")
        had = {one.code: frozenset(map(Right, one.rights)) for one in before.holders}
        left = remainder(had, transferor.code, map(Right, request.terms.rights))
        passed: list[JSON] = [{**transferee.to_json(), "rights": list(request.terms.rights)}]
        stays: list[JSON] = [
            {**one.to_json(), "rights": [right for right in RIGHTS if right in left[one.code]]}
            for one in before.holders
            if one.code in left
        ]
        return [{"holders": one} for one in (passed, stays) if one]
    if request.type == "renewal":
        at, profile = bodies[0].registered_at, profile_for(before.profile)
        return [{"valid_until": renewed_until(before.valid_until, at, request.terms.years, profile)}]
    changes: dict[str, Any] = dict(request.terms.changes)
    names = {one["code"]: one["name"] for one in changes.pop("names", ())}
    holders: list[JSON] = [{**one.to_json(), "name": names.get(one.code, one.name)} for one in before.holders]
    return [{**changes, "holders": holders}]


def _following(
    shown: Sequence[Any], expected: Sequence[dict[str, JSON]], request: MoveRequest, before: Body
) -> tuple[str, ...]:
    if len(shown) != len(expected) or not all(isinstance(one, Body) for one in shown):
        return ("successor",)
    found = []
    for one, changed in zip(shown, expected, strict=True):
        said = one.to_json()
        own = ("number", "procedure", "registered_at", "remarks", "prev")
        due: dict[str, JSON] = {
            **before.to_json(),
            "type": request.type,
            "follows": [request.certificate.to_json()],
            **changed,
            **{name: said[name] for name in own},
        }
        found += [name for name in sorted({*said, *due}) if said.get(name) != due.get(name)]
    return tuple(dict.fromkeys(found))
