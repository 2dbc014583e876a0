"""What was told the chain directly is handed in afterwards, and taken in if it is just that (S24.4)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.ledger import world as w
from tests.ledger.inlets.test_finding import STRANGER, reserving, subject_by, subject_of, tell
from tests.ledger.trades.market import enrolled
from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.ledger.cases import dossier_opening
from yinzheng.ledger.cases.work import dossier_key
from yinzheng.ledger.certificates.messages import message_of
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.certificates.reserving import reservations_of
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.chain.approvals_moves import ReservationRelease
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.inlets.finding import find
from yinzheng.ledger.inlets.papers import parse_paper, take_in
from yinzheng.ledger.registry import silent
from yinzheng.ledger.store.models import Case, Objection
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.objection_paper import Objected, ObjectionPaper
from yinzheng.verifier.formats.order import Order, statement_of
from yinzheng.verifier.formats.reservation import Released


def paper_of(about: bytes, reasons: str = "数据来源不合法") -> ObjectionPaper:
    return ObjectionPaper(Objected(about, "某人", reasons), b"\x0a" * 32, STRANGER.address)


def test_what_an_objector_meant_is_handed_in_and_the_officer_reads_it(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        settle(registry)
        paper = paper_of(subject_of(registry, case))
        tell(registry, STRANGER, registry.client.raise_objection(paper.body.about, paper.digest))
        with pytest.raises(UsageFault) as raised:
            take_in(registry, paper)
        assert raised.value.code == "objection-unknown"
        find(registry)
        by = actor_of(registry, OFFICER)
        written = dossier_opening.open_dossier_to(registry, case, tmp_path / "before", silent, by)
        assert not [one for one in written if "objection" in one.parent.name]
        for _ in range(2):
            assert take_in(registry, paper) == (case, paper.name)
        written = dossier_opening.open_dossier_to(registry, case, tmp_path / "after", silent, by)
        (said,) = [one for one in written if "objection" in one.parent.name]
        assert "数据来源不合法" in said.read_text(encoding="utf-8")
        with pytest.raises(UsageFault) as raised:
            take_in(registry, paper_of(paper.body.about, "另一理由"))
        assert raised.value.code == "objection-unknown"
        settle(registry)
    assert world.audit() == []
    other = paper_of(b"\x0b" * 32)
    with world.open() as registry, registry.store.transaction() as session:
        row = session.exec(select(Objection)).one()
        seal = SealedValue(dossier_key(registry, session, session.get_one(Case, case).dossier_id))
        row.sealed = seal.seal(canonical.dumps(other.to_json()), row.leaf)
        session.add(row)
    assert "objection-altered" in world.codes()


@pytest.mark.parametrize("name", ["body", "secret", "account", "objection"])
def test_an_objectors_paper_is_whole_or_none(name: str) -> None:
    value: dict[str, Any] = dict(paper_of(b"\x0b" * 32).to_json())
    assert parse_paper(value) == paper_of(b"\x0b" * 32)
    value[name] = {**value[name], "reasons": "x"} if name == "body" else "00" * (len(value[name]) // 2)
    with pytest.raises(DataFault) as raised:
        parse_paper(value)
    assert raised.value.code == "commitment"


@pytest.mark.parametrize("value", [None, [], {}, {"format": 1}, {"format": "yinzheng/certificate/1"}])
def test_what_is_no_paper_is_called_so(value: object) -> None:
    with pytest.raises(DataFault):
        parse_paper(value)


def test_an_exchange_lets_go_by_itself_and_hands_its_order_in_later(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        _, number = w.to_deposited(registry, world.clock, tmp_path / "dossier")
        exchange = enrolled(registry)
        settle(registry)
        order = reserving(registry, exchange, number)
        leaf = execute(registry, order)
        settle(registry)
        assert exchange.wallet is not None
        body = Released(number, leaf, Party(exchange.name, exchange.code), registry.clock())
        statement = statement_of(body, profile=order.statement.profile, prev=leaf, by="exchange")
        message = message_of(body, statement.leaf_hash)
        assert isinstance(message, ReservationRelease)
        given = Order(statement, body, sign(message, registry.client.standing_domain, exchange.wallet))
        tell(registry, STRANGER, registry.client.release_reservation(message, given.signature))
        assert find(registry) == 1
        ((shown,), _) = reservations_of(registry, exchange.code)
        assert shown.state.value == "released"
        record = registry.client.record(subject_by(registry, number))
        assert record is not None
        assert record.reserved_until == 0
        settle(registry)
    assert world.audit() == []
    with world.open() as registry:
        assert take_in(registry, given) == (number, statement.leaf_hash)
        settle(registry)
        ((shown,), _) = reservations_of(registry, exchange.code)
        assert shown.state.value == "released"
        again = replace(body, at=registry.clock())
        other = statement_of(again, profile=order.statement.profile, prev=statement.leaf_hash, by="exchange")
        message = message_of(again, other.leaf_hash)
        signature = sign(message, registry.client.standing_domain, exchange.wallet)
        with pytest.raises(UsageFault) as raised:
            execute(registry, Order(other, again, signature))
        assert raised.value.code == "reservation-unknown"
    assert world.audit() == []
