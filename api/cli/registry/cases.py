"""Commands of the officer, the committee and the applicant: one for each move of a case (R8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.org.tables import TableFile, keep_table, ready_for
from yinzheng.api.cli.output import Json, err, out, tell
from yinzheng.api.cli.registry.common import (
    DEFAULT_STATE,
    CaseId,
    State,
    acting,
    progress_line,
    writing,
)
from yinzheng.api.cli.registry.moves import keep_prepared
from yinzheng.api.cli.registry.persons import As
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.terms import Procedure, label
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.bytes.counting import counted

if TYPE_CHECKING:
    from yinzheng.ledger.cases.board import HistoryLine
    from yinzheng.ledger.reading import Reader
    from yinzheng.ledger.rules.deadlines import Deadlines
    from yinzheng.ledger.store.models import Case
from yinzheng.verifier.errors import UsageFault

Reasons = Annotated[str, typer.Option("--reasons", help="The written reasons. 书面理由。")]


def accept(
    case: CaseId,
    as_: As,
    procedure: Annotated[
        Procedure, typer.Option(help="The procedure decided: ordinary where public data is involved. 程序。")
    ],
    reasons: Annotated[str, typer.Option("--reasons", help="Why this procedure. 理由。")],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Accept an application (within 3 working days), deciding its procedure. 受理。"""
    from yinzheng.ledger.cases import deciding

    with writing(state, json_) as (registry, _):
        deciding.accept(registry, case, acting(registry, as_), procedure, reasons)
    said = label(procedure)
    tell(
        json_,
        {"case": case, "procedure": procedure.value},
        f"{case}: accepted, {said.en} 已受理，适用{said.zh}",
    )


