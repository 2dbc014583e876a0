"""What an auditor asks: who opened what, whose, when; uses outside consent; asking is a line too (R47)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import product
from typing import Any

import pytest
from sqlmodel import select

from tests.ledger.consent_world import HOSPITAL, KEYS, LAB
from tests.ledger.world import AUDITOR, OFFICER, SECOND_OFFICER, World, actor_of
from yinzheng.ledger.accesses import batching
from yinzheng.ledger.accesses.listing import ListedLine, Question, list_lines
from yinzheng.ledger.accesses.noting import Access, note
from yinzheng.ledger.accesses.opening import Lines
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.access import Words

PATIENT, OTHER = b"\x07" * 32, b"\x08" * 32


@pytest.fixture
def registry(told: World) -> Iterator[Registry]:
    """Five lines: two officers, the hospital, and an insurer that no consent covers."""
    with told.open() as opened:
        for reader, access in (
            (_officer(opened, OFFICER), Access("export", "receipt", "r", "handover", consent=PATIENT)),
            (_officer(opened, SECOND_OFFICER), Access("see", "consent", "c", "dispute", consent=OTHER)),
            (_of(HOSPITAL), _use(PATIENT, covered=True)),
            (_of(LAB), _use(PATIENT, covered=False)),
            (Reader.of_bearer(), Access("see", "consent", "c", "own", consent=PATIENT, basis="own")),
        ):
            with opened.store.transaction() as session:
                note(opened, session, reader, access)
            told.clock.advance(1)
        yield opened


def _officer(registry: Registry, name: str) -> Reader:
    return Reader.of_actor(registry, actor_of(registry, name))


def _of(code: str) -> Reader:
    return Reader.of_organisation(code, KEYS[code].public_key.point[:8])


def _use(consent: bytes, *, covered: bool) -> Access:
    said = Words("临床质量研究", "信息科", None)
    return Access(
        "use",
        "data",
        "d",
        "stated",
        consent=consent,
        basis="consent",
        scope="base",
        covered=covered,
        words=said,
    )


def ask(registry: Registry, by: str = AUDITOR, **question: Any) -> list[ListedLine]:
    given: dict[str, Any] = {"since": 0, "until": registry.clock(), **question}
    return list_lines(registry, Question(**given), actor_of(registry, by))


def numbers(found: list[ListedLine]) -> list[int]:
    return [one.opened.line.number for one in found]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"person": OFFICER}, [1]),
        ({"organisation": LAB}, [4]),
        ({"consent": PATIENT}, [1, 3, 4, 5]),
        ({"consent": PATIENT, "organisation": HOSPITAL}, [3]),
        ({"outside": True}, [4]),
        ({"person": "nobody"}, []),
    ],
)
def test_by_person_organisation_officer_and_what_no_consent_covers(
    registry: Registry, question: dict[str, Any], expected: list[int]
) -> None:
    assert numbers(ask(registry, **question)) == expected


def test_a_period_ends_with_its_last_second(registry: Registry) -> None:
    first = registry.clock() - 5
    assert numbers(ask(registry, since=first + 1, until=first + 2)) == [2, 3]


def test_asking_is_itself_a_line_and_the_patient_sees_it(registry: Registry) -> None:
    ask(registry, consent=PATIENT)
    with registry.store.reading() as session:
        row = session.exec(select(AccessRow).where(AccessRow.number == 6)).one()
        opened = Lines(session, registry.keys).open(row)
    line = opened.line
    assert (opened.who.person, line.action, line.kind, line.object) == (AUDITOR, "list", "lines", "4")
    assert line.consent == PATIENT
    assert numbers(ask(registry, consent=PATIENT)) == [1, 3, 4, 5, 6]


def test_which_are_committed_is_told(registry: Registry) -> None:
    assert {one.batch for one in ask(registry)} == {None}
    batching.commit(registry, everything=True)
    found = ask(registry)
    assert None not in {one.batch for one in found[:6]}


def test_who_may_not_see_them_learns_nothing_and_writes_no_line(registry: Registry) -> None:
    with pytest.raises(UsageFault) as caught:
        ask(registry, by=OFFICER)
    assert caught.value.code == "auditor-needed"
    assert len(ask(registry)) == 5


@contextmanager
def edited(registry: Registry, statement: str, *values: object) -> Iterator[None]:
    """Past the program, as somebody with the database does; put back afterwards."""
    with closing(sqlite3.connect(registry.paths.database)) as connection:
        before = connection.execute("SELECT * FROM access_line").fetchall()
        with connection:
            connection.execute(statement, values)
        yield
        with connection:
            connection.execute("DELETE FROM access_line")
            marks = ",".join("?" * len(before[0]))
            connection.executemany(f"INSERT INTO access_line VALUES ({marks})", before)


EDITS = (
    "DELETE FROM access_line WHERE number = ?",
    "UPDATE access_line SET at = at - 100 WHERE number = ?",
    "UPDATE access_line SET at = at + 100 WHERE number = ?",
    "UPDATE access_line SET consent = zeroblob(32) WHERE number = ?",
)
QUESTIONS: tuple[dict[str, Any], ...] = ({}, {"consent": OTHER}, {"person": OFFICER}, {"outside": True})


def test_no_line_of_a_period_is_hidden(registry: Registry) -> None:
    """First, middle and last of lines 2 to 4, whatever is asked of them: nothing is answered."""
    first = registry.clock() - 5
    period: dict[str, Any] = {"since": first + 1, "until": first + 3}
    for question in QUESTIONS:
        assert set(numbers(ask(registry, **period, **question))) <= {2, 3, 4}
    for statement, number, question in product(EDITS, (2, 3, 4), QUESTIONS):
        with edited(registry, statement, number), pytest.raises(DataFault) as caught:
            ask(registry, **period, **question)
        told = (caught.value.code, caught.value.data["line"])
        assert told == ("access-altered", number), (statement, question)
    assert set(numbers(ask(registry, **period))) == {2, 3, 4}


def test_an_emptied_period_is_none(registry: Registry) -> None:
    batching.commit(registry, everything=True)  # from here on it is known how many there were
    at = registry.clock() - 2
    for statement in ("DELETE FROM access_line WHERE number >= ?", EDITS[0], EDITS[1], EDITS[2]):
        with edited(registry, statement, 4), pytest.raises(DataFault) as caught:
            ask(registry, since=at, until=at)
        assert (caught.value.code, caught.value.data["line"]) == ("access-altered", 4)


def test_a_period_in_which_nothing_was_noted(registry: Registry) -> None:
    first = registry.clock() - 5
    assert ask(registry, since=first - 100, until=first - 50) == []
    assert ask(registry, since=first + 1000, until=first + 2000) == []
