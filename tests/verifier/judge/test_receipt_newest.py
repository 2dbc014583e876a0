"""Receipts that tell less, more or other than happened: cut, invented, older than the chain (S13.4, D15)."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.verifier.bodies import LAB
from tests.verifier.receipt_checks import Ledger, ask, check, codes, invalid, withdrawn
from tests.verifier.receipt_world import (
    GIVEN,
    SUBJECT,
    ReceiptWorld,
    WithdrawalState,
    completed,
    frozen,
    genuine_receipt,
    restricted,
)
from tests.verifier.world import DAY, DEPOSITED, NOW, STRANGER
from yinzheng.verifier import Authentic
from yinzheng.verifier.bytes.algorithms import hmac_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.judge.obligations import CLOCK_SKEW
from yinzheng.verifier.judge.receipt.report import ReceiptReport
from yinzheng.verifier.log.merkle import root_from_leaves
from yinzheng.verifier.log.statement import Statement

SECOND = bytes([1]) * 32

# ---------------------------------------------------------------- older than the chain


def two_withdrawals(**state: Any) -> tuple[ReceiptWorld, dict[str, Any]]:
    """A consent withdrawn in part, then wholly; and its receipt file of between the two."""
    world = withdrawn(completed(), recipients=[LAB])
    between = world.file()
    head = root_from_leaves(world.tree)
    world.withdraw(state or completed(), at=DEPOSITED + 1)
    world.anchored_root = head  # which the chain goes on holding; the world's log is the one of later
    return world, between


def newest(world: ReceiptWorld) -> ReceiptWorld:
    world.anchored_root = None
    return world


def is_outdated(report: ReceiptReport, untold: int = 1) -> None:
    assert report.authentic is Authentic.GENUINE, codes(report)
    assert (report.status, report.status_code) == ("undetermined", "withdrawals-untold")
    assert (report.untold, report.remaining, report.exit_code) == (untold, None, 3)


def test_a_second_withdrawal_is_seen_by_the_count() -> None:
    """The case of D15: it was "in force in part", even live."""
    world, between = two_withdrawals()
    assert check(between).status == "in_force"  # as of its own block that was so
    is_outdated(check(between, live=Ledger(world)))
    report = check(newest(world), live=Ledger(world))
    assert (report.status, report.untold, report.exit_code) == ("withdrawn", 0, 1)


@pytest.mark.parametrize("state", [{}, frozen(), completed(), restricted()])
def test_whatever_became_of_it(state: dict[str, Any]) -> None:
    world, between = two_withdrawals(**state)
    is_outdated(check(between, live=Ledger(world)))


def test_offline_with_evidence_of_later() -> None:
    world, between = two_withdrawals()
    world.events.pop()
    is_outdated(check({**between, "chain": world.chain()}))


def test_how_many_there_are_is_told() -> None:
    world = ReceiptWorld(opened=3, chain_state={SUBJECT: WithdrawalState(request=bytes([5]) * 32)})
    is_outdated(check(world), untold=3)
    code = ask(world)
    assert (code.status_code, code.untold, code.exit_code) == ("extent-private", 3, 3)
    assert code.to_json()["untold"] == 3


def test_one_that_is_overdue_is_overdue_all_the_same() -> None:
    early = NOW - 80 * 3600
    world, between = two_withdrawals()
    first = world.chain_state[SUBJECT]
    first.state, first.receipts, first.completed_at, first.outcome = 2, 1, 0, bytes(32)
    first.received_at = first.opened_at = first.frozen_at = first.changed_at = early
    report = check(between, live=Ledger(world))
    assert (report.status, report.untold, report.exit_code) == ("overdue", 1, 1)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (GIVEN - DAY, ("not_yet", "ok", 0)),
        (DEPOSITED - DAY, ("in_force", "ok", 0)),
        (DEPOSITED + 600, ("undetermined", "withdrawals-untold", 1)),
    ],
)
def test_as_of_a_time_with_one_untold(at: int, expected: tuple[str, str, int]) -> None:
    """The first withdrawal stands where everyone looks: until it was received there was none."""
    world = ReceiptWorld()
    file = world.file()
    world.withdraw(completed())
    world.events.clear()
    report = check(file, at=at, live=Ledger(world))
    assert (str(report.status), report.status_code, report.untold) == expected


def test_as_of_a_time_with_one_that_nobody_can_look_for() -> None:
    world, between = two_withdrawals()
    before = withdrawn(completed(), recipients=[LAB])
    at = before.block_time
    alone = check({**between, "chain": world.chain()}, at=at)
    assert alone.status_code == "as-of-needs-archive"
    then = check(between, at=at, live=Ledger(world, past=before, block={"gap": 10**6}))
    assert (then.status, then.untold, then.exit_code) == ("in_force", 0, 0)
    since = check(between, at=at, live=Ledger(world, past=world, block={"gap": 10**6}))
    assert (since.status_code, since.untold) == ("withdrawals-untold", 1)


@pytest.mark.parametrize("opened", [0, 1])
def test_count_and_first_withdrawal_belong_together(opened: int) -> None:
    first = {} if opened else {SUBJECT: WithdrawalState(request=bytes([5]) * 32)}
    report = check(ReceiptWorld(opened=opened, chain_state=first))
    assert codes(report) == {9: "withdrawal-layout"}
    assert report.authentic is Authentic.FORGED


# ---------------------------------------------------------------- more than the chain counts


def test_one_more_than_the_chain_counts() -> None:
    world, _ = two_withdrawals()
    world.opened = 1
    assert codes(check(newest(world))) == {9: "withdrawals-uncounted"}


@pytest.mark.parametrize("missing", [SUBJECT, SECOND])
def test_one_that_is_not_on_the_chain(missing: bytes) -> None:
    world, _ = two_withdrawals()
    del world.chain_state[missing]
    report = check(newest(world))
    assert invalid(report) == {9}
    assert (report.authentic, report.exit_code) == (Authentic.FORGED, 1)


def test_a_withdrawal_that_was_only_logged() -> None:
    assert codes(check(withdrawn(None))) == {9: "withdrawals-uncounted"}


def test_a_node_that_lags_behind_the_newest_withdrawal() -> None:
    """It does not hold the head either, and has counted fewer than the receipt was made with."""
    world, _ = two_withdrawals()
    file = {**world.file(), "chain": None}
    lagging = ReceiptWorld(block_time=DEPOSITED - 60, anchored_root=bytes(32))
    report = check(file, live=Ledger(lagging), now=DEPOSITED + 5)
    assert codes(report) == {7: "not-anchored", 9: "block-too-early"}
    assert (report.authentic, report.status, report.exit_code) == ("undetermined", "undetermined", 3)


@pytest.mark.parametrize(
    ("after", "code"), [(CLOCK_SKEW - 1, "block-too-early"), (CLOCK_SKEW, "withdrawals-uncounted")]
)
def test_until_when_the_chain_may_not_have_counted(after: int, code: str) -> None:
    world = withdrawn(None)
    world.block_time = world.issued_at + after
    report = check(world)
    assert report.finding(9).code == code
    assert (report.authentic is Authentic.FORGED) == (after == CLOCK_SKEW)


def test_an_invented_withdrawal_stays_so_under_a_block_that_is_too_early() -> None:
    file = genuine_receipt()
    hashes = [one.hex() for one in ReceiptWorld().proof_of(3).hashes]
    file |= {"events": [invented(file)], "last": {"index": 3, "hashes": hashes}, "chain": None}
    lagging = ReceiptWorld(block_time=DEPOSITED - 60, anchored_root=bytes(32))
    assert check(file, live=Ledger(lagging), now=DEPOSITED).authentic is Authentic.FORGED


# ---------------------------------------------------------------- invented


def invented(file: dict[str, Any]) -> dict[str, Any]:
    """An event that nobody filed, made from the file alone: no key, no ledger, no node."""
    world, secret = ReceiptWorld(), os.urandom(32)
    world.statement = Statement.from_json(file["statement"])
    body = world.request(at=file["statement"]["at"] + 60)
    statement = {
        "v": 1, "type": "withdrawal.requested", "profile": file["statement"]["profile"],
        "subject": file["statement"]["subject"], "at": file["statement"]["at"],
        "commitment": hmac_pair(secret, dumps(body)).to_json(), "prev": world.statement.leaf_hash.hex(),
        "by": "subject",
    }  # fmt: skip
    return {"statement": statement, "body": body, "secret": secret.hex()}


def test_an_invented_withdrawal() -> None:
    """It was "genuine, withdrawn, being carried out", with ten obligations VALID."""
    file = genuine_receipt()
    file["events"] = [invented(file)]
    assert codes(check(file))[1] == "field-value"  # it has no place in the log
    for place in (3, 4):
        proof = ReceiptWorld().proof_of(place)
        file["last"] = {"index": place, "hashes": [one.hex() for one in proof.hashes]}
        report = check(file)
        assert {4: "events-cut", 5: "event-not-in-log"}.items() <= codes(report).items()
        assert (report.authentic, report.exit_code) == (Authentic.FORGED, 1)
        assert report.consent is None


def test_an_invented_withdrawal_signed_with_anothers_key() -> None:
    world = withdrawn({})
    world.signer = STRANGER
    assert 2 in invalid(check(world))


def test_one_that_the_registry_signed_and_never_logged() -> None:
    """With the issuer's key alone: neither the log nor the chain bears it out."""
    world = withdrawn({})
    file = world.file()
    logged = ReceiptWorld()
    file |= {"proof": logged.proof.text, "chain": logged.chain([SUBJECT])}
    assert invalid(check(file)) == {5, 9}


