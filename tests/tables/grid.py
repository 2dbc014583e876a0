"""Reading `who_may_what.txt`: sections of rows and columns, each cell what one caller is answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).with_name("who_may_what.txt")

YES: Final = "✓"
"""It is done, or shown."""


@dataclass(frozen=True)
class Row:
    """What everyone is answered who tries one thing."""

    name: str
    cells: dict[str, str]
    """By column: `✓`, or how it is refused: a status, or `–` where there is none."""
    codes: tuple[str, ...] = ()
    """How the refusals of this row are named; with a status before each, where cells have one."""

    @property
    def thing(self) -> str:
        """Its name without what tells it apart from other rows of the same thing."""
        return self.name.partition(" (")[0]

    def code(self, column: str) -> str:
        """The code of the refusal in a column, as far as the row says it; empty if it does not."""
        cell = self.cells[column]
        named = dict(one.split(" ", 1) for one in self.codes if one[:1].isdigit())
        return named.get(cell, self.codes[0] if self.codes and not named else "")


@dataclass
class Section:
    """One grid, with its words and what each column's refusals are called wherever the rows do not say."""

    name: str
    title: str
    words: list[str] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    says: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def row(self, name: str) -> Row:
        """The row of that name."""
        return next(row for row in self.rows if row.name == name)

    def cell(self, row: Row, column: str) -> tuple[str, str]:
        """What is expected: the cell, and the code of a refusal (empty: whatever it is)."""
        cell = row.cells[column]
        return cell, "" if cell == YES else self.says.get(column) or row.code(column)

    @property
    def things(self) -> set[str]:
        """What the rows are about, each once."""
        return {row.thing for row in self.rows}


def sections(text: str | None = None) -> dict[str, Section]:
    """All sections by name, in order. An assertion fails for a row that has not a cell for each column."""
    found: dict[str, Section] = {}
    for line in _lines(TABLE.read_text(encoding="utf-8") if text is None else text):
        if line.startswith("== "):
            name, _, title = line[3:].partition(": ")
            section = found[name] = Section(name, title)
            continue
        head, *rest = (part.strip() for part in line.split("|"))
        if head.startswith("# "):
            section.words.append(head[2:])
        elif head == "columns":
            section.columns = tuple(rest[0].split())
        elif head == "says":
            pairs = zip(section.columns, rest[0].split(), strict=True)
            section.says = {column: code for column, code in pairs if code != "."}
        else:
            cells = rest[0].split() if rest else []
            assert len(cells) == len(section.columns), line
            assert all(row.name != head for row in section.rows), line
            codes = tuple(one.strip() for one in rest[1].split(",")) if len(rest) > 1 else ()
            section.rows.append(Row(head, dict(zip(section.columns, cells, strict=True)), codes))
    return found


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.strip())
