"""Every status, now and as of a time, from synthetic storage (S9.2, S9.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from tests.verifier.live_world import FakeLedger
from tests.verifier.world import (
    BLOCK_TIME,
    DAY,
    DEPOSITED,
    NOW,
    REGISTERED,
    VALID_UNTIL,
    VALIDATORS,
    RecordState,
    World,
    body_json,
    presented,
    trust,
)
from yinzheng.verifier import Authentic, Report, Status, parse_body
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.judge.asof.look import as_of
from yinzheng.verifier.judge.asof.situation import LiveStatement, StorageReader, public_body
from yinzheng.verifier.judge.certificate.verify import verify

LEAF = statement_of(parse_body(body_json())).leaf_hash


def state(**changes: object) -> RecordState:
    return replace(RecordState(content=LEAF, changed_at=DEPOSITED + 100), **changes)  # type: ignore[arg-type]


def ask(
    record: RecordState, *, at: int | None = None, now: int = NOW, live: FakeLedger | None = None
) -> Report:
    return verify(presented(World(record=record).file()), trust(), now=now, at=at, live=live)


STATUSES = [
    (state(), Status.IN_FORCE),
    (state(holds=1), Status.HELD),
    (state(reserved_until=NOW + 1, reserved_by=bytes([5]) * 20), Status.RESERVED),
    (state(reserved_until=NOW), Status.IN_FORCE),
    (state(status=2, successor=bytes([8]) * 32), Status.SUPERSEDED),
    (state(status=3), Status.CANCELLED),
    (state(status=4), Status.LAPSED),
    (state(holds=1, reserved_until=NOW + 1), Status.HELD),
    (state(status=3, holds=1, reserved_until=NOW + 1), Status.CANCELLED),
    (state(objections=1), Status.IN_FORCE),
]


@pytest.mark.parametrize(("record", "status"), STATUSES)
def test_status_now(record: RecordState, status: Status) -> None:
    report = ask(record)
    assert (report.authentic, report.status, report.status_code) == (Authentic.GENUINE, status, "ok")
    assert report.exit_code == (0 if status is Status.IN_FORCE else 1)
    assert report.in_force is (status is Status.IN_FORCE)
    assert report.chain is not None
    assert report.chain.successor == (record.successor if any(record.successor) else None)


def test_expiry_is_the_second_after_the_last() -> None:
    at_the_end = World(block_time=VALID_UNTIL).file()
    assert verify(presented(at_the_end), trust(), now=VALID_UNTIL).status is Status.IN_FORCE
    assert verify(presented(at_the_end), trust(), now=VALID_UNTIL + 1).status is Status.EXPIRED
    held = World(block_time=VALID_UNTIL, record=state(holds=1)).file()
    assert verify(presented(held), trust(), now=VALID_UNTIL + 1).status is Status.EXPIRED
    cancelled = World(block_time=VALID_UNTIL, record=state(status=3)).file()
    assert verify(presented(cancelled), trust(), now=VALID_UNTIL + 1).status is Status.CANCELLED


def test_remarks_are_those_of_body_and_chain() -> None:
    report = ask(state(remarks=1 | 2 | 4))
    assert report.remarks == ("agreed", "control", "seizure")
    assert report.status is Status.IN_FORCE


@pytest.mark.parametrize(
    ("at", "status", "code"),
    [
        (0, Status.NOT_YET, "ok"),
        (REGISTERED, Status.NOT_YET, "ok"),
        (DEPOSITED - 1, Status.NOT_YET, "ok"),
        (DEPOSITED, Status.UNDETERMINED, "as-of-needs-archive"),
        (DEPOSITED + 99, Status.UNDETERMINED, "as-of-needs-archive"),
        (DEPOSITED + 100, Status.CANCELLED, "ok"),
        (BLOCK_TIME, Status.CANCELLED, "ok"),
        # It never comes back.
        (BLOCK_TIME + 1, Status.CANCELLED, "ok"),
    ],
)
def test_as_of_a_time_offline(at: int, status: Status, code: str) -> None:
    report = ask(state(status=3), at=at, now=NOW + 10**6)
    assert (report.status, report.status_code) == (status, code)
    assert report.finding(10).code == "as-of"
    assert report.authentic is Authentic.GENUINE
    assert report.exit_code == (3 if status is Status.UNDETERMINED else 1)


def test_a_hold_or_reservation_as_of_a_time() -> None:
    assert ask(state(reserved_until=BLOCK_TIME), at=BLOCK_TIME - 1).status is Status.RESERVED
    assert ask(state(reserved_until=BLOCK_TIME), at=BLOCK_TIME).status is Status.IN_FORCE


@pytest.mark.parametrize(("now", "told"), [(NOW, [True, True, True]), (NOW + 10 * DAY, [True, False, False])])
def test_an_old_file_tells_nothing_of_the_time_after_its_block(now: int, told: list[bool]) -> None:
    """Its record may have changed since: what it says stands until its block, and where that is young."""
    target, instants = presented(World(record=state()).file()), [BLOCK_TIME, BLOCK_TIME + 1]
    view = as_of(target, trust(), now=now, instants=instants, live=None)
    assert [column.situation is not None for column in view.columns] == told


@pytest.mark.parametrize("kind", ["certificate.deposited", "consent.granted"])
def test_what_a_statement_says_is_what_the_chain_names_and_public(kind: str) -> None:
    """A ledger that hands out another statement than the one named, or a private one, has handed out none."""
    world = World()
    made, body = replace(world.statement, type=kind), world.body.to_json()

    class Told:
        def said(self, leaf: bytes) -> LiveStatement:
            del leaf
            return LiveStatement(made.to_json(), body)

    ledger = cast("StorageReader", Told())
    public = kind == "certificate.deposited"
    assert public_body(ledger, made.leaf_hash) == (body if public else None)
    assert public_body(ledger, bytes(32)) is None


# As of a time, with an archive


def archive(**past: object) -> FakeLedger:
    now = World(record=state(status=3))
    before = state(changed_at=DEPOSITED)
    return FakeLedger(now, past={"record": before, "time": DEPOSITED + 50, "gap": 40, **past})


def test_an_archive_tells_the_past() -> None:
    for at in (DEPOSITED + 50, DEPOSITED + 89):
        report = ask(state(status=3), at=at, live=archive())
        assert (report.status, report.status_code) == (Status.IN_FORCE, "ok")
        assert report.exit_code == 0
    held = archive(record=state(changed_at=DEPOSITED, holds=1))
    assert ask(state(status=3), at=DEPOSITED + 60, live=held).status is Status.HELD


@pytest.mark.parametrize(
    ("at", "past", "code"),
    [
        (DEPOSITED + 90, {}, "archive-gap"),  # the next block is not later than the time asked
        (DEPOSITED + 49, {}, "archive-gap"),  # the block is later than the time asked
        (DEPOSITED + 60, {"record": RecordState(content=bytes(31) + b"\1")}, "archive-gap"),
        (DEPOSITED + 60, {"record": None, "absent": True}, "archive-gap"),
        (DEPOSITED + 60, {"sealers": (None, None)}, "unsealed"),
        (DEPOSITED + 60, {"fail": True}, "node-unreachable"),
        (DEPOSITED + 60, {"record": state(status=9)}, "record-layout"),
    ],
)
def test_an_archive_that_cannot_be_relied_on(at: int, past: dict[str, object], code: str) -> None:
    report = ask(state(status=3), at=at, live=archive(**past))
    assert (report.status, report.status_code) == (Status.UNDETERMINED, code)
    assert report.authentic is Authentic.GENUINE


def test_an_archive_of_a_chain_without_seals() -> None:
    world = World(record=state(status=3), sealers=(None, None))
    past = {"record": state(changed_at=DEPOSITED), "time": DEPOSITED + 50, "gap": 40}
    ledger = FakeLedger(world, past=past)
    report = verify(presented(world.file()), trust(), now=NOW, at=DEPOSITED + 60, live=ledger)
    assert (report.authentic, report.status) == (Authentic.UNDETERMINED, Status.IN_FORCE)
    assert report.exit_code == 3


def test_the_newest_block_tells_times_after_it_as_long_as_it_is_young() -> None:
    def one_validator(policy: dict[str, Any]) -> None:
        del policy["chain"]["validators"][1]["addresses"][1:]

    one = trust(one_validator)
    world = World(sealers=VALIDATORS[:1], record=state())
    ledger = FakeLedger(world, past={"record": state(), "time": BLOCK_TIME})
    for late, status in ((600, Status.IN_FORCE), (601, Status.UNDETERMINED)):
        report = verify(presented(world.file()), one, now=NOW + 10**4, at=BLOCK_TIME + late, live=ledger)
        assert report.status is status
