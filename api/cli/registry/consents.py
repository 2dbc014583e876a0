"""Commands of officers about notices and consents (R26 to R30)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.files import write_new
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, acting, allowed, writing
from yinzheng.api.cli.registry.persons import As
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.consent import IDENTITY_PROOFS

if TYPE_CHECKING:
    from yinzheng.ledger.consents.receipts import Receipt
    from yinzheng.ledger.people.acting import Actor
    from yinzheng.ledger.registry import Registry

SUBJECT_HEX = 64

Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="The consent, 64 hex. 同意标识。")]
Folder = Annotated[Path, typer.Option("--out", help="Folder for the files. 输出文件夹。")]


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One consent a line (NDJSON). 每行一份同意。")],
    controller: Annotated[
        str, typer.Option("--controller", help="Credit code of whose consents they are. 数据处理者代码。")
    ],
    as_: As,
    state: State = DEFAULT_STATE,
    results: Annotated[
        Path | None,
        typer.Option(help="Gets what became of each line; default: FILE.results. 结果文件。"),
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Gets the refused lines, to be corrected. 被拒行文件。")
    ] = None,
    json_: Json = False,
) -> None:
    """Import consents from a file; interrupted, run it again and it goes on. 批量导入同意。

    Exit code 1 where a line was refused; the others are recorded. 有被拒行时退出码为 1。
    """
    from yinzheng.ledger.accesses.noting import Access
    from yinzheng.ledger.consents.importing import import_consents
    from yinzheng.ledger.rules.states import Capacity

    told = results or file.with_name(f"{file.name}.results")
    with writing(state, json_) as (registry, progress):
        access = Access("act", "import", controller, "import")
        allowed(registry, as_, access, Capacity.REGISTRY)
        done = import_consents(registry, file, controller, progress=progress, results=told, rejects=rejects)

    def text() -> Iterator[str]:
        if not done.now and done.recorded + done.rejected + done.already:
            yield "This file was imported before; nothing was recorded now. 该文件已导入过。"
        yield (
            f"recorded 已登记 {done.recorded}, recorded before 此前已登记 {done.already}, "
            f"refused 被拒 {done.rejected}"
        )
        for one in done.refused:
            yield f"  line 第 {one.line} 行: {one.code}: {one.message}"
        if done.rejected > len(done.refused):
            yield f"  and 另有 {done.rejected - len(done.refused)} more"
        if done.rejected:
            yield (
                "Correct the refused lines and import the file again: what is recorded stays once. "
                "请改正被拒的行后重新导入，已登记的不会重复。"
            )
        if done.now or told.exists():
            yield f"each line's answer 逐行结果: {told}"

    tell(
        json_,
        {
            "job": done.job,
            "recorded": done.recorded,
            "rejected": done.rejected,
            "already": done.already,
            "refused": [{"line": one.line, "code": one.code, "message": one.message} for one in done.refused],
            "now": done.now,
            "results": str(told) if done.now or told.exists() else None,
        },
        text(),
    )
    if done.rejected:
        raise typer.Exit(1)


def count(state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Count the consents kept here. 同意数量。"""
    from yinzheng.ledger.consents.listing import count_consents

    totals = count_consents(state)
    tell(
        json_,
        {
            "consents": totals.consents,
            "waiting": totals.waiting,
            "erased": totals.erased,
            "unfinished_imports": totals.unfinished,
        },
        f"{counted(totals.consents, 'consent')} 份同意, {totals.waiting} waiting for company 待入账, "
        f"{totals.erased} erased 已删除, {totals.unfinished} imports unfinished 未完成导入",
    )


