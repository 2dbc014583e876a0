"""Commands of officers about disputes: see them, preserve evidence, make the pack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.list_words import DISPUTE_STATES, OPENED_BY
from yinzheng.api.cli.org.tables import TableFile, keep_table, ready_for
from yinzheng.api.cli.output import Json, out, tell
from yinzheng.api.cli.registry.cases import moment
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, acting, writing
from yinzheng.api.cli.registry.persons import As
from yinzheng.api.instants import Day, parse_instant
from yinzheng.verifier.bytes.counting import counted

if TYPE_CHECKING:
    from yinzheng.ledger.disputes.packing import Selection
from yinzheng.verifier.errors import UsageFault

DisputeId = Annotated[
    str, typer.Argument(metavar="DISPUTE", help="The dispute, such as D-2026-000001. 争议编号。")
]


def disputes(table: TableFile = None, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """List all disputes. 争议列表。"""
    from yinzheng.ledger.disputes.showing import list_disputes

    ready_for(table)
    lines = list_disputes(state)
    keep_table(
        table,
        ("争议编号", "状态", "由谁提起", "提起方", "标的数", "证据数", "保全时间", "解除时间"),
        (
            (one.id, DISPUTE_STATES[one.state], OPENED_BY[one.kind], one.opener, one.subjects, one.items,
             one.opened_at and moment(one.opened_at), one.released_at and moment(one.released_at))
            for one in lines
        ),
    )  # fmt: skip

    def text() -> Iterator[str]:
        for line in lines:
            what = f"{counted(line.subjects, 'subject')}, {counted(line.items, 'item')}"
            when = f"{moment(line.opened_at)} – {moment(line.released_at)}"
            yield f"{line.id}  {line.state:<9} {line.kind:<6} {line.opener}  {what}  {when}"

    tell(
        json_,
        [
            {
                "dispute": line.id,
                "state": line.state,
                "kind": line.kind,
                "opener": line.opener,
                "subjects": line.subjects,
                "items": line.items,
                "opened_at": line.opened_at,
                "released_at": line.released_at,
            }
            for line in lines
        ],
        text(),
    )


def show_(dispute: DisputeId, as_: As, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Show a dispute: forum, parties, what it holds, its evidence, its end. 争议详情。"""
    from yinzheng.ledger.disputes.showing import show

    with writing(state, json_) as (registry, _):
        shown = show(registry, dispute, acting(registry, as_))
    value = shown.to_json()
    tell(json_, value, lambda: print_dispute(value))


