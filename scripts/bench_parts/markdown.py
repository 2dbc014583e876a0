"""The tables of docs/benchmarks.md, made of the JSON document of a run.

Run as `python -m scripts.bench_parts.markdown FILE` after `scripts/bench --out FILE`; several files are put
together, later figures replacing earlier ones of the same part and name.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_SIZED = re.compile(r"(at|consents from a file of) ([\d,]+)( statements| consents)?")
"""Parts of which there is one for each size."""

_Figure = dict[str, Any]


def tables(documents: Iterable[dict[str, Any]]) -> str:
    """What the runs measured: a line about the machine, one table of figures, one for each kind of growth."""
    found: dict[tuple[str, str], _Figure] = {}
    machine: dict[str, Any] = {}
    seconds = 0
    for document in documents:
        machine, seconds = document["machine"], seconds + document["seconds"]
        found |= {(figure["part"], figure["name"]): figure for figure in document["figures"]}
    grown: dict[str, list[_Figure]] = {}
    for figure in found.values():
        grown.setdefault(_kind_of(figure["part"]), []).append(figure)
    plain = grown.pop("", [])
    parts = [_about(machine, seconds), _plain(plain)]
    parts += [_by_size(kind, figures) for kind, figures in grown.items()]
    return "\n\n".join(parts) + "\n"


def _about(machine: dict[str, Any], seconds: int) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}, "
        f"{packages}; load before {', '.join(map(str, machine['load_before']))}; {seconds} s in all; "
        f"{machine['at']}."
    )


def _plain(figures: Iterable[_Figure]) -> str:
    rows = ["| part | what | value | floor | of floor | goal |", "|---|---|---:|---:|---:|---|"]
    for figure in figures:
        cells = (figure["part"], figure["name"], _value(figure), *_beside(figure))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _kind_of(part: str) -> str:
    """The name of a sized part without its size; empty for any other."""
    match = _SIZED.fullmatch(part)
    return "" if match is None else f"{match[1]}{match[3] or ''}"


def _size_of(figure: _Figure) -> int:
    match = _SIZED.fullmatch(figure["part"])
    assert match is not None  # only those are asked
    return int(match[2].replace(",", ""))


def _by_size(kind: str, figures: list[_Figure]) -> str:
    """One column for each size; a share of the floor stands in brackets behind its value."""
    sizes = sorted({_size_of(figure) for figure in figures})
    cells: dict[str, dict[int, str]] = {}
    for figure in figures:
        share, goal = _beside(figure)[1:]
        value = _number(figure["value"]) + (f" ({share} of floor)" if share else "")
        name = f"{figure['name']}, {figure['unit']}"
        cells.setdefault(name, {})[_size_of(figure)] = f"{value} {goal.rpartition(' ')[2]}".rstrip()
    rows = [
        f"| {kind} | {' | '.join(f'{size:,}' for size in sizes)} |",
        f"|---|{'---:|' * len(sizes)}",
    ]
    rows += [f"| {name} | {' | '.join(row.get(size, '') for size in sizes)} |" for name, row in cells.items()]
    return "\n".join(rows)


def _value(figure: _Figure) -> str:
    return f"{_number(figure['value'])} {figure['unit']}"


def _beside(figure: _Figure) -> tuple[str, str, str]:
    floor = "" if "floor_value" not in figure else _number(figure["floor_value"])
    share = "" if "share" not in figure else f"{figure['share']:.0%}"
    goal = "" if "goal" not in figure else f"{figure['goal']} {'✓' if figure['met'] else '✗'}"
    return floor, share, goal


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.stdout.write(tables(json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]))
