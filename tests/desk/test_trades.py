"""Exchanges against a desk that runs: checks and their receipts, batches, reservations, a race with kills."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import run
from tests.desk.calls import KEYS_OF_STATE, DeskProcess, running_desk
from tests.ledger import world as w
from tests.ledger.trades.market import BUYER, EXCHANGE, PAIR, RIVAL, trade_of
from tests.ledger.world import KEEPER, OFFICER, Clock, World, actor_of, create
from yinzheng.api.http.chinese import by_code
from yinzheng.api.org.member import Member, create_member
from yinzheng.api.org.registry import pin
from yinzheng.client import Answer, Exchange, Lost, Reservation
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.trade import Reason
from yinzheng.verifier.words.trade import said_of

SECRETS = {"YINZHENG_ORG_PASSPHRASE": "a passphrase of an exchange"}


@dataclass
class Market:
    """A state folder with certificates, and the folders of two exchanges."""

    state: Path
    folder: Path
    numbers: list[str]

    def exchange(self, who: str, desk: str) -> Exchange:
        return Exchange.open(self.folder / who, desk, SECRETS)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Market:
    folder = tmp_path_factory.mktemp("market")
    clock = Clock(int(time.time()) - 7200)
    world = World(create(folder / "state", clock), clock)
    with world.open() as registry:
        numbers = [w.to_deposited(registry, clock, folder / f"d{n}")[1] for n in range(3)]
        policy = dumps(trust_policy(registry.instance))
        (folder / "trust.json").write_bytes(policy)
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
            officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
            enrolment.enrol(registry, made, officer, administrator=keeper)
        settle(registry)
    assert clock.now < time.time()
    return Market(world.root, folder, numbers)


@pytest.fixture
def market(founded: Market, tmp_path: Path) -> Market:
    shutil.copytree(founded.state, tmp_path / "state")
    return Market(tmp_path / "state", founded.folder, founded.numbers)


@pytest.fixture
def desk(market: Market) -> Iterator[DeskProcess]:
    with running_desk(market.state) as running:
        yield running


def trade(number: str, **changes: Any) -> dict[str, Any]:
    return trade_of(number, int(time.time()), **changes)


def waited(exchange: Exchange, check: str) -> bytes:
    for _ in range(100):
        try:
            return exchange.receipt(check)
        except EnvironmentFault:
            time.sleep(0.2)
    raise AssertionError("it was never anchored")


def settled(exchange: Exchange, kept: Reservation) -> Reservation:
    for _ in range(100):
        found = exchange.reservation(kept.reservation)
        if found.state != "requested":
            return found
        time.sleep(0.2)
    raise AssertionError("it never reached the chain")


def refused(act: Any) -> str:
    with pytest.raises(YinzhengError) as raised:
        act()
    return raised.value.code


def test_a_route_is_said_in_the_readers_language() -> None:
    said = said_of(Reason("personal-information", "deidentified"))
    assert ("去标识化" in said.zh, "deidentified" in said.zh, "de-identified" in said.en) == (
        True,
        False,
        True,
    )


def test_a_trade_from_check_to_release(market: Market, desk: DeskProcess, tmp_path: Path) -> None:
    exchange, rival = market.exchange("market", desk.url), market.exchange("rival", desk.url)
    number = market.numbers[0]
    asked = trade(number)
    answer = exchange.check(asked)
    assert (answer.answer, answer.allowed, answer.reasons) == ("allow", True, ())
    wrong = exchange.check({**asked, "buyer": {**BUYER, "code": "1"}, "price": None})
    assert [(one.code, one.rule) for one in wrong.reasons] == [
        ("buyer-code", "R17"),
        ("price-missing", "R45"),
    ]
    assert all(one.zh and one.en for one in wrong.reasons)
    assert refused(lambda: exchange.check({**asked, "kind": "lend"})) == "field-value"
    assert refused(lambda: exchange.check({**asked, "certificate": "?"})) == "certificate-malformed"

    file = tmp_path / "receipt.json"
    file.write_bytes(waited(exchange, answer.check))
    said = run("verify", file, "--trust", market.folder / "trust.json", "--lang", "en")
    assert said.code == 0, said.err
    assert "the trade may go ahead" in said.out
    listed, more = exchange.checks()
    assert more is None
    assert {(one.check, one.certificate, one.answer) for one in listed} == {
        (answer.check, number, "allow"),
        (wrong.check, number, "refuse"),
    }
    assert listed[0].seller == asked["seller"]["name"]
    last = exchange.checks(after=listed[0].check)
    assert last == (listed[1:], None)
    known = exchange._client._known["/v1/trade-checks"]
    assert exchange.checks() == (listed, None)
    assert exchange._client._known["/v1/trade-checks"] is known, "what the desk had told was kept"
    assert rival.checks() == ([], None)
    assert refused(lambda: rival.checks(after=answer.check)) == "trade-check-unknown"
    file.write_bytes(waited(exchange, wrong.check))
    assert run("verify", file, "--trust", market.folder / "trust.json", "--json").code == 1
    assert refused(lambda: rival.receipt(answer.check)) == "trade-check-unknown"

    assert refused(lambda: exchange.reserve(number, seconds=72 * 3600 + 1)) == "reservation-long"
    for hours in (math.nan, math.inf, -math.inf, 1e300, 0, 72.001):
        assert refused(lambda hours=hours: exchange.reserve(number, hours=hours)) == "reservation-long"
    kept = settled(exchange, exchange.reserve(number, hours=2))
    assert kept.state == "reserved"
    assert refused(lambda: rival.reserve(number)) == "reservation-differs"
    assert refused(lambda: exchange.reserve(number)) == "reservation-own"
    assert "另一" not in str(by_code("reservation-differs")), "it may be our own"
    assert exchange.check(asked).answer == "allow"
    assert [one.code for one in rival.check(asked).reasons] == ["reserved"]
    assert refused(lambda: rival.release(kept)) == "reservation-unknown"
    assert exchange.release(kept).state == "released"
    assert [one.state for one in exchange.reservations()] == ["released"]
    assert rival.reservations() == []
    assert exchange.reservations_page(kept.reservation) == ([], None)
    assert refused(lambda: rival.reservations_page(kept.reservation)) == "reservation-unknown"
    again = rival.reserve(number, hours=1)
    assert settled(rival, again).state == "reserved"


def test_an_order_that_no_exchange_signed_reserves_nothing(
    market: Market, desk: DeskProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The desk knows who asks by the SM2 key; whose account signed the order is another question (R46)."""
    exchange, number = market.exchange("market", desk.url), market.numbers[0]
    for key in (EthereumKey(b"\6" * 32), Exchange.open(market.folder / "rival", desk.url, SECRETS)):
        stranger = key if isinstance(key, EthereumKey) else key._member.account_key()
        monkeypatch.setattr(Member, "account_key", lambda *_, key=stranger: key)
        assert refused(lambda: exchange.reserve(number)) == "order-exchange"
        monkeypatch.undo()
    assert exchange.reservations() == []
    assert exchange.reserve(number).state == "requested"


