"""What organisations send to each address of the desk, whole and lawful for whoever may send it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from tests.ledger import consent_world as cw
from tests.ledger.disputes.court import DEAL, FIRST, FORUM, JUDGMENT, SECOND, STRANGER, address, claim
from tests.ledger.trades.market import contract_between, signed_by, trade_of
from tests.tables.asking import JSON_MEDIA
from tests.tables.making import announced_veto, exchange_order, seizure
from tests.tables.scene import MARKET, Scene, honest
from tests.verifier.formats.test_move_request import plain
from tests.wallet import sign
from yinzheng.api.desk.bodies import NDJSON
from yinzheng.api.desk.uploads import MEDIA
from yinzheng.ledger.cases.protests import Protest, material_of
from yinzheng.ledger.certificates.objecting import object_to_certificate
from yinzheng.ledger.certificates.reserving import reservations_of
from yinzheng.ledger.disputes import opening, release
from yinzheng.ledger.disputes.evidence import Offered
from yinzheng.ledger.disputes.plans import parse_plan
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.notify.queue import queue
from yinzheng.ledger.rules.contracts import Move
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.ledger.trades.checking import Asked, check_trades
from yinzheng.ledger.trades.contracts import conclude, tell
from yinzheng.ledger.watch.subscriptions import Shown, subscribe
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.move_request import JointRequest, read_request
from yinzheng.verifier.formats.reservation import parse_released, parse_reserved
from yinzheng.verifier.formats.trade import parse_trade
from yinzheng.verifier.formats.trade_contract import parse_signed
from yinzheng.verifier.formats.veto import VetoFile

EVERYTHING: Final = {"everything": True, "scopes": [], "recipients": []}
ETHICS: Final[dict[str, Any]] = {
    **dict.fromkeys(("withdrawal", "consent", "request"), "a" * 64),
    "scopes": [],
}
DISPUTES: Final = "/org/v1/disputes"


@dataclass(frozen=True)
class Sent:
    """One request, without who signs it."""

    path: str
    body: bytes = b""
    media: str = JSON_MEDIA


def sent(path: str, body: Any = None, media: str = JSON_MEDIA) -> Sent:
    return Sent(path, body if isinstance(body, bytes) else b"" if body is None else dumps(body), media)


# ---------------------------------------------------------------- notices and consents


def notice(scene: Scene, who: str) -> Sent:
    member = scene.members[honest(who)]
    own = {"name": member.name, "code": member.code}
    body = cw.notice_body(scene.registry, controller=own, recipients=[])
    return sent("/org/v1/notices", body | {"purposes": [body["purposes"][0]]})


def consents(scene: Scene, who: str, *, batch: bool) -> Sent:
    """To the hospital's notice; of the other controller to its own, that the row above published."""
    member = scene.members[honest(who)]
    body = scene.consent_to(member) if who == "other" else scene.clinic.body(scene.number())
    if batch:
        return Sent("/org/v1/consents", dumps(body) + b"\n", NDJSON)
    return sent("/org/v1/consents", body)


def receipt(scene: Scene, who: str, *, hand_out: bool) -> Sent:
    subject = scene.fresh(f"handed out by {who}") if hand_out and who == "hospital" else scene.subject
    body = {"document": None, "guardian": False} if hand_out else None
    return sent(f"/org/v1/consents/{subject.hex()}/receipt", body)


def use(scene: Scene, who: str, subject: bytes | None = None) -> Sent:
    scope = "third_party_research" if who != "hospital" else "base"
    told = {
        "subject": (subject or scene.subject).hex(),
        "at": scene.registry.clock(),
        "purpose": "研究",
        "operator": "信息科",
        "scope": scope,
        "basis": "consent",
        "ground": None,
        "notice": None,
    }
    return sent("/org/v1/uses", told)


# ---------------------------------------------------------------- withdrawals


