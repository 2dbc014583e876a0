"""Bulk openings (R47): a nurse exports 500 records, and is stopped at the eleventh, by whichever door."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from sqlmodel import func, select

from tests.ledger.consent_world import HOSPITAL, KEYS, LAB
from tests.ledger.world import AUDITOR, MEMBER, OFFICER, SECOND_OFFICER, World, actor_of
from yinzheng.ledger.accesses.approving import approve_bulk
from yinzheng.ledger.accesses.noting import Access, note_many
from yinzheng.ledger.accesses.opening import Lines
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.openings import FREE, WINDOW
from yinzheng.ledger.store.models_accesses import AccessRow, BulkApproval
from yinzheng.verifier.errors import DataFault, UsageFault

RECORDS = 500
KID = KEYS[HOSPITAL].public_key.point[:8]


@dataclass
class Ward:
    """An open registry, and someone who opens what is kept about persons."""

    registry: Registry
    world: World

    def open(
        self, persons: range, *, kind: str = "receipt", action: str = "export", by: Reader | None = None
    ) -> None:
        """Open these persons' records in one go, as one command or request would."""
        reader = by or Reader.of_actor(self.registry, actor_of(self.registry, OFFICER))
        accesses = (
            Access(action, kind, f"{kind}-{number}", "handover", consent=number.to_bytes(32, "big"))
            for number in persons
        )
        with self.registry.store.transaction() as session:
            note_many(self.registry, session, reader, accesses)

    def refused(self, persons: range, **how: object) -> UsageFault:
        before = self.lines()
        with pytest.raises(UsageFault) as caught:
            self.open(persons, **how)  # type: ignore[arg-type]
        assert caught.value.code == "bulk-approval"
        assert self.lines() == before, "nothing is written, so nothing was opened"
        return caught.value

    def approve(
        self,
        persons: int,
        actor: str = OFFICER,
        by: str = SECOND_OFFICER,
        seconds: int = 3600,
        purpose: str = "handover",
    ) -> int:
        until = self.registry.clock() + seconds
        return approve_bulk(self.registry, actor, purpose, persons, until, actor_of(self.registry, by))

    def lines(self) -> int:
        with self.registry.store.reading() as session:
            return session.exec(select(func.count()).select_from(AccessRow)).one()


@pytest.fixture
def ward(told: World) -> Iterator[Ward]:
    with told.open() as registry:
        yield Ward(registry, told)


def test_a_nurse_who_exports_500_records_is_stopped(ward: Ward) -> None:
    fault = ward.refused(range(RECORDS))
    assert "approve" in (fault.hint or "")
    for number in range(FREE):  # one by one she gets no further
        ward.open(range(number, number + 1))
    ward.refused(range(FREE, FREE + 1))
    assert ward.lines() == FREE


def test_whom_she_opened_a_moment_ago_she_may_see_again(ward: Ward) -> None:
    ward.open(range(FREE))
    ward.open(range(FREE), kind="consent", action="see")


def test_ten_minutes_later_she_begins_anew(ward: Ward) -> None:
    ward.open(range(FREE))
    ward.world.clock.advance(WINDOW - 1)
    ward.refused(range(FREE, FREE + 1))
    ward.world.clock.advance(1)
    ward.open(range(FREE, FREE + 1))


def test_it_counts_over_all_doors(ward: Ward) -> None:
    """Receipts at the counter, packs, and dossiers are one count; so are all keys of an organisation."""
    ward.open(range(4))
    ward.open(range(4, 8), kind="consent")
    ward.open(range(8, 9), kind="evidence", action="see")
    ward.open(range(9, 10), kind="dossier")
    ward.refused(range(10, 11), kind="consent", action="list")
    one, other = Reader.of_organisation(HOSPITAL, KID), Reader.of_organisation(HOSPITAL, KID[::-1])
    ward.open(range(6), by=one)
    ward.open(range(6, 10), by=other)
    ward.refused(range(10, 11), by=other)
    ward.open(range(FREE), by=Reader.of_organisation(LAB, KID))  # another actor has a count of its own


