"""Commands about a registered certificate: its remarks, and what a forum orders (R7, R16, R55)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.files import digest_of, read_json
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.cases import moment
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, acting, writing
from yinzheng.api.cli.registry.persons import As
from yinzheng.ledger.rules.moves import Ground
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.verifier.errors import found_in

if TYPE_CHECKING:
    from yinzheng.ledger.certificates.remarks import Grounds

Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help="The certificate, such as SJ4412026110001. 证书编号。")
]
Document = Annotated[
    Path | None, typer.Option(help="The document it rests on; its digests are recorded. 依据文书。")
]
Reference = Annotated[
    str | None,
    typer.Option(help="How that is cited; of a pledge its register and number. 文号或登记编号。"),
]
Text = Annotated[str, typer.Option(help="What readers of the certificate are told; public. 公开说明。")]


def enter(
    number: Number,
    kind: Annotated[RemarkKind, typer.Option(help="Of what kind. 种类。")],
    as_: As,
    text: Text = "",
    document: Document = None,
    reference: Reference = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Enter a remark on a certificate: terms, seizure, control, pledge, other. 登记备注。"""
    from yinzheng.ledger.certificates import remarks

    grounds = _grounds(text, document, reference)
    with writing(state, json_) as (registry, _):
        leaf = remarks.enter(registry, number, kind, grounds, acting(registry, as_))
    value = {"certificate": number, "kind": kind.value, "remark": leaf.hex()}
    tell(json_, value, f"{number}: {kind.value} {leaf.hex()[: remarks.NAME_DIGITS]} entered 已登记")


def lift(
    number: Number,
    remark: Annotated[
        str,
        typer.Argument(metavar="REMARK", help="Its name as listed, or its kind where one stands. 备注。"),
    ],
    as_: As,
    text: Text = "",
    document: Document = None,
    reference: Reference = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Lift a remark; what a forum seized only a forum lifts. 解除备注。"""
    from yinzheng.ledger.certificates import remarks

    grounds = _grounds(text, document, reference)
    with writing(state, json_) as (registry, _):
        leaf = remarks.lift(registry, number, remark, grounds, acting(registry, as_))
    tell(json_, {"certificate": number, "lifting": leaf.hex()}, f"{number}: {remark} lifted 已解除")


def list_(number: Number, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """List the remarks a certificate has and had. 备注列表。"""
    from yinzheng.ledger.certificates.listing import standing_at
    from yinzheng.ledger.certificates.remarks import name_of

    found = standing_at(state, number)

    def text() -> Iterator[str]:
        yield f"{number}  {found.ended or 'in force'}"
        for one in found.remarks:
            until = "" if one.lifted_at is None else f" – {moment(one.lifted_at)}"
            by = "  by a forum 裁判机构" if one.by_forum else ""
            said = "  ".join(filter(None, (one.text, one.reference)))
            yield f"  {name_of(one):<12}  {one.kind.value:<8} {moment(one.entered_at)}{until}{by}  {said}"

    tell(json_, found.to_json(), text())


def cancel(
    number: Number,
    as_: As,
    ground: Annotated[
        Ground, typer.Option(help="Which ground of R7; on a document a forum orders it. 事由。")
    ],
    summary: Annotated[str, typer.Option(help="What the public is told, 1 to 400 characters. 公示说明。")],
    reasons: Annotated[str, typer.Option(help="Why, for the file. 理由。")],
    evidence: Annotated[list[Path], typer.Option(help="A file that it rests on; repeat. 证据。")],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Move to cancel a certificate on the registry's own motion; review and publicity follow. 依职权注销。"""
    from yinzheng.ledger.cases.files import FilePart
    from yinzheng.ledger.cases.protests import material_of
    from yinzheng.ledger.certificates import own_motion

    files = [FilePart(one.name, "other", one.name, one.content) for one in material_of(evidence)]
    motion = own_motion.Motion(ground, summary, reasons, files)
    with writing(state, json_) as (registry, progress):
        case = own_motion.move(registry, number, motion, acting(registry, as_), progress)
    tell(json_, {"case": case, "certificate": number}, f"{case}: cancellation of {number} begun 已启动注销")


def order(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="As `org order` or `org direct` wrote it. 命令或直接上链的文件。"
        ),
    ],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Take in a forum's signed order, or what was told the chain directly. 收录命令或上链内容。"""
    from yinzheng.ledger.inlets.papers import MAX_PAPER, parse_paper, take_in
    from yinzheng.verifier.formats.objection_paper import ObjectionPaper
    from yinzheng.verifier.formats.order import Order
    from yinzheng.verifier.formats.receipt_paper import ReceiptPaper

    with found_in(file):
        paper = parse_paper(read_json(file, MAX_PAPER))
    with writing(state, json_) as (registry, _):
        about, leaf = take_in(registry, paper)
    match paper:
        case ObjectionPaper():
            kind = "objection"
        case ReceiptPaper():
            kind = "withdrawal.receipt"
        case _:
            kind = paper.statement.type
    named = {"certificate": about} if isinstance(paper, Order) else {}
    tell(json_, {**named, "about": about, "type": kind, "leaf": leaf.hex()}, f"{about}: {kind} 已收录")


def _grounds(text: str, document: Path | None, reference: str | None) -> Grounds:
    from yinzheng.ledger.certificates.remarks import Grounds

    return Grounds(text, None if document is None else digest_of(document), reference)
