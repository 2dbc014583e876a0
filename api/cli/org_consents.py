"""`yinzheng org consents convert`: a spreadsheet becomes the file that `upload` sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.org_common import DEFAULT_ORG, OrgFolder, clock
from yinzheng.api.cli.output import EXIT_NOT, Json, tell
from yinzheng.verifier.errors import UsageFault

if TYPE_CHECKING:
    from yinzheng.api.org.consent_table import Complaint

LISTED = 100
"""Complaints that are shown at once."""


def convert(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A .csv (UTF-8 or GBK) or .xlsx; new with --template."),
    ],
    template: Annotated[
        bool, typer.Option("--template", help="Write a new table to fill in instead. 生成模板。")
    ] = False,
    leaf: Annotated[
        str | None,
        typer.Option(help="The notice they were shown: how its leaf hash begins; default: the latest."),
    ] = None,
    notice: Annotated[
        Path | None, typer.Option(help="That notice's file, where this folder does not keep it.")
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="File to write, or to write anew; default: FILE.ndjson.")
    ] = None,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Make a spreadsheet into consents. 表格转为同意书。

    For `upload`, one a row. Complaints name rows: correct them, then run it and `upload` again. Exit code 1
    where a row is wrong; the others are written.
    """
    from yinzheng.api.org.consent_table import Converter
    from yinzheng.api.org.consent_table import template as new_table
    from yinzheng.api.org.notices import find_notice
    from yinzheng.api.org.tables import read_table, write_table
    from yinzheng.ledger.state.files import write_durably

    found, whole = find_notice(org, leaf, notice)
    if template:
        write_table(file, new_table(found))
        tell(json_, {"file": str(file)}, f"{file}: fill it in, a row for each person 请逐行填写")
        return
    target = out_file or file.with_name(f"{file.name}.ndjson")
    if target.exists() and file.exists() and target.samefile(file):
        raise UsageFault(
            f"{target} is the table itself", code="file-exists", hint="Name another file with --out."
        )
    lines: list[bytes] = []
    complaints: list[Complaint] = []
    count = 0
    for one in Converter(found, whole, file.parent, clock()).convert(read_table(file)):
        lines += [b""] * (one.row - 1 - len(lines))  # a line of the file is a row of the sheet
        lines.append(one.consent or b"")
        count += one.consent is not None
        complaints += one.complaints
    write_durably(target, b"\n".join(lines) + b"\n", mode=0o600)
    value = {
        "file": str(target),
        "notice": whole,
        "version": found.version,
        "consents": count,
        "complaints": [
            {"row": one.row, "column": one.column, "zh": one.zh, "en": one.en} for one in complaints
        ],
    }

    def text() -> Iterator[str]:
        yield f"{count} consents to version {found.version} of the notice in {target} 份同意书"
        for one in complaints[:LISTED]:
            where = f" {one.column}" if one.column else ""
            yield f"  row 第 {one.row} 行{where}: {one.zh} {one.en}"
        if len(complaints) > LISTED:
            yield f"  … {len(complaints) - LISTED} more 另有若干行"
        yield f"then 然后: yinzheng org consents upload {target}"

    tell(json_, value, text())
    if complaints:
        raise typer.Exit(EXIT_NOT)