def test_a_batch_keeps_its_order_and_names_what_is_none(market: Market, desk: DeskProcess) -> None:
    exchange = market.exchange("market", desk.url)
    good, bad = trade(market.numbers[0]), trade(market.numbers[1], contract=None)
    trades = [good, bad, {"not": "a trade"}, {**good, "certificate": "?"}] * 75
    answers = list(exchange.check_all(trades))
    assert len(answers) == 300
    for place in range(0, 300, 4):
        first, second, third, fourth = answers[place : place + 4]
        assert isinstance(first, Answer)
        assert isinstance(second, Answer)
        assert (first.answer, second.answer) == ("allow", "needs_person")
        assert isinstance(third, Lost)
        assert isinstance(fourth, Lost)
        assert (third.line, third.code) == (place + 3, "field-missing")
        assert (fourth.line, fourth.code) == (place + 4, "certificate-malformed")
    told = {one.check for one in answers if isinstance(one, Answer)}
    assert len(told) == 150
    listed, more = [], None
    for page in range(3):
        found, more = exchange.checks(after=more)
        assert (len(found), more is None) == (50, page == 2)
        listed += found
    assert {one.check for one in listed} == told
    assert [one.checked_at for one in listed] == sorted((one.checked_at for one in listed), reverse=True)


def test_a_batch_is_bounded_and_an_exchanges_alone(market: Market, desk: DeskProcess) -> None:
    exchange = market.exchange("market", desk.url)
    assert refused(lambda: list(exchange.check_all([{}] * 10_001))) == "batch-lines"
    many = b'{"a":' + b"[" * 70_000 + b"\n"
    asked = market.folder / "long"
    asked.write_bytes(many + dumps(trade(market.numbers[0])))
    answered = market.folder / "answered"
    exchange._client._language = "zh"
    with answered.open("wb") as out:
        exchange.send_lines(asked, out)
    first, second = map(json.loads, answered.read_text().splitlines())
    assert (first["line"], first["code"], first["message"]) == (1, "json-too-large", "a line is too long")
    assert first["detail"] == (by_code("json-too-large") or ("",))[0] != first["message"]
    assert first["hint"]
    assert (second["line"], second["answer"]) == (2, "allow")


