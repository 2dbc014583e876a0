"""`docs/architecture.md` names files and names that are there, and stays short."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_place_it_names_is_there() -> None:
    places = set(re.findall(r"`((?:api|contracts|docs|ledger|scripts|tests|verifier)/[\w/.-]*)`", PAGE))
    assert len(places) > 30
    assert not sorted(place for place in places if not (ROOT / place).exists())


def test_every_name_beside_a_file_is_in_it() -> None:
    for path, names in re.findall(r"`([\w/]+\.py)`((?: `[a-zA-Z_.]+(?:\([^`]*\))?`(?: and)?)+)", PAGE):
        source = (ROOT / path).read_text(encoding="utf-8")
        for name in re.findall(r"`(\w+)", names):
            assert re.search(rf"(?:def|class) {name}\b", source), f"{path} has no {name}"


def test_it_fits_two_screens() -> None:
    assert len(PAGE.splitlines()) <= 80
