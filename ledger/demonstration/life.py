"""The demonstration's last part: the life of a right, from a licence over a trade to what stops the next one.

One holder of an example licenses its data to a firm; an exchange asks before it is sold, reserves it and
settles the sale: its rights pass to the buyer, so that two certificates follow the one; a court has the
buyer's seized, and nothing passes any more; its judgment has another certificate cancelled. It may be
interrupted anywhere: what was done is found by name and not repeated.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlmodel import select

from yinzheng.ledger.cases import issuing, requesting
from yinzheng.ledger.cases.asked import body_of
from yinzheng.ledger.cases.files import FilePart
from yinzheng.ledger.cases.prepared import read_prepared, require_shown
from yinzheng.ledger.cases.showing import prepared_file
from yinzheng.ledger.cases.work import work_on
from yinzheng.ledger.certificates.messages import message_of
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.certificates.work import work_on as work_on_certificate
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.demonstration import deal
from yinzheng.ledger.demonstration.members import Members
from yinzheng.ledger.demonstration.steps import Officers
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.state.files import write_durably
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Certificate, Event
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.trades.checking import Asked, check_trades
from yinzheng.ledger.trades.receipts import receipt_of
from yinzheng.verifier.bytes.algorithms import DigestPair, digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.chain.terms import ACTS
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.move_request import JointRequest, read_joint_request, read_request
from yinzheng.verifier.formats.order import Order, Ordered, statement_of
from yinzheng.verifier.formats.reservation import Reserved
from yinzheng.verifier.formats.standing import Cancellation, Remark
from yinzheng.verifier.formats.trade import parse_trade
from yinzheng.verifier.formats.trade_contract import SignedContract, parse_signed

EXAMPLE: Final = "demonstration.json"
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Move:
    """One move: `name` is its own in this registry, `kind` the type of its case."""

    name: str
    kind: str
    parties: tuple[tuple[str, str], ...]
    """Who asks, each by the demonstration's name and in which role."""
    settling: tuple[str, ...] = ()
    """The exchange whose reservation it settles (R46), if one does."""


LICENCE: Final = Move("licence", "licence", (("transferor", "licensor"), ("licensee", "licensee")))
_SALE: Final = Move(
    "transfer", "transfer", (("transferor", "transferor"), ("buyer", "transferee")), ("exchange",)
)
_RESALE: Final = Move("resale", "transfer", (("buyer", "transferor"), ("licensee", "transferee")))


@dataclass(frozen=True, slots=True)
class Lived:
    """Numbers of what the life of a right left to be looked at."""

    licence: str
    superseded: str
    successor: str
    remainder: str
    cancelled: str
    contract: str
    """Name of the printed contract."""
    check: str
    """Name of the file with the exchange's receipt."""
    answer: str
    """Of the exchange's check: allow, needs_person or refuse."""
    stopped: str
    """Why the buyer could not sell on."""

    def to_json(self) -> dict[str, str]:
        """As the command line prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass
class Life:
    """One run: who takes part and what about."""

    registry: Registry
    members: Members
    committee: str
    example: dict[str, Any]
    number: str
    """The certificate that is licensed and sold."""
    last: str
    """The one that is cancelled."""
    progress: Progress

    def party(self, name: str) -> Party:
        """An organisation of the example."""
        about = self.example["holders"].get(name) or self.example[name]
        return Party(about["name"], about["code"])

    @property
    def now(self) -> int:
        """The registry's time, UTC seconds."""
        return self.registry.clock()

    def remembered(self, name: str) -> str | None:
        """What an earlier step of this name left, in this run or one before."""
        with self.registry.store.reading() as session:
            return repository.read_meta(session).get(f"demo:life:{name}")

    def remember(self, name: str, value: str) -> str:
        """Keep what a step left; gives it back."""
        with self.registry.store.transaction() as session:
            repository.write_meta(session, {f"demo:life:{name}": value})
        return value