@pytest.mark.slow
def test_two_exchanges_race_and_one_has_it_through_every_kill(market: Market) -> None:
    """Round by round both want one certificate at once; the desk is killed meanwhile, and opened again."""
    for place, number in enumerate(market.numbers):
        with running_desk(market.state) as running:
            both = [market.exchange(who, running.url) for who in ("market", "rival")]
            with ThreadPoolExecutor(2) as pool:
                tries = [pool.submit(_tried, one, number) for one in both]
                if place:
                    time.sleep(0.05 * place)
                    running.process.kill()
                told = [one.result() for one in tries]
        with running_desk(market.state) as running:
            both = [market.exchange(who, running.url) for who in ("market", "rival")]
            told = [
                _tried(one, number) if said == "unheard" else said
                for one, said in zip(both, told, strict=True)
            ]
            kept = [
                settled(one, found)
                for one in both
                for found in one.reservations()
                if found.certificate == number
            ]
            assert sorted(one.state for one in kept if one.state != "refused") == ["reserved"]
            assert sum(said == "kept" for said in told) <= 1
            asked = trade(number)
            reasons = [[reason.code for reason in one.check(asked).reasons] for one in both]
            assert sorted(reasons) == [[], ["reserved"]]
    paths, instance = read_instance(market.state)
    assert not instance.foreign
    assert paths.root == market.state
    said = run("audit", "--state", market.state, "--json", env=KEYS_OF_STATE)
    assert said.code == 0, said.out


def _tried(exchange: Exchange, number: str) -> str:
    try:
        exchange.reserve(number, hours=1)
    except EnvironmentFault:  # the desk is gone, or comes to it later
        return "unheard"
    except (UsageFault, DataFault) as fault:
        return fault.code
    return "kept"


def test_the_command_line(market: Market, desk: DeskProcess, tmp_path: Path) -> None:
    where = ("--org", market.folder / "market", "--desk", desk.url)
    file = tmp_path / "trade.json"
    file.write_bytes(dumps(trade(market.numbers[0], price=None)))
    said = run("org", "trade", "check", file, *where, "--json", env=SECRETS)
    assert (said.code, said.json["answer"]) == (3, "needs_person")
    ours, theirs = (
        run("org", "trade", "check", file, *where, env={**SECRETS, "LC_ALL": spoken}).out
        for spoken in ("zh_CN.UTF-8", "C.UTF-8")
    )
    said_zh, said_en = ("须由人工判断", "未被保全"), ("a person must decide", "Not held")
    assert [one in ours for one in (*said_zh, *said_en)] == [True, True, False, False], ours
    assert [one in theirs for one in (*said_zh, *said_en)] == [False, False, True, True], theirs
    lines = tmp_path / "trades.ndjson"
    lines.write_bytes(dumps(trade(market.numbers[0])) + b"\n" + dumps(trade(market.numbers[1], price=PAIR)))
    said = run("org", "trade", "batch", lines, "--out", tmp_path / "answers", *where, "--json", env=SECRETS)
    assert (said.code, said.json["allow"]) == (0, 2)
    said = run("org", "trade", "batch", lines, "--out", tmp_path / "answers", *where, "--json", env=SECRETS)
    assert (said.code, said.error["code"]) == (2, "file-exists")
    lines.write_bytes(b"{}\n" * 10_001)
    said = run("org", "trade", "batch", lines, "--out", tmp_path / "refused", *where, "--json", env=SECRETS)
    assert said.error["code"] == "batch-lines"
    assert not (tmp_path / "refused").exists(), "whoever corrects it may use the name again"
    said = run("org", "trade", "checks", *where, "--json", env=SECRETS)
    mine = file.read_bytes()
    again = run(
        "org", "trade", "receipt", said.json["checks"][0]["check"], "--out", file, *where, env=SECRETS
    )
    assert (again.code, file.read_bytes()) == (2, mine), "it asks for a new file"
    assert [one["answer"] for one in said.json["checks"]].count("needs_person") == 3
    assert "needs_person" in run("org", "trade", "checks", *where, env=SECRETS).out
    said = run("org", "trade", "reserve", market.numbers[2], "--hours", "3", *where, "--json", env=SECRETS)
    assert said.code == 0, said.err
    leaf = said.json["reservation"]
    said = run("org", "trade", "release", leaf, *where, env=SECRETS)
    assert "released" in said.out
    said = run("org", "trade", "reservations", *where, "--json", env=SECRETS)
    assert [one["reservation"] for one in said.json] == [leaf]
