"""Commands about a registered certificate: its remarks (R16, R55)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.cases import moment
from yinzheng.api.cli.common import DEFAULT_STATE, State, acting, writing
from yinzheng.api.cli.files import digest_of
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.persons import As
from yinzheng.ledger.rules.terms import RemarkKind

if TYPE_CHECKING:
    from yinzheng.ledger.certificates.remarks import Grounds
    from yinzheng.verifier.bytes.canonical import JSON

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
    remark: Annotated[str, typer.Argument(help="Its name as listed, or its kind where one stands. 备注。")],
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
    listed: list[JSON] = [
        {
            "remark": None if one.leaf is None else one.leaf.hex(),
            "kind": one.kind.value,
            "text": one.text,
            "reference": one.reference,
            "by_forum": one.by_forum,
            "entered_at": one.entered_at,
            "lifted_at": one.lifted_at,
        }
        for one in found.remarks
    ]

    def text() -> Iterator[str]:
        yield f"{number}  {found.ended or 'in force'}"
        for one in found.remarks:
            until = "" if one.lifted_at is None else f" – {moment(one.lifted_at)}"
            by = "  by a forum 裁判机构" if one.by_forum else ""
            said = "  ".join(filter(None, (one.text, one.reference)))
            yield f"  {name_of(one):<12}  {one.kind.value:<8} {moment(one.entered_at)}{until}{by}  {said}"

    tell(json_, {"certificate": number, "ended": found.ended, "remarks": listed}, text())


def _grounds(text: str, document: Path | None, reference: str | None) -> Grounds:
    from yinzheng.ledger.certificates.remarks import Grounds

    return Grounds(text, None if document is None else digest_of(document), reference)
