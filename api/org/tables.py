"""Spreadsheets as an office's programs write them: rows of text, numbered as the program shows them.

CSV in UTF-8, with a mark before it or none, or in GBK (GB 18030), its columns parted by commas, semicolons or
tabs; and `.xlsx`, of which the first sheet is read. A workbook is a zip: what it would unpack to is bounded
before any of it is.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.state.files import create_durably
from yinzheng.verifier.errors import DataFault, UsageFault

MAX_FILE: Final = 64 * 1024 * 1024
MAX_UNPACKED: Final = 256 * 1024 * 1024
"""Bytes of all that a workbook's zip unpacks to …"""
MAX_ENTRIES: Final = 1000
"""… and how many files that is."""
MAX_ROWS: Final = 200_000
MAX_COLUMNS: Final = 200
MAX_CELL: Final = 4096
EXACT: Final = 10**15
"""Numbers from here on a spreadsheet has rounded."""

ERRORS: Final = frozenset(
    {
        "#N/A",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#SPILL!",
        "#CALC!",
        "#FIELD!",
        "#BLOCKED!",
        "#UNKNOWN!",
        "#CONNECT!",
        "#GETTING_DATA",
        "#BUSY!",
    }
)
"""What a spreadsheet shows where a formula came to nothing."""

_TEMPTING: Final = re.compile(r"\s*'*[=+\-@＝＋－＠]|[\t\r\n]")
"""What a spreadsheet program might take for a formula, in full width, too; and such a cell that we wrote."""
_NOT_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_READY: Final = 500
"""Rows whose cells are text before anything is typed there."""

Row = tuple[int, tuple[str, ...]]
"""Its number in the sheet, from 1, and its cells as text, ends trimmed; an empty cell is empty."""


def read_table(path: Path) -> Iterator[Row]:
    """The rows of a file that are not empty.

    Raises `UsageFault` `file-missing`; `DataFault`: `table-large`, `table-encoding`, `table-malformed`,
    `table-cell` with the `row`; `UsageFault` `extra-missing` where workbooks cannot be read here.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise _large(f"the file has more than {MAX_FILE >> 20} MiB")
        data = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise UsageFault(f"there is no file {path}", code="file-missing", hint="Check the path.") from None
    found = _workbook(data) if data.startswith(b"PK\x03\x04") else _comma_separated(data)
    for number, cells in enumerate(found, 1):
        if number > MAX_ROWS:
            raise _large(f"the table has more than {MAX_ROWS} rows")
        if len(cells) > MAX_COLUMNS:
            raise _large(f"row {number} has more than {MAX_COLUMNS} columns")
        row = tuple(_text(cell, number) for cell in cells)
        if any(row):
            yield number, row


def require_headings(
    cells: Sequence[str], named: Sequence[str], needed: Iterable[str], of: tuple[str, str], command: str
) -> None:
    """Refuse a first row that lacks a column, has one that is not known, or has one twice.

    `named`: what each cell of the row names, empty where that is nothing known. `of`: whose headings they are
    to be, in Chinese and English. Raises `DataFault` `table-headings`.
    """
    lacking = [name for name in needed if name not in named]
    unknown = [cell for cell, name in zip(cells, named, strict=True) if cell and not name]
    twice = sorted({name for name in named if name and named.count(name) > 1})
    wrong = [("lacks 缺少", lacking), ("does not know 不认识", unknown), ("has twice 重复", twice)]
    said = "; ".join(f"{what}: {'、'.join(names)}" for what, names in wrong if names)
    if said:
        zh, en = of
        raise DataFault(
            f"row 1 is not the headings of {en} 第 1 行不是{zh}的表头: {said}",
            code="table-headings",
            hint=f"Start from `{command} --template`.",
        )


def _comma_separated(data: bytes) -> Iterator[Sequence[Any]]:
    text = _decoded(data)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(MAX_CELL * 4)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield [cell[1:] if cell[:1] == "'" and _TEMPTING.match(cell[1:]) else cell for cell in cells]
    except csv.Error as error:
        raise DataFault(
            f"line {reader.line_num} is no line of a table: {error}",
            code="table-malformed",
            hint="See whether a quotation mark is left open there; or save the sheet as .xlsx.",
            line=reader.line_num,
        ) from None


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DataFault(
        "the file is neither UTF-8 nor GBK",
        code="table-encoding",
        hint="Save the sheet as “CSV UTF-8” or as .xlsx.",
    )


def _workbook(data: bytes) -> Iterator[Sequence[Any]]:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise UsageFault(
            "workbooks cannot be read here",
            code="extra-missing",
            hint="Install it with: pip install 'yinzheng[org]'. Or save the sheet as CSV.",
        ) from None
    _require_bounded(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its size is not believed
            yield from sheet.iter_rows(values_only=True)
        finally:
            book.close()
    except DataFault:
        raise
    except Exception as error:  # whatever a library makes of what is no workbook
        raise DataFault(
            "the file is no workbook that can be read",
            code="table-malformed",
            hint="Open it in a spreadsheet program and save it as .xlsx or as CSV.",
        ) from error


def _require_bounded(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            entries = opened.infolist()
    except (zipfile.BadZipFile, ValueError) as error:
        raise DataFault("the file is a broken workbook", code="table-malformed") from error
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise _large(f"the workbook would unpack to more than {MAX_UNPACKED >> 20} MiB")


def _text(cell: Any, row: int) -> str:
    """A cell as it would be typed."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime):
        midnight = (cell.hour, cell.minute, cell.second) == (0, 0, 0)
        return f"{cell:%Y-%m-%d}" if midnight else f"{cell:%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, date):
        return f"{cell:%Y-%m-%d}"
    if isinstance(cell, (int, float)):
        if abs(cell) >= EXACT:
            raise DataFault(
                f"row {row} has a number that the spreadsheet has rounded",
                code="table-cell",
                hint="Format that column as text, and type the number again.",
                row=row,
            )
        return str(int(cell)) if cell == int(cell) else str(cell)
    text = str(cell).strip()
    if len(text) > MAX_CELL:
        raise DataFault(
            f"row {row} has a cell of more than {MAX_CELL} characters", code="table-cell", row=row
        )
    return text


