"""Who may what: nothing there is goes without a row, and the document is what the script writes.

Every cell is tried in `tests/tables`; this is quick, and says at once what a change has to add.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from tests.api.fake import FakeReader
from tests.architecture.test_reached import Name, modules, referred
from tests.scripts.who_may_what import DOCUMENT, document
from tests.tables.grid import sections
from tests.tables.known import PARTS, reading_commands, routes_of, unasked, use_cases
from yinzheng.api import node
from yinzheng.api.desk.app import create_app as desk_app
from yinzheng.api.desk.server import DeskLimits
from yinzheng.api.web.app import create_app as pages_app
from yinzheng.ledger.chain.embedded.rpc import METHODS

ALL: Final = sections()


TRACES: Final = {
    Name("ledger.accesses.noting", "note_many"),
    Name("ledger.flow.recording", "compose"),
    Name("ledger.flow.outbox", "outbox_signed"),
    Name("ledger.chain.configuration", "configure"),
}
"""An access line, a statement, or a call on chain that whoever acts signed with their own key."""


def things(*names: str) -> set[str]:
    """What the rows of these sections are about."""
    return {thing for name in names for thing in ALL[name].things}


def test_what_is_checked_in_is_what_the_script_writes() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run scripts/who-may-what"


def test_every_use_case_and_every_reading_command_has_its_row() -> None:
    assert (use_cases() - PARTS) | set(reading_commands()) == things("people")


def test_every_command_that_asks_nobody_has_its_row() -> None:
    assert unasked() == things("unasked")


def test_every_address_of_the_desk_has_its_row() -> None:
    desk: Any = SimpleNamespace(limits=DeskLimits())  # nothing is asked of it
    assert set(routes_of(desk_app(desk))) == things("organisations", "patients", "decisions", "public")


def test_every_address_of_the_pages_has_its_row(tmp_path: Path) -> None:
    routes = routes_of(pages_app(FakeReader(tmp_path), clock=lambda: 0))
    assert {one for one in routes if not one.startswith("HEAD ")} == things("pages", "visitors")


def test_every_method_of_the_node_has_its_row() -> None:
    chain: Any = None  # nothing is asked of it
    assert list(routes_of(node.create_app(chain))) == ["POST /"]
    assert set(METHODS) == things("node")


def test_a_row_has_a_cell_for_each_column() -> None:
    head = "== a: A\ncolumns | one two\n"
    for row in ("x | ✓", "x | ✓ ✓ ✓", "x | ✓ ✓\nx | ✓ ✓"):
        with pytest.raises(AssertionError):
            sections(head + row)


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
