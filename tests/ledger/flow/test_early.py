"""A call whose time has not come, or that lacks another's word, waits by itself and holds up nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import col, select

from tests.ledger import world as w
from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.ledger.cases import issuing
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.contracts import selector
from yinzheng.ledger.chain.refusals import TooEarly
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.flow import pipeline
from yinzheng.ledger.flow.early import NotYet
from yinzheng.ledger.flow.outbox import outbox
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, ChainCall
from yinzheng.ledger.withdrawals import calls as withdrawal_calls

HOUR = 3600


def newest(registry: Registry) -> str:
    with registry.store.reading() as session:
        return session.exec(select(Case.id).order_by(col(Case.id).desc())).first() or ""


def due_in_an_hour(registry: Registry, case: str, patch: pytest.MonkeyPatch) -> None:
    """As the chain says of a deposit whose publicity ends in an hour, by its clock."""
    with registry.store.reading() as session:
        subject = repository.find_case(session, case).subject
    due, real = registry.clock() + HOUR, ContractsClient.simulate
    with registry.store.transaction() as session:  # it was sent with others once, and refused in its block
        (call,) = session.exec(select(ChainCall).where(ChainCall.state == "pending")).all()
        call.error = "publicity-running"

    def simulate(self: ContractsClient, call: Call, sender: bytes) -> None:
        deposit = call.data.startswith(selector("rights", "deposit")) and subject in call.data
        if deposit and registry.clock() < due:
            raise TooEarly("Publicity has not ended.", code="publicity-running", until=due)
        real(self, call, sender)

    patch.setattr(ContractsClient, "simulate", simulate)


def test_what_is_due_in_an_hour_holds_up_nothing_behind_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.open() as registry:
        first, second = (w.to_publicity(registry, tmp_path / name) for name in ("a", "b"))
        settle(registry)
        w.past_publicity(registry, world.clock, second)
        by = actor_of(registry, OFFICER)
        issuing.issue(registry, first, by)  # recorded while the contracts would take it
        due_in_an_hour(registry, first, monkeypatch)
        issuing.issue(registry, second, by)
        with pytest.raises(NotYet) as told:  # what is told last, when all else is done
            w.to_publicity(registry, tmp_path / "c")
        third = newest(registry)
        assert (told.value.code, len(told.value.calls)) == ("publicity-running", 1)
        assert pipeline.pending(registry) == told.value.ids
        with registry.store.reading() as session:
            done = select(ChainCall.about).where(ChainCall.state == "confirmed")
            (number,) = (one.number for one in repository.certificates_of_case(session, second))
            assert number in session.exec(done).all()
        assert w.state_of(registry, third) == "publicity"
        size = registry.log.size
        head = registry.client.latest_anchor()
        assert head is not None
        assert head.size == size  # nor is the log's head left behind
        with pytest.raises(NotYet):
            settle(registry)
        assert pipeline.pending(registry) == told.value.ids
    with world.open() as registry:  # nobody's command fails for it
        assert pipeline.pending(registry) == told.value.ids
    world.clock.advance(HOUR)
    with world.open() as registry:
        assert pipeline.pending(registry) == set()
        assert w.state_of(registry, first) == "deposited"
    assert world.audit() == []


def test_one_that_is_refused_behind_it_is_told_so(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.open() as registry:
        first, second = (w.to_publicity(registry, tmp_path / name) for name in ("a", "b"))
        settle(registry)
        w.past_publicity(registry, world.clock, second)
        by = actor_of(registry, OFFICER)
        issuing.issue(registry, first, by)
        due_in_an_hour(registry, first, monkeypatch)
        issuing.issue(registry, second, by)
        with registry.store.reading() as session:
            subject = repository.find_case(session, second).subject
        closed = registry.client.case(subject)
        assert closed is not None
        with registry.store.transaction() as session:  # approvals of a deposit that nobody takes
            row = session.exec(select(ChainCall).order_by(col(ChainCall.id).desc())).first()
            assert row is not None
            row.data = row.data[:-32] + bytes(32)
        with pytest.raises(Exception, match=r".") as told:
            settle(registry)
        assert not isinstance(told.value, NotYet)
        with registry.store.reading() as session:
            assert session.get_one(ChainCall, row.id).state == "withdrawn"
        with pytest.raises(NotYet):
            settle(registry)


def test_one_that_lacks_receipts_waits_alone(world: World, tmp_path: Path) -> None:
    """As the contracts themselves say it."""
    with world.open() as registry:
        id_, name = b"\5" * 32, b"\6" * 32
        asked = registry.client
        opening = asked.open_withdrawal(id_, id_, registry.clock(), name, [name], minor=False)
        made = (
            (withdrawal_calls.OPENING, opening),
            (withdrawal_calls.FROZEN, asked.frozen(id_, name)),
            (withdrawal_calls.COMPLETED, asked.complete(id_, name)),
        )
        with registry.store.transaction() as session:
            for kind, call in made:
                outbox(session, kind, id_.hex(), call, registry.clock())
        for folder in ("a", "b"):
            with pytest.raises(NotYet) as told:
                w.to_publicity(registry, tmp_path / folder)
            assert told.value.code == "receipts-missing"
            assert w.state_of(registry, newest(registry)) == "publicity"
        with registry.store.transaction() as session:
            given = asked.receipt(id_, name, name)
            outbox(session, withdrawal_calls.RECEIPT, "another", given, registry.clock())
        settle(registry)
        assert pipeline.pending(registry) == set()