def write_table(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """A new file for a spreadsheet program: `.xlsx` with cells of text, or CSV in UTF-8 with its mark.

    No cell becomes a formula. In a workbook it is text; CSV cannot say so, and what a program might take for
    one has a `'` before it, which `read_table` takes away again. Only its owner reads the file. Raises
    `UsageFault` `file-exists`, `extra-missing`; `EnvironmentFault` (`disk-…`).
    """
    require_new(path)
    data = _as_workbook(rows) if path.suffix.lower() == ".xlsx" else _as_text(rows)
    try:
        create_durably(path, data, mode=0o600)
    except FileExistsError:
        require_new(path)
        raise


def require_new(path: Path) -> None:
    """Check that a table can have that name. Raises `UsageFault` `file-exists`."""
    if path.exists():
        raise UsageFault(f"{path} exists already", code="file-exists", hint="Name a new file.")


def harmless(cell: str) -> str:
    """A cell of CSV as text: with a `'` before what a spreadsheet program might take for a formula."""
    return f"'{cell}" if _TEMPTING.match(cell) else cell


def _as_text(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _as_workbook(rows: Iterable[Sequence[str]]) -> bytes:
    try:
        from openpyxl import Workbook
    except ImportError:
        raise UsageFault(
            "workbooks cannot be written here", code="extra-missing", hint="Name a .csv."
        ) from None
    book = Workbook(write_only=False)
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append([_NOT_IN_XML.sub(" ", cell) for cell in row])
    for column in sheet.iter_cols(min_row=1, max_row=max(sheet.max_row, _READY)):
        for cell in column:
            cell.number_format = "@"
            if cell.value is not None:
                cell.data_type = "s"  # also what begins with "=": a name is no formula
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _large(what: str) -> DataFault:
    return DataFault(what, code="table-large", hint="Split it into several files.")