def demonstrate_life(
    registry: Registry,
    keys: Keystore,
    people: tuple[str, str, str],
    example: Path,
    numbers: tuple[str, str],
    out: Path,
    progress: Progress,
) -> Lived:
    """Show the life of the right of the first of `numbers`, and the second cancelled; files go to `out`.

    `people` are the officer, the administrator and the member of the committee; `example` holds
    `demonstration.json`.
    """
    officer, administrator, member = people
    members = Members(registry, keys, officer, administrator)
    told = json.loads((example / EXAMPLE).read_text(encoding="utf-8"))
    life = Life(registry, members, member, told, *numbers, progress)
    progress("enrolling holders and an exchange")
    for name in ("transferor", "licensee", "buyer"):
        members.enrol(name, life.party(name), ["holder"])
    for name in ("exchange", "forum"):
        members.enrol(name, life.party(name), [name])
    settle(registry)
    licence = move(life, LICENCE, life.number, licence_terms(life))
    signed = _contract(life)
    contract = deal.recorded(registry, signed, life.party("exchange").code)
    check = bytes.fromhex(_check(life, signed.contract.digest))
    _reserve(life)
    transfer = move(life, _SALE, life.number, {"rights": told["transfer"]})
    successor, remainder = _followers(life, transfer)
    _seize(life, successor)
    stopped = _refused(life, successor)
    _cancel(life, life.last)
    with registry.store.reading() as session:
        given = session.exec(select(Licence.number).where(Licence.case_id == licence)).one()
    out.mkdir(parents=True, exist_ok=True)
    pdf = out / "contract.pdf"
    if not pdf.exists():
        write_durably(pdf, deal.printed(registry, contract, life.party("buyer").code))
    receipt = out / "trade-check.json"
    write_durably(receipt, receipt_of(registry, check, life.party("exchange").code))
    checked = json.loads(receipt.read_bytes())["body"]
    answer, asked = checked["answer"], json.dumps(checked["asked"], ensure_ascii=False, indent=2)
    write_durably(out / "trade.json", asked.encode())
    return Lived(given, life.number, successor, remainder, life.last, pdf.name, receipt.name, answer, stopped)


# ---------------------------------------------------------------- moves


def licence_terms(life: Life) -> dict[str, Any]:
    """What the example's licence covers, from now on."""
    told = {**life.example["licence"]}
    days = told.pop("days")
    return {**told, "begins": None, "ends": life.registry.clock() + days * _DAY}


def move(life: Life, what: Move, number: str, terms: dict[str, Any]) -> str:
    """Take one move from the joint request to the chain; gives its case's reference."""
    registry, known = life.registry, life.remembered(what.name)
    if known is None:
        joint = _asked(life, what, number, terms)
        case = requesting.receive(registry, joint, [_document(what)], life.progress)
        life.remember(f"{what.name}:request", json.dumps(joint.to_json()))
        known = life.remember(what.name, case)
    joint = read_joint_request(json.loads(life.remembered(f"{what.name}:request") or "null"))
    officers = Officers(registry, known, life.members.officer, life.committee)
    officers.carry(
        lambda state: life.progress(f"{what.name}: {state.value}"),
        issuing=lambda: _sign_all(life, officers, what, joint),
    )
    return known


def _asked(life: Life, what: Move, number: str, terms: dict[str, Any]) -> JointRequest:
    """The joint request, signed by each party."""
    content = _content(what.name)
    with life.registry.store.reading() as session:
        row = session.get_one(Certificate, number)
        leaf = session.get_one(Event, row.event_id).leaf_hash
    value = {
        "v": 1,
        "registry": life.registry.instance.registry_code,
        "type": what.kind,
        "certificate": {"number": number, "leaf": leaf.hex()},
        "parties": [{**life.party(who).to_json(), "role": role} for who, role in what.parties],
        "terms": terms,
        "documents": [
            {
                "path": "document.txt",
                "role": "consideration",
                "title": "合同或申请（演示）",
                "size": len(content),
                "digest": digest_pair(content).to_json(),
            }
        ],
        "made_at": life.registry.clock(),
        "nonce": secrets.token_hex(16),
    }
    joint = JointRequest(read_request(value), (), ())
    for who, _ in what.parties:
        joint = joint.signed_by(life.party(who).code, life.members.sm2(who))
    return joint


def _content(name: str) -> bytes:
    return f"演示用的虚构文件：{name}\n".encode()


def _document(what: Move) -> FilePart:
    return FilePart("document.txt", "consideration", "合同或申请（演示）", lambda: [_content(what.name)])


def _sign_all(life: Life, officers: Officers, what: Move, joint: JointRequest) -> None:
    """The committee's approval where it is due, then each party's account, over what it made itself."""
    registry = life.registry
    with work_on(registry, officers.case) as work:
        ordinary = work.case.procedure == "ordinary"
    if ordinary:
        try:
            officers.cosign()
        except UsageFault as fault:
            if fault.code != "approval-twice":  # an earlier run did
                raise
    domain = registry.client.moves_domain
    for who in (*(party for party, _ in what.parties), *what.settling):
        prepared = read_prepared(prepared_file(registry, officers.case).to_json())
        message = require_shown(prepared, domain, joint.request)
        signature, code = sign(message, domain, life.members.account(who)), life.party(who).code
        if who in what.settling:  # its report is the last signature
            digest = _contract(life).contract.digest
            deal.settled(registry, code, officers.case, digest, signature)
        else:
            issuing.sign(registry, officers.case, code, signature)


