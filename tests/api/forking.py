"""A module of a test's own, for what forks, which takes no paths and no variables from whoever began it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from yinzheng.api.forks import Forks


def forks_of(source: str, folder: Path, patch: pytest.MonkeyPatch) -> Forks:
    """Forks of a module of this source, which has a `main`; its `load` does nothing unless it has one."""
    (folder / "the_work.py").write_text(f"def load(*arguments): pass\n\n{source}\n")
    python = folder / "python"
    begin = f"import sys; sys.path.insert(0, {str(folder)!r}); from yinzheng.api.forks import main; main()"
    python.write_text(f'#!/bin/sh\nshift 3\nexec \'{sys.executable}\' -I -c "{begin}" "$@"\n')
    python.chmod(0o700)
    patch.setattr(sys, "executable", str(python))
    return Forks("the_work", {})
