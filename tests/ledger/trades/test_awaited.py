"""What was recorded and is not on the chain yet counts before a trade, whatever it is (R45)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from tests.ledger import world as w
from tests.ledger.certificates import forum as f
from tests.ledger.certificates.test_objecting import protest
from tests.ledger.disputes.conftest import court, court_template
from tests.ledger.disputes.court import JUDGMENT, Court, Template
from tests.ledger.moves.parties import FIRM, HOSPITAL, settled
from tests.ledger.trades.full_scan import compared
from tests.ledger.trades.market import RIVAL, ask, codes, enrolled, trade_of
from tests.ledger.trades.test_reserving import NUMBER, order
from tests.ledger.world import OFFICER, World, actor_of
from yinzheng.ledger.certificates import objecting, remarks
from yinzheng.ledger.certificates.lapsing import lapse_expired
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.certificates.remarks import Grounds
from yinzheng.ledger.disputes.plans import Concerned
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.trades.awaited import BINDING
from yinzheng.ledger.trades.checking import Answered
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.reservation import Reserved

__all__ = ["court", "court_template"]


def _remarked(court: Court) -> None:
    officer = actor_of(court.registry, OFFICER)
    remarks.enter(
        court.registry, court.made.number, RemarkKind.SEIZURE, Grounds("查封", JUDGMENT, "执1号"), officer
    )


CASES: dict[str, tuple[Callable[[Court], object], str, str]] = {
    "hold of a party": (lambda court: court.open(settle=False), "hold", "held"),
    "hold of a forum": (lambda court: court.open("forum", settle=False), "hold", "held"),
    "seizure by an officer": (_remarked, "remark", "seized"),
    "seizure by a forum": (
        lambda court: execute(court.registry, f.ordered(court, f.seizing(court))),
        "remark",
        "seized",
    ),
    "objection": (
        lambda court: objecting.object_to_certificate(court.registry, court.made.number, protest()),
        "objection",
        "objection-open",
    ),
    "cancellation": (
        lambda court: execute(court.registry, f.ordered(court, f.cancelling(court))),
        "end",
        "not-in-force",
    ),
}


FREEING = {"lifting", "later-conclusion", "release", "reservation-release", "licence-end"}
"""Less stands in the way afterwards: until the chain has them it is told as before."""
OF_NO_CERTIFICATE = {
    *("anchor", "heartbeat", "publicity", "objection", "conclusion", "closure", "deposit", "evidence"),
    *("forum", "forum-end", "exchange", "exchange-end", "holder", "holder-veto", "role", "role-end"),
    *("withdrawal", "withdrawal-frozen", "withdrawal-receipt", "withdrawal-restricted"),
    "withdrawal-completed",
}
"""Of a registration yet to be, of organisations and people; overdue withdrawals the database tells."""


def test_every_kind_of_call_is_thought_of(court: Court) -> None:
    """A new one either binds a certificate, and is waited for, or is said here not to."""
    kinds = set(court.registry.kinds)
    assert kinds == {*BINDING, *FREEING, *OF_NO_CERTIFICATE}
    assert {name for name, kind in court.registry.kinds.items() if kind.binds} == {*BINDING} - {"dispute"}
    assert len(BINDING) + len(FREEING) + len(OF_NO_CERTIFICATE) == len(kinds)


@pytest.mark.parametrize("name", CASES)
def test_what_is_recorded_is_never_allowed_meanwhile(court: Court, name: str) -> None:
    act, what, then = CASES[name]
    registry, exchange = court.registry, enrolled(court.registry)
    settle(registry)
    asked = trade_of(court.made.number, court.now)

    def answer() -> Answered:
        return ask(registry, exchange, asked)[0]

    assert answer().body.answer == "allow"
    act(court)
    assert [what] == [one.what for some in compared(registry).values() for one in some]
    told = answer()
    assert (told.body.answer, codes(told)) == ("needs_person", ["recorded-since"])
    assert told.body.reasons[0].about == what
    assert {one.name: one.outcome for one in told.body.obligations}["in_force"] == "open"
    settle(registry)
    after = answer()
    assert (after.body.answer, codes(after)) == ("refuse", [then])


def test_anothers_reservation_counts_at_once_and_ones_own_not(
    demonstration_template: World, tmp_path: Path
) -> None:
    world = demonstration_template.copy(tmp_path / "state")
    with world.open() as registry:
        parties = settled(world, registry, tmp_path / "dossier")
        exchange, rival = enrolled(registry), enrolled(registry, RIVAL)
        settle(registry)
        now = world.clock.now
        own = Party(exchange.name, exchange.code)
        order(registry, exchange, Reserved(NUMBER, now + 3600, own, now))
        asked = trade_of(parties.number, now)
        ((reserved,),) = compared(registry).values()
        assert reserved.exchange == exchange.account
        assert codes(ask(registry, exchange, asked)[0]) == []
        assert codes(ask(registry, rival, asked)[0]) == ["recorded-since"]
        settle(registry)
        assert codes(ask(registry, exchange, asked)[0]) == []
        assert codes(ask(registry, rival, asked)[0]) == ["reserved"]


def test_a_licence_and_a_transfer_count_once_they_are_signed(
    demonstration_template: World, tmp_path: Path
) -> None:
    world = demonstration_template.copy(tmp_path / "state")
    with world.open() as registry:
        parties = settled(world, registry, tmp_path / "dossier")
        exchange = enrolled(registry)
        settle(registry)
        for request, what in (
            (parties.licence(exclusive=True, territory=["44"]), "licence"),
            (parties.transfer("use"), "end"),
        ):
            case = parties.reviewed(request)
            parties.prepare(case)
            for code in (FIRM, HOSPITAL):
                asked = trade_of(parties.number, world.clock.now, acts=["store"])
                assert codes(ask(registry, exchange, asked)[0]) == []
                parties.sign(case, code, request)
            compared(registry)
            (told,) = ask(registry, exchange, asked)
            assert (codes(told), told.body.reasons[0].about) == (["recorded-since"], what)
            settle(registry)


def _second(court: Court) -> str:
    """The number of another certificate that the same parties dispute."""
    with court.registry.store.reading() as session:
        return max(session.exec(select(Certificate.number)))


def _held(court: Court, kind: str, *numbers: str) -> None:
    court.open(kind, settle=False, concerned=Concerned(numbers))


def _lapsed(court: Court) -> None:
    with court.registry.store.reading() as session:
        court.world.clock.now = max(session.exec(select(Certificate.valid_until))) + 1
    lapse_expired(court.registry)


def _protested(court: Court, number: str) -> None:
    objecting.object_to_certificate(court.registry, number, protest())


ACTS: dict[str, Callable[[Court], object]] = {
    **{name: act for name, (act, _, _) in CASES.items()},
    "hold of two": lambda court: _held(court, "party", court.made.number, _second(court)),
    "hold of the other": lambda court: _held(court, "forum", _second(court)),
    "objection to the other": lambda court: _protested(court, _second(court)),
    "lapse": _lapsed,
    "settled": lambda court: settle(court.registry),
}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.sampled_from(sorted(ACTS)), min_size=3, max_size=6))
def test_what_waits_is_found_as_by_looking_at_all(
    court_template: Template, tmp_path_factory: pytest.TempPathFactory, acts: list[str]
) -> None:
    """Whatever was done to two certificates, and however much of it the chain has."""
    folder = tmp_path_factory.mktemp("court")
    world = court_template.world.copy(folder / "state")
    with world.open() as registry:
        court = Court(world, registry, court_template)
        w.to_deposited(registry, world.clock, folder / "dossier")
        for act in acts:
            with suppress(UsageFault):  # a cancelled one, say, takes no objection
                ACTS[act](court)
            compared(registry)