# ---------------------------------------------------------------- cut, and otherwise tampered with


def long_thread() -> dict[str, Any]:
    world = withdrawn(frozen())
    world.event("withdrawal.frozen", {"any": "thing"})
    world.event("withdrawal.notified", {"any": "thing"})
    return world.file()


def _last(edit: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], None]:
    def change(file: dict[str, Any]) -> None:
        edit(file["last"])

    return change


def _cut(*at: int) -> Callable[[dict[str, Any]], None]:
    def change(file: dict[str, Any]) -> None:
        for index in sorted(at, reverse=True):
            del file["events"][index]
        if not file["events"]:
            file["last"] = None

    return change


def _flip(text: str) -> str:
    return ("1" if text[0] == "0" else "0") + text[1:]


def _hash(at: int) -> Callable[[dict[str, Any]], None]:
    def change(file: dict[str, Any]) -> None:
        file["last"]["hashes"][at] = _flip(file["last"]["hashes"][at])

    return change


TAMPERED: list[tuple[str, Callable[[dict[str, Any]], object], dict[int, str]]] = [
    ("the last event left out", _cut(2), {4: "events-cut", 5: "event-not-in-log"}),
    ("one in the middle left out", _cut(1), {4: "thread-broken"}),
    ("the first left out", _cut(0), {4: "thread-broken"}),
    ("all left out", _cut(0, 1, 2), {4: "events-cut"}),
    ("the place of the last", _last(lambda last: last.update(index=3)), {5: "event-not-in-log"}),
    ("a hash fewer", _last(lambda last: last["hashes"].pop()), {5: "event-not-in-log"}),
    ("a hash more", _last(lambda last: last["hashes"].append("00" * 32)), {5: "event-not-in-log"}),
    *((f"hash {at} of the last", _hash(at), {5: "event-not-in-log"}) for at in range(2)),
    ("a secret", lambda file: file["events"][1].update(secret="00" * 32), {4: "commitment"}),
    ("a body", lambda file: file["events"][2]["body"].update(any="more"), {4: "commitment"}),
]


@pytest.mark.parametrize(
    ("edit", "expected"), [row[1:] for row in TAMPERED], ids=[row[0] for row in TAMPERED]
)
def test_every_step_of_the_proof_is_held_to_its_obligation(
    edit: Callable[[dict[str, Any]], object], expected: dict[int, str]
) -> None:
    file = long_thread()
    assert codes(check(file)) == {}
    assert len(file["last"]["hashes"]) == 2
    edit(file)
    report = check(file)
    assert codes(report) == expected
    assert (report.authentic, report.exit_code) == (Authentic.FORGED, 1)
    assert report.consent is None or 5 in expected


def test_the_proof_of_the_count_is_one_of_the_states() -> None:
    file = copy.deepcopy(genuine_receipt())
    nodes = file["chain"]["accounts"][1]["storage"][0]["proof"]
    nodes[-1] = nodes[-1][:-1] + ("0" if nodes[-1][-1] != "0" else "1")
    assert set(codes(check(file))) == {9}
    lacking = copy.deepcopy(genuine_receipt())
    del lacking["chain"]["accounts"][1]["storage"][0]
    report = check(lacking)
    assert codes(report) == {9: "evidence-not-given"}
    assert (report.authentic, report.exit_code) == (Authentic.GENUINE, 3)