def to_ordinary(
    case: CaseId,
    as_: As,
    reasons: Annotated[str, typer.Option("--reasons", help="Why. 理由。")],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Move a case from the simplified to the ordinary procedure. 转为普通程序。"""
    from yinzheng.ledger.cases import deciding

    with writing(state, json_) as (registry, _):
        deciding.to_ordinary(registry, case, acting(registry, as_), reasons)
    tell(json_, {"case": case, "procedure": "ordinary"}, f"{case}: ordinary procedure 已转为普通程序")


def request_supplement(
    case: CaseId,
    as_: As,
    missing: Annotated[list[str], typer.Option("--missing", help="One thing that is missing; repeat.")],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Ask for all that is missing, in one list. 一次性告知补正。"""
    from yinzheng.ledger.cases import deciding

    with writing(state, json_) as (registry, _):
        deciding.request_supplement(registry, case, acting(registry, as_), missing)
    tell(json_, {"case": case}, f"{case}: supplement requested 已告知补正")


def approve(
    case: CaseId,
    as_: As,
    against: Annotated[
        bool, typer.Option("--against", help="Decide against registration. 不予通过。")
    ] = False,
    reasons: Reasons = "",
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Record the committee's decision (ordinary procedure). 合规委员会决定。"""
    from yinzheng.ledger.cases import deciding

    with writing(state, json_) as (registry, _):
        deciding.decide(registry, case, acting(registry, as_), against=against, reasons=reasons)
    tell(json_, {"case": case}, f"{case}: committee decided 委员会已决定")


def publish(
    case: CaseId,
    as_: As,
    waived_by: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Committee member who agrees to waive publicity. 免除公示同意人。"),
    ] = None,
    reasons: Reasons = "",
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Open publicity; the chain counts its working days. 公示。"""
    from yinzheng.ledger.cases import publicity
    from yinzheng.ledger.reading import open_reader
    from yinzheng.ledger.registry import wall_clock

    with writing(state, json_) as (registry, _):
        by_letter = publicity.publish(
            registry,
            case,
            acting(registry, as_),
            waived_by=None if waived_by is None else acting(registry, waived_by),
            reason=reasons,
        )
    with open_reader(state, wall_clock) as reader:
        row = reader.case(case)
    end = None if row is None else row.publicity_end
    value = {"case": case, "publicity_end": end, "by_letter": list(by_letter)}
    told = "publicity is waived 免除公示"
    if waived_by is None:
        told = f"publicity until {'—' if end is None else ending(end)} 公示至此"
    tell(json_, value, f"{case}: {told}")
    tell_by_letter(by_letter)


def tell_by_letter(codes: Sequence[str]) -> None:
    """Say whom nobody has told of what the registry does on its own motion (R7)."""
    if codes:
        err.print(f"yinzheng: tell by letter 请书面通知: {', '.join(codes)}", style="yellow")


def refuse(
    case: CaseId,
    as_: As,
    ground: Annotated[Ground, typer.Option(help="The rule's ground. 依据。")],
    reasons: Reasons,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Refuse registration, with reasons. 不予登记。"""
    from yinzheng.ledger.cases import deciding

    with writing(state, json_) as (registry, _):
        deciding.refuse(registry, case, acting(registry, as_), ground, reasons)
    tell(json_, {"case": case, "ground": ground.value}, f"{case}: refused 不予登记")


def issue(
    case: CaseId,
    as_: As,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Of a move: what its parties sign, a file. 待签文件。")
    ] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Approve the final certificate or move; the last approval deposits it. 签发。"""
    from yinzheng.ledger.cases import issuing

    ready_for(out_file)
    with writing(state, json_) as (registry, _):
        issued = issuing.issue(registry, case, acting(registry, as_))
        if issued.missing and out_file is not None:
            keep_prepared(registry, case, out_file)
    named = " ".join(issued.numbers) or case
    result = {
        "case": case,
        "number": issued.number,
        "numbers": list(issued.numbers),
        "missing": list(issued.missing),
        "by_letter": list(issued.by_letter),
    }
    if issued.missing:
        tell(json_, result, f"{named}: still to approve: {', '.join(issued.missing)} 待签")
    else:  # what gives no certificate is entered, such as a cancellation
        done = "deposited 已存证登记" if issued.numbers else "on the ledger 已登记"
        tell(json_, result, f"{named}: {done}")
    tell_by_letter(issued.by_letter)
    if issued.running_out:
        err.print("yinzheng: this month's certificate numbers are running out (R14)", style="yellow")


def dossier(
    case: CaseId,
    out_dir: Annotated[Path, typer.Option("--out", help="A new folder to write to. 输出目录。")],
    as_: As,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Open a dossier for review: decrypted, whole and authenticated, or not at all. 调阅材料。"""
    from yinzheng.ledger.cases.dossier_opening import open_dossier_to

    with writing(state, json_) as (registry, progress):
        written = open_dossier_to(registry, case, out_dir, progress, acting(registry, as_))
    tell(
        json_,
        {"case": case, "files": [str(p) for p in written]},
        f"{counted(len(written), 'file')} in {out_dir}",
    )


def cases(table: TableFile = None, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """List all cases. 案件列表。"""
    from yinzheng.api.own.words import STATES
    from yinzheng.ledger.reading import open_reader
    from yinzheng.ledger.registry import wall_clock

    ready_for(table)
    with open_reader(state, wall_clock) as reader:
        rows = reader.cases()
    keep_table(
        table,
        ("案件", "状态", "程序", "规则", "收到时间", "最近变动", "公示截止"),
        (
            (c.id, STATES[c.state].zh, label(Procedure(c.procedure)).zh, c.profile, moment(c.created_at),
             moment(c.changed_at),
             None if c.publicity_end is None else ending(c.publicity_end))
            for c in rows
        ),
    )  # fmt: skip
    listed = [{"case": c.id, "state": c.state, "procedure": c.procedure, "profile": c.profile} for c in rows]
    tell(json_, listed, (f"{row.id}  {row.state:<28} {row.procedure:<11} {row.profile}" for row in rows))


def show(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="A certificate's number or a case.")],
    state: State = DEFAULT_STATE,
    proofs: Annotated[
        Path | None, typer.Option(help="Write each line's statement and tlog-proof here. 导出证明。")
    ] = None,
    json_: Json = False,
) -> None:
    """Show a case as a timeline whose every line can be proved. 办理过程。"""
    from yinzheng.ledger.reading import open_reader
    from yinzheng.ledger.registry import wall_clock

    with progress_line(json_), open_reader(state, wall_clock) as reader:
        case = reader.case(number)
        if case is None:
            raise UsageFault(f"there is no certificate or case {number}", code="case-unknown",
                             hint="List them with `yinzheng cases`.")  # fmt: skip
        lines = reader.history(number, proofs=True)
        due = reader.deadlines(case, wall_clock())
        value = {**_shown(reader, case, lines), "deadlines": _due(due)}
    if proofs is not None:
        _write_proofs(proofs, lines)

    def text() -> None:
        out.print(f"{case.id}  {case.state}  {case.procedure}  {case.profile}", markup=False)
        for certificate in value["certificates"]:
            out.print(f"certificate {certificate['number']} ({certificate['state']})", markup=False)
        _print_deadlines(due)
        for line in lines:
            where = "waiting" if line.index is None else f"log {line.index}"
            block = "" if line.anchored_block is None else f", block {line.anchored_block}"
            out.print(f"  {moment(line.at)}  {line.type:<24} {where}{block}  {line.leaf[:16]}", markup=False)

    tell(json_, value, text)


def _print_deadlines(due: Deadlines) -> None:
    named = (("acceptance due", due.acceptance_due), ("decision due", due.decision_due))
    for name, at in named:
        if at is not None:
            out.print(f"  {name} {ending(at)}", markup=False)
    for objection, at in due.objections_due:
        until = "not known" if at is None else ending(at)
        out.print(f"  objection {objection[:12]} to be concluded by {until}", markup=False)
    for year in sorted(due.unknown_years):
        said = f"  a deadline is not known: the calendar of {year} is missing 缺{year}年工作日历"
        out.print(said, style="yellow", markup=False)


def _due(due: Deadlines) -> dict[str, Any]:
    return {
        "acceptance": due.acceptance_due,
        "decision": due.decision_due,
        "decision_extended": due.decision_due_extended,
        "objections": [{"objection": name, "due": at} for name, at in due.objections_due],
        "unknown_years": sorted(due.unknown_years),
    }


def _shown(reader: Reader, case: Case, lines: list[HistoryLine]) -> dict[str, Any]:
    certificates = reader.certificates_of(case.id)
    return {
        "case": case.id,
        "subject": case.subject.hex(),
        "state": case.state,
        "procedure": case.procedure,
        "profile": case.profile,
        "publicity_end": case.publicity_end,
        "certificates": [{"number": one.number, "state": one.state} for one in certificates],
        "history": [
            {
                "at": line.at,
                "type": line.type,
                "statement": line.statement,
                "leaf": line.leaf,
                "index": line.index,
                "block": line.anchored_block,
                "proof": line.proof,
            }
            for line in lines
        ],
    }


def _write_proofs(folder: Path, lines: list[HistoryLine]) -> None:
    from yinzheng.ledger.state.files import make_folder, write_durably
    from yinzheng.verifier.bytes import canonical

    make_folder(folder, mode=0o700)
    for line in lines:
        if line.proof is not None:
            name = f"{line.index:06d}-{line.type}"
            write_durably(folder / f"{name}.json", canonical.dumps(line.statement), mode=0o600)
            write_durably(folder / f"{name}.tlog-proof", line.proof.encode(), mode=0o600)


def moment(seconds: int | None) -> str:
    """An instant as people here read it: date and time at +08:00."""
    if seconds is None:
        return "—"
    return datetime.fromtimestamp(seconds, CHINA).strftime("%Y-%m-%d %H:%M:%S")


def ending(seconds: int) -> str:
    """The end of a period: 24:00 of its last day, where it ends at midnight."""
    at = datetime.fromtimestamp(seconds, CHINA)
    if (at.hour, at.minute, at.second) != (0, 0, 0):
        return moment(seconds)
    return f"{at - timedelta(days=1):%Y-%m-%d} 24:00"
