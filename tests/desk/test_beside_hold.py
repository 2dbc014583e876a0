"""A reservation beside a hold, at once, by two programs: the hold stands whatever comes first (R38, R46)."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

import pytest

from tests.cli.commands import run
from tests.desk.calls import KEYS_OF_STATE, running_desk
from tests.desk.test_trades import SECRETS, trade
from tests.desk.watched import make, office
from tests.ledger.disputes.court import Template
from tests.ledger.trades.market import EXCHANGE
from tests.ledger.world import KEEPER, OFFICER, actor_of
from yinzheng.api.org.member import create_member
from yinzheng.api.org.registry import pin
from yinzheng.client import Exchange
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.organisations import enrolment
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import YinzhengError


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A registry with a certificate and a court; and an exchange's folder beside it."""
    template = make(tmp_path_factory.mktemp("beside"))
    with template.world.open() as registry:
        folder = template.world.root.parent / "market"
        _, enrolled = create_member(
            folder,
            SECRETS,
            code=EXCHANGE,
            name="某数据交易所（虚构）",
            roles=["exchange"],
            account=True,
            now=registry.clock(),
            term=86_400 * 300,
        )
        pin(folder, dumps(trust_policy(registry.instance)))
        officer, keeper = actor_of(registry, OFFICER), actor_of(registry, KEEPER)
        enrolment.enrol(registry, enrolled, officer, administrator=keeper)
        settle(registry)
    return template


@pytest.mark.parametrize("first", ["together", "hold", "reservation"])
def test_a_hold_stands_beside_a_reservation(made: Template, tmp_path: Path, first: str) -> None:
    state = tmp_path / "state"
    shutil.copytree(made.world.root, state)
    with running_desk(state) as desk, ThreadPoolExecutor(2) as pool:
        exchange = Exchange.open(made.world.root.parent / "market", desk.url, SECRETS)
        begun = {"hold": Event(), "reservation": Event()}
        for name, one in begun.items():
            if first in ("together", name):
                one.set()

        def hold() -> str:
            begun["hold"].wait(60)
            with office(made, state) as court:
                return court.open("forum", settle=False)

        def reserve() -> str:
            begun["reservation"].wait(60)
            try:
                return exchange.reserve(made.number, hours=1).state
            except YinzhengError as fault:
                return fault.code

        held, kept = pool.submit(hold), pool.submit(reserve)
        wait([held, kept], 60, FIRST_COMPLETED)
        for one in begun.values():
            one.set()
        said = kept.result(60)
        assert held.result(60).startswith("D-")
        expected = {"hold": {"certificate-held"}, "reservation": {"requested"}}
        assert said in expected.get(first, {"certificate-held", "requested"})
        answer = exchange.check(trade(made.number))
        assert answer.answer != "allow"
        for _ in range(100):
            answer = exchange.check(trade(made.number))
            if "held" in [one.code for one in answer.reasons]:
                break
            time.sleep(0.1)
        assert answer.answer == "refuse"
        assert [one.code for one in answer.reasons] == ["held"]
        states = [one.state for one in exchange.reservations()]
        assert states in ([], ["reserved"], ["refused"])
        assert (said == "requested") is (states != [])
        if states == ["reserved"]:
            with pytest.raises(YinzhengError) as caught:
                exchange.release(exchange.reservations()[0])
            assert caught.value.code == "certificate-held"
    audited = run("audit", "--state", state, "--json", env=KEYS_OF_STATE)
    assert audited.code == 0, audited.out
