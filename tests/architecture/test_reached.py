"""What no command, route or script reaches is not there: neither functions and classes, nor their methods.

A name counts as reached when code that runs refers to it: the commands and pages, the scripts, what modules
do when they are imported, and whatever these refer to in turn. Tests do not count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("verifier", "ledger", "api", "contracts")

APART: Final = {
    # The faults that tests inject, beside the points they inject them at.
    "ledger.state.faults": {"InjectedFault", "KillAt", "RaiseAt", "Recorder"},
    # What a contract's storage says, read back: the tests compare contracts, client and verifier with it.
    "verifier.chain.layout_consents": {"ChainReceipt", "decode_receipt", "receipt_slots"},
    "verifier.chain.layout_moves": {
        "ChainLine",
        "ChainRemark",
        "decode_line",
        "decode_remark",
        "line_slots",
        "remark_slots",
    },
    "verifier.pack.chain_slots": {"anchor_slots", "consents_slots", "preservation_slots", "rights_slots"},
    # Rules of the moves that the contracts hold already, and whose use cases come.
    "ledger.rules.licences": {"act_bits", "right_bits", "territory_bits"},
    "ledger.rules.moves": {"Ground", "Initiator", "check_ground"},
    # Words and types beside those that are used.
    "verifier.bytes.cose": {"SignedCore"},
    "verifier.words.phrases": {"explain"},
}
"""By module, what tests alone may reach. Whoever wires one of these takes it out of here."""

ENTRY: Final = ("api.cli", "main")
"""What the command `yinzheng` calls."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Name(NamedTuple):
    """Something defined at the top of a module."""

    module: str
    name: str


class Module:
    """One source file: what it defines, what its names mean, and what it does when imported."""

    def __init__(self, name: str, path: Path, *, is_package: bool) -> None:
        self.name = name
        self.tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        self.is_package = is_package
        self.defined = {node.name: node for node in self.tree.body if isinstance(node, Definition)}
        self.values = {
            target.id: node
            for node in self.tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in ast.walk(node)
            if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
        }
        self.imported: dict[str, Name] = {}
        for one in ast.walk(self.tree):
            if isinstance(one, ast.ImportFrom):
                for alias in one.names:
                    self.imported[alias.asname or alias.name] = Name(_short(one.module or ""), alias.name)
            elif isinstance(one, ast.Import):
                for alias in one.names:
                    self.imported[alias.asname or alias.name] = Name(_short(alias.name), "")


def _short(module: str) -> str:
    return module.removeprefix("yinzheng.")


@cache
def modules() -> dict[str, Module]:
    found = {}
    for room in (*ROOMS, "scripts"):
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if {"node_modules", "versions"} & set(parts):
                continue
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            found[name] = Module(name, path, is_package=is_package)
    return found


def meant(module: Module, name: str) -> Iterator[Name]:
    """What a bare name means in a module; nothing for what is not ours."""
    if name in module.defined or name in module.values:
        yield Name(module.name, name)
    elif name in module.imported:
        yield from resolved(module.imported[name])


def resolved(name: Name) -> Iterator[Name]:
    """Where something imported is defined, through packages that hand it on."""
    module = modules().get(name.module)
    if module is None:
        return
    if name.name in module.defined or name.name in module.values:
        yield name
    elif name.name in module.imported and module.imported[name.name] != name:
        yield from resolved(module.imported[name.name])


def referred(module: Module, node: ast.AST) -> Iterator[Name]:
    """What a piece of a module refers to, at any depth."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            yield from meant(module, one.id)
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            package = module.imported.get(one.value.id)
            if package is not None:
                full = f"{package.module}.{package.name}".strip(".")
                yield from resolved(Name(full, one.attr))
        elif isinstance(one, ast.Constant) and isinstance(one.value, str):
            # What is loaded on demand is named in words: `module:function`, or an annotation.
            where, _, function = one.value.partition(":")
            for room in ("", "api.cli."):
                yield from resolved(Name(room + _short(where), function))


def begins(module: Module) -> Iterator[ast.AST]:
    """What runs without being called by anything of ours."""
    whole = module.name.startswith("scripts")
    for node in module.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) or (isinstance(node, Definition) and not whole):
            continue
        if isinstance(node, ast.Assign | ast.AnnAssign) and not whole:
            continue
        yield node


@cache
def reached() -> frozenset[Name]:
    seen: set[Name] = set()
    waiting = [Name(*ENTRY)]
    waiting += [
        name for module in modules().values() for node in begins(module) for name in referred(module, node)
    ]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        module = modules()[name.module]
        node = module.defined.get(name.name) or module.values[name.name]
        waiting.extend(referred(module, node))
    return frozenset(seen)


def ours() -> Iterator[Module]:
    return (module for module in modules().values() if not module.name.startswith("scripts"))


def test_every_public_function_and_class_is_reached() -> None:
    found = [
        f"{module.name}.{name}"
        for module in ours()
        for name in module.defined
        if not name.startswith("_")
        and name not in APART.get(module.name, ())
        and Name(module.name, name) not in reached()
    ]
    assert found == []


def test_every_method_of_a_rule_is_called() -> None:
    """By its name, wherever."""
    used = {
        node.attr
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
    }
    found = [
        f"{module.name}.{owner.name}.{node.name}"
        for module in ours()
        if module.name.startswith("ledger.rules.")
        for owner in module.defined.values()
        if isinstance(owner, ast.ClassDef)
        for node in owner.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.name not in used
    ]
    assert found == []


def test_what_only_a_test_calls_is_seen() -> None:
    """The search itself: what is known to be reached is, and what is kept apart is not."""
    assert Name("api.cli.registry.cases", "accept") in reached(), "a command, loaded by its name"
    assert Name("ledger.cases.deciding", "accept") in reached(), "what a command imports in its function"
    assert Name("ledger.state.faults", "KillAt") not in reached()
