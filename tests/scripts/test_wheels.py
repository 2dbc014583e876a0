"""The wheels of this checkout: small, no file in two of them, and together all of it (ADR 110).

Once installed: `tests/cli/test_server_gone.py` (the verifier's alone), `tests/cli/test_org_alone.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

from tests.cli.installations import build
from tests.cli.processes import ROOT, environment
from tests.cli.test_operate import PASSPHRASE, init

PROJECTS: Final = (".", "registry", "fonts")
MOST: Final = {".": 1_000_000, "registry": 2_000_000}
"""Bytes of a wheel; the goal is 2 MB for whoever verifies. Fonts are what they are."""

TOOLS: Final = (".npmrc", "build.js", "package-lock.json", "package.json", "test/Rfc9162Harness.sol")
"""In `contracts/`: what builds and tests them."""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        project: build("wheel", ROOT / project, tmp_path_factory.mktemp("wheels")) for project in PROJECTS
    }


def files(wheel: Path) -> list[str]:
    """Its own, without what describes it."""
    return [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]


def test_they_are_small(wheels: dict[str, Path]) -> None:
    assert {project: wheels[project].stat().st_size <= most for project, most in MOST.items()} == {
        ".": True,
        "registry": True,
    }


def test_no_file_is_in_two_and_none_is_missing(wheels: dict[str, Path]) -> None:
    held = [name for wheel in wheels.values() for name in files(wheel)]
    assert len(held) == len(set(held))
    assert tracked() - set(held) == {f"yinzheng/contracts/{name}" for name in TOOLS}


@pytest.mark.parametrize("project", PROJECTS)
def test_an_archive_of_the_sources_gives_the_same(
    wheels: dict[str, Path], project: str, tmp_path: Path
) -> None:
    """As those do that build an archive first, and the wheel of that."""
    archive = build("sdist", ROOT / project, tmp_path)
    shutil.unpack_archive(archive, tmp_path)
    again = build("wheel", tmp_path / archive.name.removesuffix(".tar.gz"), tmp_path)
    assert zipfile.ZipFile(again).namelist() == zipfile.ZipFile(wheels[project]).namelist()


def tracked() -> set[str]:
    """Every file of the package that git knows, by its place in it; links are followed."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    known = {(ROOT / name).resolve() for name in listed.decode().split("\0") if name}
    return {
        str(path.relative_to(ROOT))
        for folder, folders, names in os.walk(ROOT / "yinzheng", followlinks=True)
        for path in (Path(folder) / name for name in names)
        if "node_modules" not in path.parts and path.resolve() in known
    }


PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
import yinzheng.api.desk.app, yinzheng.api.own.app, yinzheng.api.web.app, yinzheng.client
from yinzheng.api.cli import main
main()
"""


@pytest.mark.slow
def test_a_registry_is_made_by_what_they_hold(wheels: dict[str, Path], tmp_path: Path) -> None:
    """What is no module is where the program looks for it: contracts, steps of the database."""
    site = tmp_path / "site"
    for wheel in wheels.values():
        zipfile.ZipFile(wheel).extractall(site)
    others = [place for place in sys.path if place and not (Path(place) / "yinzheng").is_dir()]
    made = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            PROGRAM,
            json.dumps([str(site), *others]),
            *init(tmp_path / "state"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
        env=environment(**PASSPHRASE),
    )
    assert made.returncode == 0, made.stderr
