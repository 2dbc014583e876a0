"""What `tests/seconds.json` says is about tests that there are."""

from __future__ import annotations

from pathlib import Path

from tests.seconds import recorded

ROOT = Path(__file__).resolve().parents[2]


def test_what_took_long_is_there() -> None:
    gone = []
    for function in recorded():
        file, _, name = function.partition("::")
        path = ROOT / file
        if not path.exists() or f"def {name.rpartition('::')[2]}(" not in path.read_text(encoding="utf-8"):
            gone.append(function)
    assert gone == [], "run `pytest --all --record`, or take these lines out"
