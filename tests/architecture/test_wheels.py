"""The verifier's wheel has what verifying reaches and nothing else; the registry's has the rest (ADR 110)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import PurePosixPath
from typing import Any, Final

from hatchling.builders.wheel import WheelBuilder

from tests.architecture.imports import ROOT, TOP, imports, modules
from yinzheng.api.cli.commands import PANELS
from yinzheng.api.cli.lazy import PACKAGE, Command, Group

BEYOND: Final = {
    ("api.cli.lazy", "api.cli.registry.persons"),  # for a command of the registry
    ("api.cli.verify_state", "ledger.reading"),  # where it is absent, the command says so
}
"""Imports that lead out of the verifier's wheel, each inside a function that does without."""


@cache
def held() -> frozenset[str]:
    """The modules of the verifier's wheel, by their names without `yinzheng.`."""
    files = [PurePosixPath(one.distribution_path) for one in WheelBuilder(str(ROOT)).recurse_included_files()]
    names = [path.relative_to(TOP).with_suffix("").parts for path in files if path.suffix == ".py"]
    return frozenset(".".join(parts[:-1] if parts[-1] == "__init__" else parts) for parts in names) - {""}


def test_the_verifiers_wheel_is_what_verifying_reaches() -> None:
    reached = {name for name in modules() if name.split(".")[0] == "verifier"}
    ahead = {"api.cli", *reached, *(f"{PACKAGE.removeprefix(f'{TOP}.')}.{one}" for one in _verifying())}
    reached = set()
    while ahead:
        name = ahead.pop()
        reached.add(name)
        ahead |= {other for other in imports()[name] if (name, other) not in BEYOND} - reached
        ahead |= {package for package in [name.rpartition(".")[0]] if package} - reached
    assert reached - held() == set(), "the wheel lacks them: pyproject.toml, `only-include`"
    assert held() - reached == set(), "verifying does without them"


def _verifying() -> set[str]:
    """The modules of the commands that need no extra."""

    def of(entry: Command | Group) -> set[str]:
        if isinstance(entry, Group):
            return {module for one in entry.entries for module in of(one)}
        return {entry.where.partition(":")[0]}

    return {module for panel in PANELS if not panel.extra for one in panel.entries for module in of(one)}


def test_all_wheels_are_of_one_version_and_licence() -> None:
    verifier, registry, fonts = (_project(folder) for folder in (".", "registry", "fonts"))
    assert registry["version"] == fonts["version"] == verifier["version"]
    assert registry["dependencies"] == [f"yinzheng=={verifier['version']}"]
    extras = verifier["optional-dependencies"]
    assert f"yinzheng-registry=={verifier['version']}" in extras["org"]
    assert {"org", "image", "timestamps"} <= set(extras["registry"][0][len("yinzheng[") : -1].split(","))
    assert registry["requires-python"] == verifier["requires-python"]
    assert (ROOT / "registry" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def _project(folder: str) -> dict[str, Any]:
    read = tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert isinstance(read, dict)
    return read