def receipt(
    subject: Subject,
    folder: Folder,
    as_: As,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Hand out a patient's receipt: PDF, file, QR code; once, for the patient's hands alone. 患者回执。"""
    from yinzheng.ledger.consents.handover import issue_receipt

    _hand_out(issue_receipt, subject, folder, as_, state, json_)


def replace_receipt(
    subject: Subject,
    folder: Folder,
    document: Annotated[str, typer.Option(help=f"What you looked at: {', '.join(IDENTITY_PROOFS)}. 证件。")],
    as_: As,
    guardian: Annotated[
        bool, typer.Option("--guardian", help="Handed to a minor's guardian. 由监护人领取。")
    ] = False,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Replace a lost receipt at a counter, having seen a document; the old one ends at once. 补发回执。"""
    from yinzheng.ledger.consents import handover

    replaced = partial(handover.replace_receipt, seen=handover.Seen(document, guardian))
    _hand_out(replaced, subject, folder, as_, state, json_)


def proof_copy(
    subject: Subject,
    folder: Folder,
    as_: As,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Make a copy that proves a consent, and with which nobody acts; it discloses a person. 证明副本。"""
    from yinzheng.ledger.consents.handover import copy_receipt

    _hand_out(copy_receipt, subject, folder, as_, state, json_)


def _hand_out(
    make: Callable[[Registry, bytes, Actor], Receipt],
    subject: str,
    folder: Path,
    as_: str,
    state: Path,
    json_: bool,
) -> None:
    """Have a receipt made, and write its files."""
    found, paths = consent_subject(subject), _free(folder)
    with writing(state, json_) as (registry, _):
        made = make(registry, found, acting(registry, as_))
    for path, data in zip(paths, (made.pdf(), made.file, made.png()), strict=True):
        write_new(path, data)
    names = ", ".join(path.name for path in paths)
    tell(json_, {"files": [str(path) for path in paths]}, f"{folder}: {names}")


def _free(folder: Path) -> list[Path]:
    """Where a receipt's files go. Nothing is handed out that could not be written. `file-exists`."""
    from yinzheng.ledger.state.files import make_folder

    make_folder(folder, mode=0o700)
    paths = [folder / name for name in ("receipt.pdf", "receipt.json", "receipt.png")]
    for path in paths:
        if path.exists():
            raise _exists(path)
    return paths


def notices(state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """List notices, the leaf hash that consents name, and withdrawals under each. 告知书列表。"""
    from yinzheng.ledger.consents.listing import list_notices
    from yinzheng.ledger.registry import wall_clock

    listed = list_notices(state, wall_clock())

    def text() -> Iterator[str]:
        for one in listed:
            yield (
                f"{one.leaf.hex()}  {one.code} {one.controller}  version 版本 {one.version}  "
                f"pending 待办撤回 {one.counts.pending}  overdue 逾期 {one.counts.overdue}  "
                f"someone not told 有未通知到 {one.counts.not_told}"
            )
            if one.changes:
                yield (
                    f"  not covered by consents to version 旧版同意不及于 {one.version - 1}: "
                    f"{', '.join(one.changes)}"
                )
            if one.uncovered:
                yield f"  consents that do not cover it, at most 至多不及于本版的同意: {one.uncovered}"

    tell(
        json_,
        [
            {
                "leaf": one.leaf.hex(),
                "controller": {"name": one.controller, "code": one.code},
                "version": one.version,
                "published_at": one.published_at,
                "withdrawals": {
                    "pending": one.counts.pending,
                    "overdue": one.counts.overdue,
                    "not_told": one.counts.not_told,
                },
                "changes": [change.value for change in one.changes],
                "uncovered": one.uncovered,
            }
            for one in listed
        ],
        text(),
    )


def consent_subject(text: str) -> bytes:
    """The 32 bytes that name a consent, from 64 hex digits. Raises `UsageFault` `consent-subject`."""
    try:
        subject = bytes.fromhex(text)
    except ValueError:
        subject = b""
    if len(text) != SUBJECT_HEX or len(subject) != SUBJECT_HEX // 2:
        raise UsageFault(
            "a consent is named by 64 hex digits",
            code="consent-subject",
            hint="The import's results list them.",
        )
    return subject


def _exists(path: Path) -> UsageFault:
    return UsageFault(f"{path} exists already", code="file-exists", hint="Name another folder with --out.")
