"""What is over stays over, clocks that lag, and what restrains a right in force (S9.2, S13.5, D14)."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from tests.verifier.judge.test_conclusion import COMPLETED, RESTRICTED
from tests.verifier.judge.test_conclusion import check as check_conclusion
from tests.verifier.live_world import FakeLedger
from tests.verifier.receipt_checks import check as check_receipt
from tests.verifier.receipt_world import ReceiptWorld
from tests.verifier.receipt_world import presented as receipt
from tests.verifier.world import (
    BLOCK_TIME,
    DAY,
    DEPOSITED,
    NOW,
    VALID_UNTIL,
    RecordState,
    World,
    genuine_file,
    presented,
    trust,
)
from yinzheng.verifier import Authentic, EnvironmentFault, Finding, Outcome, Status, UsageFault
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.conclusion.report import Standing
from yinzheng.verifier.judge.exhibits import Exhibits
from yinzheng.verifier.judge.obligations import CLOCK_SKEW
from yinzheng.verifier.words import conclusion as words
from yinzheng.verifier.words.verdict import Judged, verdict


def test_an_expired_certificate_is_expired_for_ever_offline_too() -> None:
    report = verify(presented(genuine_file()), trust(), now=VALID_UNTIL + 1)
    assert report.finding(10).code == "answer-too-old"
    assert (report.authentic, report.status, report.status_code) == (Authentic.GENUINE, Status.EXPIRED, "ok")
    assert (report.exit_code, report.speaks_of) == (1, VALID_UNTIL + 1)
    assert verdict(report).headline.en.endswith(", just now")


def test_a_cancelled_certificate_too() -> None:
    record = RecordState(content=World().statement.leaf_hash, status=3)
    report = verify(presented(World(record=record).file()), trust(), now=NOW + 10_000)
    assert (report.status, report.exit_code) == (Status.CANCELLED, 1)


@pytest.mark.parametrize("behind", [1, 300])
def test_a_reader_behind_the_deposit_is_not_told_not_yet(behind: int) -> None:
    world = World(block_time=DEPOSITED)
    report = verify(presented(world.file()), trust(), now=DEPOSITED - behind)
    assert (report.authentic, report.status, report.exit_code) == (Authentic.GENUINE, Status.IN_FORCE, 0)


def test_a_time_yet_to_come_is_refused() -> None:
    with pytest.raises(UsageFault) as caught:
        verify(presented(genuine_file()), trust(), now=NOW, at=NOW + 1)
    assert caught.value.code == "time-future"
    assert verify(presented(genuine_file()), trust(), now=BLOCK_TIME, at=BLOCK_TIME).in_force


def test_a_receipt_is_no_certificate() -> None:
    with pytest.raises(UsageFault) as caught:
        verify(receipt(ReceiptWorld().file()), trust(), now=NOW)
    assert caught.value.code == "receipt-presented"


def test_a_consent_whose_term_has_ended_stays_so() -> None:
    world = ReceiptWorld()
    report = check_receipt(world, now=world.body.until + 1)
    assert report.finding(10).code == "answer-too-old"
    assert (report.authentic, report.status, report.exit_code) == ("genuine", "expired", 1)
    assert report.speaks_of == world.body.until + 1


@pytest.mark.parametrize("live", [False, True])
def test_expired_as_of_a_time_after_the_block(live: bool) -> None:
    ledger = FakeLedger(World(), past={"fail": True}) if live else None
    for at, word in ((VALID_UNTIL, Status.UNDETERMINED), (VALID_UNTIL + 5, Status.EXPIRED)):
        report = verify(presented(genuine_file()), trust(), now=VALID_UNTIL + DAY, at=at, live=ledger)
        assert (report.authentic, report.status) == (Authentic.GENUINE, word)
    assert (report.exit_code, report.status_code) == (1, "ok")


def test_expired_as_of_a_time_before_a_later_change() -> None:
    changed = RecordState(content=World().statement.leaf_hash, changed_at=VALID_UNTIL + DAY)
    file = World(record=changed, block_time=VALID_UNTIL + DAY).file()
    report = verify(presented(file), trust(), now=VALID_UNTIL + DAY, at=VALID_UNTIL + 5)
    assert (report.status, report.exit_code) == (Status.EXPIRED, 1)


@pytest.mark.parametrize(
    ("at", "status"), [(DEPOSITED + 5, Status.UNDETERMINED), (NOW + 9000, Status.CANCELLED)]
)
def test_cancelled_as_of_a_time(at: int, status: Status) -> None:
    record = RecordState(content=World().statement.leaf_hash, status=3, changed_at=DEPOSITED + 6)
    report = verify(presented(World(record=record).file()), trust(), now=NOW + 10_000, at=at)
    assert report.status is status


def test_a_consent_whose_term_has_ended_as_of_a_time() -> None:
    world = ReceiptWorld()
    until = world.body.until
    for at, status in ((until - 1, "undetermined"), (until, "expired")):
        report = check_receipt(world, now=until + DAY, at=at)
        assert (report.authentic, report.status) == ("genuine", status)
    assert (report.exit_code, report.status_code) == (1, "ok")


BEHIND = (CLOCK_SKEW, CLOCK_SKEW + 1)


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("past", [False, True])
def test_a_block_from_the_future_tells_nothing_of_any_kind(behind: int, past: bool) -> None:
    now = BLOCK_TIME - behind
    at = now if past else None
    cancelled = RecordState(content=World().statement.leaf_hash, status=3, changed_at=DEPOSITED)
    reports: list[Judged] = [
        verify(presented(genuine_file()), trust(), now=now, at=at),
        verify(presented(World(record=cancelled).file()), trust(), now=now, at=at),
        check_receipt(ReceiptWorld(), now=now, at=at),
        check_conclusion(COMPLETED, now=now, at=at),
        check_conclusion(RESTRICTED, now=now, at=at),
    ]
    for report in reports:
        assert report.authentic is Authentic.GENUINE
        if behind > CLOCK_SKEW:
            assert (report.holds, verdict(report).exit_code) == (None, 3)
            assert report.to_json()["status_code"] == "block-from-future"  # type: ignore[attr-defined]
        else:
            assert report.holds is not None
            assert "future" not in verdict(report).headline.en
            assert past or verdict(report).headline.en.endswith(", just now")


def test_what_restrains_a_right_in_force_is_minded() -> None:
    record = RecordState(content=World().statement.leaf_hash, objections=1)
    report = verify(presented(World(record=record).file()), trust(), now=NOW)
    assert (report.attention, report.standing, report.exit_code) == (("objection",), "attention", 0)
    assert verdict(report).headline.en.startswith("Genuine and in force, but mind what follows, as of ")
    plain = verify(presented(genuine_file()), trust(), now=NOW)
    assert (plain.attention, plain.standing, plain.document) == ((), "in_force", "certificate")


def test_nothing_attached_stands_in_for_nothing() -> None:
    def silent(_size: int | None) -> object:
        raise EnvironmentFault("silent", code="node-unreachable")

    found = Exhibits(allow_attached=True)
    found.ask_chain(silent, trust())  # type: ignore[arg-type]
    assert (found.evidence, found.notes, str(found.why_no_evidence)) == (None, [], "silent")


def test_advice_on_every_end_of_a_withdrawal() -> None:
    report = check_conclusion(COMPLETED)
    said = {
        words.advice(replace(report, authentic=authentic, standing=standing))
        for authentic, standing in product(Authentic, Standing)
    }
    assert len(said) == len(Standing) + 3
    silent = Finding(9, Outcome.ERROR, "node-unreachable", "silent")
    unheard = replace(report, authentic=Authentic.UNDETERMINED, findings=(silent,))
    assert "says nothing against" in words.advice(unheard).en
    assert set(words.STANDINGS) == set(Standing)