def test_what_shows_nobody_and_who_shows_their_own_is_not_counted(ward: Ward) -> None:
    ward.open(range(50), kind="withdrawal", action="process")
    ward.open(range(50), kind="consent", action="process")
    ward.open(range(50), by=Reader.of_bearer())
    ward.open(range(FREE))


def test_a_second_person_approves_beforehand_a_number_for_a_time(ward: Ward) -> None:
    ward.approve(persons=40)
    ward.open(range(FREE))
    ward.open(range(FREE, FREE + 40))
    ward.refused(range(FREE + 40, FREE + 41))
    ward.approve(persons=40, seconds=60)
    ward.world.clock.advance(61)
    ward.refused(range(FREE + 50, FREE + 55))


def test_an_auditor_approves_too(ward: Ward) -> None:
    ward.approve(persons=40, by=AUDITOR)
    ward.open(range(40))


def test_an_approval_too_small_opens_nobody(ward: Ward) -> None:
    ward.approve(persons=RECORDS - 1)
    ward.refused(range(RECORDS))
    ward.approve(persons=RECORDS)
    ward.open(range(RECORDS))


def test_the_approval_is_of_its_purpose_alone(ward: Ward) -> None:
    ward.approve(persons=40, purpose="dispute")
    ward.refused(range(40))
    ward.approve(persons=40)
    ward.open(range(40))


def test_the_approval_is_of_the_named_actor_alone(ward: Ward) -> None:
    ward.approve(persons=40, actor=HOSPITAL)
    ward.refused(range(40))
    ward.open(range(40), by=Reader.of_organisation(HOSPITAL, KID))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"by": OFFICER}, "bulk-self"),
        ({"by": MEMBER}, "officer-needed"),
        ({"actor": "nobody"}, "bulk-actor"),
        ({"actor": "12990100DEM0000492"}, "bulk-actor"),
        ({"persons": FREE}, "bulk-terms"),
        ({"seconds": 8 * 86_400}, "bulk-terms"),
    ],
)
def test_nobody_approves_for_themselves_or_without_bounds(
    ward: Ward, given: dict[str, object], code: str
) -> None:
    with pytest.raises(UsageFault) as caught:
        ward.approve(**{"persons": 40, **given})  # type: ignore[arg-type]
    assert caught.value.code == code
    assert ward.lines() == 0


def test_one_key_is_not_two_persons(ward: Ward) -> None:
    """Nobody is enrolled twice under one key, by whatever slip."""
    with (
        closing(sqlite3.connect(ward.world.paths.database)) as connection,
        pytest.raises(sqlite3.IntegrityError),
    ):
        connection.execute(
            "UPDATE person SET address = (SELECT address FROM person WHERE name = ?) WHERE name = ?",
            (SECOND_OFFICER, OFFICER),
        )


def test_the_approval_is_a_line_too(ward: Ward) -> None:
    number = ward.approve(persons=40)
    with ward.registry.store.reading() as session:
        opened = Lines(session, ward.registry.keys).open(session.exec(select(AccessRow)).one())
    assert (opened.who.person, opened.line.action, opened.line.kind) == (SECOND_OFFICER, "act", "approval")
    assert opened.line.object == f"{number}:{OFFICER}:40"


@pytest.mark.parametrize("change", ["persons = 9999", "until = until + 1", "by = 'officer-chen'"])
def test_an_approval_somebody_wrote_into_the_database_counts_for_nothing(ward: Ward, change: str) -> None:
    ward.approve(persons=40)
    with closing(sqlite3.connect(ward.world.paths.database)) as connection:
        connection.execute(f"UPDATE bulk_approval SET {change}")
        connection.commit()
    with pytest.raises(DataFault) as caught:
        ward.open(range(30))
    assert caught.value.code == "bulk-altered"
    with ward.registry.store.reading() as session:
        assert session.exec(select(BulkApproval)).one().used == 0
