"""An exchange reports trades to a desk that runs: beside a rival, twice at once, through kills (S20.6)."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import refused, run
from tests.desk.calls import KEYS_OF_STATE, running_desk
from tests.ledger import world as w
from tests.ledger.moves.parties import CONTRACT, FIRM, HOSPITAL, Parties, settled
from tests.ledger.trades.market import EXCHANGE, RIVAL
from tests.ledger.world import KEEPER, OFFICER, Clock, World, actor_of, create
from yinzheng.api.org.member import create_member
from yinzheng.api.org.registry import pin
from yinzheng.client import Exchange
from yinzheng.ledger.certificates.listing import standing_of
from yinzheng.ledger.certificates.messages import message_of
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import EnvironmentFault, YinzhengError
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.move_request import JointRequest
from yinzheng.verifier.formats.order import Order, statement_of
from yinzheng.verifier.formats.reservation import Reserved

SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an exchange"}
PAPER = digest_pair(CONTRACT)


@dataclass
class Ready:
    """A trade that waits for its exchange's report alone."""

    number: str
    case: str
    request: JointRequest
    kept: str
    """The reservation."""


@dataclass
class Market:
    """A state folder, the folders of two exchanges, and trades that wait."""

    state: Path
    folder: Path
    waiting: list[Ready]
    """A licence, then transfers."""

    def exchange(self, who: str, desk: str) -> Exchange:
        return Exchange.open(self.folder / who, desk, SECRETS)


def _reserved(registry: Registry, folder: Path, number: str, now: int) -> str:
    """An order as the exchange's own program makes it."""
    member = Exchange.open(folder, "http://127.0.0.1:1", SECRETS)._member
    with registry.store.reading() as session:
        stands = standing_of(session, number)
    body = Reserved(number, now + 86_400, Party(member.profile.name, member.profile.code), now)
    statement = statement_of(body, profile=stands.profile, prev=stands.head, by="exchange")
    domain = registry.client.standing_domain
    signature = sign(message_of(body, statement.leaf_hash), domain, member.account_key())
    leaf = execute(registry, Order(statement, body, signature))
    settle(registry)
    return leaf.hex()


def _waiting(parties: Parties, number: str, folder: Path, kind: str) -> Ready:
    about = parties.take(number)
    kept = _reserved(parties.registry, folder, number, parties.clock.now)
    request = about.licence() if kind == "licence" else about.transfer("use")
    case = about.reviewed(request)
    about.prepare(case)
    for code in (FIRM, HOSPITAL):
        about.sign(case, code, request)
    return Ready(number, case, request, kept)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Market:
    folder = tmp_path_factory.mktemp("settling")
    clock = Clock(int(time.time()) - 7200)
    world = World(create(folder / "state", clock), clock)
    with world.open() as registry:
        parties = settled(world, registry, folder / "d0")
        policy = dumps(trust_policy(registry.instance))
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        for who, code in (("market", EXCHANGE), ("rival", RIVAL)):
            _, made = create_member(
                folder / who,
                SECRETS,
                code=code,
                name=f"{who}数据交易所（虚构）",
                roles=["exchange"],
                account=True,
                now=clock.now,
                term=86_400 * 300,
            )
            pin(folder / who, policy)
            enrolment.enrol(registry, made, officer, administrator=keeper)
        settle(registry)
        numbers = [parties.number]
        numbers += [w.to_deposited(registry, clock, folder / f"d{n}")[1] for n in (1, 2)]
        waiting = [
            _waiting(parties, number, folder / "market", kind)
            for number, kind in zip(numbers, ("licence", "transfer", "transfer"), strict=True)
        ]
    assert clock.now < time.time()
    return Market(world.root, folder, waiting)


@pytest.fixture
def market(founded: Market, tmp_path: Path) -> Market:
    shutil.copytree(founded.state, tmp_path / "state")
    return Market(tmp_path / "state", founded.folder, founded.waiting)


def told(act: Callable[[], Any]) -> str:
    """`done`, the code of a refusal, or `unheard` where the desk is gone."""
    try:
        act()
    except EnvironmentFault:
        return "unheard"
    except YinzhengError as fault:
        return fault.code
    return "done"


