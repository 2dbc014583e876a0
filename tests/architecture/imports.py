"""Which module of ours imports which, read off the sources: at the top, under TYPE_CHECKING, in functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("verifier", "ledger", "api", "contracts")
TOP = "yinzheng"

Graph = dict[str, frozenset[str]]


@cache
def modules() -> dict[str, Path]:
    """Every module by its name without `yinzheng.`; a package stands for its `__init__.py`."""
    found = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "node_modules" not in parts:
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports() -> Graph:
    """For each module the modules of ours that it names in an import.

    `from package import name` names the module of that name where there is one, else the package. Loading a
    module also loads the packages it lies in; those are not counted, or a package that offers its own modules
    would be a circle.
    """
    return {name: frozenset(set(_named(path)) - {name}) for name, path in modules().items()}


def _named(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from _ours(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from _ours(name if _own(name) in modules() else str(node.module) for name in whole)


def _ours(names: Iterator[str]) -> Iterator[str]:
    for name in names:
        if _own(name) in modules():
            yield _own(name)


def _own(name: str) -> str:
    return name.removeprefix(f"{TOP}.")


def circles(graph: Graph) -> list[list[str]]:
    """The strongly connected components of more than one module (R. Tarjan, SIAM J. Comput. 1, 1972)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        stack.append(module)
        for other in sorted(graph[module]):
            if other not in number:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], number[other])
        if lowest[module] == number[module]:
            place = stack.index(module)
            if len(component := stack[place:]) > 1:
                found.append(sorted(component))
            del stack[place:]

    for module in graph:
        if module not in number:
            visit(module)
    return found
