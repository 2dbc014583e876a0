"""docs/who-may-what.md is what the script writes; commands that ask nobody's name are known one by one."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator

import pytest

from tests.scripts.who_may_what import DOCUMENT, document
from tests.tables.grid import sections
from yinzheng.api.cli.commands import PANELS
from yinzheng.api.cli.lazy import PACKAGE, Command, Group
from yinzheng.api.cli.persons import PERSONS


def test_what_is_checked_in_is_what_the_script_writes() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run scripts/who-may-what"


def commands(entries: tuple[Command | Group, ...], words: str = "") -> Iterator[tuple[str, Command]]:
    for entry in entries:
        name = f"{words} {entry.name}".strip()
        if isinstance(entry, Group):
            yield from commands(entry.entries, name)
        else:
            yield name, entry


def asks(command: Command) -> bool:
    """Whether a command does nothing for whoever names nobody."""
    module, _, function = command.where.partition(":")
    given = inspect.signature(getattr(importlib.import_module(f"{PACKAGE}.{module}"), function)).parameters
    return any(given[name].default is inspect.Parameter.empty for name in PERSONS if name in given)


def test_commands_that_ask_nobody_are_known() -> None:
    every = dict(one for panel in PANELS for one in commands(panel.entries))
    own = ("org ", "holder ")  # on machines of others, with keys of their own
    unasked = {name for name, one in every.items() if not name.startswith(own) and not asks(one)}
    assert unasked == {row.name for row in sections()["unasked"].rows}


def test_a_row_has_a_cell_for_each_column() -> None:
    head = "== a: A\ncolumns | one two\n"
    for row in ("x | ✓", "x | ✓ ✓ ✓", "x | ✓ ✓\nx | ✓ ✓"):
        with pytest.raises(AssertionError):
            sections(head + row)
