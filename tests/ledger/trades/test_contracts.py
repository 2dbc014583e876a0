"""A contract about data from signature to destruction: who may tell what, and what refuses it (R56)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ledger import world as w
from tests.ledger.organisations.enrolling import Member, enrol
from tests.ledger.trades.market import BUYER, RIVAL, contract_between, enrolled, signed_by
from tests.ledger.trades.test_reserving import order
from tests.ledger.world import World, unchanged
from tests.verifier.contracts import OFF, applies
from yinzheng.ledger.flow import threads
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.contracts import Move
from yinzheng.ledger.store.models import Certificate, Event
from yinzheng.ledger.store.models_trades import TradeContract
from yinzheng.ledger.trades import contracts
from yinzheng.ledger.trades.contracts import conclude, shown, tell
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.reservation import Reserved
from yinzheng.verifier.formats.trade_contract import SignedContract
from yinzheng.verifier.formats.trade_events import TradeDestruction, sign_destruction

DAY = 86_400
SAID = {"words": "如约"}
PACKAGE = {"way": "package", "content": None, "words": "已交付"}
TRACK = {"way": "audit", "personal_found": False, "report": None, "words": "未见异常"}
END = {"ground": "term", "words": "期满"}


class Deal:
    """Seller, buyer and exchange of a registry with one certificate."""

    def __init__(self, world: World, registry: Registry) -> None:
        self.world, self.registry = world, registry
        self.exchange = enrolled(registry)
        seller = Member(w.APPLICANT["code"] or "", ("party",), w.APPLICANT["name"] or "")
        self.seller, self.buyer = seller, Member(BUYER["code"], ("party",), BUYER["name"])
        for member in (self.seller, self.buyer):
            enrol(registry, member)
        settle(registry)
        with registry.store.reading() as session:
            self.row = session.get_one(Certificate, "SJ4412026090001")
            self.leaf = session.get_one(Event, self.row.event_id).leaf_hash

    def value(self, kind: str = "share", **changes: Any) -> dict[str, Any]:
        return contract_between(self.row, self.leaf, self.seller, self.buyer, kind, **changes)

    def signed(self, value: dict[str, Any], *members: Member) -> SignedContract:
        return signed_by(value, *(members or (self.seller, self.buyer)))

    def concluded(self, kind: str = "share", **changes: Any) -> TradeContract:
        return conclude(self.registry, self.signed(self.value(kind, **changes)), self.seller.code)

    def tell(self, row: TradeContract, move: Move, told: Any, by: Member) -> str:
        return tell(self.registry, row.subject, move, told, by.code).state

    def destroyed(self, row: TradeContract, by: Member, **changes: Any) -> dict[str, Any]:
        key: Sm2PrivateKey = changes.pop("key", by.key)
        said = {
            "contract": row.subject, "by": by.code, "kid": by.kid, "method": "key_destruction", "copies": 2,
            "operator": "运维", "destroyed_at": self.world.clock.now, **changes,
        }  # fmt: skip
        return {"signed": sign_destruction(TradeDestruction(**said), key).to_json()}

    def refused(self, code: str, row: TradeContract, move: Move, told: Any, by: Member) -> None:
        with unchanged(self.registry), pytest.raises(YinzhengError) as caught:
            self.tell(row, move, told, by)
        assert caught.value.code == code


@pytest.fixture(scope="module")
def template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("contracts")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry:
        w.to_deposited(registry, world.clock, folder / "dossier")
    return world


@pytest.fixture
def deal(template: World, tmp_path: Path) -> Iterator[Deal]:
    world = template.copy(tmp_path / "state")
    with world.open() as registry:
        yield Deal(world, registry)


def test_a_share_from_signature_to_destruction(template: World, tmp_path: Path) -> None:
    world = template.copy(tmp_path / "state")
    with world.open() as registry:
        _share(Deal(world, registry))
        settle(registry)
    assert world.audit() == []


def _share(deal: Deal) -> None:
    row = deal.concluded()
    assert row.state == "concluded"
    deal.refused("contract-side", row, Move.DELIVER, PACKAGE, deal.buyer)
    deal.refused("move-not-allowed", row, Move.ACCEPT, SAID, deal.buyer)
    deal.refused("contract-unknown", row, Move.DELIVER, PACKAGE, deal.exchange)
    assert deal.tell(row, Move.DELIVER, PACKAGE, deal.seller) == "delivered"
    assert deal.tell(row, Move.OBJECT, {"words": "字段缺失"}, deal.buyer) == "objected"
    deal.world.clock.advance(DAY)
    assert deal.tell(row, Move.DELIVER, PACKAGE, deal.seller) == "delivered"
    delivered = deal.world.clock.now
    assert deal.tell(row, Move.ACCEPT, SAID, deal.buyer) == "accepted"
    deal.refused("field-unknown", row, Move.TRACK, {**TRACK, "at": 1}, deal.seller)
    assert deal.tell(row, Move.TRACK, TRACK, deal.seller) == "accepted"
    deal.refused("contract-side", row, Move.DESTROY, deal.destroyed(row, deal.buyer), deal.buyer)
    deal.refused("contract-kind", row, Move.DESTROY, deal.destroyed(row, deal.seller), deal.seller)
    assert deal.tell(row, Move.END, END, deal.buyer) == "ended"
    for wrong, code in (
        (deal.destroyed(row, deal.buyer, key=Sm2PrivateKey.generate()), "contract-signature"),
        (deal.destroyed(row, deal.buyer, contract=bytes(32)), "destruction-other"),
        (deal.destroyed(row, deal.buyer, destroyed_at=deal.world.clock.now + 900), "destruction-other"),
        (deal.destroyed(row, deal.buyer, destroyed_at=delivered - 301), "destruction-early"),
        (deal.destroyed(row, deal.seller), "destruction-other"),
    ):
        deal.refused(code, row, Move.DESTROY, wrong, deal.buyer)
    deal.world.clock.advance(10 * DAY + 1)
    assert deal.tell(row, Move.DESTROY, deal.destroyed(row, deal.buyer), deal.buyer) == "closed"
    told: Any = shown(deal.registry, row.subject, deal.seller.code)
    assert [one["type"].removeprefix("contract.") for one in told["events"]] == [
        "concluded", "delivered", "objected", "delivered", "accepted", "tracked", "ended", "destroyed",
    ]  # fmt: skip
    assert told["events"][-1]["body"]["late"]
    with pytest.raises(YinzhengError) as stranger:
        shown(deal.registry, row.subject, deal.exchange.code)
    assert stranger.value.code == "contract-unknown"


def test_what_was_never_delivered_is_not_destroyed_before_the_contract(deal: Deal) -> None:
    row, began = deal.concluded(), deal.world.clock.now
    deal.tell(row, Move.END, {**END, "ground": "agreed"}, deal.seller)
    early = deal.destroyed(row, deal.buyer, destroyed_at=began - 301)
    deal.refused("destruction-early", row, Move.DESTROY, early, deal.buyer)
    nothing = deal.destroyed(row, deal.buyer, copies=0, destroyed_at=began - 299)
    assert deal.tell(row, Move.DESTROY, nothing, deal.buyer) == "closed"


def test_a_transfer_is_destroyed_by_its_seller(deal: Deal) -> None:
    signed = deal.signed(deal.value("transfer"))
    row = conclude(deal.registry, signed, deal.exchange.code)
    deal.tell(row, Move.DELIVER, PACKAGE, deal.seller)
    deal.tell(row, Move.ACCEPT, SAID, deal.buyer)
    deal.refused("contract-kind", row, Move.END, END, deal.seller)
    deal.refused("contract-side", row, Move.DESTROY, deal.destroyed(row, deal.buyer), deal.buyer)
    assert deal.tell(row, Move.DESTROY, deal.destroyed(row, deal.seller), deal.seller) == "cleared"
    assert deal.tell(row, Move.TRACK, TRACK, deal.exchange) == "cleared"
    deal.refused("contract-side", row, Move.END, END, deal.exchange)
    told: Any = shown(deal.registry, row.subject, deal.exchange.code)
    assert told["side"] == "exchange"
    assert not told["events"][3]["body"]["late"]
    again = pytest.raises(YinzhengError)
    with again as known:
        conclude(deal.registry, signed, deal.seller.code)
    assert known.value.code == "contract-known"


def test_telling_without_end_keeps_nobody_from_ending(deal: Deal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "MOST_TOLD", 5)
    monkeypatch.setattr(threads, "LONGEST", 7)
    row = conclude(deal.registry, deal.signed(deal.value("transfer")), deal.exchange.code)
    deal.tell(row, Move.DELIVER, PACKAGE, deal.seller)
    deal.tell(row, Move.ACCEPT, SAID, deal.buyer)
    for _ in range(2):
        deal.tell(row, Move.TRACK, TRACK, deal.exchange)
    for who in (deal.exchange, deal.buyer, deal.seller):
        deal.refused("contract-long", row, Move.TRACK, TRACK, who)
    assert deal.tell(row, Move.DESTROY, deal.destroyed(row, deal.seller), deal.seller) == "cleared"
    deal.refused("contract-long", row, Move.TRACK, TRACK, deal.exchange)
    assert deal.tell(row, Move.END, END, deal.seller) == "ended"
    told: Any = shown(deal.registry, row.subject, deal.buyer.code)
    assert len(told["events"]) == 7


def test_an_exchange_hands_in_the_contract_it_reserved_for_and_no_other_does(deal: Deal) -> None:
    rival = enrolled(deal.registry, RIVAL)
    settle(deal.registry)
    now, own = deal.world.clock.now, Party(deal.exchange.name, deal.exchange.code)
    order(deal.registry, deal.exchange, Reserved(deal.row.number, now + 3600, own, now))
    settle(deal.registry)
    signed = deal.signed(deal.value())
    with pytest.raises(YinzhengError) as other:
        conclude(deal.registry, signed, rival.code)
    assert other.value.code == "contract-refused"
    assert "reserved [R46]" in other.value.message
    assert conclude(deal.registry, signed, deal.exchange.code).state == "concluded"


def test_what_is_not_recorded(deal: Deal) -> None:
    value, stranger = deal.value(), Member("91110000600007156J", ("party",))
    enrol(deal.registry, stranger)
    late, other = {"term": applies("term", days=1800)}, {"number": deal.row.number, "leaf": "00" * 32}
    forged = deal.signed(value, deal.seller, Member(deal.buyer.code))
    for signed, by, code in (
        (deal.signed(value, deal.seller), deal.seller, "contract-unsigned"),
        (forged, deal.seller, "contract-signature"),
        (deal.signed(value), stranger, "contract-stranger"),
        (deal.signed(deal.value(clauses={"forum": OFF})), deal.seller, "contract-refused"),
        (deal.signed(deal.value(clauses=late)), deal.buyer, "contract-refused"),
        (deal.signed(deal.value(certificate=other)), deal.seller, "contract-refused"),
    ):  # fmt: skip
        with unchanged(deal.registry), pytest.raises(YinzhengError) as caught:
            conclude(deal.registry, signed, by.code)
        assert caught.value.code == code, caught.value.message
