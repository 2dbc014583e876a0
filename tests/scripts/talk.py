"""A right's life as programs ask for it: what desk and pages are asked and answer, once for each address.

`scripts/examples` keeps what was said as the examples of both OpenAPI documents; the suite has it said anew
and compares. Nobody here is real.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from tests.ledger.disputes.court import FORUM, address
from tests.ledger.moves.parties import CONTRACT, FIRM, HOSPITAL, INSTITUTE, Parties, settled
from tests.ledger.organisations.enrolling import Member
from tests.ledger.trades.market import EXCHANGE, contract_between, market, signed_by, trade_of
from tests.ledger.world import KEEPER, OFFICER, Clock, World, accept, actor_of, create
from tests.tables.asking import JSON_MEDIA, Asking, Got
from tests.tables.making import announced_veto, exchange_order, seizure
from yinzheng.api.desk.bodies import NDJSON
from yinzheng.api.desk.streams import StreamLimits
from yinzheng.ledger.cases.prepared import read_prepared, require_shown
from yinzheng.ledger.cases.protests import Protest, material_of
from yinzheng.ledger.certificates.objecting import object_to_certificate
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.notify.deliveries import MOST_ATTEMPTS, claim, note
from yinzheng.ledger.notify.sending import Courier
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import silent
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.store.models_consents import Delivery
from yinzheng.ledger.supervision.steps import Suspicion, suspect
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.challenge import answer, parse_challenge
from yinzheng.verifier.formats.move_request import JointRequest
from yinzheng.verifier.formats.reservation import parse_released, parse_reserved
from yinzheng.verifier.log.statement import certificate_subject

UPLOAD: Final = "multipart/form-data"
COURT: Final = "11440100MB2DEMC01T"
SOMEWHERE: Final = "203.0.113.7"
"""Address of whoever asks the pages."""
WEBHOOK: Final = "https://exchange.example/yinzheng"

Said = dict[str, dict[str, Any]]


class Talk(Asking):
    """What is asked and answered, kept as `examples_of` reads it: by operation, place, media and name."""

    courier = Courier(resolve=lambda _host, _port: ["1.1.1.1"])
    streams = StreamLimits(beat=0.1, longest=0.1)

    def __init__(self, parties: Parties) -> None:
        self.parties, self.registry = parties, parties.registry
        self.of_desk: Said = {}
        self.of_pages: Said = {}

    @property
    def row(self) -> Certificate:
        """The certificate of the right."""
        with self.registry.store.reading() as session:
            return session.get_one(Certificate, self.parties.number)

    # ---------------------------------------------------------------- what is said

    def tell(
        self,
        who: str,
        operation: str,
        asked: str,
        value: Any = None,
        *,
        name: str = "example",
        media: str = JSON_MEDIA,
    ) -> Any:
        """An organisation asks the desk; the answer."""
        method, _, path = asked.partition(" ")
        body = value if isinstance(value, bytes) else b"" if value is None else dumps(value)
        got = self.sent_by(self.parties.members[who], method, path, body, media)
        if value is not None:
            keep(self.of_desk, operation, "request", media, name, as_shown(body, media))
        keep_answer(self.of_desk, operation, name, got)
        self.settle()
        return got.json if got.media == JSON_MEDIA else got.body

    def look(self, operation: str, path: str, *, name: str = "example", **query: str | int) -> Any:
        """Somebody asks the pages; `path` as the document has it, `query` what stands in it and behind it."""
        template, target = path, path
        for one in re.findall(r"\{(\w+)\}", template):
            target = target.replace(f"{{{one}}}", str(query[one]))
        more = {key: value for key, value in query.items() if f"{{{key}}}" not in template}
        target += f"?{urlencode(more)}" if more else ""
        got = self.ask(self.pages, "GET", target, host=SOMEWHERE)
        if query:
            self.of_pages.setdefault(operation, {})["parameters"] = dict(query)
        keep_answer(self.of_pages, operation, name, got)
        return got.json

    def send(self, operation: str, path: str, value: Any, *, name: str = "example", media: str = "") -> Any:
        """Somebody sends JSON to the pages; `media` is what the document has it sent as."""
        got = self.ask(self.pages, "POST", path, dumps(value), {"Content-Type": JSON_MEDIA}, host=SOMEWHERE)
        keep(self.of_pages, operation, "request", media or JSON_MEDIA, name, value)
        keep_answer(self.of_pages, operation, name, got)
        return got.json

    def verify(self, name: str, file: bytes) -> Any:
        """Somebody has the pages verify a file, as a browser sends it; the example names none."""
        head = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n\r\n'
        body, media = head + file + b"\r\n--limit--\r\n", f"{UPLOAD}; boundary=limit"
        got = self.ask(self.pages, "POST", "/v1/verify", body, {"Content-Type": media}, host=SOMEWHERE)
        keep_answer(self.of_pages, "verify", name, got)
        return got.json


def as_shown(body: bytes, media: str) -> Any:
    """What was sent or answered, as an example has it."""
    return json.loads(body) if media == JSON_MEDIA else body.decode()


def keep(said: Said, operation: str, place: str, media: str, name: str, value: Any) -> None:
    """Keep one value where `examples_of` has it."""
    said.setdefault(operation, {}).setdefault(place, {}).setdefault(media, {})[name] = value


def keep_answer(said: Said, operation: str, name: str, got: Got) -> None:
    """Keep an answer, which is no refusal."""
    assert got.status < 400, (operation, got.body)
    if got.body:
        keep(said, operation, str(got.status), got.media, name, as_shown(got.body, got.media))


# ---------------------------------------------------------------- the life


@contextmanager
def talking(folder: Path) -> Iterator[Talk]:
    """A registry with a certificate, its holder, two others with keys, an exchange and a court."""
    clock = Clock()
    world = World(create(folder / "state", clock), clock)
    with world.open() as registry:
        parties = settled(world, registry, folder / "dossier")
        court = Member(COURT, ("forum",), "某市中级人民法院（虚构）", address(FORUM))
        for member in (market(), court):
            officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
            enrolment.enrol(registry, member.enrolment(registry.clock()), officer, administrator=keeper)
            parties.members[member.code] = member
        settle(registry)
        with closing(Talk(parties)) as talk:
            yield talk


def say_all(talk: Talk) -> None:
    """From a licence to a seizure, with all that is asked meanwhile."""
    _watch(talk)
    _license(talk)
    check = _trade(talk)
    _reserve(talk)
    _contract(talk)
    _hear(talk)
    _settle(talk)
    _visit(talk, check)
    _object(talk)
    _veto(talk)
    said = seizure(talk.registry, talk.row.number, talk.parties.members[COURT])
    talk.tell(COURT, "hand_in_order", "POST /org/v1/orders", said)


def _license(talk: Talk) -> None:
    parties, registry = talk.parties, talk.registry
    request = parties.licence()
    documents = [{"path": "contract.txt", "content": base64.b64encode(CONTRACT).decode()}]
    asked = {"request": request.to_json(), "documents": documents}
    case = talk.tell(FIRM, "request_move", "POST /org/v1/requests", asked)["case"]
    talk.tell(HOSPITAL, "list_moves", "GET /org/v1/requests")
    accept(registry, case)
    parties.review(case)
    parties.prepare(case)
    for code in (FIRM, HOSPITAL):
        shown = talk.tell(code, "show_move", f"GET /org/v1/requests/{case}")
        signature = _approval(talk, code, request, shown["prepared"])
        talk.tell(
            code,
            "approve_move",
            f"POST /org/v1/requests/{case}/approval",
            {"signature": signature.hex()},
            name="the-first-of-two" if code == FIRM else "the-last",
        )

    talk.tell(HOSPITAL, "list_rights", "GET /org/v1/rights")
    talk.tell(FIRM, "list_licences", "GET /org/v1/licences")
    talk.tell(HOSPITAL, "list_rights", "GET /org/v1/rights")
    talk.tell(FIRM, "list_licences", "GET /org/v1/licences")


def _approval(talk: Talk, code: str, request: JointRequest, prepared: Mapping[str, Any]) -> bytes:
    """As the holder makes it: the message again, of what was shown, compared with what was asked."""
    wallet, domain = talk.parties.members[code].wallet, talk.registry.client.moves_domain
    assert wallet is not None
    return sign(require_shown(read_prepared(prepared), domain, request.request), domain, wallet)


def _trade(talk: Talk) -> str:
    """Checks, one by one and in a batch; the receipt of the first."""
    path, sound = "POST /v1/trade-checks", trade_of(talk.row)
    check: str = talk.tell(EXCHANGE, "check_trade", path, sound, name="allowed")["check"]
    wanting = {**sound, "price": None}
    talk.tell(EXCHANGE, "check_trade", path, wanting, name="needs-a-person")
    other = {**sound, "buyer": {**sound["buyer"], "code": "1"}}
    talk.tell(EXCHANGE, "check_trade", path, other, name="refused")
    lines = b"".join(dumps(one) + b"\n" for one in (sound, {**sound, "kind": "lend"}))
    talk.tell(EXCHANGE, "check_trade", path, lines, name="a-batch", media=NDJSON)
    talk.tell(EXCHANGE, "list_trade_checks", "GET /v1/trade-checks")
    talk.tell(EXCHANGE, "list_trade_checks", "GET /v1/trade-checks")
    talk.tell(EXCHANGE, "fetch_trade_check", f"GET /v1/trade-checks/{check}")
    return check


def _reserve(talk: Talk) -> None:
    registry, number, exchange = talk.registry, talk.row.number, talk.parties.members[EXCHANGE]
    until = {"until": registry.clock() + 3600}
    order = exchange_order(registry, number, exchange, until, parse_reserved)
    kept = talk.tell(EXCHANGE, "reserve", "POST /v1/reservations", order)["reservation"]
    talk.tell(EXCHANGE, "list_reservations", "GET /v1/reservations")
    talk.tell(EXCHANGE, "see_reservation", f"GET /v1/reservations/{kept}")
    talk.parties.clock.advance(60)
    order = exchange_order(registry, number, exchange, {"reservation": kept}, parse_released)
    talk.tell(EXCHANGE, "release", f"POST /v1/reservations/{kept}/release", order)


def _settle(talk: Talk) -> None:
    """Kept once more, licensed by both parties, and reported by the exchange, whose signature is the last."""
    parties, registry, exchange = talk.parties, talk.registry, talk.parties.members[EXCHANGE]
    parties.clock.advance(86_401)  # as long as no exchange keeps one again that it has just let go
    until = {"until": registry.clock() + 3600}
    order = exchange_order(registry, talk.row.number, exchange, until, parse_reserved)
    kept = talk.sent_by(exchange, "POST", "/v1/reservations", dumps(order)).json["reservation"]
    talk.settle()
    request = parties.licence()
    case = parties.reviewed(request)
    parties.prepare(case)
    for code in (HOSPITAL, FIRM):
        parties.sign(case, code, request)
    domain, shown = registry.client.moves_domain, parties.prepared(case)
    assert exchange.wallet is not None
    signature = sign(require_shown(shown, domain, request.request), domain, exchange.wallet)
    report = {"case": case, "contract": digest_pair(CONTRACT).to_json(), "signature": signature.hex()}
    talk.tell(EXCHANGE, "settle", f"POST /v1/reservations/{kept}/settle", report)


def _contract(talk: Talk) -> None:
    parties = talk.parties
    seller, buyer = parties.members[HOSPITAL], parties.members[FIRM]
    value = contract_between(talk.row, parties.leaf, seller, buyer)
    path = "/v1/trade-contracts"
    signed = signed_by(value, seller, buyer).to_json()
    id_ = talk.tell(HOSPITAL, "hand_in_contract", f"POST {path}", signed)["contract"]
    for name, who, told in (
        ("deliver", HOSPITAL, {"way": "package", "content": None, "words": "已交付"}),
        ("accept", FIRM, {"words": "如约"}),
        ("track", HOSPITAL, {"way": "audit", "personal_found": False, "report": None, "words": "未见异常"}),
        ("end", FIRM, {"ground": "term", "words": "期满"}),
    ):
        talk.tell(who, "tell_of_contract", f"POST {path}/{id_}/{name}", told, name=name)
    talk.tell(FIRM, "fetch_contract", f"GET {path}/{id_}")
    talk.tell(FIRM, "fetch_contract_proof", f"GET {path}/{id_}/proof")


def _watch(talk: Talk) -> None:
    shown = {"number": talk.row.number, "leaf": talk.parties.leaf.hex()}
    path, asked = "/org/v1/subscriptions", {"certificates": [shown], "webhook": WEBHOOK}
    made = talk.tell(EXCHANGE, "subscribe", f"POST {path}", asked)["subscription"]
    talk.tell(EXCHANGE, "unsubscribe", f"DELETE {path}/{made}")
    talk.tell(EXCHANGE, "subscribe", f"POST {path}", asked)
    talk.tell(EXCHANGE, "list_subscriptions", f"GET {path}")


def _hear(talk: Talk) -> None:
    """What happened, by the stream, by export, and in a letter that the webhook never took."""
    registry = talk.registry
    talk.tell(EXCHANGE, "export_events", f"GET /org/v1/events?since={registry.clock()}")
    (letter,) = claim(registry, registry.clock())
    last = json.loads(letter.body)["data"]["events"][-1]["number"]
    talk.tell(EXCHANGE, "listen", f"GET /org/v1/events/live?after={last - 1}")
    with registry.store.transaction() as session:
        session.get_one(Delivery, letter.id).attempts = MOST_ATTEMPTS
    note(registry, [(letter.id, "webhook-unreachable")], registry.clock())
    talk.tell(EXCHANGE, "dead_letters", "GET /org/v1/dead-letters")
    path = f"POST /org/v1/dead-letters/{letter.id.hex()}/resend"
    talk.tell(EXCHANGE, "resend_letter", path)


def _visit(talk: Talk, check: str) -> None:
    """What anyone asks the pages."""
    number, qr = talk.row.number, talk.row.qr or ""
    talk.send("verify", "/v1/verify", {"text": qr}, name="a-certificate", media=UPLOAD)
    receipt = talk.sent_by(talk.parties.members[EXCHANGE], "GET", f"/v1/trade-checks/{check}").body
    talk.verify("a-trade-check", receipt)
    talk.look("certificate_file", "/v1/certificates/{number}", number=number)
    subject = certificate_subject(number).hex()
    talk.look("evidence", "/v1/evidence/{subject}", subject=subject, size=talk.registry.log.size)
    talk.look("right_history", "/v1/certificates/{number}/history", number=number)
    talk.look("as_of", "/v1/certificates/{number}/as-of", number=number, at=str(talk.registry.clock() - 1))
    talk.look("register", "/v1/register", q=number)
    suspicion = Suspicion(HOSPITAL, [number], "涉嫌超范围提供", "某法第三条", ())
    suspect(talk.registry, suspicion, actor_of(talk.registry, OFFICER), silent)
    talk.settle()
    talk.look("supervision", "/v1/supervision")
    talk.look("holder_file", "/v1/holders/{code}", code=HOSPITAL)
    asked = talk.send("challenge", "/v1/challenges", {"certificate": qr, "asker": "某银行（虚构）"})
    said = answer(parse_challenge(asked["text"]), HOSPITAL, talk.parties.members[HOSPITAL].key)
    shown = {"certificate": qr, "challenge": asked["text"], "answer": said.text}
    talk.send("challenge_answer", "/v1/challenges/answers", shown)


def _object(talk: Talk) -> None:
    registry, number = talk.registry, talk.row.number
    path = f"/org/v1/certificates/{number}"
    talk.tell(EXCHANGE, "certificate_standing", f"GET {path}")
    protest = Protest("异议人（虚构）", "请核实来源。", material_of([registry.paths.instance]))
    raised = object_to_certificate(registry, number, protest)
    talk.settle()
    talk.tell(HOSPITAL, "certificate_objections", f"GET {path}/objections")
    said = {"agrees": False, "explanation": "协议有效。"}
    talk.tell(HOSPITAL, "answer_objection", f"POST {path}/objections/{raised.name}", said)


def _veto(talk: Talk) -> None:
    talk.parties.clock.advance(60)
    said = announced_veto(talk.registry, talk.parties.clock, talk.parties.members[INSTITUTE])
    talk.tell(INSTITUTE, "veto_replacement", "POST /org/v1/vetoes", said)