def by_receipt(scene: Scene, who: str) -> Sent:
    """Each brings the receipt of another patient."""
    subject = scene.fresh(f"withdraws through {honest(who)}")
    shown = {"receipt": scene.clinic.own(subject), "born": "1980-02-29"}
    return sent("/org/v1/withdrawals", {**shown, "guardian": False, "extent": EVERYTHING})


def at_counter(scene: Scene, who: str) -> Sent:
    subject = scene.fresh("withdraws at the hospital")
    seen = {"subject": subject.hex(), "document": "identity_card", "guardian": False, "received_at": None}
    return sent("/org/v1/withdrawals", {**seen, "extent": EVERYTHING})


def guardian(scene: Scene, who: str) -> Sent:
    shown = cw.guardian(scene.registry.clock())
    del shown["name"]
    return sent(f"/org/v1/withdrawals/{scene.childs.hex()}/guardian", shown)


def destroyed(scene: Scene, who: str, *, anothers: bool = False) -> Sent:
    owed = "hospital" if (honest(who) == "lab") is anothers else "lab"
    if not anothers:
        owed = honest(who)
    member = scene.members[owed]
    signed = scene.clinic.receipt(scene.withdrawal, member.code, key=member.key)
    return Sent(f"/org/v1/withdrawals/{scene.withdrawal.hex()}/receipt", dumps(signed.to_json()))


# ---------------------------------------------------------------- moves


def asked(_scene: Scene, _who: str) -> Sent:
    """Made by two that are nobody of the scene."""
    codes = ("91440101DEM000901B", "91440101DEM000902E")
    roles = zip(codes, ("licensor", "licensee"), strict=True)
    parties = [{"name": "某机构", "code": code, "role": role} for code, role in roles]
    joint = JointRequest(read_request(plain("licence", parties=parties)), (), ())
    documents = [{"path": "contract.pdf", "content": "AA=="}]
    return sent("/org/v1/requests", {"request": joint.to_json(), "documents": documents})


# ---------------------------------------------------------------- trades


def checked(scene: Scene, who: str) -> Sent:
    """The receipt of a check that the exchange asked."""
    if "check" not in scene.kept:
        market = scene.members["market"]
        asked = Asked(market.code, market.kid, parse_trade(trade_of(scene.certificate)))
        scene.kept["check"] = check_trades(scene.registry, [asked])[0].statement.leaf_hash
        scene.settle()
    return Sent(f"/v1/trade-checks/{scene.kept['check'].hex()}")


def reserving(scene: Scene, who: str, *, anothers: bool = False) -> Sent:
    named = ("hospital" if honest(who) == "market" else "market") if anothers else who
    until = {"until": scene.registry.clock() + 3600}
    return sent("/v1/reservations", _exchange_order(scene, named, until, parse_reserved))


def _exchange_order(scene: Scene, who: str, said: dict[str, Any], read: Any) -> Any:
    """An order that the exchange's account signed, in the name of whoever asks."""
    by = scene.members[honest(who)]
    return exchange_order(scene.registry, scene.certificate.number, by, said, read, MARKET)


def kept(scene: Scene) -> bytes:
    """The reservation that the row above made; on the chain since."""
    scene.settle()
    return reservations_of(scene.registry, scene.members["market"].code)[0][0].leaf


def settling(scene: Scene, _who: str) -> Sent:
    """A report on a case that is not there; what one settles is tried in tests/desk/test_settling."""
    report = {"case": "A-2026-999999", "contract": digest_pair(b"").to_json(), "signature": "00" * 65}
    return sent(f"/v1/reservations/{kept(scene).hex()}/settle", report)


def releasing(scene: Scene, who: str) -> Sent:
    leaf = kept(scene)
    order = _exchange_order(scene, who, {"reservation": leaf.hex()}, parse_released)
    return sent(f"/v1/reservations/{leaf.hex()}/release", order)


