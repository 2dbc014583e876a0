"""Commands about access lines (R47): what was opened and used, for auditors; and a second person's word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.org.tables import TableFile, keep_table, ready_for
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.cases import moment
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, acting, writing
from yinzheng.api.cli.registry.consents import consent_subject
from yinzheng.api.cli.registry.persons import As
from yinzheng.api.instants import Day, parse_instant
from yinzheng.verifier.bytes.counting import counted

if TYPE_CHECKING:
    from yinzheng.ledger.accesses.listing import ListedLine

Since = Annotated[str, typer.Option(help="From when on, such as 2026-11-22. 自。")]
Until = Annotated[str, typer.Option(help="Until when. 至。")]


def accesses(
    since: Since,
    until: Until,
    as_: As,
    consent: Annotated[
        str | None, typer.Option(help="Whose: the subject of a consent, 64 hex. 某人的（同意标识）。")
    ] = None,
    organisation: Annotated[str | None, typer.Option(help="By whom: a credit code. 某机构的。")] = None,
    officer: Annotated[
        str | None, typer.Option(help="All that this person opened: a short name. 某人员查阅的全部。")
    ] = None,
    outside_consent: Annotated[
        bool, typer.Option("--outside-consent", help="Uses that no consent covered. 没有同意作为依据的使用。")
    ] = False,
    table: TableFile = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """List who opened or used what, whose, when, on which basis; asking is a line too. 访问记录。"""
    from yinzheng.ledger.accesses.listing import Question, list_lines

    ready_for(table)
    question = Question(
        parse_instant(since, Day.BEGINS),
        parse_instant(until, Day.ENDS),
        None if consent is None else consent_subject(consent),
        organisation,
        officer,
        outside_consent,
    )
    with writing(state, json_) as (registry, _):
        found = list_lines(registry, question, acting(registry, as_))
    keep_table(table, HEADINGS, map(_row, found))
    tell(json_, [_line_json(one) for one in found], _lines(found))


def approve_bulk(
    actor: Annotated[
        str, typer.Argument(metavar="ACTOR", help="Who may: a person, or an organisation's code. 获准者。")
    ],
    persons: Annotated[int, typer.Option(help="How many persons. 人数。")],
    purpose: Annotated[str, typer.Option(help="What for, such as handover or dispute. 目的。")],
    until: Annotated[str, typer.Option(help="Until when, within seven days. 截止时间。")],
    as_: As,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Approve as a second person that someone opens many persons' records. 批准批量查阅。"""
    from yinzheng.ledger.accesses.approving import approve_bulk as approve

    ends = parse_instant(until, Day.ENDS)
    with writing(state, json_) as (registry, _):
        number = approve(registry, actor, purpose, persons, ends, acting(registry, as_))
    value = {"approval": number, "actor": actor, "purpose": purpose, "persons": persons, "until": ends}
    tell(json_, value, f"{actor}: {counted(persons, 'person')} until {moment(ends)} 已批准批量查阅")


HEADINGS = (
    *("序号", "时间", "机构", "人员", "岗位", "行为", "对象类别", "对象", "同意编号", "目的"),
    *("同意范围", "依据", "在同意范围内", "渠道", "批次"),
)


def _row(one: ListedLine) -> Sequence[object]:
    from yinzheng.verifier.words import accesses as words

    line, said = one.opened.line, one.words
    return (
        *(line.number, moment(line.at), line.organisation, one.opened.who.person),
        *(words.function_of(line).zh, words.deed_of(line).zh, line.kind, line.object),
        *(line.consent and line.consent.hex(), said.purpose if said is not None else line.purpose),
        *(line.scope, line.basis, line.covered, line.channel, one.batch and one.batch.hex()),
    )


def _line_json(one: ListedLine) -> dict[str, Any]:
    return {
        **one.opened.line.to_json(),
        "person": one.opened.who.person,
        "said": None if one.words is None else one.words.to_json(),
        "batch": None if one.batch is None else one.batch.hex(),
    }


def _lines(found: list[ListedLine]) -> Iterator[str]:
    from yinzheng.verifier.words import accesses as words

    for one in found:
        line, said = one.opened.line, one.words
        deed = words.deed_of(line)
        yield (
            f"{line.number:>6}  {moment(line.at)}  {line.organisation or '-':<18}  {one.opened.who.person} "
            f"({words.function_of(line).en})  {deed.en} {deed.zh}  {line.object[:16]}  {line.channel}"
        )
        basis = f"{line.basis}: {line.scope}" if line.scope else line.basis
        outside = f"  ! {words.OUTSIDE.en} {words.OUTSIDE.zh}" if line.covered is False else ""
        waits = "" if one.batch else "  (not committed yet 待入账)"
        purpose = said.purpose if said is not None else line.purpose
        yield f"        {purpose}  [{basis}]{outside}{waits}"
    yield f"{counted(len(found), 'access line')} 条访问记录"