def preserve_(
    dispute: DisputeId,
    as_: As,
    certificate: Annotated[
        list[str] | None, typer.Option(help="A certificate and its history; repeat. 证书及其历史。")
    ] = None,
    consent: Annotated[
        list[str] | None, typer.Option(help="A consent and its withdrawals: its subject; repeat. 同意书。")
    ] = None,
    notice: Annotated[
        list[str] | None, typer.Option(help="A notice version: its leaf hash; repeat. 告知书版本。")
    ] = None,
    access: Annotated[
        list[str] | None, typer.Option(help="FROM..TO of the access log; repeat. 访问日志区间。")
    ] = None,
    as_of: Annotated[
        list[str] | None, typer.Option(help="SUBJECT@TIME: what the ledger said by then; repeat. 截至某时。")
    ] = None,
    file: Annotated[list[Path] | None, typer.Option(help="A file as it is; repeat. 文件。")] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Preserve evidence from the ledger itself, or files handed in. 登记机构固定证据。"""
    from yinzheng.ledger.disputes.preserving import Wanted, preserve

    wanted = Wanted(
        certificates=tuple(certificate or ()),
        consents=tuple(map(_identifier, consent or ())),
        notices=tuple(map(_identifier, notice or ())),
        accesses=tuple(map(_range, access or ())),
        as_of=tuple(map(_moment_of, as_of or ())),
        files=tuple(file or ()),
    )
    with writing(state, json_) as (registry, _):
        leaves = preserve(registry, dispute, wanted, acting(registry, as_))
    tell(
        json_,
        {"dispute": dispute, "leaves": [leaf.hex() for leaf in leaves]},
        f"{dispute}: {counted(len(leaves), 'item')} preserved 已固定",
    )


def pack(
    dispute: DisputeId,
    out_file: Annotated[Path, typer.Option("--out", help="A new file, such as case.zip. 输出文件。")],
    as_: As,
    only: Annotated[
        str | None,
        typer.Option(help="Numbers of the items to disclose, such as 1,3; default: all. 证据编号。"),
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option(help="CASE:PATH, one file out of a dossier, proved alone; repeat. 材料中的单个文件。"),
    ] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Make the evidence pack of a dispute, which a court checks with `yinzheng verify`. 证据包。"""
    from yinzheng.ledger.disputes.packing import build_pack
    from yinzheng.ledger.flow.pipeline import settle

    selection = read_selection(only, file or ())
    with writing(state, json_) as (registry, progress):
        settle(registry, progress)
        who = acting(registry, as_)
        written = build_pack(registry, dispute, out_file, selection=selection, by=who, progress=progress)
    value = {"dispute": dispute, "file": str(out_file), "size": written.size}
    tell(json_, value, f"{out_file}: {written.size} bytes; check it with `yinzheng verify` 证据包已生成")


def read_selection(only: str | None, files: list[str] | tuple[str, ...]) -> Selection:
    """What a pack is to disclose. Raises `UsageFault` `pack-selection`."""
    from yinzheng.ledger.disputes.packing import Selection

    try:
        numbers = None if only is None else frozenset(int(part) for part in only.split(","))
    except ValueError:
        raise UsageFault("items are named by numbers, such as 1,3", code="pack-selection") from None
    chosen = []
    for written in files:
        name, colon, path = written.partition(":")
        if not (name and colon and path):
            raise UsageFault(
                f"{written} names no file of a dossier", code="pack-selection", hint="Write CASE:PATH."
            )
        chosen.append((name, path))
    return Selection(numbers, tuple(chosen))


def print_dispute(shown: Any) -> None:
    """A dispute (S16.5) for people."""
    forum = shown["forum"]
    out.print(f"{shown['dispute']}  {shown['state']}  {forum['name']} {shown['number']}", markup=False)
    for party in shown["parties"]:
        out.print(f"  party 当事人 {party['name']} {party['code'] or ''} 0x{party['account']}", markup=False)
    for held in shown["subjects"]:
        out.print(f"  holds 保全 {held['kind']} {held['subject']}", markup=False)
    for one in shown["items"]:
        item = one["item"]
        claimed = f"captured (claimed) 采集（自述）{moment(item['captured_at'])}"
        out.print(
            f"  {one['number']:>4}  {item['kind']:<11} {item['title']}  {item['size']} bytes  "
            f"{moment(one['deposited_at'])}, {claimed}",
            markup=False,
        )
    if shown["release"] is not None:
        ended = shown["release"]
        when = moment(ended["released_at"])
        out.print(f"  released 已解除 {when} by {ended['kind']}: {ended['reference']}", markup=False)
        for one in ended["resumed"]:
            out.print(f"    goes on 恢复 {one['what']} {one['subject']}", markup=False)


def _identifier(written: str) -> bytes:
    try:
        found = bytes.fromhex(written)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise UsageFault(f"{written} is not 64 hex characters", code="identifier")
    return found


def _range(written: str) -> tuple[int, int]:
    since, dots, until = written.partition("..")
    if not dots:
        raise UsageFault(f"{written} is no range of time", code="instant", hint="Write FROM..TO.")
    return parse_instant(since, Day.BEGINS), parse_instant(until, Day.ENDS)


def _moment_of(written: str) -> tuple[bytes, int]:
    subject, at, when = written.partition("@")
    if not at:
        raise UsageFault(f"{written} names no time", code="instant", hint="Write SUBJECT@TIME.")
    return _identifier(subject), parse_instant(when, Day.ENDS)
