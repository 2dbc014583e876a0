"""Worlds that are dear to make are made once a run: by the first worker that asks, for all of them.

A fixture of scope `session` calls `made_once`; its tests copy the state folder (`World.copy`) and write to
the copy. What there is, so that a new test need make none of its own:

- `demonstration_template`, `production_template` (tests/ledger/conftest.py): a registry right after `init`;
- `told_template`, `clinic_template`, `ward_template`, `approved_template`, `court_template` (conftest.py in
  accesses, withdrawals, erasure and disputes there): with organisations, a notice, consents, certificates;
- `parties_template` (moves there): with a certificate and three enrolled holders, whom `parties_of` gives;
- `deposited_template` (tests/api/mirror/conftest.py): with one certificate;
- `founded` (tests/desk/conftest.py): with enrolled organisations, a minute ago by the real clock;
- `demonstration` (tests/cli/conftest.py): what `yinzheng demo` makes of four dossiers.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """What `make` gave for the empty folder it got, made by one worker and handed to the others.

    Whatever is not in the folder travels pickled: paths, numbers, rows; no open registry. Nobody writes to
    the folder.
    """
    run = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    folder, made = run / f"shared-{name}", run / f"shared-{name}.pickle"
    with (run / f"shared-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker whose making failed
            folder.mkdir()
            made.write_bytes(pickle.dumps(make(folder)))
    found: T = pickle.loads(made.read_bytes())
    return found
