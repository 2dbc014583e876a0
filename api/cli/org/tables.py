"""Lists as tables for a spreadsheet program: `--table FILE.csv` or `.xlsx` of the commands that list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

TableFile = Annotated[
    Path | None,
    typer.Option("--table", help="Also write the list to this new .csv or .xlsx. 另存为表格。"),
]


def ready_for(path: Path | None) -> None:
    """Refuse a file that is there already, before anything is asked or written down. `file-exists`."""
    from yinzheng.api.org.tables import require_new

    if path is not None:
        require_new(path)


def keep_table(path: Path | None, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table where one was asked for; None is an empty cell, a list its members. As `write_table`."""
    from yinzheng.api.org.tables import write_table

    if path is not None:
        write_table(path, [headings, *([_cell(value) for value in row] for row in rows)])


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (list, tuple)):
        return "；".join(map(str, value))
    return str(value)
