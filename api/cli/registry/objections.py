"""Commands about objections: to a published case (R24), and to a registered certificate (R25)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from yinzheng.api.cli.org.tables import TableFile, keep_table, ready_for
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.cases import Reasons, ending, moment
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, acting, writing
from yinzheng.api.cli.registry.persons import As
from yinzheng.api.cli.registry.standing import Number
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import is_number

Name = Annotated[str, typer.Argument(metavar="OBJECTION", help="Its name, or the first characters of it.")]
Against = Annotated[
    str,
    typer.Argument(metavar="NUMBER|CASE", help="A case, or a registered certificate's number. 案件或证书。"),
]


def object_(
    case: Against,
    objector: Annotated[str, typer.Option("--objector", help="Who objects. 异议人。")],
    reasons: Reasons,
    material: Annotated[list[Path], typer.Option("--material", help="A file that supports it; repeat.")],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Raise an objection to a published case, or to a registered certificate. 提出异议。"""
    from yinzheng.ledger.cases import objections
    from yinzheng.ledger.cases.protests import Protest, material_of
    from yinzheng.ledger.certificates.objecting import object_to_certificate

    protest = Protest(objector, reasons, material_of(material))
    raise_ = object_to_certificate if is_number(case) else objections.object_to
    with writing(state, json_) as (registry, _):
        name = raise_(registry, case, protest).name
    tell(json_, {"case": case, "objection": name}, f"{case}: objection {name[:12]} 已登记异议")


def resolve(
    case: Against,
    objection: Annotated[
        list[str],
        typer.Argument(
            metavar="OBJECTION…",
            help="The objection's name, or its first characters; several are dismissed together.",
        ),
    ],
    as_: As,
    reasons: Reasons,
    upheld: Annotated[
        bool,
        typer.Option(
            "--upheld/--dismissed",
            help="Upheld ends a case; what its objector takes back is dismissed. "
            "异议是否成立；撤回的按不成立办结。",
        ),
    ],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Conclude an objection after investigation. 处理异议。"""
    from yinzheng.ledger.cases import objections
    from yinzheng.ledger.certificates import objecting

    if len(objection) > 1 and (upheld or is_number(case)):
        raise UsageFault(
            "several objections are dismissed together of a published case alone",
            code="objections-together",
            hint="Conclude one at a time.",
        )
    with writing(state, json_) as (registry, _):
        by = acting(registry, as_)
        if is_number(case):
            objecting.conclude(registry, case, objection[0], by, upheld=upheld, reasons=reasons)
        else:
            objections.resolve(registry, case, objection, by, upheld=upheld, reasons=reasons)
    said = "objection upheld 异议成立" if upheld else "objection dismissed 异议不成立"
    if upheld and is_number(case):
        next_ = "由权利人申请变更或注销，或依生效文书"
        said += f"; the holders have it changed or cancelled, or a forum decides {next_}"
    tell(json_, {"case": case, "upheld": upheld}, f"{case}: {said}")


def listed(table: TableFile = None, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """List objections to registered certificates, and when the registrant is told. 异议台账。"""
    from yinzheng.ledger.certificates.following import objections_at
    from yinzheng.ledger.registry import wall_clock

    ready_for(table)
    lines, now = objections_at(state), wall_clock()
    keep_table(
        table,
        ("证书编号", "异议编号", "提出时间", "告知期限", "告知时间", "答复时间", "答复", "结论时间", "结论"),
        (
            (one.certificate, one.name, moment(one.raised_at), one.tell_by and ending(one.tell_by),
             one.told_at and moment(one.told_at), one.answered_at and moment(one.answered_at),
             {None: None, True: "同意", False: "不同意，已说明"}[one.agrees],
             one.concluded_at and moment(one.concluded_at),
             {None: None, True: "成立", False: "不成立"}[one.upheld])
            for one in lines
        ),
    )  # fmt: skip

    def text() -> Iterator[str]:
        for line in lines:
            told = "" if line.told_at is None else f"  told {moment(line.told_at)} 已告知"
            if line.told_at is None and line.concluded_at is None:
                late = "  OVERDUE 逾期" if line.tell_by is not None and now >= line.tell_by else ""
                by = "—" if line.tell_by is None else ending(line.tell_by)
                told = f"  tell by {by} 待告知{late}"
            answered = "" if line.agrees is None else "  agrees 同意" if line.agrees else "  explains 说明"
            over = "" if line.upheld is None else "  upheld 成立" if line.upheld else "  dismissed 不成立"
            yield f"{line.certificate}  {line.name[:12]}  {moment(line.raised_at)}{told}{answered}{over}"
        if not lines:
            yield "none 没有"

    tell(json_, [asdict(line) for line in lines], text())


def told(
    number: Number,
    objection: Name,
    as_: As,
    how: Annotated[str, typer.Option(help="How the registrant was told, in words. 告知方式。")],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Record that the registrant was told of an objection, by letter or at a counter. 告知登记主体。"""
    from yinzheng.ledger.certificates import objecting

    with writing(state, json_) as (registry, _):
        objecting.tell(registry, number, objection, acting(registry, as_), how)
    tell(json_, {"certificate": number, "told": True}, f"{number}: told 已告知")


def answered(
    number: Number,
    objection: Name,
    as_: As,
    agrees: Annotated[
        bool, typer.Option("--agrees/--explains", help="What the registrant answers. 同意或说明。")
    ],
    explanation: Annotated[str, typer.Option(help="Its words. 说明内容。")],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Record what the registrant answered on paper. 记录登记主体答复。"""
    from yinzheng.ledger.certificates import objecting

    with writing(state, json_) as (registry, _):
        by = acting(registry, as_)
        objecting.answer(registry, number, objection, by, agrees=agrees, explanation=explanation)
    tell(json_, {"certificate": number, "agrees": agrees}, f"{number}: answered 已答复")
