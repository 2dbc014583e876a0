"""Every use case that takes a person, and every command that reads, by one of each office, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import pytest

from tests.ledger import world as w
from tests.ledger.conftest import demonstration_template
from tests.ledger.erasure.conftest import ward_template
from tests.ledger.erasure.ward import Ward
from tests.ledger.world import AUDITOR, KEEPER, MEMBER, OFFICER, actor_of
from tests.tables.grid import YES, sections
from tests.tables.known import reading_commands
from tests.tables.people_rows import ROWS, Bureau
from yinzheng.ledger.accesses.noting import Access, opening
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.people.enrolling import remove_person
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.destruction import StaffRole
from yinzheng.ledger.rules.offices import ROLES, Role
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.errors import YinzhengError

__all__ = ["demonstration_template", "ward_template"]

SECTION = sections()["people"]
LEFT: Final = "witness-wen"
PEOPLE: Final = {
    "officer": OFFICER, "committee": MEMBER, "administrator": KEEPER, "auditor": AUDITOR,
    "manager": "manager-ma", "head": "head-he", "lawyer": "lawyer-liu", "security": "guard-gu",
    "ethics": "ethics-er", "witness": "witness-wu",
}  # fmt: skip
MARKS: Final = {"·": "person-no-officer", "=": "destruction-person", "2": "approval-twice"}
"""What some cells are told, whatever their row says."""


@pytest.fixture(scope="module")
def office(ward_template: Ward, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    folder = tmp_path_factory.mktemp("office")
    ward = ward_template.copy(folder / "state")
    with ward.open() as registry:
        yield Bureau(registry, ward, folder)


def outcome(act: Callable[[Actor], object], by: Actor) -> str:
    try:
        act(by)
    except YinzhengError as fault:
        return fault.code
    return ""


def tried(office: Bureau) -> Iterator[tuple[str, str, Callable[[Actor], object]]]:
    """Each row with what whoever may is told in the end, and how it is tried."""
    undone = replace(office.registry, store=office.registry.store.rehearsal())
    for name, one in ROWS.items():
        yield name, one.late, partial(one.act, office, undone)
    access = Access("list", "work_list", "erasures", "erasure")
    for name, capacities in reading_commands().items():
        yield name, "", partial(_read, undone, access, capacities)


def _read(registry: Registry, access: Access, capacities: tuple[Role, ...], by: Actor) -> None:
    opening(registry, by, access, *capacities)


def test_every_cell(office: Bureau) -> None:
    registry = office.registry
    people = {column: actor_of(registry, name) for column, name in PEOPLE.items()}
    assert {one.capacity for one in people.values()} == set(ROLES)
    w.enrol_staff(registry, LEFT, StaffRole.WITNESS)
    remove_person(registry, LEFT, people["administrator"])
    officer, member = people["officer"], people["committee"]
    strangers = {
        "person-unknown": replace(officer, person="nobody"),
        "person-removed": replace(officer, person=LEFT),
        "person-capacity": replace(member, capacity=Capacity.REGISTRY),
        "key-differs": replace(member, person=OFFICER, capacity=Capacity.REGISTRY),
    }
    assert {row.name for row in SECTION.rows} == {*ROWS, *reading_commands()}
    wrong = []
    for name, late, attempt in tried(office):
        row = SECTION.row(name)
        for column, by in people.items():
            cell, code = SECTION.cell(row, column)
            expected = late if cell == YES else MARKS.get(cell, code)
            if (found := outcome(attempt, by)) != expected:
                wrong.append(f"{name} by {column}: {found or 'done'} instead of {expected or 'done'}")
        for expected, by in strangers.items():
            if (found := outcome(attempt, by)) != expected:
                wrong.append(f"{name} by a stranger: {found or 'done'} instead of {expected}")
    assert not wrong, "\n".join(wrong)