def deal(scene: Scene, number: str) -> dict[str, Any]:
    """A contract that the certificate's holder and a buyer signed."""
    seller, buyer = scene.members["other"], scene.members["outsider"]
    with scene.registry.store.reading() as session:
        leaf = session.get_one(Event, scene.certificate.event_id).leaf_hash
    value = contract_between(scene.certificate, leaf, seller, buyer, number=number)
    return {**signed_by(value, seller, buyer).to_json()}


def traded(scene: Scene) -> str:
    """A contract that the exchange handed in, and that was delivered and accepted."""
    if "contract" not in scene.kept:
        signed = parse_signed(dumps(deal(scene, "甲")))
        row = conclude(scene.registry, signed, scene.members["market"].code)
        package: dict[str, Any] = {"way": "api", "content": None, "words": "已交付"}
        tell(scene.registry, row.subject, Move.DELIVER, package, row.seller)
        tell(scene.registry, row.subject, Move.ACCEPT, {"words": "如约"}, row.buyer)
        scene.kept["contract"] = row.subject
    return f"/v1/trade-contracts/{scene.kept['contract'].hex()}"


def proved(scene: Scene) -> str:
    """The same, under an anchored head."""
    address = traded(scene)
    settle(scene.registry)
    return f"{address}/proof"


TRACKED = {"way": "audit", "personal_found": False, "report": None, "words": "未见异常"}


# ---------------------------------------------------------------- disputes


def plan(scene: Scene, who: str, subject: bytes | None = None) -> dict[str, Any]:
    """As whoever asks would open it: a forum its own, everyone else as a party."""
    member = scene.members[honest(who)]
    as_forum = "forum" in member.roles and "party" not in member.roles
    forum = member if as_forum else scene.members["court"]
    first, second = scene.members["opener"], scene.members["party"]
    if not as_forum and who not in ("opener", "party"):
        first = member
    return {
        "kind": "forum" if as_forum else "party",
        "forum": {"name": forum.name, "code": forum.code},
        "number": "(2026)粤01民初1号",
        "parties": [
            {"name": first.name, "code": first.code, "account": address(FIRST).hex(), "key": None},
            {"name": second.name, "code": second.code, "account": address(SECOND).hex(), "key": None},
        ],
        "certificates": [],
        "cases": [],
        "consents": [(subject or scene.subject).hex()],
    }


def drafted(scene: Scene, name: str, *, items: int = 1) -> str:
    """A draft of `opener`, once by its name."""
    if name not in scene.kept:
        concerned = scene.fresh(f"disputed in {name}")
        made = parse_plan(plan(scene, "opener", concerned))
        id_ = opening.draft(scene.registry, scene.members["opener"].code, made)
        if items:
            offered = Offered(claim(scene.registry.clock()), [b"a contract"])
            opening.add_to_draft(scene.registry, id_, [offered])
        scene.kept[name] = id_
    return str(scene.kept[name])


def opened(scene: Scene, name: str) -> str:
    """An open dispute of `opener` with `party` before `court`, once by its name."""
    known = name in scene.kept
    id_ = drafted(scene, name)
    if not known:
        decision = opening.prepare(scene.registry, id_, address(FIRST))
        signature = sign(decision, scene.registry.client.preservation_domain, FIRST)
        opening.open_dispute(scene.registry, id_, signature)
        scene.settle()
    return id_


def item(scene: Scene, who: str, id_: str, number: int) -> Sent:
    body = dumps(claim(scene.registry.clock())) + b"\n" + f"by {who}".encode()
    return Sent(f"{DISPUTES}/{id_}/items/{number}", body, MEDIA)


def to_be_opened(scene: Scene, who: str) -> Sent:
    id_ = drafted(scene, "quarrel")
    if "opening" not in scene.kept:
        decision = opening.prepare(scene.registry, id_, address(FIRST))
        scene.kept["opening"] = sign(decision, scene.registry.client.preservation_domain, FIRST)
    return sent(f"{DISPUTES}/{id_}/open", {"signature": scene.kept["opening"].hex()})


