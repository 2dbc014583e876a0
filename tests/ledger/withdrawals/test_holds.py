"""Withdrawals while disputes hold the consent (R36, R39): several holds, and retentions beneath."""

from __future__ import annotations

from sqlmodel import select

from tests.ledger.disputes.conftest import court, court_template
from tests.ledger.disputes.court import FORUM, Court
from tests.ledger.inlets.test_finding import tell
from tests.ledger.withdrawals.clinic import DAY, HOSPITAL, HOUR, INSURER, Clinic
from tests.ledger.world import OFFICER, actor_of
from tests.wallet import sign
from yinzheng.ledger.chain.approvals import Opening, Release
from yinzheng.ledger.chain.records import OpeningKind, WithdrawalState
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.inlets.finding import find
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.rules.extent import Extent
from yinzheng.ledger.store.models_disputes import Dispute
from yinzheng.ledger.withdrawals import course
from yinzheng.ledger.withdrawals.ending import HOLD_TERM, RENEW, Ticked, waiting
from yinzheng.ledger.withdrawals.progress import progress
from yinzheng.verifier.formats.withdrawal_steps import Kept

__all__ = ["court", "court_template"]


def state(clinic: Clinic, id_: bytes) -> WithdrawalState:
    found = clinic.registry.client.withdrawal(id_)
    assert found is not None
    return found.state


def test_a_dispute_that_comes_later_restricts_at_the_next_round(court: Court) -> None:
    bench = court.clinic
    id_ = bench.file(court.made.consent)
    bench.freeze(id_)
    dispute = court.open()
    assert bench.row(id_).state == "frozen"
    assert bench.tick() == Ticked(restricted=(id_,))
    assert bench.tick() == Ticked()
    settle(court.registry)
    assert state(bench, id_) is WithdrawalState.RESTRICTED
    shown = progress(court.registry, id_).restriction
    assert shown is not None
    assert shown.reference == dispute
    with court.registry.store.reading() as session:
        assert waiting(session, dispute) == (id_,)


def test_it_is_not_overdue_while_it_is_held_and_is_renewed(court: Court) -> None:
    bench = court.clinic
    court.open()
    id_ = bench.file(court.made.consent)
    bench.freeze(id_)
    settle(court.registry)
    bench.world.clock.advance(HOLD_TERM - RENEW - HOUR)
    assert bench.tick() == Ticked()
    assert progress(court.registry, id_).overdue_since is None
    assert court.registry.client.overdue_since(id_) is None
    bench.world.clock.advance(2 * HOUR)
    assert bench.tick() == Ticked(restricted=(id_,))
    assert bench.row(id_).restricted_until > bench.registry.clock() + HOLD_TERM - HOUR


def test_a_retention_beneath_a_hold_comes_back(court: Court) -> None:
    bench = court.clinic
    id_ = bench.file(court.made.consent)
    bench.freeze(id_)
    end = (court.now // HOUR + 40 * 24) * HOUR
    kept = [Kept("住院病历", "保存期限未满")]
    course.restrict(
        court.registry,
        id_,
        law="《医疗机构病历管理规定》",
        until=end,
        kept=kept,
        by=actor_of(court.registry, OFFICER),
    )
    court.open()
    bench.world.clock.advance(20 * DAY)
    assert bench.tick() == Ticked(restricted=(id_,))  # the retention ends before the dispute may
    settle(court.registry)
    course_end = bench.row(id_).restricted_until
    assert course_end > end
    court.execute(_only(court))
    assert bench.row(id_).restricted_until == end
    shown = progress(court.registry, id_).restriction
    assert shown is not None
    assert shown.law == "《医疗机构病历管理规定》"


def test_what_another_dispute_holds_goes_on_waiting(court: Court) -> None:
    bench = court.clinic
    first = court.open()
    second = court.open("forum")
    id_ = bench.file(court.made.consent)
    bench.complete(id_)
    settle(court.registry)
    court.execute(first)
    assert course.resume(court.registry, first) == ()
    assert bench.tick() == Ticked()
    court.execute(second)
    assert bench.row(id_).restricted_until < court.now + 3 * HOUR
    assert course.resume(court.registry, second) == ()  # it resumed with the release
    bench.world.clock.now = bench.row(id_).restricted_until
    assert bench.tick() == Ticked(completed=(id_,))
    settle(court.registry)
    assert state(bench, id_) is WithdrawalState.COMPLETED
    assert bench.types(court.made.consent)[-2:] == ["restricted", "completed"]


def test_a_later_withdrawal_waits_for_the_consents_dispute_too(court: Court) -> None:
    bench = court.clinic
    bench.complete(bench.file(court.made.consent, Extent(recipients=frozenset({INSURER}))), HOSPITAL)
    settle(court.registry)
    court.open()
    id_ = bench.file(court.made.consent)
    bench.complete(id_)
    settle(court.registry)
    assert bench.row(id_).state == "restricted"
    court.execute(_only(court))
    bench.world.clock.now = bench.row(id_).restricted_until
    bench.tick()
    settle(court.registry)
    assert state(bench, id_) is WithdrawalState.COMPLETED


def _only(court: Court) -> str:
    with court.registry.store.reading() as session:
        return session.exec(select(Dispute.id).where(Dispute.state == "open")).one()


def test_what_a_forum_holds_past_the_registry_is_not_said_to_be_destroyed(court: Court) -> None:
    bench, registry = court.clinic, court.registry
    id_ = bench.file(court.made.consent)
    settle(registry)
    order = Opening(
        case_id=b"\5" * 32,
        root=b"\x08" * 32,  # of evidence that nobody here has
        kind=OpeningKind.FORUM,
        parties=(b"\1" * 20, b"\2" * 20),
        statement=b"\6" * 32,
        consents=(id_,),
    )
    signature = sign(order, registry.client.preservation_domain, FORUM)
    tell(registry, EthereumKey(b"\6" * 32), registry.client.open_dispute(order, signature))
    assert find(registry) == 1
    bench.complete(id_)
    assert bench.row(id_).state == "frozen"
    assert bench.tick() == Ticked()
    settle(registry)
    end = Release(b"\5" * 32, b"\7" * 32)
    released = registry.client.release(end, [sign(end, registry.client.preservation_domain, FORUM)], 1)
    tell(registry, EthereumKey(b"\6" * 32), released)
    assert bench.tick() == Ticked(completed=(id_,))
    settle(registry)
    assert state(bench, id_) is WithdrawalState.COMPLETED
