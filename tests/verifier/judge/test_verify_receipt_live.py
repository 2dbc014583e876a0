"""Receipts checked with a ledger that answers, is silent or lies (S13.4, S13.7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.verifier.bodies import LAB
from tests.verifier.receipt_checks import Ledger, ask, check, codes, withdrawn
from tests.verifier.receipt_world import ReceiptWorld, completed, consent_json, receipt_trust, restricted
from tests.verifier.world import DEPOSITED, NOW, OUTSIDER
from yinzheng.verifier import Outcome
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.formats.consent import parse_consent
from yinzheng.verifier.formats.withdrawal import HOUR
from yinzheng.verifier.judge.receipt.verify import verify_receipt


def test_the_code_alone_is_proved_genuine_without_anything_private() -> None:
    report = ask(ReceiptWorld())
    assert codes(report) == {4: "body-not-shown"}
    assert (report.authentic, report.status, report.status_code) == (
        "genuine",
        "undetermined",
        "term-private",
    )
    assert report.exit_code == 3
    assert report.consent is None
    offline = verify_receipt(read_target(ReceiptWorld().qr), receipt_trust(), now=NOW)
    assert [offline.finding(n).outcome for n in (1, 2, 3)] == [Outcome.VALID] * 3
    assert (offline.authentic, offline.status) == ("undetermined", "undetermined")


@pytest.mark.parametrize("chain", [{}, completed(), restricted()])
def test_the_code_alone_cannot_tell_how_much_was_withdrawn(chain: dict[str, Any]) -> None:
    report = ask(withdrawn(chain, recipients=[LAB]))
    assert (report.authentic, report.status, report.remaining) == ("genuine", "undetermined", None)
    assert (report.status_code, report.untold, report.exit_code) == ("extent-private", 1, 3)
    assert len(report.withdrawals) == 1


def test_the_code_alone_tells_of_a_duty_that_is_overdue() -> None:
    late = withdrawn(
        {"received_at": NOW - 80 * HOUR, "opened_at": NOW - 79 * HOUR, "changed_at": NOW - 79 * HOUR}
    )
    report = ask(late)
    assert (report.status, report.untold, report.exit_code) == ("overdue", 1, 1)


def test_a_live_answer_is_newer_than_the_file() -> None:
    world = ReceiptWorld()
    file = world.file()
    world.withdraw({})
    world.events.clear()
    report = check(file, live=Ledger(world))
    assert (report.status, report.status_code) == ("undetermined", "withdrawals-untold")
    assert (report.remaining, report.untold) == (None, 1)


def test_a_ledger_that_is_silent_or_lies_is_not_had() -> None:
    world = ReceiptWorld()
    report = ask(world, live=Ledger(world, silent=True))
    assert codes(report) == {4: "body-not-shown", **dict.fromkeys(range(5, 11), "node-unreachable")}
    assert report.authentic == "undetermined"
    answers: list[dict[str, Any]] = [
        {"silent": True},
        {"chain": {"headers": []}},
        {"chain": ReceiptWorld(sealers=[OUTSIDER]).chain()},
    ]
    for told in answers:
        open_ = check(world, live=Ledger(world, **told))
        assert (open_.authentic, open_.exit_code) == ("undetermined", 3)
        stands_in = check(world, live=Ledger(world, **told), allow_attached=True)
        assert stands_in.status == "in_force"
        assert "attached-used" in {note.code for note in stands_in.notes}
    lying = ask(world, live=Ledger(world, proof=world.proof.text.replace("index 3", "index 1")))
    assert lying.finding(5).code == "live-refused"
    assert lying.finding(5).outcome is Outcome.ERROR
    stranger = ReceiptWorld(body=parse_consent(consent_json(genetic=True)))
    unknown = ask(stranger, live=Ledger(world))
    assert unknown.finding(5).code == "no-statement"


def test_a_ledger_without_seals_or_pinned_contract() -> None:
    world = ReceiptWorld(sealers=[None])
    assert ask(world).finding(8).code == "unsealed"
    trust = receipt_trust(lambda policy: policy["chain"]["contracts"].pop("consents"))
    report = verify_receipt(read_target(world.qr), trust, now=NOW, live=Ledger(world))
    assert report.finding(9).code == "consents-not-pinned"


def test_an_archive_tells_the_past() -> None:
    at = DEPOSITED + 10
    world = withdrawn(completed())
    before = withdrawn({})
    before.block_time = at - 5
    live = Ledger(world, past=before, block={"gap": 30})
    report = check(world, at=at, live=live)
    assert (report.status, report.status_code) == ("withdrawal_pending", "ok")
    gap = check(world, at=at, live=Ledger(world, past=before, block={"gap": 1}))
    assert gap.status_code == "archive-gap"
    later = Ledger(world, past=before, block={"time": at + 1})
    assert check(world, at=at, live=later).status_code == "archive-gap"


def test_an_unsealed_chain_is_asked_about_the_past_too() -> None:
    at = DEPOSITED + 10
    world = withdrawn(completed())
    world.sealers = [None]
    before = withdrawn({})
    before.block_time, before.sealers = at - 5, [None]
    assert check(world, at=at, live=Ledger(world, past=before)).status == "withdrawal_pending"
