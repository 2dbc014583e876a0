"""`yinzheng org order …`: a forum's orders (S16.8, S10.4b), signed by its account.

The forum writes the statement itself; of the desk it asks only which statement was the last, and what time
the ledger has.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from yinzheng.api.cli.files import digest_of, read_json, readable, write_new
from yinzheng.api.cli.org.common import DEFAULT_DESK, DEFAULT_ORG, DeskUrl, OrgFolder, Session, clock, session
from yinzheng.api.cli.output import Json, tell
from yinzheng.verifier.errors import UsageFault, found_in
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.order import MAX_ORDER

if TYPE_CHECKING:
    from yinzheng.verifier.formats.order import Ordered

NAMED: Final = 12
"""Hex digits by which a seizure is named."""

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The certificate. 证书编号。")]
Document = Annotated[Path, typer.Option(help="The effective document; its digests are public. 生效文书。")]
Reference = Annotated[str, typer.Option(help="How it is cited. 文书编号。")]
Text = Annotated[str, typer.Option(help="What readers of the certificate are told. 公开说明。")]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Write it to a new file for an officer; nothing is sent. 写入文件不发送。"),
]


def seize(
    number: Number,
    document: Document,
    reference: Reference,
    text: Text = "",
    out_file: Out = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Seize a registered certificate by an effective document. 司法查封。"""
    from yinzheng.verifier.formats.standing import parse_remark

    opened, standing = _standing(org, desk, number)
    said = _said(opened, number, document, reference, standing["now"])
    body = parse_remark({**said, "kind": "seizure", "text": text})
    _order(opened, org, body, standing, out_file, json_)


def lift(
    number: Number,
    document: Document,
    reference: Reference,
    remark: Annotated[
        str | None, typer.Option(help="Which seizure, as listed, where several stand. 查封编号。")
    ] = None,
    text: Text = "",
    out_file: Out = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Lift a seizure. 解除查封。"""
    from yinzheng.verifier.formats.standing import parse_lifting

    opened, standing = _standing(org, desk, number)
    said = _said(opened, number, document, reference, standing["now"])
    which = _seizure(standing["remarks"], remark)
    body = parse_lifting({**said, "kind": "seizure", "remark": which, "text": text})
    _order(opened, org, body, standing, out_file, json_)


def cancel(
    number: Number,
    document: Document,
    reference: Reference,
    out_file: Out = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Cancel a registered certificate by an effective document, for good. 依生效文书注销。"""
    from yinzheng.verifier.formats.standing import parse_cancellation

    opened, standing = _standing(org, desk, number)
    said = _said(opened, number, document, reference, standing["now"])
    body = parse_cancellation({**said, "ground": "document", "initiator": "forum"})
    _order(opened, org, body, standing, out_file, json_)


def replace_account(
    rotation: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="As `holder key rotate --account-lost` wrote it. 更换文件。"),
    ],
    document: Document,
    reference: Reference,
    out_file: Annotated[Path, typer.Option("--out", help="A new file, for an officer. 交登记机构的文件。")],
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Sign under a holder's replacement of a lost account: it holds at once. 依生效文书更换账户。"""
    from yinzheng.api.org.member import Member
    from yinzheng.api.org.registry import pinned
    from yinzheng.ledger.chain.approvals import sign
    from yinzheng.ledger.organisations.accounts import domain_of, handing_over
    from yinzheng.verifier.formats.organisation import Decision, parse_rotation

    with found_in(rotation):
        asked = parse_rotation(read_json(rotation, MAX_ORDER))
    if asked.binding is None or asked.binding.current is not None:
        raise UsageFault(
            "this replaces no account that is lost",
            code="holder-binding",
            hint="The holder makes it with `yinzheng holder key rotate --account-lost`.",
        )
    member = Member.open(org, os.environ)
    signature = sign(handing_over(asked), domain_of(pinned(org)), member.account_key())
    forum = Party(member.profile.name, member.profile.code)
    decided = replace(asked, decision=Decision(forum, digest_of(document), reference, signature))
    write_new(out_file, readable(parse_rotation(decided.to_json()).to_json()))
    code = asked.grant.code
    tell(json_, {"code": code, "file": str(out_file)}, f"{out_file}: hand it to an officer 请交登记机构")


def _standing(org: Path, desk: str, number: str) -> tuple[Session, dict[str, Any]]:
    from yinzheng.api.org.answers import require_now
    from yinzheng.verifier.formats.body import check_number

    check_number(number, "NUMBER")
    opened = session(org, desk)
    standing = opened.get(f"/org/v1/certificates/{number}")
    require_now(standing["now"], clock())
    return opened, standing


def _said(opened: Session, number: str, document: Path, reference: str, at: int) -> dict[str, Any]:
    profile = opened.member.profile
    return {
        "v": 1,
        "certificate": number,
        "document": {**digest_of(document).to_json()},
        "reference": reference,
        "by": {"name": profile.name, "code": profile.code},
        "at": at,
    }


def _seizure(remarks: list[dict[str, Any]], given: str | None) -> str | None:
    standing = [one for one in remarks if one["kind"] == "seizure" and one["lifted_at"] is None]
    fitting = [one for one in standing if given is None or (one["remark"] or "").startswith(given)]
    if not standing:
        raise UsageFault(
            "no seizure stands on this certificate", code="seizure-none", hint="Check its number."
        )
    if len(fitting) != 1:
        named = "; ".join(f"{(one['remark'] or '')[:NAMED]} {one['reference']}" for one in standing)
        raise UsageFault(
            "no seizure that stands has that name, or several have",
            code="remark-unknown",
            hint=f"Say --remark and how one of these begins: {named}.",
            zh=("该证书上没有这个编号的查封，或有几项。", f"加 --remark 和下列之一的开头：{named}。"),
        )
    which: str | None = fitting[0]["remark"]
    return which


def _order(
    opened: Session, org: Path, body: Ordered, standing: dict[str, Any], out_file: Path | None, json_: bool
) -> None:
    from yinzheng.api.org.registry import pinned
    from yinzheng.ledger.certificates.messages import domain_of, message_of
    from yinzheng.ledger.chain.approvals import sign
    from yinzheng.verifier.bytes.canonical import dumps
    from yinzheng.verifier.formats.order import Order, statement_of

    statement = statement_of(body, profile=standing["profile"], prev=bytes.fromhex(standing["head"]))
    message = message_of(body, statement.leaf_hash)
    signature = sign(message, domain_of(pinned(org)), opened.member.account_key())
    made = Order(statement, body, signature).to_json()
    leaf = statement.leaf_hash.hex()
    if out_file is not None:
        write_new(out_file, readable(made))
        said = {"leaf": leaf, "file": str(out_file)}
        tell(json_, said, f"{out_file}: hand it to an officer 请交登记机构")
        return
    answer = opened.post("/org/v1/orders", dumps(made))
    tell(json_, answer, f"{body.certificate}: {statement.type} {leaf[:12]} 已执行")