def ended(scene: Scene, who: str, kind: str, *, prepare: bool) -> Sent:
    """The end of a dispute that waits for it; each who may has one of its own."""
    settled = kind == "settlement"
    id_ = opened(scene, f"settled by {who}" if settled and who in ("opener", "party") else "quarrel")
    document, reference = (DEAL, "和解协议") if settled else (JUDGMENT, "(2026)粤01民初1号判决")
    signers = (FIRST, SECOND) if settled else (FORUM,)
    accounts = [address(one) for one in signers]
    if prepare:
        asked = {
            "kind": kind,
            "document": document.to_json(),
            "reference": reference,
            "signers": [one.hex() for one in accounts],
        }
        return sent(f"{DISPUTES}/{id_}/release/prepare", asked)
    decision = release.prepare_release(scene.registry, id_, kind, document, reference, accounts)
    domain = scene.registry.client.preservation_domain
    signatures = [sign(decision, domain, one).hex() for one in signers]
    return sent(f"{DISPUTES}/{id_}/release", {"kind": kind, "signatures": signatures})


# ---------------------------------------------------------------- watching


def watched(scene: Scene) -> dict[str, Any]:
    """A subscription to the deposited certificate, by whoever shows it."""
    certificate = scene.certificate
    with scene.registry.store.reading() as session:
        leaf = session.get_one(Event, certificate.event_id).leaf_hash
    return {"certificates": [{"number": certificate.number, "leaf": leaf.hex()}], "webhook": None}


def subscribed(scene: Scene) -> Sent:
    """The hospital's subscription."""
    if "subscription" not in scene.kept:
        shown = [Shown(one["number"], bytes.fromhex(one["leaf"])) for one in watched(scene)["certificates"]]
        scene.kept["subscription"] = subscribe(scene.registry, cw.HOSPITAL, shown, None).id
    return Sent(f"/org/v1/subscriptions/{scene.kept['subscription'].hex()}")


def dead_letter(scene: Scene) -> Sent:
    """A letter to the hospital that was given up."""
    if "letter" not in scene.kept:
        with scene.registry.store.transaction() as session:
            letter = queue(session, cw.HOSPITAL, "withdrawal.ethics", ETHICS, scene.registry.clock())
            session.flush()
            session.get_one(Delivery, letter).state = "dead"
        scene.kept["letter"] = letter
    return sent(f"/org/v1/dead-letters/{scene.kept['letter'].hex()}/resend", {})


# ---------------------------------------------------------------- keys


def rotated(scene: Scene, who: str, *, anothers: bool = False) -> Sent:
    member = scene.members[honest(who)]
    if anothers:
        member = scene.members["lab" if who != "lab" else "insurer"]
    new = Sm2PrivateKey.generate()
    now = scene.registry.clock()
    holds = member.wallet is not None
    rotation = member.handing_over(scene.registry, new, now) if holds else member.rotation(new, now)
    scene.kept["new key"] = new
    return sent("/org/v1/key/rotate", rotation.to_json())


def lost(scene: Scene, who: str, *, anothers: bool = False) -> Sent:
    member = scene.members[honest(who)]
    if anothers:
        member = scene.members["lab" if who != "lab" else "insurer"]
    told = {"kid": member.kid.hex(), "reason": "lost", "since": scene.registry.clock()}
    return sent("/org/v1/key/revoke", told)


def answered(scene: Scene, _who: str) -> Sent:
    """By whom the certificate names as its holder."""
    number, name = scene.certificate.number, scene.kept.get("later objection")
    if name is None:
        protest = Protest("异议人", "存疑", material_of([scene.registry.paths.instance]))
        name = object_to_certificate(scene.registry, number, protest).name
        scene.kept["later objection"] = name
        scene.settle()
    body = {"agrees": False, "explanation": "协议有效。"}
    return sent(f"/org/v1/certificates/{number}/objections/{name}", body)


def order(scene: Scene, who: str, account: LocalAccount = FORUM) -> Sent:
    """Of the court; whoever hands it in."""
    said = seizure(scene.registry, scene.certificate.number, scene.members["court"], account)
    return sent("/org/v1/orders", said)