def _followers(life: Life, case: str) -> tuple[str, str]:
    """The buyer's certificate, and that of what stayed."""
    with life.registry.store.reading() as session:
        buyer = life.party("buyer").code
        numbers = [one.number for one in repository.certificates_of_case(session, case)]
        theirs = [one for one in numbers if body_of(session, one).holders[0].code == buyer]
    (successor,) = theirs
    (remainder,) = set(numbers) - {successor}
    return successor, remainder


# ---------------------------------------------------------------- the exchange, and the court


def _contract(life: Life) -> SignedContract:
    """The contract of the sale, as seller and buyer signed it."""
    known = life.remembered("contract")
    if known is None:
        life.progress("a contract about data, signed by both")
        parties = {who: life.party(who) for who, _ in _SALE.parties}
        signed = deal.sold(life.registry, life.members, life.example, life.number, parties)
        known = life.remember("contract", dumps(signed.to_json()).decode())
    return parse_signed(known.encode())


def _check(life: Life, contract: DigestPair) -> str:
    """The exchange asks before the sale; gives the leaf hash of what it was told."""
    known = life.remembered("check")
    if known is not None:
        return known
    life.progress("asking before the sale")
    digest = contract.to_json()
    trade = {
        "certificate": life.number,
        "seller": life.party("transferor").to_json(),
        "buyer": life.party("buyer").to_json(),
        "kind": "transfer",
        "registration": "transfer",
        "rights": life.example["transfer"],
        "purpose": life.example["licence"]["purposes"],
        "acts": list(ACTS),
        "term": None,
        "territory": None,
        "exclusive": False,
        "price": digest,
        "contract": digest,
        "declarations": life.example["declarations"],
        "attachments": [],
    }
    kid = key_id(life.members.sm2("exchange").public_key.point)
    asked = Asked(life.party("exchange").code, kid, parse_trade(trade))
    (answered,) = check_trades(life.registry, [asked])
    settle(life.registry)
    return life.remember("check", answered.statement.leaf_hash.hex())


def _reserve(life: Life) -> None:
    """The exchange keeps the certificate for this sale."""
    exchange, until = life.party("exchange"), life.now + _DAY
    _order(
        life,
        "reservation",
        lambda: Reserved(life.number, until=until, by=exchange, at=life.now),
        life.number,
        "exchange",
    )


def _seize(life: Life, number: str) -> None:
    """A court seizes, on its own signature."""
    told = life.example["seizure"]
    document = digest_pair(_content("seizure"))
    _order(
        life,
        "seizure",
        lambda: Remark(number, "seizure", document=document, by=life.party("forum"), at=life.now, **told),
        number,
    )


def _cancel(life: Life, number: str) -> None:
    """A court's judgment has a certificate cancelled."""
    told = life.example["cancellation"]
    document = digest_pair(_content("cancellation"))
    _order(
        life,
        "cancellation",
        lambda: Cancellation(
            number, initiator="forum", document=document, by=life.party("forum"), at=life.now, **told
        ),
        number,
    )


def _order(life: Life, name: str, made: Callable[[], Ordered], number: str, who: str = "forum") -> None:
    """An order, as the court's or the exchange's own program makes and signs it; the chain follows."""
    if life.remembered(name) is not None:
        return
    life.progress(f"an order: {name}")
    registry = life.registry
    with work_on_certificate(registry, number) as work:
        profile, head = work.profile, work.head
    body = made()
    statement = statement_of(body, profile=profile, prev=head, by=who)
    message = message_of(body, statement.leaf_hash)
    signature = sign(message, registry.client.standing_domain, life.members.account(who))
    execute(registry, Order(statement, body, signature))
    settle(registry)
    life.remember(name, number)


def _refused(life: Life, number: str) -> str:
    """The buyer tries to sell on; gives the reason why it cannot."""
    known = life.remembered("resale")
    if known is not None:
        return known
    joint = _asked(life, _RESALE, number, {"rights": life.example["transfer"]})
    try:
        requesting.receive(life.registry, joint, [_document(_RESALE)], life.progress)
    except UsageFault as fault:
        return life.remember("resale", fault.code)
    raise UsageFault("a seized certificate was sold", code="demo-unfinished")
