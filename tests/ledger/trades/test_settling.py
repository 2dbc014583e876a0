"""The exchange's report settles a trade: once, by the exchange that reserved, whole or not at all (R46)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from tests.ledger.moves.parties import CONTRACT, FIRM, HOSPITAL, INSTITUTE, Parties, settled
from tests.ledger.organisations.enrolling import Member
from tests.ledger.trades.market import RIVAL, contract_between, enrolled, signed_by
from tests.ledger.trades.test_reserving import order
from tests.ledger.world import World, state_of, to_deposited, unchanged
from yinzheng.ledger.cases import issuing
from yinzheng.ledger.cases.prepared import require_shown
from yinzheng.ledger.certificates.reserving import Shown, reservation_of
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.contracts import Move
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.store.models_moves import Licence
from yinzheng.ledger.store.models_trades import TradeContract
from yinzheng.ledger.trades.contracts import conclude, shown, tell
from yinzheng.ledger.trades.proving import proof_of
from yinzheng.ledger.trades.settling import Report, settle_trade
from yinzheng.verifier.bytes.algorithms import DigestPair, digest_pair
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.move_request import JointRequest
from yinzheng.verifier.formats.reservation import Released, Reserved

PAPER = digest_pair(CONTRACT)
PURPOSE = "慢病随访研究"
END: Any = {"ground": "term", "words": "期满"}


@dataclass
class Trade:
    """A certificate that an exchange reserved, and its parties."""

    parties: Parties
    exchange: Member
    rival: Member
    kept: bytes = b""

    @property
    def registry(self) -> Registry:
        return self.parties.registry

    def reserve(self, who: Member | None = None, seconds: int = 86_400) -> bytes:
        by, now = who or self.exchange, self.parties.clock.now
        body = Reserved(self.parties.number, now + seconds, Party(by.name, by.code), now)
        made = order(self.registry, by, body)
        settle(self.registry)
        return made

    def prepared(self, request: JointRequest, *signing: str) -> str:
        """A case that all but the exchange have signed, or those named."""
        case = self.parties.reviewed(request)
        self.parties.prepare(case)
        for code in signing or [one.code for one in request.request.parties]:
            self.parties.sign(case, code, request)
        return case

    def shared(self) -> JointRequest:
        """A licence as the contracts of the tests have it."""
        return self.parties.licence(purposes=PURPOSE, ends=self.parties.clock.now + 30 * 86_400)

    def signature(self, case: str, request: JointRequest, who: Member | None = None) -> bytes:
        wallet, domain = (who or self.exchange).wallet, self.registry.client.moves_domain
        assert wallet is not None
        return sign(require_shown(self.parties.prepared(case), domain, request.request), domain, wallet)

    def report(self, case: str, request: JointRequest, contract: DigestPair = PAPER) -> Report:
        return Report(case, contract, self.signature(case, request))

    def settle(self, report: Report, who: Member | None = None) -> tuple[str, ...]:
        found = settle_trade(self.registry, self.kept, report, (who or self.exchange).code)
        settle(self.registry)
        return found.numbers

    def refused(self, code: str, act: Callable[[], object]) -> None:
        with unchanged(self.registry), pytest.raises(YinzhengError) as caught:
            act()
        assert caught.value.code == code, caught.value.message

    @property
    def shown(self) -> Shown:
        return reservation_of(self.registry, self.kept, self.exchange.code)

    def contract(self, kind: str, buyer: str = FIRM, **changes: Any) -> DigestPair:
        """Recorded between hospital and buyer; its digest."""
        seller, other = self.parties.members[HOSPITAL], self.parties.members[buyer]
        with self.registry.store.reading() as session:
            row = session.get_one(Certificate, self.parties.number)
        value = contract_between(row, self.parties.leaf, seller, other, kind, **changes)
        signed = signed_by(value, seller, other)
        conclude(self.registry, signed, self.exchange.code)
        return signed.contract.digest


@pytest.fixture(scope="module")
def template(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Trade]:
    folder = tmp_path_factory.mktemp("settling")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry:
        parties = settled(world, registry, folder / "d")
        trade = Trade(parties, enrolled(registry), enrolled(registry, RIVAL))
        settle(registry)
    return world, trade


@pytest.fixture
def trade(template: tuple[World, Trade], tmp_path: Path) -> Iterator[Trade]:
    made, before = template
    world = made.copy(tmp_path / "state")
    with world.open() as registry:
        found = replace(before, parties=replace(before.parties, world=world, registry=registry))
        found.kept = found.reserve()
        yield found
        settle(registry)
    assert world.audit() == []


def test_a_licence_is_settled_once(trade: Trade) -> None:
    request = trade.parties.licence()
    case = trade.prepared(request)
    report = trade.report(case, request)
    (number,) = trade.settle(report)
    assert state_of(trade.registry, case) == "recorded"
    with trade.registry.store.reading() as session:
        assert session.get_one(Licence, number).case_id == case
    shown = trade.shown
    assert shown.state == "consumed"
    assert shown.to_json()["settled"] == (shown.settled or b"").hex()
    trade.refused("reservation-over", lambda: trade.settle(report))
    # Another exchange has it afterwards; the settled one stays settled for ever.
    trade.reserve(trade.rival, 3600)
    assert trade.shown.state == "consumed"
    trade.parties.clock.advance(2 * 86_400)
    assert trade.shown.state == "consumed"
    trade.reserve(trade.rival, 3600)
    assert trade.shown.state == "consumed"


def test_a_transfer_is_settled_by_a_recorded_contract(trade: Trade) -> None:
    digest = trade.contract("transfer", rights=["use"])
    other = trade.contract("transfer", INSTITUTE, rights=["use"])
    more = trade.contract("transfer", rights=["use", "operate"], number="合同 2")
    share = trade.contract("share", number="合同 3")
    request = trade.parties.transfer("use")
    case = trade.prepared(request)
    for wrong, code in (
        (other, "settlement-parties"),
        (more, "settlement-contract"),
        (share, "settlement-contract"),
        (digest_pair(b"another"), "settlement-contract"),
    ):
        trade.refused(code, partial(trade.settle, trade.report(case, request, wrong)))
    numbers = trade.settle(trade.report(case, request, digest))
    assert len(numbers) == 2
    assert state_of(trade.registry, case) == "deposited"
    assert trade.shown.state == "consumed"
    # Seller and buyer see in the contract's thread by what it was settled, and who reported it (R56).
    with trade.registry.store.reading() as session:
        row = session.exec(select(TradeContract).where(TradeContract.digest == digest.sha256)).one()
        moved = [one for one in repository.events_of_case(session, case) if one.type == "right.transferred"]
    for who in (HOSPITAL, FIRM):
        told: Any = shown(trade.registry, row.subject, who)
        assert (told["state"], [one["type"] for one in told["events"]]) == (
            "concluded",
            ["contract.concluded", "contract.settled"],
        )
    body = told["events"][-1]["body"]
    assert (body["by"], body["reservation"]) == (trade.exchange.code, trade.kept.hex())
    assert body["move"] == moved[0].leaf_hash.hex()


@pytest.mark.parametrize("recorded", [True, False])
def test_one_contract_settles_one_trade(trade: Trade, recorded: bool) -> None:
    """Of a share the seller keeps its right, so that nothing but this bars a second licence (R46, R56)."""
    digest = trade.contract("share", purpose=PURPOSE) if recorded else PAPER
    first, second = trade.shared(), trade.shared()
    cases = [trade.prepared(one) for one in (first, second)]
    report = trade.report(cases[1], second, digest)
    settle_trade(trade.registry, trade.kept, trade.report(cases[0], first, digest), trade.exchange.code)
    trade.refused("reservation-over", lambda: trade.settle(report))  # the first is on its way
    settle(trade.registry)
    # Another exchange keeps the certificate afterwards, and the parties sign once more.
    trade.kept = trade.reserve(trade.rival, 3600)
    case = trade.prepared(third := trade.shared())
    report = Report(case, digest, trade.signature(case, third, trade.rival))
    trade.refused("contract-settled", lambda: trade.settle(report, trade.rival))
    assert state_of(trade.registry, case) == "issuing"


def test_a_settlement_that_the_chain_refused_used_no_contract_up(trade: Trade) -> None:
    digest = trade.contract("share", purpose=PURPOSE)
    request = trade.shared()
    case = trade.prepared(request)
    settle_trade(trade.registry, trade.kept, trade.report(case, request, digest), trade.exchange.code)
    contract = trade.shown.contract
    trade.parties.clock.advance(2 * 86_400)  # what was reserved has lapsed when the chain is told
    with pytest.raises(YinzhengError, match="the contracts refused the move"):
        settle(trade.registry)
    assert (trade.shown.state, trade.shown.contract) == ("lapsed", None)
    trade.kept = trade.reserve(trade.rival, 3600)
    case = trade.prepared(again := trade.shared())
    trade.settle(Report(case, digest, trade.signature(case, again, trade.rival)), trade.rival)
    assert reservation_of(trade.registry, trade.kept, trade.rival.code).contract == contract


def test_who_settles_a_contract_sees_what_happens_under_it(trade: Trade) -> None:
    """Another exchange handed it in: the one that settled it has a part in it from then on, and may track."""
    digest = trade.contract("share", purpose=PURPOSE)
    with trade.registry.store.reading() as session:
        subject = session.exec(select(TradeContract.subject)).one()
    order(
        trade.registry,
        trade.exchange,
        Released(
            trade.parties.number,
            trade.kept,
            Party(trade.exchange.name, trade.exchange.code),
            trade.parties.clock.now,
        ),
    )
    settle(trade.registry)
    trade.kept = trade.reserve(trade.rival)
    case = trade.prepared(request := trade.shared())
    report = Report(case, digest, trade.signature(case, request, trade.rival))
    for read in (shown, proof_of):
        trade.refused("contract-unknown", partial(read, trade.registry, subject, trade.rival.code))
    trade.settle(report, trade.rival)
    assert reservation_of(trade.registry, trade.kept, trade.rival.code).contract == subject
    tell(trade.registry, subject, Move.DELIVER, {"way": "api", "content": None, "words": "接口"}, HOSPITAL)
    tell(trade.registry, subject, Move.ACCEPT, {"words": "如约"}, FIRM)
    said: Any = {"way": "audit", "personal_found": False, "report": None, "words": "未见异常"}
    tell(trade.registry, subject, Move.TRACK, said, trade.rival.code)
    trade.refused("contract-side", partial(tell, trade.registry, subject, Move.END, END, trade.rival.code))
    settle(trade.registry)
    for who in (HOSPITAL, FIRM, trade.exchange.code, trade.rival.code):
        told: Any = shown(trade.registry, subject, who)
        assert [one["type"].partition(".")[2] for one in told["events"]] == [
            "concluded", "settled", "delivered", "accepted", "tracked",
        ]  # fmt: skip
    assert told["side"] == "exchange"
    assert proof_of(trade.registry, subject, trade.rival.code)
    trade.refused("contract-unknown", partial(shown, trade.registry, subject, INSTITUTE))


def test_how_it_stands_is_found_by_an_index(trade: Trade) -> None:
    """Of all calls ever made, however many."""
    if trade.registry.store.dialect != "sqlite":
        pytest.skip("asks SQLite how it finds them")
    request, asked = trade.parties.licence(), list[str]()
    trade.settle(trade.report(trade.prepared(request), request))
    with trade.registry.store.reading() as session:
        event.listen(session.get_bind().engine, "before_cursor_execute", lambda *one: asked.append(one[2]))
        assert trade.shown.state == "consumed"
        explained = [f"EXPLAIN QUERY PLAN {text}" for text in asked if "FROM call" in text]
        run = session.connection().exec_driver_sql
        plan = [str(step[3]) for text in explained for step in run(text, (None,) * text.count("?"))]
    assert plan
    assert all(step.startswith("SEARCH call") for step in plan), plan


def test_an_exchange_signs_by_its_report_alone(trade: Trade) -> None:
    """The address where parties hand their signatures in compares no contract."""
    request = trade.parties.licence()
    case = trade.prepared(request)
    report = trade.report(case, request)
    trade.refused(
        "approval-settles",
        lambda: issuing.sign(trade.registry, case, trade.exchange.code, report.signature),
    )
    assert trade.settle(report)


def test_a_licence_is_what_its_contract_says(trade: Trade) -> None:
    digest = trade.contract("share", purpose=PURPOSE, manner=["process", "use"])
    for changes in (
        {"purposes": "其他"},
        {"purposes": PURPOSE, "acts": ["use", "publish"]},
        {"purposes": PURPOSE, "exclusive": True},
        {"purposes": PURPOSE, "ends": trade.parties.clock.now + 365 * 86_400},  # the contract's is 180 days
    ):
        request = trade.parties.licence(**changes)
        case = trade.prepared(request)
        report = trade.report(case, request, digest)
        trade.refused("settlement-contract", partial(trade.settle, report))
    request = trade.parties.licence(purposes=PURPOSE, ends=trade.parties.clock.now + 180 * 86_400)
    case = trade.prepared(request)
    assert trade.settle(trade.report(case, request, digest))


def test_a_licence_is_exclusive_in_what_its_contract_says(trade: Trade) -> None:
    alone = {"applies": True, "terms": {"acts": ["use"], "territory": ["44"]}}
    digest = trade.contract("share", purpose=PURPOSE, clauses={"exclusive": alone})
    same: dict[str, Any] = {"purposes": PURPOSE, "exclusive": True, "ends": trade.parties.clock.now + 86_400}
    for acts, refused in ((["process", "use"], True), (["use"], False)):
        request = trade.parties.licence(**same, acts=acts)
        case = trade.prepared(request)
        report = trade.report(case, request, digest)
        if refused:
            trade.refused("settlement-contract", partial(trade.settle, report))
        else:
            assert trade.settle(report)


def test_a_contract_that_is_over_settles_nothing(trade: Trade) -> None:
    digest = trade.contract("share", purpose=PURPOSE)
    with trade.registry.store.reading() as session:
        row = session.exec(select(TradeContract)).one()
    tell(trade.registry, row.subject, Move.END, {"ground": "agreed", "words": "不做了"}, HOSPITAL)
    request = trade.parties.licence(purposes=PURPOSE)
    report = trade.report(trade.prepared(request), request, digest)
    trade.refused("settlement-contract", lambda: trade.settle(report))


def test_the_end_of_a_licence_settles_no_trade(trade: Trade) -> None:
    given = trade.parties.licence()
    (number,) = trade.settle(trade.report(trade.prepared(given), given))
    trade.parties.clock.advance(7200)
    trade.kept = trade.reserve()
    ending = trade.parties.request(
        "licence_end",
        {"licence": number, "reasons": "双方协商"},
        ((HOSPITAL, "licensor"), (FIRM, "licensee")),
    )
    case = trade.parties.receive(trade.parties.signed(ending))
    trade.refused("settlement-kind", lambda: trade.settle(Report(case, PAPER, bytes(65))))


def test_the_parties_sign_first(trade: Trade) -> None:
    request = trade.parties.transfer("use")
    case = trade.prepared(request, FIRM)
    report = trade.report(case, request)
    trade.refused("settlement-unsigned", lambda: trade.settle(report))
    trade.parties.sign(case, HOSPITAL, request)
    assert trade.settle(report)


def test_the_exchange_that_reserved_it_and_no_other(trade: Trade) -> None:
    request = trade.parties.licence()
    case = trade.prepared(request)
    report = trade.report(case, request)
    trade.refused("reservation-unknown", lambda: trade.settle(report, trade.rival))
    trade.refused("organisation-role", lambda: trade.settle(report, trade.parties.members[FIRM]))
    forged = replace(report, signature=trade.signature(case, request, trade.rival))
    trade.refused("signer-not-holder", lambda: trade.settle(forged))
    trade.refused("case-unknown", lambda: trade.settle(replace(report, case="A-2026-999999")))
    kept, trade.kept = trade.kept, bytes(32)
    trade.refused("reservation-unknown", lambda: trade.settle(report))
    trade.kept = kept
    assert trade.settle(report)


def test_one_that_ended_settles_nothing(trade: Trade) -> None:
    request = trade.parties.licence()
    case = trade.prepared(request)
    report = trade.report(case, request)
    by, now = trade.exchange, trade.parties.clock.now
    order(trade.registry, by, Released(trade.parties.number, trade.kept, Party(by.name, by.code), now))
    settle(trade.registry)
    trade.refused("reservation-over", lambda: trade.settle(report))
    assert trade.shown.state == "released"
    # What was prepared waits for an exchange that is not there any more: without it the parties' is whole.
    assert state_of(trade.registry, case) == "issuing"


def test_one_that_settled_a_trade_is_released_no_more(trade: Trade) -> None:
    """`consumed` it stays: the exchange itself could once have it told as let go."""
    request = trade.parties.licence()
    case = trade.prepared(request)
    report = trade.report(case, request)
    by = trade.exchange

    def release() -> None:
        body = Released(trade.parties.number, trade.kept, Party(by.name, by.code), trade.parties.clock.now)
        order(trade.registry, by, body)

    settle_trade(trade.registry, trade.kept, report, by.code)
    trade.refused("reservation-unknown", release)  # recorded, and on its way to the chain
    settle(trade.registry)
    trade.refused("reservation-unknown", release)
    assert trade.shown.state == "consumed"


def test_one_that_lapsed_settles_nothing(trade: Trade) -> None:
    request = trade.parties.licence(ends=trade.parties.clock.now + 10 * 86_400)
    case = trade.prepared(request)
    report = trade.report(case, request)
    trade.parties.clock.advance(86_400)
    trade.refused("reservation-over", lambda: trade.settle(report))
    assert trade.shown.state == "lapsed"


def test_another_certificates_case_is_none(trade: Trade, tmp_path: Path) -> None:
    request = trade.parties.of_holders("renewal", {"years": 1, "summary": "续期"})
    with pytest.raises(YinzhengError):
        trade.parties.reviewed(request)  # outside its window, and the certificate is reserved
    other = settled_other(trade, tmp_path)
    asked = other.licence()
    case = other.reviewed(asked)
    other.prepare(case)
    report = Report(case, PAPER, bytes(65))
    trade.refused("case-unknown", lambda: trade.settle(report))


def settled_other(trade: Trade, folder: Path) -> Parties:
    _, number = to_deposited(trade.registry, trade.parties.clock, folder / "other")
    return trade.parties.take(number)
