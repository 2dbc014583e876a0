"""The registry's wheel: every file of the package that the verifier's wheel does not have (ADR 110)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.wheel import WheelBuilder

ABSENT = (
    "yinzheng/contracts/.npmrc",
    "yinzheng/contracts/build.js",
    "yinzheng/contracts/node_modules",
    "yinzheng/contracts/package-lock.json",
    "yinzheng/contracts/package.json",
    "yinzheng/contracts/test",
    "yinzheng/ledger/document/fonts",
)
"""What no installation takes from here: contracts are built in a checkout, fonts are a wheel of their own."""


class Rest(BuildHookInterface):
    """Includes those files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before it is built; what is installed editable is there already, in the checkout."""
        if version == "editable":
            return
        source, verifier = Path(self.root), set[str]()
        if not (source / "yinzheng").exists():  # a checkout, not an archive made of one
            source = source.parent
            verifier = {file.distribution_path for file in WheelBuilder(str(source)).recurse_included_files()}
        for folder, folders, names in os.walk(source / "yinzheng", followlinks=True):
            place = Path(folder).relative_to(source)
            folders[:] = [
                name for name in folders if name != "__pycache__" and f"{place / name}" not in ABSENT
            ]
            for path in {f"{place / name}" for name in names}.difference(verifier, ABSENT):
                build_data["force_include"][str(source / path)] = path
