"""What became of a certificate: read from the evidence, said in words, and never a verdict."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.verifier.live_world import FakeLedger
from tests.verifier.moved_world import AFTER, BEFORE, STAYED, MovedWorld, marks, trust
from tests.verifier.voucher_world import MOVES
from tests.verifier.world import NOW, NUMBER, RIGHTS, RecordState, World, body_json, presented
from tests.verifier.world import trust as bare
from yinzheng.verifier.chain.layout import decode_record
from yinzheng.verifier.errors import EnvironmentFault
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.certificate import statement_of
from yinzheng.verifier.judge.certificate.moved import moved_slots
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.report import Authentic, Report
from yinzheng.verifier.log.statement import certificate_subject
from yinzheng.verifier.words import moved as words

SUBJECT = certificate_subject(NUMBER)
CONTENT = statement_of(parse_body(body_json())).leaf_hash


def judged(world: World, live: Any = None, **asked: Any) -> Report:
    return verify(presented(world.file()), trust(), now=NOW, live=live, **asked)


def said(report: Report) -> list[str]:
    return [line.en for line in words.lines(report)]


def other(**links: Any) -> RecordState:
    return RecordState(b"\x09" * 32, **links)


def test_nothing_moved() -> None:
    report = judged(MovedWorld())
    assert report.exit_code == 0
    assert report.moved is not None
    assert (report.moved.licences, report.moved.successor) == (0, None)
    assert said(report) == ["No licence was given under it"]
    assert report.to_json()["moved"] == {
        "predecessor": None,
        "successor": None,
        "remainder": None,
        "licences": 0,
        "remarks": {},
    }


def test_licences_are_counted_and_remarks_told_apart() -> None:
    state = RecordState(CONTENT, remarks=2, objections=3)
    report = judged(MovedWorld(record=state, licences=7, marked={1: marks(0, False), 2: marks(2, False)}))
    assert report.exit_code == 0
    assert report.moved is not None
    assert report.moved.licences == 7
    # The agreed term came with the certificate, and was lifted: it stands no more.
    assert report.moved.lifted == {"agreed", "seizure"}
    assert report.remarks == ("seizure",)
    lines = said(report)
    assert any(line.startswith("Licences given under it: 7") for line in lines)
    assert "Entered since registration, and standing: judicial seizure, 2" in lines
    assert "Came with the certificate, and lifted: agreed term or conditions" in lines
    assert "Open objections: 3" in lines
    assert report.to_json()["moved"]["remarks"] == {
        "agreed": {"entered": 0, "deposited": False},
        "seizure": {"entered": 2, "deposited": False},
    }


def succeeded(**more: Any) -> MovedWorld:
    after, stayed = certificate_subject(AFTER), certificate_subject(STAYED)
    state = RecordState(CONTENT, status=2, successor=after, remainder=stayed)
    return MovedWorld(record=state, **more)


def test_successors_name_it_back() -> None:
    named = {AFTER: other(predecessor=SUBJECT), STAYED: other(predecessor=b"\x01" * 32)}
    report = judged(succeeded(others=named))
    assert (report.authentic, report.status, report.exit_code) == (Authentic.GENUINE, "superseded", 1)
    assert report.moved is not None
    assert report.moved.successor is not None
    assert report.moved.remainder is not None
    assert (report.moved.successor.mutual, report.moved.successor.number) == (True, None)
    assert report.moved.remainder.mutual is False
    first, second, *_ = said(report)
    assert first.startswith("It was followed by another certificate (identifier ")
    assert first.endswith("(on the chain each names the other)")
    assert second.endswith("(but its own record on the chain does not name this one)")


class Naming(FakeLedger):
    """A ledger that says numbers."""

    def __init__(self, world: World, numbers: dict[bytes, str | None]) -> None:
        super().__init__(world)
        self._numbers = numbers

    def number_of(self, subject: bytes) -> str | None:  # type: ignore[override]
        if not self._numbers:
            raise EnvironmentFault("the folder is locked", code="ledger-locked")
        return self._numbers.get(subject)


def test_a_number_is_believed_where_the_identifier_follows_from_it() -> None:
    world = succeeded(others={AFTER: other(predecessor=SUBJECT)})
    after, stayed = certificate_subject(AFTER), certificate_subject(STAYED)
    report = judged(world, live=Naming(world, {after: AFTER, stayed: NUMBER}))
    assert report.moved is not None
    assert report.moved.successor is not None
    assert report.moved.remainder is not None
    assert report.moved.successor.number == AFTER
    assert report.moved.remainder.number is None
    assert report.moved.remainder.mutual is None
    assert said(report)[0] == f"It was followed by {AFTER} (on the chain each names the other)"
    silent = judged(world, live=Naming(world, {}))
    assert silent.moved is not None
    assert silent.moved.successor is not None
    assert silent.moved.successor.number is None


@pytest.mark.parametrize(
    ("links", "mutual"),
    [
        ({"successor": SUBJECT}, True),
        ({"successor": b"\x01" * 32, "remainder": SUBJECT}, True),
        ({"successor": b"\x01" * 32}, False),
    ],
)
def test_what_it_follows_names_it(links: dict[str, bytes], mutual: bool) -> None:
    body = body_json(type="change", follows=[{"number": BEFORE, "leaf": "09" * 32}])
    report = judged(MovedWorld(body=parse_body(body), others={BEFORE: other(**links)}))
    assert report.exit_code == 0
    assert report.moved is not None
    assert report.moved.predecessor is not None
    assert (report.moved.predecessor.number, report.moved.predecessor.mutual) == (BEFORE, mutual)
    assert said(report)[0].startswith(f"It follows {BEFORE} (")


def test_what_is_not_shown_is_not_told() -> None:
    report = judged(succeeded(parts=()))
    assert report.status == "superseded"
    assert report.moved is not None
    assert (report.moved.licences, report.moved.marks) == (None, None)
    assert report.moved.successor is not None
    assert report.moved.successor.mutual is None
    assert [line.rpartition(" (")[2] for line in said(report)] == [
        "its own record on the chain was not shown)"
    ] * 2
    # Of a policy that pins none of these contracts, nothing either.
    plain = verify(presented(World().file()), bare(), now=NOW)
    assert plain.moved is not None
    assert (plain.moved.licences, plain.moved.marks, said(plain)) == (None, None, [])
    past = judged(MovedWorld(), at=NOW)
    assert (past.moved, said(past)) == (None, [])


def test_what_does_not_prove_itself_is_not_told_and_decides_nothing() -> None:
    file = copy.deepcopy(MovedWorld(licences=3).file())
    account = next(one for one in file["chain"]["accounts"] if one["address"] == MOVES.hex())
    account["storage"][0]["proof"] = []
    report = verify(presented(file), trust(), now=NOW)
    assert report.exit_code == 0
    assert report.moved is not None
    assert report.moved.licences is None
    odd = judged(MovedWorld(marked={2: 1 << 200}))
    assert odd.moved is not None
    assert odd.moved.marks is None
    json.dumps(odd.to_json())


def test_slots_are_those_that_are_read() -> None:
    world = succeeded()
    record = decode_record(world.state_record.words())
    slots = moved_slots(SUBJECT, record, trust())
    assert {address: len(found) for address, found in slots.items()} == {
        MOVES: 1,
        bytes.fromhex("d4" * 20): 5,
        RIGHTS: 2,
    }
    assert RIGHTS not in moved_slots(SUBJECT, None, trust())
