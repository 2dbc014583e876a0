"""Whoever carries a reservation is killed at every write and every sending, from first to last (D9, R46).

A trade settles what was kept. Of another certificate: an exchange reserves, lets go, reserves again and lets
that lapse, and a rival has it. As in the crash table the registry is opened again, which rolls forward; the
exchange, which cannot know, hands in the same once more. In the end each statement is there once, those who
watch hear of each once, and the audit finds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from sqlmodel import col, select

from tests.faults.turns import Fault, deaths, killed, rounds
from tests.ledger.moves.parties import settled
from tests.ledger.organisations.enrolling import Member
from tests.ledger.trades.market import RIVAL, enrolled
from tests.ledger.trades.test_reserving import made
from tests.ledger.trades.test_settling import Trade
from tests.ledger.world import World, state_of, to_deposited
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.certificates.reserving import Shown, reservation_of, reservations_of
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import Recorder
from yinzheng.ledger.store.models import Event
from yinzheng.ledger.store.models_watch import CertificateEvent
from yinzheng.ledger.trades.settling import Report, settle_trade
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.order import Order
from yinzheng.verifier.formats.reservation import Released, Reserved
from yinzheng.verifier.log.statement import certificate_subject

HOUR: Final = 3600
STEPS: Final = ("consumed", "made", "released", "lapsing", "followed")
STANDS: Final = {
    "made": ["reserved"],
    "released": ["released"],
    "lapsing": ["released", "reserved"],
    "followed": ["released", "lapsed", "reserved"],
}
"""How the reservations of the first certificate stand after each step, in their order."""


@dataclass
class Scene:
    """A certificate that nobody reserved, and of another one a trade that lacks the report alone."""

    world: World
    number: str
    trade: Trade
    report: Report
    passed: dict[str, list[str]] = field(default_factory=dict)
    """By step, the points that it passes until it is settled."""

    @property
    def members(self) -> tuple[Member, Member]:
        return self.trade.exchange, self.trade.rival


@dataclass
class Course:
    """One registry on its way through the steps."""

    scene: Scene
    world: World
    order: Order | None = None
    """What the exchange made, and hands in until it hears that it is done."""

    def prepare(self, registry: Registry, step: str) -> None:
        """The exchange makes its order, once."""
        if step == "consumed":
            return
        if step in ("lapsing", "followed"):  # an exchange waits in between; that one lapses is nobody's act
            self.world.clock.advance(25 * HOUR)
        exchange, now = self.scene.members[step == "followed"], self.world.clock.now
        by = Party(exchange.name, exchange.code)
        body: Reserved | Released = Reserved(self.scene.number, now + HOUR, by, now)
        if step == "released":
            (kept,) = self.own(registry)
            body = Released(self.scene.number, kept.leaf, by, now)
        self.order = made(registry, exchange, body)

    def take(self, registry: Registry, step: str) -> None:
        if step == "consumed":
            settle_trade(registry, self.scene.trade.kept, self.scene.report, self.scene.trade.exchange.code)
        else:
            assert self.order is not None
            execute(registry, self.order)

    def again(self, registry: Registry, step: str) -> None:
        """What is done is done: the same once more is told so, and changes nothing."""
        before = self.said(registry)
        if step == "consumed":
            with pytest.raises(UsageFault) as caught:
                self.take(registry, step)
            assert caught.value.code == "reservation-over"
        else:
            self.take(registry, step)
        assert self.said(registry) == before

    def said(self, registry: Registry) -> list[str]:
        """Every statement about the two certificates and the case, in order."""
        with registry.store.reading() as session:
            return list(session.exec(select(Event.type).order_by(col(Event.id))))

    def is_done(self, registry: Registry, step: str) -> bool:
        if step == "consumed":
            return state_of(registry, self.scene.report.case) == "recorded"
        stand = self.stand(registry)
        assert stand in (STANDS[step], STANDS.get(STEPS[STEPS.index(step) - 1], []), ["released", "lapsed"])
        return stand == STANDS[step]

    def stand(self, registry: Registry) -> list[str]:
        return [one.state.value for one in self.own(registry)]

    def own(self, registry: Registry) -> list[Shown]:
        """The reservations of the first certificate, in their order."""
        found = [one for who in self.scene.members for one in reservations_of(registry, who.code)[0]]
        own = [one for one in found if one.certificate == self.scene.number]
        return sorted(own, key=lambda one: one.made_at)

    def go(self, faults: Mapping[str, Fault]) -> None:
        """Through all steps, whoever is killed on the way."""
        for step, following in zip(STEPS, (*STEPS[1:], None), strict=True):
            try:
                self._step(step, faults.get(step), following)
            except BaseException as error:
                error.add_note(f"{step}: {faults.get(step)}")
                raise
        self.require_whole()

    def _step(self, step: str, fault: Fault | None, following: str | None) -> None:
        acknowledged = False
        if fault is not None:
            acknowledged = killed(self.world, fault, lambda registry: self.take(registry, step))
        with self.world.open() as registry:
            if not self.is_done(registry, step):
                assert not acknowledged
                self.take(registry, step)
                settle(registry)
                assert self.is_done(registry, step)
            self.again(registry, step)
            self.world.clock.advance(1)
            if following is not None:
                self.prepare(registry, following)

    def require_whole(self) -> None:
        """Each is said once and heard of once, and nothing that the audit knows of is wrong."""
        with self.world.open() as registry:
            assert self.stand(registry) == STANDS["followed"]
            trade, subject = self.scene.trade, certificate_subject(self.scene.number)
            kept = reservation_of(registry, trade.kept, trade.exchange.code)
            assert (kept.state, kept.settled is None) == ("consumed", False)
            with registry.store.reading() as session:
                heard = session.exec(
                    select(Event.type)
                    .join(CertificateEvent, col(CertificateEvent.number) == col(Event.log_index))
                    .where(CertificateEvent.certificate == subject)
                    .order_by(col(Event.log_index))
                ).all()
            assert [one for one in heard if one.startswith("reservation.")] == [
                "reservation.made", "reservation.released", "reservation.made", "reservation.made",
            ]  # fmt: skip
            assert self.said(registry).count("licence.given") == 1
        assert self.world.audit() == []


@pytest.fixture(scope="module")
def scene(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("reservations")
    world = demonstration_template.copy(folder / "state")
    with world.open() as registry:
        parties = settled(world, registry, folder / "consumed")
        trade = Trade(parties, enrolled(registry), enrolled(registry, RIVAL))
        _, number = to_deposited(registry, world.clock, folder / "own")
        trade.kept = trade.reserve()
        asked = parties.licence()
        case = trade.prepared(asked)
        found = Scene(world, number, trade, trade.report(case, asked))
    course, recorder = Course(found, world.copy(folder / "tried")), Recorder()
    for step in STEPS:
        with course.world.open(recorder) as registry:
            course.prepare(registry, step)
            recorder.seen.clear()
            course.take(registry, step)
            settle(registry)
            course.world.clock.advance(1)
        found.passed[step] = [*recorder.seen]
    course.require_whole()
    return found


@pytest.mark.slow
def test_every_death_in_a_reservations_course_is_survived(scene: Scene, tmp_path: Path) -> None:
    """Of each step those around its own write; of the rest every fourth, each in one of the orders."""
    tried = {}
    for place, (step, points) in enumerate(scene.passed.items()):
        assert step == "consumed" or points == scene.passed["made"]
        ways = deaths(points)
        tried[step] = ways[:2] + ways[2 + place % 4 :: 4]
    for number, faults in enumerate(rounds(tried)):
        Course(scene, scene.world.copy(tmp_path / str(number))).go(faults)
