"""`yinzheng org uses`: uses of consents' data, noted from a spreadsheet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.org.common import DEFAULT_DESK, DEFAULT_ORG, DeskUrl, OrgFolder, session
from yinzheng.api.cli.output import EXIT_NOT, Json, tell
from yinzheng.api.cli.registry.common import progress_line
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import DataFault, UsageFault

if TYPE_CHECKING:
    from yinzheng.api.org.use_table import Used

LISTED = 100
"""Refused rows that are shown at once."""


def uses(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A .csv (UTF-8 or GBK) or .xlsx; new with --template.")
    ],
    template: Annotated[
        bool, typer.Option("--template", help="Write a new table to fill in instead. 生成模板。")
    ] = False,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Note the uses of a spreadsheet, a row each; --template: a table to start from. 批量登记使用记录。

    What was recorded is noted in FILE.recorded.ndjson and not sent twice: correct the rows that are named,
    and run the same command again. Exit code 1 where a row is wrong; the others are recorded.
    """
    from yinzheng.api.org.tables import read_table, write_table
    from yinzheng.api.org.use_table import template as new_table
    from yinzheng.api.org.use_table import used_in

    if template:
        write_table(file, new_table())
        tell(json_, {"file": str(file)}, f"{file}: fill it in, a row for each use 请逐行填写")
        return
    rows = list(used_in(read_table(file)))  # nothing is sent of a table that cannot be read to its end
    kept = file.with_name(f"{file.name}.recorded.ndjson")
    known = _known(kept)
    client = session(org, desk)
    wrong: list[dict[str, Any]] = []
    recorded = outside = before = 0
    with progress_line(json_) as progress:
        for one in rows:
            if one.body is None:
                wrong.append({"row": one.row, "code": "table-cell", "zh": one.zh, "en": one.en})
                continue
            if _mark(one.body) in known:
                before += 1
                continue
            try:
                answer = client.post("/org/v1/uses", one.body)
            except (UsageFault, DataFault) as fault:
                if fault.code.startswith(("request-", "desk-")):
                    raise  # it is not this row's
                wrong.append(_refused(one, fault))
                continue
            _note(kept, {"use": _mark(one.body), "row": one.row, **answer})
            recorded += 1
            outside += answer["covered"] is False
            progress(counted(recorded, "use"))

    value = {"recorded": recorded, "recorded_before": before, "outside_consent": outside, "refused": wrong}

    def text() -> Iterator[str]:
        again = f", {before} before 此前已登记" if before else ""
        yield f"{counted(recorded, 'use')} recorded 已登记使用记录{again}"
        if outside:
            yield f"  no consent covers {outside} of them 没有同意作为依据"
        for one in wrong[:LISTED]:
            yield f"  row 第 {one['row']} 行: {one['zh']} {one['en']}".rstrip()
        if len(wrong) > LISTED:
            yield f"  … {len(wrong) - LISTED} more 另有若干行"

    tell(json_, value, text())
    if wrong:
        raise typer.Exit(EXIT_NOT)


def _refused(one: Used, fault: UsageFault | DataFault) -> dict[str, Any]:
    from yinzheng.api.http.chinese import in_chinese

    return {"row": one.row, "code": fault.code, "zh": in_chinese(fault)[0], "en": fault.message}


def _mark(body: bytes) -> str:
    """What a use is known by: SHA-256 of its body, hex."""
    from yinzheng.verifier.bytes.algorithms import sha256

    return sha256(body).hex()


def _known(kept: Path) -> set[str]:
    """The uses recorded of a table. What a crash cut short counts for nothing, and is taken away."""
    from yinzheng.ledger.state.files import write_durably

    try:
        data = kept.read_bytes()
    except FileNotFoundError:
        return set()
    whole = data[: data.rfind(b"\n") + 1]
    try:
        marks = {str(json.loads(line)["use"]) for line in whole.splitlines()}
    except (ValueError, KeyError, TypeError):
        raise DataFault(
            f"{kept} is not what this command writes", code="uses-recorded", hint="Restore it from a copy."
        ) from None
    if whole != data:
        write_durably(kept, whole, mode=0o600)
    return marks


def _note(kept: Path, value: dict[str, Any]) -> None:
    """One more that was recorded, durably."""
    import os

    line = json.dumps(value, ensure_ascii=False).encode() + b"\n"
    handle = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)
