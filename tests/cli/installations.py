"""Small installations, made from their requirements with hashes as a stranger makes them.

They are kept between runs under a name that follows from what goes into them; in continuous runs made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.processes import ROOT, environment

PROGRAM = """
import importlib, importlib.util, json, sys
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
print(json.dumps([name for name in json.loads(sys.argv[1]) if importlib.util.find_spec(name)]))
"""


def make_installation(kind: str, config: pytest.Config, factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a virtual environment of `requirements/KIND.txt` and the project."""
    inputs = [ROOT / "requirements" / f"{kind}.txt", ROOT / "pyproject.toml", ROOT / "scripts" / "setup"]
    whole = b"".join(path.read_bytes() for path in inputs) + sys.version.encode()
    key = hashlib.sha256(whole).hexdigest()[:16]
    if os.environ.get("CI"):
        venv = factory.mktemp(kind) / "venv"
    else:
        kept = config.rootpath / ".pytest_cache" / kind
        venv = kept / key
        for other in kept.glob("*"):
            if other.name != key:
                shutil.rmtree(other)
    done = subprocess.run(
        [ROOT / "scripts" / "setup", kind, venv],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**environment(), "PYTHON": sys.executable},
    )
    assert done.returncode == 0, done.stderr
    return venv / "bin"


def plain_environment(**more: str) -> dict[str, str]:
    """As `environment`, without this checkout on the path."""
    return {name: value for name, value in environment(**more).items() if name != "PYTHONPATH"}


def found(folder: Path, absent: tuple[str, ...], imported: tuple[str, ...], *, cwd: Path) -> list[str]:
    """Which of the packages that should be absent are there, after importing these modules of ours."""
    done = subprocess.run(
        [folder / "python", "-c", PROGRAM, json.dumps(absent), json.dumps(imported)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
        env=plain_environment(),
    )
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout)
    assert isinstance(names, list)
    return names


def run_installed(folder: Path, *args: object, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the installation's own `yinzheng`."""
    return subprocess.run(
        [folder / "yinzheng", *map(str, args)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
        env=plain_environment(**more),
    )
