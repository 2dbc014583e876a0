"""Small installations, made as a stranger makes them: requirements with hashes, then the project's wheels.

What others made is kept between runs under a name that follows from it, in continuous runs made anew; the
wheels are made of this checkout each time.
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


WHEELS = {"verifier": (".",), "org": (".", "registry"), "pages": (".", "registry")}
"""By the kind of installation the folders whose wheels it has."""


def build(what: str, project: Path, folder: Path) -> Path:
    """The `wheel` or `sdist` of a project, in that folder."""
    program = "import hatchling.build, sys; print(getattr(hatchling.build, sys.argv[1])(sys.argv[2]))"
    built = subprocess.run(
        [sys.executable, "-c", program, f"build_{what}", folder],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return folder / built.stdout.strip()


def make_installation(kind: str, config: pytest.Config, factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a virtual environment of `requirements/KIND.txt` and the project's wheels."""
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
    wheels = [build("wheel", ROOT / project, factory.mktemp("wheels")) for project in WHEELS[kind]]
    install = f"-m uv pip install --quiet --no-index --no-deps --reinstall --python {venv / 'bin' / 'python'}"
    subprocess.run([sys.executable, *install.split(), *wheels], timeout=120, check=True)  # not the checkout
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
