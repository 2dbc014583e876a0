"""Withdrawals from request to end, through log and chain (R31 to R36)."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from sqlmodel import select

from tests.ledger.scanning import searched
from tests.ledger.withdrawals.clinic import DAY, HOSPITAL, HOUR, INSURER, LAB, Clinic
from tests.ledger.world import OFFICER, actor_of
from yinzheng.ledger.chain.records import ReceiptState, Withdrawal, WithdrawalState
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.rules.consent import Scope
from yinzheng.ledger.rules.extent import Extent, Way
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store.models import ChainCall
from yinzheng.ledger.withdrawals import course
from yinzheng.ledger.withdrawals.concluding import conclusion
from yinzheng.ledger.withdrawals.ending import Ticked
from yinzheng.ledger.withdrawals.progress import progress, withdrawals_in
from yinzheng.ledger.withdrawals.work import open_thread, work_on
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.withdrawal_steps import Kept
from yinzheng.verifier.judge.conclusion.report import Standing
from yinzheng.verifier.judge.conclusion.verify import verify_conclusion
from yinzheng.verifier.judge.report import Authentic
from yinzheng.verifier.judge.trust import parse_trust

CHILD = "2015-06-01"


def on_chain(clinic: Clinic, id_: bytes) -> Withdrawal:
    found = clinic.registry.client.withdrawal(id_)
    assert found is not None
    return found


def test_an_adult_withdraws_everything(clinic: Clinic) -> None:
    subject = clinic.grant()
    clinic.world.clock.advance(DAY + 1234)
    id_ = clinic.file(subject)
    assert id_ == subject
    hour = clinic.registry.clock() // HOUR * HOUR
    settle(clinic.registry)
    opened = on_chain(clinic, id_)
    assert (opened.state, opened.received_at, opened.minor) == (WithdrawalState.REQUESTED, hour, False)
    assert opened.request == clinic.request_leaf(id_)
    assert opened.recipients == 2  # the insurer has anonymised data alone
    told_at_once = {
        ("freeze", HOSPITAL): 1,
        ("destroy", HOSPITAL): 1,
        ("destroy", LAB): 1,
        ("destroy", INSURER): 1,
    }
    assert clinic.told(id_) == told_at_once  # whatever the controller does

    clinic.world.clock.advance(5 * HOUR)
    clinic.freeze(id_)
    settle(clinic.registry)
    assert on_chain(clinic, id_).state is WithdrawalState.FROZEN
    assert clinic.told(id_) == told_at_once

    clinic.confirm(id_, LAB)
    settle(clinic.registry)
    assert (on_chain(clinic, id_).receipts, clinic.row(id_).state) == (1, "frozen")
    clinic.world.clock.advance(HOUR)
    clinic.confirm(id_, HOSPITAL)
    settle(clinic.registry)
    done = on_chain(clinic, id_)
    assert (done.state, done.late, done.receipts) == (WithdrawalState.COMPLETED, False, 2)
    assert done.outcome == clinic.thread(subject)[-1].leaf_hash
    for row in clinic.recipients(id_).values():
        given = clinic.registry.client.receipt_of(id_, row.name) if row.name else None
        if row.code == INSURER:
            assert (row.duty, row.receipt, given) == ("exempt", None, None)
        else:
            assert given is not None
            assert (given.state, given.statement, given.late) == (ReceiptState.GIVEN, row.receipt, False)
    assert clinic.types(subject) == [
        "requested", "verified", "notified", "frozen", "receipt", "receipt", "completed",
    ]  # fmt: skip
    assert clinic.row(id_).ended_at == clinic.registry.clock()
    assert clinic.told(id_)["concluded", LAB] == 1


def test_a_child_has_a_second_clock(clinic: Clinic) -> None:
    subject = clinic.grant(born=CHILD)
    id_ = clinic.file(subject, channel=Way.GUARDIAN)
    settle(clinic.registry)
    row, chain = clinic.row(id_), on_chain(clinic, id_)
    assert row.minor
    assert chain.minor
    assert clinic.registry.client.freeze_deadline(id_) == row.received_at + 48 * HOUR
    clinic.world.clock.now = row.received_at + 48 * HOUR + 1
    assert progress(clinic.registry, id_).overdue_since == row.received_at + 48 * HOUR
    clinic.prove_guardian(id_)
    clinic.complete(id_)
    settle(clinic.registry)
    assert on_chain(clinic, id_).late
    assert progress(clinic.registry, id_).late


def test_genetic_information_is_told_to_the_ethics_committee(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant(genetic=True))
    assert clinic.told(id_)["ethics", HOSPITAL] == 1
    assert progress(clinic.registry, id_).ethics_at == clinic.registry.clock()


def test_one_scope_is_taken_back_and_the_rest_provably_remains(clinic: Clinic) -> None:
    subject = clinic.grant()
    id_ = clinic.file(subject, Extent(scopes=frozenset({Scope.THIRD_PARTY_RESEARCH})))
    clinic.complete(id_)
    settle(clinic.registry)
    shown = progress(clinic.registry, id_)
    assert shown.taken.scopes == ("third_party_research",)
    assert shown.remains.scopes == ("base", "commercial_use")
    assert [answer.code for answer in shown.answers] == [LAB, HOSPITAL]
    assert on_chain(clinic, id_).state is WithdrawalState.COMPLETED


def test_a_recipient_then_all_the_rest(clinic: Clinic) -> None:
    subject = clinic.grant()
    first = clinic.file(subject, Extent(recipients=frozenset({INSURER})))
    second = clinic.file(subject)
    assert first == subject
    assert second != first
    told = clinic.notices(first, "withdrawal.freeze")
    assert [(one["scopes"], one["recipients"]) for one in told] == [([], [INSURER])]
    clinic.complete(first, HOSPITAL)
    clinic.complete(second)
    settle(clinic.registry)
    assert on_chain(clinic, first).state is on_chain(clinic, second).state is WithdrawalState.COMPLETED
    with clinic.registry.store.reading() as session:
        one, two = withdrawals_in(open_thread(clinic.registry, session, subject))
    assert (one.serial, two.serial) == (1, 2)
    assert one.remains.scopes == two.taken.scopes
    assert two.remains.is_empty
    assert [a.exempt is not None for a in one.answers] == [True, False]


def test_the_thread_is_one_and_its_times_are_full_hours(clinic: Clinic) -> None:
    subject = clinic.grant()
    clinic.world.clock.advance(DAY + 1999)
    clinic.complete(clinic.file(subject))
    thread = clinic.thread(subject)
    assert [one.prev for one in thread[1:]] == [one.leaf_hash for one in thread[:-1]]
    assert thread[0].prev is None
    assert {one.subject for one in thread} == {subject}
    assert all(one.at % HOUR == 0 for one in thread)
    assert [one.by for one in thread[1:]] == [
        "subject", "registry", "registry", "controller", "recipient", "controller", "registry",
    ]  # fmt: skip


def test_a_consent_that_still_waits_in_the_pool_is_withdrawn(production: Clinic) -> None:
    subject = production.grant()
    production.complete(production.file(subject))
    settle(production.registry)
    assert on_chain(production, subject).state is WithdrawalState.COMPLETED


def test_freezing_and_a_receipt_told_twice_change_nothing(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant())
    clinic.freeze(id_)
    clinic.freeze(id_)
    signed = clinic.receipt(id_, LAB)
    with work_on(clinic.registry, id_) as work:
        leaf = course.receipt(work, signed)
    with work_on(clinic.registry, id_) as work:
        assert course.receipt(work, signed) == leaf
    settle(clinic.registry)
    assert on_chain(clinic, id_).receipts == 1


def test_the_end_is_one_signed_document(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant())
    with pytest.raises(UsageFault) as early:
        conclusion(clinic.registry, id_)
    assert early.value.code == "withdrawal-open"
    clinic.complete(id_)
    with pytest.raises(UsageFault) as unanchored:
        conclusion(clinic.registry, id_)
    assert unanchored.value.code == "withdrawal-unanchored"
    settle(clinic.registry)
    trust = parse_trust(canonical.dumps(trust_policy(clinic.registry.instance)))
    shown = read_target(conclusion(clinic.registry, id_))
    report = verify_conclusion(shown, trust, now=clinic.registry.clock())
    assert (report.authentic, report.standing) == (Authentic.GENUINE, Standing.COMPLETED)


def test_what_an_officer_restricts_ends_with_its_retention(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant())
    clinic.freeze(id_)
    end = clinic.registry.clock() + 100 * DAY
    kept = [Kept("住院病历", "保存期限未满")]
    course.restrict(
        clinic.registry,
        id_,
        law="《医疗机构病历管理规定》第二十九条",
        until=end,
        kept=kept,
        by=actor_of(clinic.registry, OFFICER),
    )
    settle(clinic.registry)
    assert clinic.handled()[-1] == (OFFICER, id_.hex())
    chain = on_chain(clinic, id_)
    assert (chain.state, chain.restricted_until) == (
        WithdrawalState.RESTRICTED,
        clinic.row(id_).restricted_until,
    )
    assert chain.restricted_until >= end
    clinic.confirm(id_, LAB, HOSPITAL)
    clinic.world.clock.advance(DAY)
    assert clinic.tick() == Ticked()
    shown = progress(clinic.registry, id_).restriction
    assert shown is not None
    assert shown.in_force
    clinic.world.clock.now = chain.restricted_until
    with searched(clinic.registry, "withdrawal_recipient", "delivery"):
        assert clinic.tick() == Ticked(completed=(id_,))
    assert clinic.tick() == Ticked()
    settle(clinic.registry)
    assert (on_chain(clinic, id_).state, on_chain(clinic, id_).late) == (WithdrawalState.COMPLETED, False)


def test_an_outage_of_days_dates_the_opening_anew(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant())
    received = clinic.row(id_).received_at
    clinic.world.clock.advance(4 * DAY)
    clinic.complete(id_)
    settle(clinic.registry)
    chain = on_chain(clinic, id_)
    assert chain.state is WithdrawalState.COMPLETED
    assert received < chain.received_at <= chain.opened_at
    assert clinic.row(id_).received_at == received
    assert progress(clinic.registry, id_).late
    assert clinic.world.clock() - chain.received_at <= DAY


@pytest.mark.parametrize("settled", [True, False])
def test_one_refused_call_holds_up_its_own_withdrawal_alone(clinic: Clinic, settled: bool) -> None:
    subjects = [clinic.grant(settle=False) for _ in range(3)]
    late = clinic.file(subjects[0])
    clinic.world.clock.advance(30 * HOUR)
    for subject in subjects[1:]:
        clinic.complete(clinic.file(subject))
    clinic.complete(late)
    if settled:
        settle(clinic.registry)
    settle(clinic.registry)
    assert {on_chain(clinic, one).state for one in subjects} == {WithdrawalState.COMPLETED}
    with clinic.registry.store.reading() as session:
        calls = session.exec(select(ChainCall)).all()
    assert {(call.state, call.error) for call in calls} == {("confirmed", None)}


def test_what_is_sent_no_more_is_found_by_its_withdrawal(clinic: Clinic) -> None:
    """Of all that waits to be sent to anyone, however much."""
    if clinic.registry.store.dialect != "sqlite":
        pytest.skip("asks SQLite how it finds them")
    id_, asked = clinic.file(clinic.grant()), list[str]()
    with clinic.registry.store.transaction() as session:
        engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", lambda *one: asked.append(one[2]))
    clinic.complete(id_)
    with clinic.registry.store.reading() as session:
        run = session.connection().exec_driver_sql
        explained = {text for text in asked if text.startswith("SELECT") and "FROM delivery" in text}
        plan = [
            str(step[3])
            for text in explained
            for step in run(f"EXPLAIN QUERY PLAN {text}", (None,) * text.count("?"))
        ]
    assert plan
    assert all(step.startswith("SEARCH delivery USING INDEX ix_delivery_withdrawal_id") for step in plan), (
        plan
    )
