"""`yinzheng org consents convert`: a spreadsheet becomes the file that `upload` sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.org.common import DEFAULT_DESK, DEFAULT_ORG, DeskUrl, OrgFolder, clock, session
from yinzheng.api.cli.output import EXIT_NOT, Json, tell
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.consent import IDENTITY_PROOFS

if TYPE_CHECKING:
    from yinzheng.api.org.consent_table import Complaint
    from yinzheng.verifier.bytes.canonical import JSON

LISTED = 100
"""Complaints that are shown at once."""

Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="The consent, 64 hex. 同意标识。")]
Folder = Annotated[Path, typer.Option("--out", help="Folder for the files. 输出文件夹。")]


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
    count = declined = 0
    for one in Converter(found, whole, file.parent, clock()).convert(read_table(file)):
        lines += [b""] * (one.row - 1 - len(lines))  # a line of the file is a row of the sheet
        lines.append(one.consent or b"")
        count += one.consent is not None
        declined += one.declined
        complaints += one.complaints
    write_durably(target, b"\n".join(lines) + b"\n", mode=0o600)
    value = {
        "file": str(target),
        "notice": whole,
        "version": found.version,
        "consents": count,
        "declined": declined,
        "complaints": [
            {"row": one.row, "column": one.column, "zh": _zh(one), "en": one.en} for one in complaints
        ],
    }

    def text() -> Iterator[str]:
        yield f"{counted(count, 'consent')} to version {found.version} of the notice in {target} 份同意书"
        if declined:
            yield f"  {declined} agreed to nothing: nothing to register 全部不同意，不登记"
        for one in complaints[:LISTED]:
            where = f" {one.column}" if one.column else ""
            yield f"  row 第 {one.row} 行{where}: {_zh(one)} {one.en}"
        if len(complaints) > LISTED:
            yield f"  … {len(complaints) - LISTED} more 另有若干行"
        if count:
            yield f"then 然后: yinzheng org consents upload {target}"

    tell(json_, value, text())
    if complaints:
        raise typer.Exit(EXIT_NOT)


def _zh(one: Complaint) -> str:
    from yinzheng.api.http.chinese import by_code

    return one.zh or (by_code(one.code) or ("",))[0]


def receipt(
    subject: Subject,
    folder: Folder,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Hand out a patient's receipt: PDF and file; once, for the patient's hands alone. 患者回执。"""
    _hand_out(subject, folder, org, desk, json_, {"document": None, "guardian": False})


def replace_receipt(
    subject: Subject,
    folder: Folder,
    document: Annotated[str, typer.Option(help=f"What you looked at: {', '.join(IDENTITY_PROOFS)}. 证件。")],
    guardian: Annotated[
        bool, typer.Option("--guardian", help="Handed to a minor's guardian. 由监护人领取。")
    ] = False,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Replace a lost receipt at a counter, having seen a document; the old one ends at once. 补发回执。"""
    _hand_out(subject, folder, org, desk, json_, {"document": document, "guardian": guardian})


def proof_copy(
    subject: Subject,
    folder: Folder,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Make a copy that proves a consent, and with which nobody acts; it discloses a person. 证明副本。"""
    _hand_out(subject, folder, org, desk, json_, None)


def _hand_out(
    subject: str, folder: Path, org: Path, desk: str, json_: bool, handed: dict[str, JSON] | None
) -> None:
    """Fetch a receipt as PDF, and the file that proves; `handed` to whom, None: the copy that proves alone.

    The patient's own is there once: nothing is asked for that could not be written.
    """
    from yinzheng.api.org.uploading import patiently
    from yinzheng.ledger.state.files import create_durably, make_folder
    from yinzheng.verifier.bytes.canonical import dumps

    if len(subject) != 64 or not set(subject) <= set("0123456789abcdef"):
        raise UsageFault(
            "a consent is named by 64 hex digits",
            code="consent-subject",
            hint="`yinzheng org consents upload` lists them in FILE.granted.ndjson.",
        )
    opened = session(org, desk)
    make_folder(folder, mode=0o700)
    files = {form: folder / f"receipt.{form}" for form in ("pdf", "json")}
    for path in files.values():
        if path.exists():
            raise UsageFault(
                f"{path} exists already", code="file-exists", hint="Name another folder with --out."
            )
    asked = f"/org/v1/consents/{subject}/receipt"
    proof = patiently(opened.client, asked).body
    if handed is None:
        paper = patiently(opened.client, f"{asked}?form=pdf").body
    else:
        paper = opened.client.call("POST", f"{asked}?form=pdf", dumps(handed)).body
    for form, data in (("pdf", paper), ("json", proof)):
        create_durably(files[form], data, mode=0o600)
    tell(json_, {"files": [str(one) for one in files.values()]}, f"{folder}: receipt.pdf, receipt.json")
