"""Who owes is told in the moment of verification and reminded; who was never reached is "not told" (R35)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from tests.ledger.disputes.conftest import court, court_template
from tests.ledger.disputes.court import Court
from tests.ledger.withdrawals.clinic import HOSPITAL, HOUR, INSURER, LAB, Clinic, Template
from tests.ledger.world import OFFICER, actor_of
from yinzheng.ledger.consents.basis import counts
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.notify import deliveries
from yinzheng.ledger.organisations.enrolment import change_webhook
from yinzheng.ledger.rules.extent import Way
from yinzheng.ledger.state.faults import InjectedFault, RaiseAt
from yinzheng.ledger.store.models_consents import Consent, Delivery, Organisation
from yinzheng.ledger.withdrawals.claims import DocumentClaim
from yinzheng.ledger.withdrawals.ending import Ticked
from yinzheng.ledger.withdrawals.progress import Line, listed, progress
from yinzheng.ledger.withdrawals.reach import Silence
from yinzheng.verifier.errors import DataFault

__all__ = ["court", "court_template"]

CHILD = "2015-06-01"


def at(clinic: Clinic, id_: bytes, hours: int, seconds: int = 0) -> int:
    """The clock goes there, and one round is done; gives how many reminders it queued."""
    clinic.world.clock.now = clinic.row(id_).received_at + hours * HOUR + seconds
    reminded = clinic.tick().reminded
    assert clinic.tick() == Ticked(), "each reminder once"
    return reminded


def reminders(clinic: Clinic, id_: bytes, code: str, kind: str = "destroy") -> list[str | None]:
    """What an organisation was told of its duty, in order of time: why each time."""
    notices = sorted(
        (one for one in clinic.webhooks(id_) if one.to == code and one.kind == f"withdrawal.{kind}"),
        key=lambda one: one.at,
    )
    return [one.data["reminder"] for one in notices]  # type: ignore[misc]


def the_line(clinic: Clinic) -> Line:
    (line,) = listed(clinic.registry)
    return line


def test_recipients_owe_and_answer_though_the_controller_does_nothing(clinic: Clinic) -> None:
    subject = clinic.grant()
    id_ = clinic.file(subject)
    assert {code for kind, code in clinic.told(id_) if kind == "destroy"} == {HOSPITAL, LAB, INSURER}
    (signed,) = deliveries.fetch(clinic.registry, LAB)
    assert b"withdrawal.destroy" in signed.body
    clinic.confirm(id_, LAB)
    settle(clinic.registry)
    clinic.world.clock.now = clinic.row(id_).received_at + 72 * HOUR + 1
    assert clinic.row(id_).state == "notified"
    shown = progress(clinic.registry, id_)
    assert shown.overdue_since == shown.destroy_by
    clinic.freeze(id_)
    clinic.confirm(id_, HOSPITAL)
    settle(clinic.registry)
    assert clinic.row(id_).state == "completed"


def test_reminders_come_at_half_time_before_the_end_and_after_it(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant())
    clinic.freeze(id_)
    assert at(clinic, id_, 36, -1) == 0
    assert at(clinic, id_, 36) == 2
    clinic.confirm(id_, HOSPITAL)
    assert at(clinic, id_, 60) == 1
    assert at(clinic, id_, 72) == 0
    assert at(clinic, id_, 72, 1) == 1
    assert at(clinic, id_, 200) == 0
    assert reminders(clinic, id_, LAB) == [None, "half", "last", "overdue"]
    assert reminders(clinic, id_, HOSPITAL) == [None, "half"]
    assert reminders(clinic, id_, INSURER) == [None], "who is exempt owes nothing"


def test_a_controller_that_does_not_freeze_is_reminded_of_that_too(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant(born=CHILD), channel=Way.GUARDIAN)
    clinic.prove_guardian(id_)
    assert at(clinic, id_, 24) == 1
    assert at(clinic, id_, 36) == 3  # the last for freezing, half of the time for destroying
    assert at(clinic, id_, 48) == 0
    assert at(clinic, id_, 48, 1) == 1
    assert reminders(clinic, id_, HOSPITAL, "freeze") == [None, "half", "last", "overdue"]
    (deadline,) = {one["deadline"] for one in clinic.notices(id_, "withdrawal.freeze")}
    assert deadline == clinic.row(id_).received_at + 48 * HOUR


def test_what_was_missed_comes_once_and_as_the_latest(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant())
    clinic.freeze(id_)
    assert at(clinic, id_, 61) == 2
    assert reminders(clinic, id_, LAB) == [None, "last"]


@pytest.mark.parametrize("point", ["store.commit.before", "store.commit.after"])
def test_a_reminder_survives_a_kill_and_comes_once(
    clinic_template: Template, tmp_path: Path, point: str
) -> None:
    world = clinic_template.world.copy(tmp_path / "state")
    notice, digest = clinic_template.notice, clinic_template.digest
    with world.open() as registry:
        clinic = Clinic(world, registry, notice, digest)
        id_ = clinic.file(clinic.grant())
        clinic.freeze(id_)
        world.clock.now = clinic.row(id_).received_at + 36 * HOUR
    with pytest.raises(InjectedFault), world.open(RaiseAt(point, 1), settle=False) as registry:
        Clinic(world, registry, notice, digest).tick()
    with world.open() as registry:
        again = Clinic(world, registry, notice, digest)
        again.tick()
        assert reminders(again, id_, LAB) == reminders(again, id_, HOSPITAL) == [None, "half"]
        assert again.tick() == Ticked()


def test_a_reminder_on_its_way_is_not_sent_once_the_duty_is_done(clinic: Clinic) -> None:
    for code in (LAB, HOSPITAL):
        change_webhook(clinic.registry, code, "https://lab.example/n", actor_of(clinic.registry, OFFICER))
    id_ = clinic.file(clinic.grant())
    at(clinic, id_, 36)
    clinic.freeze(id_)
    clinic.confirm(id_, LAB)
    left = {(one.to, one.body) for one in deliveries.claim(clinic.registry, clinic.registry.clock())}
    assert {to for to, _ in left} == {HOSPITAL}
    assert not any(b"withdrawal.freeze" in body for _, body in left)
    with clinic.registry.store.reading() as session:
        moot = session.exec(select(Delivery).where(Delivery.state == "moot")).all()
    assert sorted((row.code, row.kind.removeprefix("withdrawal.")) for row in moot) == sorted(
        [(LAB, "destroy"), (LAB, "destroy"), (HOSPITAL, "freeze"), (HOSPITAL, "freeze")]
    )


def test_who_was_never_reached_is_not_told_and_not_owing(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant())
    line = the_line(clinic)
    assert (line.owing, [one.code for one in line.not_told]) == (0, [LAB, HOSPITAL])
    assert {one.silence for one in line.not_told} == {Silence.NOT_FETCHED}
    deliveries.fetch(clinic.registry, HOSPITAL)
    line = the_line(clinic)
    assert (line.owing, [one.code for one in line.not_told]) == (1, [LAB])
    assert listed(clinic.registry, not_told=True) == [line]
    clinic.world.clock.now = line.destroy_by + 1
    (late,) = listed(clinic.registry, overdue=True)
    assert late.overdue_since == line.destroy_by, "the law's clock runs all the same"
    silent = {one.code: one.silence for one in progress(clinic.registry, id_).answers}
    assert silent == {LAB: Silence.NOT_FETCHED, HOSPITAL: None, INSURER: Silence.NOT_FETCHED}
    with clinic.registry.store.reading() as session:
        found = counts(session, clinic.notice.leaf, clinic.registry.clock())
    assert (found.pending, found.overdue, found.not_told) == ("<5", "<5", "<5")
    deliveries.about(clinic.registry, LAB, id_)  # it looks at the withdrawal, and so learns of it
    assert the_line(clinic).not_told == ()
    with clinic.registry.store.reading() as session:
        assert counts(session, clinic.notice.leaf, clinic.registry.clock()).not_told == "0"
    assert listed(clinic.registry, not_told=True) == []


def test_an_answer_and_a_delivery_are_being_told(clinic: Clinic) -> None:
    id_ = clinic.file(clinic.grant())
    change_webhook(clinic.registry, LAB, "https://lab.example/n", actor_of(clinic.registry, OFFICER))

    def silence() -> Silence | None:
        return next(one.silence for one in progress(clinic.registry, id_).answers if one.code == LAB)

    now = clinic.registry.clock()
    assert silence() is Silence.ON_ITS_WAY
    (out,) = deliveries.claim(clinic.registry, now)
    deliveries.note(clinic.registry, [(out.id, "webhook-timeout")], now)
    assert silence() is Silence.NO_ANSWER
    deliveries.note(clinic.registry, [(out.id, None)], now + 7)
    assert silence() is None
    assert clinic.recipients(id_)[LAB].told_at == now + 7
    clinic.freeze(id_)
    assert clinic.recipients(id_)[HOSPITAL].told_at == now
    deliveries.note(clinic.registry, [(out.id, None)], now + 9)
    assert clinic.recipients(id_)[LAB].told_at == now + 7, "the first time stays"


def test_a_controller_that_brings_a_withdrawal_knows_of_it(clinic: Clinic) -> None:
    id_ = clinic.file(
        clinic.grant(), channel=Way.CONTROLLER, claim=DocumentClaim("identity_card"), actor=HOSPITAL
    )
    assert clinic.recipients(id_)[HOSPITAL].told_at == clinic.registry.clock()
    assert [one.code for one in the_line(clinic).not_told] == [LAB]


def test_one_whose_rows_were_altered_keeps_no_other_waiting(clinic: Clinic) -> None:
    ids = sorted(clinic.file(clinic.grant()) for _ in range(3))
    clinic.world.clock.advance(37 * HOUR)
    with clinic.registry.store.transaction() as session:
        session.get_one(Consent, ids[1]).head = bytes(32)
    for _ in range(2):
        with pytest.raises(DataFault) as caught:
            clinic.tick()
        assert caught.value.code == "thread-broken"
    assert [len(reminders(clinic, id_, LAB)) for id_ in (ids[0], ids[2])] == [2, 2]  # told, and reminded once


def test_who_is_enrolled_later_is_told_then(clinic: Clinic) -> None:
    with clinic.registry.store.transaction() as session:
        gone = session.get_one(Organisation, LAB)
        kept = gone.model_dump()
        session.delete(gone)
    id_ = clinic.file(clinic.grant())
    assert ("destroy", LAB) not in clinic.told(id_)
    (untold,) = [one for one in the_line(clinic).not_told if one.code == LAB]
    assert (untold.name, untold.silence) == (None, Silence.NOT_ENROLLED)
    assert clinic.tick().reminded == 0
    with clinic.registry.store.transaction() as session:
        session.add(Organisation(**kept))
    assert clinic.tick() == Ticked(reminded=1)
    assert reminders(clinic, id_, LAB) == [None]


def test_under_a_hold_everyone_is_told_to_keep_and_later_to_destroy(court: Court) -> None:
    bench = court.clinic
    dispute = court.open()
    id_ = bench.file(court.made.consent)
    assert {kind for kind, _ in bench.told(id_)} == {"freeze", "held"}
    assert bench.tick() == Ticked()
    bench.world.clock.advance(37 * HOUR)
    assert bench.tick() == Ticked(reminded=1)  # the controller has to freeze all the same
    court.execute(dispute)
    assert bench.tick().reminded == 2
    assert bench.tick() == Ticked()
    assert bench.told(id_)["destroy", LAB] == 1
    assert bench.told(id_)["destroy", INSURER] == 0


def test_a_hold_that_comes_takes_back_what_was_not_sent_yet(court: Court) -> None:
    bench = court.clinic
    id_ = bench.file(court.made.consent)
    court.open()
    bench.world.clock.advance(60)
    assert bench.tick().reminded == 2
    assert bench.tick() == Ticked()
    bodies = [one.body for one in deliveries.fetch(bench.registry, LAB)]
    assert any(b"withdrawal.held" in body for body in bodies)
    assert not any(b"withdrawal.destroy" in body for body in bodies)
    bench.freeze(id_)
    assert bench.row(id_).state == "restricted"
