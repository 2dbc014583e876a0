"""A receipt of a consent whose record was destroyed: genuine still, and in force no more (S13.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier.receipt_checks import Ledger, ask, check, codes, withdrawn
from tests.verifier.receipt_world import ERASED, GIVEN, ReceiptWorld, completed, receipt_trust
from tests.verifier.world import BLOCK_TIME, MAX_AGE, OUTSIDER
from yinzheng.verifier import EnvironmentFault
from yinzheng.verifier.judge.receipt.erasure import LiveTombstone
from yinzheng.verifier.judge.receipt.exhibits import ReceiptLedger
from yinzheng.verifier.judge.receipt.report import ReceiptReport
from yinzheng.verifier.log.statement import Statement, commit_public


def notes(report: ReceiptReport) -> set[str]:
    return {note.code for note in report.notes}


def test_its_receipt_is_genuine_and_says_that_it_is_erased() -> None:
    world = withdrawn(completed())
    stone = world.erase()
    before = world.file()
    live = Ledger(world, tombstone=stone)
    for report in (check(before, live=live), ask(world, live=live)):
        assert (report.authentic, report.status, report.status_code) == ("genuine", "erased", "ok")
        assert report.exit_code == 1
        assert report.erased is not None
        value = report.to_json()["erased"]
        assert (value["at"], value["ground"], value["method"]) == (ERASED, "withdrawal", "key_destruction")
        assert value["leaf"] == world.leaves[1].hex()
    assert check(before).status == "withdrawn"
    assert check(before).to_json()["erased"] is None


def test_erased_from_its_hour_on_whatever_the_chain_is_asked() -> None:
    world = ReceiptWorld()
    stone = world.erase()
    live = Ledger(world, tombstone=stone)
    assert check(world, live=live, at=ERASED).status == "erased"
    assert check(world, live=live, at=ERASED - 1).status == "in_force"
    assert check(world, live=live, now=BLOCK_TIME + MAX_AGE + 1).status == "erased"
    trust = receipt_trust(lambda policy: policy["chain"]["contracts"].pop("consents"))
    unpinned = check(world, live=live, trust=trust)
    assert (codes(unpinned), unpinned.status) == ({9: "consents-not-pinned"}, "erased")


def _other(**changes: Any) -> Callable[[ReceiptWorld], LiveTombstone]:
    return lambda world: world.erase(**changes)


def _names_others(world: ReceiptWorld) -> LiveTombstone:
    stone = world.erase()
    body = dict(stone.body)  # type: ignore[call-overload]
    body["statements"] = ["00" * 32]
    return replace(stone, body=body)


def _not_committed(world: ReceiptWorld) -> LiveTombstone:
    stone = world.erase()
    return replace(stone, body={**stone.body, "ground": "court"})  # type: ignore[dict-item]


def _not_in_the_log(world: ReceiptWorld) -> LiveTombstone:
    stone = world.erase()
    statement = replace(Statement.from_json(stone.statement), commitment=commit_public(b"{}"))
    return replace(stone, statement=statement.to_json())


def _unsigned(world: ReceiptWorld) -> LiveTombstone:
    world.log_signers = world.log_signers[:1]
    stone = world.erase()
    world.log_signers = ReceiptWorld().log_signers
    return stone


def _not_anchored(world: ReceiptWorld) -> LiveTombstone:
    stone = world.erase()
    world.anchored_root = bytes(31) + b"1"
    return stone


def _unsealed(world: ReceiptWorld) -> LiveTombstone:
    stone = world.erase()
    world.sealers = [OUTSIDER]
    return stone


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (_other(subject=bytes(32)), "tombstone-differs"),
        (_other(type="notice.published"), "tombstone-differs"),
        (_other(at=GIVEN - 7200), "tombstone-differs"),
        (_names_others, "tombstone-differs"),
        (_not_committed, "commitment"),
        (_not_in_the_log, "commitment"),
        (lambda world: replace(world.erase(), proof=world.proof.text), "inclusion-proof"),
        (lambda world: replace(world.erase(), statement={}), "field-missing"),
        (_unsigned, "checkpoint-signature-missing"),
        (_not_anchored, "root-differs"),
        (_unsealed, "sealer-not-pinned"),
    ],
)
def test_a_tombstone_that_does_not_prove_itself_is_not_had(
    lie: Callable[[ReceiptWorld], LiveTombstone], reason: str
) -> None:
    world = ReceiptWorld()
    ledger = Ledger(world, tombstone=lie(world))
    report = check(ReceiptWorld(), live=ledger, allow_attached=lie is _unsealed)
    assert (report.status, report.erased) == ("in_force", None)
    assert "erasure-unknown" in notes(report)
    with pytest.raises(EnvironmentFault) as caught:
        ReceiptLedger(ledger, receipt_trust()).erased(world.statement)
    assert (caught.value.code, caught.value.data["reason"]) == ("live-refused", reason)


def test_a_silent_ledger_tells_of_no_erasure() -> None:
    report = check(ReceiptWorld(), live=Ledger(ReceiptWorld(), silent=True), allow_attached=True)
    assert notes(report) >= {"attached-used", "erasure-unknown"}
    assert report.status == "in_force"
