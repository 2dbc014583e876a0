"""`scripts/setup`: what it installs is the lock and nothing else, on every Python that the project names."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.cli.test_modes import PUBLIC, open_to_others

ROOT = Path(__file__).resolve().parents[2]
LOCK = "requirements/verifier.txt"
VERSIONS = ("3.11", "3.12", "3.13")


def wheel(folder: Path, name: str, version: str, *metadata: str) -> str:
    """Write a wheel of one empty module; gives its SHA-256 in hex."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": "\n".join(
            ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *metadata, "")
        ),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={_record(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join((*record, f"{info}/RECORD,,", ""))
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for entry, text in files.items():
            archive.writestr(entry, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _record(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


BACKEND = '''
"""Builds the editable wheel of a project without code."""
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name, info = "project-1.0-py3-none-any.whl", "project-1.0.dist-info"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: project\\nVersion: 1.0\\nRequires-Dist: asks\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name
'''  # noqa: E501


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with our `scripts/setup`. Its lock pins `asked` 1.0, for which `asks` asks with an extra, and
    the only index has released `asked` 2.0 since.
    """
    index = tmp_path / "index"
    index.mkdir()
    asks = wheel(index, "asks", "1.0", "Requires-Dist: asked[extra]>=1.0")
    asked = wheel(index, "asked", "1.0", "Provides-Extra: extra")
    wheel(index, "asked", "2.0", "Provides-Extra: extra")
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "setup", folder / "scripts")
    (folder / "requirements").mkdir()
    (folder / LOCK).write_text(f"asked==1.0 --hash=sha256:{asked}\nasks==1.0 --hash=sha256:{asks}\n")
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "project"\nversion = "1.0"\n'
    )
    return folder


def set_up(project: Path) -> subprocess.CompletedProcess[str]:
    """Run its `scripts/setup` against its index alone."""
    return subprocess.run(
        [project / "scripts" / "setup", "verifier", project / "venv"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**_alone(project), "PYTHON": sys.executable},
    )


def installer_of(project: Path) -> str:
    """What installed, by its own record beside what it installed."""
    (record,) = (project / "venv").glob("lib/python*/site-packages/asked-1.0.dist-info/INSTALLER")
    return record.read_text().strip()


def _alone(project: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return {
        **kept,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(project.parent / "index"),
        "PIP_NO_CACHE_DIR": "1",
        "PIP_NO_COMPILE": "0",  # do not compile: of such an option pip wants the value it is to have
    }


@pytest.mark.slow
@pytest.mark.parametrize("by", ["uv", "pip"])
def test_installing_does_not_depend_on_what_is_newest(
    project: Path, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By uv where the pinned one is at hand, and by pip where its index has none."""
    if by == "pip":
        (project / "requirements" / "uv.txt").write_text(f"uv==0.0.1 --hash=sha256:{64 * '0'}\n")
    else:
        shutil.copy(ROOT / "requirements" / "uv.txt", project / "requirements")
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    done = set_up(project)
    assert done.returncode == 0, done.stderr
    assert by == installer_of(project)
    if by == "uv":
        return
    # Left to resolve, this pip takes the newest for whoever asks with an extra, and that one has no hash.
    resolving = subprocess.run(
        f"venv/bin/python -m pip install --require-hashes --force-reinstall -r {LOCK}".split(),
        cwd=project,
        capture_output=True,
        check=False,
        timeout=60,
        env=_alone(project),
    )
    assert resolving.returncode != 0


@pytest.mark.slow
def test_a_lock_that_is_not_whole_is_refused(project: Path) -> None:
    lock = project / LOCK
    lock.write_text("".join(line for line in lock.read_text().splitlines(True) if line.startswith("asks")))
    done = set_up(project)
    assert done.returncode == 1
    assert "asks 1.0 requires asked" in done.stderr
    assert "scripts/lock" in done.stderr
    assert not list((project / "venv").glob("installed-*")), "the next start tries again"


def test_locks_keep_their_extras_and_pin_everything() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        pins = re.findall(r"(?m)^([a-z0-9][^\s;\\]*)", path.read_text(encoding="utf-8"))
        assert pins
        assert all(re.fullmatch(r"[a-z0-9.-]+(\[[a-z0-9,-]+\])?==[^=]+", pin) for pin in pins), path
    assert "coverage[toml]==" in (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")


def pythons() -> list[Path]:
    """One interpreter for each other version the project names, as far as this machine has them.

    On the version that runs the tests, `test_start` shows the same.
    """
    found = []
    for version in VERSIONS:
        if version == f"{sys.version_info.major}.{sys.version_info.minor}":
            continue
        name = f"python{version}"
        kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        places = [shutil.which(name), *sorted(kept.glob(f"{version}.*/bin/{name}"))]
        found += [path for path in map(_running, places) if path is not None][:1]
    return found


def _running(path: str | Path | None) -> Path | None:
    """The interpreter if it runs and can make environments: some on the PATH are only signposts."""
    if path is None:
        return None
    asked = subprocess.run(
        [path, "-c", "import ensurepip, sqlite3, ssl"], capture_output=True, check=False, timeout=60
    )
    return Path(path) if asked.returncode == 0 else None


@pytest.mark.slow
def test_installing_and_the_demonstration_run_on_other_pythons(tmp_path: Path) -> None:
    """As someone new to the project: a copy of it, an environment of its own, and the main job.

    The newest Python shows the main job, and each checks what came out of it.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("YINZHENG_", "PYTHON"))}
    kept["PIP_NO_COMPILE"] = "0"  # as above; what is imported is compiled then, a tenth of it

    def run(copy: Path, *command: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            list(map(str, command)),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            cwd=copy,
            env=kept,
        )

    out = tmp_path / "out"
    for python in reversed(pythons()):
        copy = copied(tmp_path / python.name)
        installed = run(copy, "env", f"PYTHON={python}", copy / "scripts" / "setup", "registry")
        assert installed.returncode == 0, installed.stderr
        yinzheng = copy / ".venv" / "bin" / "yinzheng"
        if not out.exists():
            shown = run(copy, yinzheng, "demo", "--state", tmp_path / "state", "--out", out)
            assert shown.returncode == 0, shown.stderr
            assert "Traceback" not in shown.stdout + shown.stderr
            assert open_to_others(out, tmp_path / "state") == PUBLIC
        documents = (next(out.glob("SJ*.pdf")), out / "consent-receipt.pdf", *out.glob("D-*.zip"))
        checked = run(copy, yinzheng, "verify", *documents, "--trust", out / "trust.json")
        assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout


def copied(folder: Path) -> Path:
    """The project without its tests, as a clone holds it."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if not name.startswith("tests/") and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name, follow_symlinks=False)
    return folder
