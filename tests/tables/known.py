"""What there is to be tried, read from the code: use cases, commands, addresses. None goes without a row."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.architecture.imports import modules
from yinzheng.api.cli.commands import PANELS
from yinzheng.api.cli.lazy import PACKAGE, Command, Group
from yinzheng.api.cli.registry.persons import PERSONS
from yinzheng.ledger.rules import offices
from yinzheng.ledger.rules.destruction import StaffRole
from yinzheng.ledger.rules.offices import Role
from yinzheng.ledger.rules.states import Capacity

PARTS: Final = {
    "accesses.noting.acted", "accesses.noting.opening", "accesses.reader.of_actor", "cases.work.approve",
    "cases.deciding.take_up", "cases.intake.begin",
    "certificates.work.approve",
    "disputes.disclosing.note_pack", "disputes.work.allow",
    "erasure.proposing.allow", "erasure.proposing.add_signature", "flow.threads.allow",
    "flow.threads.capacity", "organisations.appointing.appoint", "organisations.appointing.appoint_again",
    "organisations.appointing.end", "organisations.appointing.move",
    "organisations.holding.end", "organisations.holding.enter",
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
    for name, function in _functions("api.cli.registry."):
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            asks = {"allowed": 3, "admit": 2}.get(ast.unparse(call.func), 0)
            if asks and function.name != "allowed":
                said = "(" + "".join(f"{ast.unparse(one)}, " for one in call.args[asks:]) + ")"
                known = {"Capacity": Capacity, "StaffRole": StaffRole, "Office": offices.Office}
                found[f"cli.{name.removeprefix('api.cli.registry.')}.{function.name}"] = eval(said, known)
    return found


def _functions(package: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for name, path in modules().items():
        if name.startswith(package) and not name.startswith("ledger.demonstration"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    yield name, node


def routes_of(app: Any) -> Iterator[str]:
    """Every method and address that an application answers, as its routers have them."""
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_of(inner)
        else:  # whatever else there is fails here, until the tables know it
            yield from (f"{method} {route.path}" for method in route.methods)


def unasked() -> set[str]:
    """Every command of a registry that does something for whoever names nobody."""
    every = dict(one for panel in PANELS for one in _commands(panel.entries))
    own = ("org ", "holder ")  # on machines of others, with keys of their own
    return {name for name, one in every.items() if not name.startswith(own) and not _asks(one)}


def _commands(entries: tuple[Command | Group, ...], words: str = "") -> Iterator[tuple[str, Command]]:
    for entry in entries:
        name = f"{words} {entry.name}".strip()
        if isinstance(entry, Group):
            yield from _commands(entry.entries, name)
        else:
            yield name, entry


def _asks(command: Command) -> bool:
    module, _, function = command.where.partition(":")
    given = inspect.signature(getattr(importlib.import_module(f"{PACKAGE}.{module}"), function)).parameters
    return any(given[name].default is inspect.Parameter.empty for name in PERSONS if name in given)
