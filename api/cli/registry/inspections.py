"""The command for on-site verification, enquiries and technical checks of a case (R53)."""

from __future__ import annotations

from typing import Annotated

import typer

from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, CaseId, State, acting, writing
from yinzheng.api.cli.registry.persons import As
from yinzheng.api.instants import parse_instant
from yinzheng.ledger.rules.inspections import InspectionKind, Outcome


def inspect(
    case: CaseId,
    as_: As,
    kind: Annotated[InspectionKind, typer.Option(help="On site, an enquiry, or technical. 方式。")],
    at: Annotated[str, typer.Option("--at", help="When it was held, 2026-11-28T15:00. 时间。")],
    place: Annotated[str, typer.Option(help="Where, or by what means. 地点或方式。")],
    present: Annotated[list[str], typer.Option("--present", help="Who was there or asked; repeat. 在场人。")],
    findings: Annotated[str, typer.Option(help="What was found. 核验结果。")],
    outcome: Annotated[
        Outcome, typer.Option(help="As stated, otherwise, or still open. 是否与申报一致。")
    ] = Outcome.AS_STATED,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Record an on-site verification, enquiry or technical check. 现场核验、询问、技术核查。"""
    from yinzheng.ledger.cases import inspecting

    done = inspecting.Inspection(kind, parse_instant(at), place, present, findings, outcome)
    with writing(state, json_) as (registry, _):
        inspecting.inspect(registry, case, acting(registry, as_), done)
    tell(json_, {"case": case, "outcome": outcome.value}, f"{case}: {kind.value} recorded 已记入案卷")
