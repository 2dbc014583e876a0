"""Vectors of moves: joint requests (S10.12), what a move says in public (S6.10), what is prepared of it to be
signed (S16.9), and orders about a registered certificate (S16.8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from tests.verifier.bodies import INSURER, lifting, remark
from tests.verifier.bodies import cancellation as cancellation_json
from tests.verifier.licences import ENDS, GIVEN, LICENSEE, end_json, licence_json
from tests.verifier.world import DAY, HOSPITAL, NUMBER, REGISTERED, REGISTRY, body_json
from yinzheng.ledger.cases.prepared import PreparedFile, Stated, message_of, stated
from yinzheng.ledger.certificates.messages import message_of as ordered
from yinzheng.ledger.chain.approvals import Domain, digest, plain, sign, typed_data
from yinzheng.ledger.chain.approvals_moves import MOVES_NAME, STANDING_NAME
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.rules.certificates import renewed_until
from yinzheng.ledger.rules.profiles import profile_for
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.bytes.sm2 import Sm2Backend
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.formats.move_request import (
    Authorisation,
    JointRequest,
    MoveRequest,
    SignedAuthorisation,
    read_request,
)
from yinzheng.verifier.formats.order import Order, Ordered
from yinzheng.verifier.formats.order import statement_of as order_statement
from yinzheng.verifier.formats.reservation import parse_released, parse_reserved
from yinzheng.verifier.formats.standing import parse_cancellation, parse_lifting, parse_remark

MOVES: Final = Domain(20_261_122, bytes(range(20, 40)), MOVES_NAME)
STANDING: Final = Domain(20_261_122, bytes(range(40, 60)), STANDING_NAME)
ACCOUNT: Final = EthereumKey(bytes(range(12, 44)))
"""Of who orders."""
EXCHANGE: Final = {"name": "某数据交易所（虚构）", "code": INSURER}
CASE: Final = bytes(range(64, 96))
BEFORE: Final = parse_body(body_json())
LEAF: Final = statement_of(BEFORE).leaf_hash
DECIDED: Final = REGISTERED + 10 * DAY
BOTH: Final[Mapping[str, tuple[str, str]]] = {
    "licence": ("licensor", "licensee"),
    "licence_end": ("licensor", "licensee"),
    "transfer": ("transferor", "transferee"),
}
TERMS: Final[Mapping[str, dict[str, Any]]] = {
    "licence": {
        "rights": ["use"],
        "acts": ["store", "process", "use"],
        "territory": ["44", "45"],
        "purposes": licence_json()["purposes"],
        "exclusive": False,
        "begins": None,
        "ends": ENDS,
    },
    "licence_end": {"licence": "L-2026-000001", "reasons": "双方协商一致"},
    "transfer": {"rights": ["use", "operate"]},
    "change": {"changes": {"asset": "更正后的名称"}, "ground": "entry", "summary": "更正名称"},
    "renewal": {"years": 2, "summary": "续期两年"},
    "cancellation": {"ground": "data_gone", "summary": "数据已灭失"},
}


def key_of(code: str, backend: Sm2Backend) -> Sm2PrivateKey:
    """The SM2 key of one of the two parties."""
    first = 13 if code == HOSPITAL["code"] else 17
    return Sm2PrivateKey.from_bytes(bytes(range(first, first + 32)), backend)


def request_of(kind: str, **changes: Any) -> dict[str, Any]:
    """A request of that type for the certificate of `body_json`, as JSON."""
    roles = BOTH.get(kind, ("holder",))
    value = {
        "v": 1,
        "registry": REGISTRY["code"],
        "type": kind,
        "certificate": {"number": NUMBER, "leaf": LEAF.hex()},
        "parties": [
            {**party, "role": role} for party, role in zip((HOSPITAL, LICENSEE), roles, strict=False)
        ],
        "terms": TERMS[kind],
        "documents": [
            {
                "path": "contract.txt",
                "role": "consideration",
                "title": "合同",
                "size": 3,
                "digest": digest_pair(b"abc").to_json(),
            }
        ],
        "made_at": GIVEN,
        "nonce": "33" * 16,
    }
    return {**value, **changes}


def joint(request: MoveRequest, backend: Sm2Backend, *codes: str) -> JointRequest:
    """Signed by these, or by all."""
    made = JointRequest(request, (), ())
    for code in codes or [one.code for one in request.parties]:
        made = made.signed_by(code, key_of(code, backend))
    return made


def authorised(request: MoveRequest, backend: Sm2Backend, **changes: Any) -> JointRequest:
    """Signed by the second party alone, on the signed authorisation of the first."""
    principal, agent = (one.code for one in request.parties)
    terms = digest_pair(dumps(request.terms.to_json()))
    said: dict[str, Any] = {
        "registry": request.registry,
        "principal": principal,
        "agent": agent,
        "type": request.type,
        "certificate": request.certificate,
        "terms": terms,
        "until": request.made_at + DAY,
    }
    given, key = Authorisation(**said | changes), key_of(principal, backend)
    signed = SignedAuthorisation(given, key.public_key.point, key.sign(given.message()))
    return JointRequest(request, joint(request, backend, agent).signatures, (signed,))


def moves(backend: Sm2Backend) -> dict[str, Any]:
    """Requests with what is signed of each, and what is prepared of them, with what accounts sign."""
    requests = {kind: read_request(request_of(kind)) for kind in TERMS}
    shown = [_request(f"a {kind}, signed by all", joint(one, backend)) for kind, one in requests.items()]
    shown.append(_request("a licence on an authorisation", authorised(requests["licence"], backend)))
    return {
        "requests": shown,
        "prepared": [prepared(one) for one in requests.values()],
    }


def _request(desc: str, made: JointRequest) -> dict[str, Any]:
    said = made.request
    return {
        "desc": desc,
        "file": made.to_json(),
        "signed": said.message().decode(),
        "authorised": [one.authorisation.message().decode() for one in made.authorisations],
        "digest": said.digest.to_json(),
    }


def prepared(request: MoveRequest) -> dict[str, Any]:
    """What the registry hands to the parties of a request, and the digest that their accounts sign."""
    told = stated_of(request)
    message = message_of(told, CASE)
    domain = STANDING if request.type == "cancellation" else MOVES
    value = plain(typed_data(message, domain))
    assert isinstance(value, dict)
    before = stated("certificate.deposited", BEFORE.to_json()) if len(told) > 1 else None
    return {
        "desc": f"a {request.type}",
        "request": request.to_json(),
        "domain": domain_json(domain),
        "file": PreparedFile("A-2026-000007", told, value, before).to_json(),
        "leaves": [one.statement.leaf_hash.hex() for one in told],
        "signed_digest": digest(message, domain).hex(),
    }


def stated_of(request: MoveRequest) -> tuple[Stated, ...]:
    """The statements that a request leads to: what follows first, the decision last."""
    asked = request.digest.to_json()
    if request.type == "licence":
        return (stated("licence.given", licence_json(request=asked)),)
    if request.type == "licence_end":
        return (stated("licence.ended", end_json(request=asked)),)
    if request.type == "cancellation":
        return (_cancelled(request),)
    following = _following(request)
    named = [{"number": one.body.number, "leaf": one.statement.leaf_hash.hex()} for one in following]
    body: dict[str, Any] = {
        "v": 1,
        "profile": BEFORE.profile,
        "certificate": {"number": NUMBER, "leaf": LEAF.hex()},
        "successor": named[0],
        "request": asked,
        "registry": REGISTRY,
        "decided_at": DECIDED,
        "prev": named[-1]["leaf"],
    }
    if request.type == "transfer":
        both = {"transferor": HOSPITAL, "transferee": LICENSEE, "rights": list(request.terms.rights)}
        rest = named[1] if len(named) > 1 else None
        return (*following, stated("right.transferred", {**body, **both, "remainder": rest}))
    if request.type == "change":
        return (*following, stated("certificate.changed", {**body, "ground": request.terms.ground}))
    return (*following, stated("certificate.renewed", body))


def _cancelled(request: MoveRequest) -> Stated:
    """A cancellation, whose statement does not follow from its body alone."""
    body = parse_cancellation(
        {
            "v": 1,
            "certificate": NUMBER,
            "ground": request.terms.ground,
            "initiator": "holders",
            "document": request.digest.to_json(),
            "reference": None,
            "by": REGISTRY,
            "at": DECIDED,
        }
    )
    return Stated(replace(order_statement(body, profile=BEFORE.profile, prev=LEAF), by="registry"), body)


def _following(request: MoveRequest) -> tuple[Stated, ...]:
    """The deposits of what follows, each naming the one before."""
    changed: Sequence[dict[str, Any]]
    if request.type == "transfer":
        passed = list(request.terms.rights)
        stays = [right for right in BEFORE.holders[0].rights if right not in passed]
        shares = [{**LICENSEE, "rights": passed}, {**HOSPITAL, "rights": stays}]
        changed = [{"holders": [one]} for one in shares if one["rights"]]
    elif request.type == "change":
        changed = [dict(request.terms.changes)]
    else:
        profile = profile_for(BEFORE.profile)
        until = renewed_until(BEFORE.valid_until, DECIDED, request.terms.years, profile)
        changed = [{"valid_until": until}]
    made: list[Stated] = []
    for at, one in enumerate(changed):
        own = {
            "number": f"{NUMBER[:-1]}{at + 2}",
            "type": request.type,
            "follows": [{"number": NUMBER, "leaf": LEAF.hex()}],
            "registered_at": DECIDED,
            "prev": made[-1].statement.leaf_hash.hex() if made else "cd" * 32,
        }
        made.append(stated("certificate.deposited", {**BEFORE.to_json(), **own, **one}))
    return tuple(made)


def orders() -> dict[str, Any]:
    """S16.8, S20.5: each with the digest that the account of who orders signs."""
    at = {"v": 1, "certificate": NUMBER, "by": EXCHANGE, "at": GIVEN}
    reserved = parse_reserved({**at, "until": GIVEN + 3600})
    return {
        "domain": domain_json(STANDING),
        "account": ACCOUNT.address.hex(),
        "orders": [
            _order("a forum seizes", parse_remark(remark())),
            _order("a forum lifts a seizure", parse_lifting(lifting())),
            _order("a forum cancels", parse_cancellation(cancellation_json())),
            _order("an exchange reserves", reserved, "exchange"),
            _order("it lets go", parse_released({**at, "reservation": "ab" * 32}), "exchange"),
        ],
    }


def _order(desc: str, body: Ordered, by: str = "forum") -> dict[str, Any]:
    statement = order_statement(body, profile=BEFORE.profile, prev=LEAF, by=by)
    message = ordered(body, statement.leaf_hash)
    return {
        "desc": desc,
        "file": Order(statement, body, sign(message, STANDING, ACCOUNT)).to_json(),
        "leaf_hash": statement.leaf_hash.hex(),
        "message": plain(typed_data(message, STANDING)),
        "signed_digest": digest(message, STANDING).hex(),
    }


def domain_json(domain: Domain) -> dict[str, Any]:
    """Where a signature holds."""
    return {
        "name": domain.name,
        "version": "1",
        "chainId": domain.chain_id,
        "verifyingContract": domain.registry.hex(),
    }
