"""Commands that are loaded when they are used.

A group knows of its commands what help shows of them: a name, a line, a panel. A command's module, and what
that imports, is loaded when the command runs or its own help is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

import typer
from typer.core import TyperCommand, TyperGroup

from yinzheng.api.cli.language import HELP, OPTION
from yinzheng.api.cli.output import guarded

PACKAGE = "yinzheng.api.cli"

Extra: TypeAlias = Literal["", "org", "registry"]
"""Which extra of pyproject.toml a command needs; none for what the verifier does."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    name: str
    where: str
    """`module:function`, of this package."""
    help: str
    """The first paragraph of the function's docstring."""


@dataclass(frozen=True, slots=True)
class Group:
    """Commands under a common first word."""

    name: str
    help: str
    entries: tuple[Command | Group, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """What the help shows in one frame."""

    title: str
    extra: Extra
    entries: tuple[Command | Group, ...]


class Unloaded(TyperCommand):
    """What a group's help shows of a command that is not loaded."""

    def __init__(self, entry: Command, panel: str | None) -> None:
        super().__init__(entry.name, help=entry.help, rich_help_panel=panel)
        self._entry = entry

    def load(self) -> TyperCommand:
        """Import the command's module and give the command itself."""
        module, _, function = self._entry.where.partition(":")
        found = getattr(importlib.import_module(f"{PACKAGE}.{module}"), function)
        if module.startswith("registry."):  # whose commands take the persons who act
            from yinzheng.api.cli.registry.persons import proved

            found = proved(found)
        command = _alone(self._entry.name, guarded(found))
        if not any(OPTION in one.opts for one in command.params):
            option = next(one for one in _alone("", _speaking).params if OPTION in one.opts)
            option.expose_value = False  # whoever runs commands has read it
            command.params.append(option)
        return command


def _alone(name: str, function: Callable[..., Any]) -> TyperCommand:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(name)(function)
    command = typer.main.get_command(app)
    assert isinstance(command, TyperCommand)  # it stands alone: no group
    return command


def _speaking(lang: Annotated[str, typer.Option(help=HELP)] = "") -> None:
    """Nothing but the option that every command has."""


class LazyGroup(TyperGroup):
    """A group whose commands are loaded one by one, each when it is called."""

    def __init__(self, panels: Iterable[tuple[str | None, Command | Group]], **attributes: Any) -> None:
        """As `TyperGroup`, of entries each with the panel it is shown in."""
        shown = [_shown(entry, panel) for panel, entry in panels]
        super().__init__(**{**attributes, "commands": {one.name: one for one in shown}})

    def get_help_option(self, ctx: Any) -> Any:
        """The option `--help`, which is off unless given: for a flag without a value typer loads pydantic."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """The command called, loaded."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Unloaded) else command, rest


def _shown(entry: Command | Group, panel: str | None) -> Unloaded | LazyGroup:
    if isinstance(entry, Command):
        return Unloaded(entry, panel)
    return LazyGroup(
        [(None, one) for one in entry.entries],
        name=entry.name,
        help=entry.help,
        no_args_is_help=True,
        rich_help_panel=panel,
    )