def report(exchange: Exchange, trade: Ready) -> Any:
    return exchange.settle(trade.kept, trade.case, trade.request, PAPER)


def state_on_chain(exchange: Exchange, trade: Ready) -> str:
    for _ in range(100):
        found = exchange.reservation(trade.kept)
        if found.state != "reserved":
            break
        time.sleep(0.2)
    assert found.settled
    return found.state


def test_the_client_and_the_command_settle(market: Market, tmp_path: Path) -> None:
    licence, transfer, other = market.waiting
    with running_desk(market.state) as desk:
        exchange, rival = (market.exchange(who, desk.url) for who in ("market", "rival"))
        assert (
            told(lambda: rival.settle(licence.kept, licence.case, licence.request, PAPER))
            == "reservation-unknown"
        )
        wrong = digest_pair(b"another")
        assert (
            told(lambda: exchange.settle(licence.kept, licence.case, licence.request, wrong))
            == "settlement-contract"
        )
        assert (
            told(lambda: exchange.settle(licence.kept, licence.case, transfer.request, PAPER))
            == "approval-request"
        )
        assert (
            told(lambda: exchange.settle(licence.kept, transfer.case, transfer.request, PAPER))
            == "case-unknown"
        )
        made = report(exchange, licence)
        assert made.numbers[0].startswith("L-")
        assert made.reservation.settled
        assert state_on_chain(exchange, licence) == "consumed"
        assert told(lambda: report(exchange, licence)) == "reservation-over"

        asked, paper = tmp_path / "request.json", tmp_path / "contract.txt"
        asked.write_text(json.dumps(transfer.request.to_json()), encoding="utf-8")
        paper.write_bytes(CONTRACT)
        at = ("--org", market.folder / "market", "--desk", desk.url)
        command = ("org", "trade", "settle", transfer.kept, transfer.case, "--request", asked)
        other_paper = tmp_path / "other.txt"
        other_paper.write_text("另一合同", encoding="utf-8")
        refused(
            *command, "--contract", other_paper, *at, code="settlement-contract", exit_code=2, env=SECRETS
        )
        said = run(*command, "--contract", paper, *at, "--json", env=SECRETS)
        assert said.code == 0, said.err
        assert len(said.json["numbers"]) == 2
        listed = run("org", "trade", "reservations", *at, "--json", env=SECRETS).json
        assert {one["certificate"] for one in listed} == {licence.number, transfer.number, other.number}


@pytest.mark.slow
def test_settled_once_beside_a_rival_and_through_every_kill(market: Market) -> None:
    """The report comes twice at once, a rival wants the certificate, and the desk is killed."""
    for place, trade in enumerate(market.waiting):
        with running_desk(market.state) as desk:
            exchange, twin = (market.exchange("market", desk.url) for _ in range(2))
            rival = market.exchange("rival", desk.url)
            with ThreadPoolExecutor(3) as pool:
                tries = [pool.submit(told, partial(report, one, trade)) for one in (exchange, twin)]
                wanted = pool.submit(told, partial(rival.reserve, trade.number))
                if place:
                    time.sleep(0.1 * place)
                    desk.process.kill()
                said = [one.result() for one in tries]
                wanted.result()
            assert said.count("done") <= 1, said
        with running_desk(market.state) as desk:
            exchange, rival = (market.exchange(who, desk.url) for who in ("market", "rival"))
            if exchange.reservation(trade.kept).settled is None:
                assert "done" not in said
                report(exchange, trade)
            assert state_on_chain(exchange, trade) == "consumed"
            assert told(partial(report, exchange, trade)) == "reservation-over"
            theirs = [one for one in rival.reservations() if one.certificate == trade.number]
            # A licence leaves the certificate as it is, and whoever came after it may have reserved it.
            assert all(one.state == "refused" for one in theirs) or place == 0
    audit = run("audit", "--state", market.state, "--json", env=KEYS_OF_STATE)
    assert audit.code == 0, audit.out
