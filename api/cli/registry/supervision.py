"""Commands of officers about suspected breaches of law by right holders (R52)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.cases import moment
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, acting, writing
from yinzheng.api.cli.registry.persons import As
from yinzheng.ledger.rules.supervision import Measure, Outcome

if TYPE_CHECKING:
    from yinzheng.ledger.cases.files import FilePart

Reference = Annotated[str, typer.Argument(metavar="SUPERVISION", help="Such as S-2026-000001. 监管编号。")]
Words = Annotated[str, typer.Option(help="What was done or said, for the record. 情况说明。")]
Files = Annotated[list[Path] | None, typer.Option("--file", help="A file of the record; repeat. 材料。")]


def suspect(
    holder: Annotated[str, typer.Option(help="Credit code of the right holder. 权利人信用代码。")],
    certificate: Annotated[list[str], typer.Option(help="Under which it holds; repeat. 证书编号。")],
    facts: Annotated[str, typer.Option(help="What is suspected. 涉嫌事实。")],
    law: Annotated[str, typer.Option(help="The provision that may be broken. 涉嫌违反的规定。")],
    as_: As,
    file: Files = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Record that a right holder is suspected of a breach of law. 登记涉嫌违法线索。"""
    from yinzheng.ledger.supervision import steps as supervised

    said = supervised.Suspicion(holder, certificate, facts, law, _parts(file))
    with writing(state, json_) as (registry, progress):
        made = supervised.suspect(registry, said, acting(registry, as_), progress)
    tell(json_, {"supervision": made}, f"{made}: recorded 已登记")


def measure(
    supervision: Reference,
    kind: Annotated[Measure, typer.Option(help="What was done. 措施。")],
    words: Words,
    as_: As,
    statement: Annotated[
        str | None, typer.Option(help="Leaf hash of the statement it was recorded by besides. 关联记录。")
    ] = None,
    file: Files = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Record a measure that was taken. 记录已采取的措施。"""
    from yinzheng.ledger.supervision import steps

    taken = steps.Taken(kind, words, _leaf(statement), _parts(file))
    with writing(state, json_) as (registry, progress):
        leaf = steps.measure(registry, supervision, taken, acting(registry, as_), progress)
    value = {"supervision": supervision, "measure": kind.value, "leaf": leaf.hex()}
    tell(json_, value, f"{supervision}: {kind.value} recorded 已记录")


def report(
    supervision: Reference,
    reference: Annotated[str, typer.Option(help="How the report is cited. 报告文号。")],
    words: Words,
    file: Annotated[list[Path], typer.Option(help="The report as it was sent; repeat. 报告原件。")],
    as_: As,
    authority: Annotated[
        str | None, typer.Option(help="Whom; default: the authority that supervises here. 主管部门。")
    ] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Record the report to the supervising body, with the report itself. 记录向主管部门的报告。"""
    from yinzheng.ledger.supervision import steps

    told = steps.Report(reference, words, _parts(file), authority)
    with writing(state, json_) as (registry, progress):
        leaf = steps.report(registry, supervision, told, acting(registry, as_), progress)
    tell(json_, {"supervision": supervision, "leaf": leaf.hex()}, f"{supervision}: reported 已报告")


def close(
    supervision: Reference,
    outcome: Annotated[Outcome, typer.Option(help="How it ended. 结论。")],
    reasons: Annotated[str, typer.Option(help="Why. 理由。")],
    as_: As,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """End a supervision; what was measured is reported first. 结案。"""
    from yinzheng.ledger.supervision import steps

    with writing(state, json_) as (registry, _):
        leaf = steps.close(registry, supervision, outcome, reasons, acting(registry, as_))
    value = {"supervision": supervision, "outcome": outcome.value, "leaf": leaf.hex()}
    tell(json_, value, f"{supervision}: {outcome.value} closed 已结案")


def show(
    supervision: Reference,
    as_: As,
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="A new folder for its files. 输出目录。")
    ] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Show a supervision, step by step, and write out its files. 查看监管案卷。"""
    from yinzheng.ledger.supervision import showing

    with writing(state, json_) as (registry, _):
        shown = showing.show(registry, supervision, acting(registry, as_), out_dir)

    def text() -> Iterator[str]:
        yield f"{shown.supervision}  {shown.state}"
        for step in shown.steps:
            yield f"  {moment(step.at)}  {step.type}  {step.leaf.hex()[:16]}"
            for name, value in step.body.items():
                if name not in ("v", "files"):
                    yield f"    {name}: {value}"

    tell(json_, shown.to_json(), text())


def list_(state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """List supervisions; whom they are about is shown by `supervision show`. 监管台账。"""
    from yinzheng.ledger.supervision.showing import supervisions

    lines = supervisions(state)

    def text() -> Iterator[str]:
        for one in lines:
            times = (one.opened_at, one.measured_at, one.reported_at, one.closed_at)
            yield f"{one.supervision}  {one.state:<9}  {'  '.join(moment(at) for at in times)}"

    tell(json_, [asdict(one) for one in lines], text())


def figure(state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Count supervisions year by year, as the pages tell everyone. 年度监管数据。"""
    from yinzheng.ledger.reading import open_reader
    from yinzheng.ledger.registry import wall_clock

    with open_reader(state, wall_clock) as reader:
        years = reader.supervision(wall_clock())

    def text() -> Iterator[str]:
        for one in years:
            yield (
                f"{one.year}  suspected 线索 {one.suspected}  measured 采取措施 {one.measured}"
                f"  reported 报告 {one.reported}  closed 结案 {one.closed}"
            )

    tell(json_, [asdict(one) for one in years], text())


def _parts(files: Sequence[Path] | None) -> list[FilePart]:
    from yinzheng.ledger.cases.files import FilePart
    from yinzheng.ledger.cases.protests import material_of

    return [FilePart(one.name, "other", one.name, one.content) for one in material_of(files or ())]


def _leaf(given: str | None) -> bytes | None:
    from yinzheng.verifier.errors import UsageFault

    if given is None:
        return None
    try:
        leaf = bytes.fromhex(given)
    except ValueError:
        leaf = b""
    if len(leaf) != 32:
        raise UsageFault(
            "a leaf hash is 64 hex characters", code="leaf-malformed", hint="Take the whole of it."
        )
    return leaf
