"""Every use case that takes a person, and every command that reads, by one of each office, cell by cell."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Final

import pytest

from tests.architecture.test_reached import Name, modules, referred
from tests.ledger import world as w
from tests.ledger.conftest import demonstration_template
from tests.ledger.erasure.conftest import ward_template
from tests.ledger.erasure.ward import Ward
from tests.ledger.world import AUDITOR, KEEPER, MEMBER, OFFICER, actor_of
from tests.tables.grid import YES, sections
from tests.tables.people_rows import ROWS, Bureau
from yinzheng.ledger.accesses.noting import Access, opening
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.people.enrolling import remove_person
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules import offices
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

PARTS: Final = {
    "accesses.noting.acted", "accesses.noting.opening", "accesses.reader.of_actor", "cases.work.approve",
    "disputes.disclosing.note_pack", "disputes.work.allow",
    "erasure.proposing.allow", "erasure.proposing.add_signature", "flow.threads.allow",
    "flow.threads.capacity", "organisations.holding.end", "organisations.holding.enter",
    "organisations.holding.hand_over", "withdrawals.work.move", "people.acting.admit", "people.acting.key_of",
    "people.acting.require", "people.acting.require_two",
}  # fmt: skip
"""What use cases are made of."""


def use_cases() -> set[str]:
    """Every public function of the ledger with a parameter that is an actor, by its name."""
    found = set()
    for name, function in _functions("ledger."):
        arguments = [*function.args.args, *function.args.kwonlyargs]
        said = [ast.unparse(one.annotation) for one in arguments if one.annotation]
        if not function.name.startswith("_") and any("Actor" in one or one == "By" for one in said):
            found.add(f"{name.removeprefix('ledger.')}.{function.name}")
    return found


def reading_commands() -> Mapping[str, tuple[Role, ...]]:
    """Every function of the command line that says itself who may, and whom it lets."""
    found = {}
    for name, function in _functions("api.cli."):
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            asks = {"allowed": 3, "admit": 2}.get(ast.unparse(call.func), 0)
            if asks and function.name != "allowed":
                said = "(" + "".join(f"{ast.unparse(one)}, " for one in call.args[asks:]) + ")"
                known = {"Capacity": Capacity, "StaffRole": StaffRole, "Office": offices.Office}
                found[f"{name.removeprefix('api.')}.{function.name}"] = eval(said, known)
    return found


TRACES: Final = {
    Name("ledger.accesses.noting", "note_many"),
    Name("ledger.flow.recording", "compose"),
    Name("ledger.flow.outbox", "outbox_signed"),
    Name("ledger.chain.configuration", "configure"),
}
"""An access line, a statement, or a call on chain that whoever acts signed with their own key."""


def test_nobody_acts_without_a_trace() -> None:
    """Of each use case, through whatever it calls: what it does is told of by a line, or by what it makes."""
    silent = {name for name in use_cases() - PARTS if not leads_to(f"ledger.{name}", TRACES)}
    assert silent == set()
    assert not leads_to("ledger.people.acting.require", TRACES), "the search sees who leaves none"


def leads_to(function: str, wanted: set[Name]) -> bool:
    """Whether a function refers to one of these, at any depth."""
    seen: set[Name] = set()
    waiting = [Name(*function.rsplit(".", 1))]
    while waiting:
        name = waiting.pop()
        if name in wanted:
            return True
        if name not in seen:
            waiting.extend(refers(name))
        seen.add(name)
    return False


@cache
def refers(name: Name) -> tuple[Name, ...]:
    """What a function refers to."""
    module = modules()[name.module]
    node = module.defined.get(name.name)
    return () if node is None else tuple(referred(module, node))


def _functions(package: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for name, module in modules().items():
        if name.startswith(package) and not name.startswith("ledger.demonstration"):
            for node in ast.walk(module.tree):
                if isinstance(node, ast.FunctionDef):
                    yield name, node


@pytest.fixture(scope="module")
def office(ward_template: Ward, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    folder = tmp_path_factory.mktemp("office")
    ward = ward_template.copy(folder / "state")
    with ward.open() as registry:
        yield Bureau(registry, ward, folder)


def test_every_use_case_and_every_reading_command_has_its_row() -> None:
    commands = set(reading_commands())
    assert {one.rpartition(".")[0] for one in use_cases() | commands}  # there are some
    assert (use_cases() - PARTS) | commands == SECTION.things
    assert {row.name for row in SECTION.rows} == set(ROWS) | commands
    assert len(SECTION.columns) == len(ROLES)


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