def vetoed(scene: Scene, who: str) -> Sent:
    """Of the holder, whose replacement was announced; whoever hands it in."""
    if "veto" not in scene.kept:
        clock = scene.clinic.world.clock
        scene.kept["veto"] = announced_veto(scene.registry, clock, scene.members["holder"])
    return sent("/org/v1/vetoes", scene.kept["veto"])


ROWS: Final[Mapping[str, Callable[[Scene, str], Sent]]] = {
    # Before an order seizes the certificate.
    "POST /v1/trade-contracts": lambda s, who: sent("/v1/trade-contracts", deal(s, f"合同 {who}")),
    "GET /v1/trade-contracts/{written}": lambda s, _: Sent(traded(s)),
    "GET /v1/trade-contracts/{written}/proof": lambda s, _: Sent(proved(s)),
    "POST /v1/trade-contracts/{written}/{what}": lambda s, _: sent(f"{traded(s)}/track", TRACKED),
    "POST /org/v1/notices": notice,
    "GET /org/v1/notices/{written}/uncovered": lambda s, _: Sent(
        f"/org/v1/notices/{s.clinic.notice.leaf.hex()}/uncovered"
    ),
    "POST /org/v1/consents (one)": lambda s, who: consents(s, who, batch=False),
    "POST /org/v1/consents (a batch)": lambda s, who: consents(s, who, batch=True),
    "GET /org/v1/consents/{written}/receipt": lambda s, who: receipt(s, who, hand_out=False),
    "POST /org/v1/consents/{written}/receipt": lambda s, who: receipt(s, who, hand_out=True),
    "POST /org/v1/uses": use,
    "POST /org/v1/uses (of an erased consent)": lambda s, who: use(s, who, s.erased),
    "POST /org/v1/withdrawals (with a receipt)": by_receipt,
    "POST /org/v1/withdrawals (a document seen)": at_counter,
    "GET /org/v1/withdrawals/{written}": lambda s, _: Sent(f"/org/v1/withdrawals/{s.withdrawal.hex()}"),
    "POST /org/v1/withdrawals/{written}/guardian": guardian,
    "POST /org/v1/withdrawals/{written}/freeze": lambda s, _: sent(
        f"/org/v1/withdrawals/{s.withdrawal.hex()}/freeze", {}
    ),
    "POST /org/v1/withdrawals/{written}/receipt (another's)": lambda s, who: destroyed(s, who, anothers=True),
    "POST /org/v1/withdrawals/{written}/receipt": destroyed,
    "GET /org/v1/notices-pending": lambda *_: Sent("/org/v1/notices-pending"),
    "POST /org/v1/subscriptions": lambda s, _: sent("/org/v1/subscriptions", watched(s)),
    "GET /org/v1/subscriptions": lambda *_: Sent("/org/v1/subscriptions"),
    "GET /org/v1/events/live": lambda *_: Sent("/org/v1/events/live?after=0"),
    "GET /org/v1/events": lambda *_: Sent("/org/v1/events?since=0"),
    "GET /org/v1/dead-letters": lambda *_: Sent("/org/v1/dead-letters"),
    "POST /org/v1/dead-letters/{written}/resend": lambda s, _: dead_letter(s),
    "DELETE /org/v1/subscriptions/{written}": lambda s, _: subscribed(s),
    "POST /org/v1/disputes": lambda s, who: sent(DISPUTES, plan(s, who)),
    "PUT /org/v1/disputes/{written}/items/{number} (a draft)": lambda s, who: item(
        s, who, drafted(s, "empty", items=0), 1
    ),
    "GET /org/v1/disputes/{written} (a draft)": lambda s, _: Sent(f"{DISPUTES}/{drafted(s, 'empty')}"),
    "POST /org/v1/disputes/{written}/prepare": lambda s, _: sent(
        f"{DISPUTES}/{drafted(s, 'empty')}/prepare", {"account": address(FIRST).hex()}
    ),
    "POST /org/v1/disputes/{written}/open": to_be_opened,
    "GET /org/v1/disputes/{written}": lambda s, _: Sent(f"{DISPUTES}/{opened(s, 'quarrel')}"),
    "PUT /org/v1/disputes/{written}/items/{number}": lambda s, who: item(
        s, who, opened(s, "quarrel"), 3 if who == "party" else 2
    ),
    "GET /org/v1/disputes/{written}/pack": lambda s, _: Sent(f"{DISPUTES}/{opened(s, 'quarrel')}/pack"),
    "POST /org/v1/disputes/{written}/release/prepare (settled)": lambda s, who: ended(
        s, who, "settlement", prepare=True
    ),
    "POST /org/v1/disputes/{written}/release (settled)": lambda s, who: ended(
        s, who, "settlement", prepare=False
    ),
    "POST /org/v1/disputes/{written}/release/prepare (decided)": lambda s, who: ended(
        s, who, "document", prepare=True
    ),
    "GET /org/v1/certificates/{certificate}": lambda s, _: Sent(
        f"/org/v1/certificates/{s.certificate.number}"
    ),
    "POST /v1/trade-checks": lambda s, _: sent("/v1/trade-checks", trade_of(s.certificate)),
    "GET /v1/trade-checks": lambda *_: Sent("/v1/trade-checks"),
    "GET /v1/trade-checks/{written}": checked,
    "POST /v1/reservations": reserving,
    "POST /v1/reservations (another's)": lambda s, who: reserving(s, who, anothers=True),
    "GET /v1/reservations": lambda s, _: Sent("/v1/reservations"),
    "GET /v1/reservations/{written}": lambda s, _: Sent(f"/v1/reservations/{kept(s).hex()}"),
    "POST /v1/reservations/{written}/settle (another case)": settling,
    "POST /v1/reservations/{written}/release": releasing,
    "GET /org/v1/rights": lambda *_: Sent("/org/v1/rights"),
    "GET /org/v1/licences": lambda *_: Sent("/org/v1/licences"),
    "GET /org/v1/certificates/{certificate}/objections": lambda s, _: Sent(
        f"/org/v1/certificates/{s.certificate.number}/objections"
    ),
    "POST /org/v1/certificates/{certificate}/objections/{objection}": answered,
    "POST /org/v1/orders": order,
    "POST /org/v1/vetoes": vetoed,
    "POST /org/v1/vetoes (of who holds nothing)": lambda s, _: sent(
        "/org/v1/vetoes", VetoFile(s.members["lab"].code, 3, 1, bytes(65)).to_json()
    ),
    "POST /org/v1/orders (signed by nobody who decides)": lambda s, who: order(s, who, STRANGER),
    "DELETE /org/v1/disputes/{written} (opened)": lambda s, _: Sent(f"{DISPUTES}/{opened(s, 'quarrel')}"),
    "POST /org/v1/disputes/{written}/release (decided)": lambda s, who: ended(
        s, who, "document", prepare=False
    ),
    "DELETE /org/v1/disputes/{written} (a draft)": lambda s, _: Sent(f"{DISPUTES}/{drafted(s, 'empty')}"),
    "POST /org/v1/requests (of others)": asked,
    "GET /org/v1/requests": lambda *_: Sent("/org/v1/requests"),
    "GET /org/v1/requests/{written} (of others)": lambda *_: Sent("/org/v1/requests/A-2026-000001"),
    "POST /org/v1/requests/{written}/approval (of others)": lambda *_: sent(
        "/org/v1/requests/A-2026-000001/approval", {"signature": "00" * 65}
    ),
    "POST /org/v1/key/rotate (another's)": lambda s, who: rotated(s, who, anothers=True),
    "POST /org/v1/key/rotate": rotated,
    "POST /org/v1/key/revoke (another's)": lambda s, who: lost(s, who, anothers=True),
    "POST /org/v1/key/revoke": lost,
}
"""By the row of the table."""
