"""`yinzheng holder authorise`, `sign`, `submit`, `requests`: what a holder signs and hands in (D16)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from yinzheng.api.cli.files import read_file, readable, write_new
from yinzheng.api.cli.org.common import DEFAULT_DESK, DEFAULT_ORG, DeskUrl, OrgFolder, clock, session
from yinzheng.api.cli.org.holder import hex_of
from yinzheng.api.cli.org.tables import ready_for
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.instants import Day, parse_instant
from yinzheng.verifier.errors import UsageFault, found_in

_REQUEST = Annotated[Path, typer.Argument(metavar="REQUEST", help="The request's folder or file. 请求目录。")]


def authorise(
    request: _REQUEST,
    agent: Annotated[str, typer.Option(help="Credit code of the party that signs for us. 受托方。")],
    until: Annotated[str, typer.Option(help="Until when it may. 授权期限。")],
    any_terms: Annotated[
        bool, typer.Option("--any-terms", help="On other terms than the file has, too. 不限条件。")
    ] = False,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Let another party sign a request in our name. 授权对方签署。"""
    from yinzheng.api.org.asking import authorise as give
    from yinzheng.api.org.member import Member

    last = parse_instant(until, Day.ENDS)
    give(request, Member.open(org, os.environ), agent, last, any_terms=any_terms, now=clock())
    tell(json_, {"request": str(request), "agent": agent, "until": last}, f"{agent} may sign for us 已授权")


def sign(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A request, or what the registry prepared. 待签文件。")
    ],
    request: Annotated[
        Path | None,
        typer.Option("--request", help="The request we signed; for what is prepared. 原请求。"),
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Where the signature goes; for what is prepared. 输出文件。")
    ] = None,
    signature: Annotated[
        str | None, typer.Option(help="The account's, 130 hex, where its key lies elsewhere. 账户签名。")
    ] = None,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Sign a request with the SM2 key, or with the account what the registry prepared of it. 签署。

    What is prepared is signed once every statement in it is what the request asks for, for our registry.
    """
    from yinzheng.api.org.asking import read_request_file, sign_prepared, sign_request
    from yinzheng.api.org.member import Member
    from yinzheng.api.org.registry import pinned
    from yinzheng.ledger.cases.prepared import MAX_BYTES, parse_prepared

    member = Member.open(org, os.environ)
    if request is None:
        signed = sign_request(file, member, clock())
        given = {one.code for one in signed.signatures} | {
            one.authorisation.principal for one in signed.authorisations
        }
        missing = [one.code for one in signed.request.parties if one.code not in given]
        value = {"request": str(file), "type": signed.request.type, "missing": missing}
        still = f"; still to sign: {', '.join(missing)} 待签" if missing else "; hand it in 可提交"
        what = f"{signed.request.type} of {signed.request.certificate.number}"
        tell(json_, value, f"{what}: signed 已签署{still}")
        return
    if out_file is None:
        raise UsageFault("name where the signature goes", code="option-missing", hint="Give --out FILE.")
    ready_for(out_file)
    with found_in(file):
        prepared = parse_prepared(read_file(file, MAX_BYTES))
    elsewhere = None if signature is None else hex_of(signature, 65, "a signature", "approval-malformed")
    made = sign_prepared(prepared, read_request_file(request), member, pinned(org), elsewhere)
    write_new(out_file, readable(made))
    value = {"case": prepared.case, "signature": str(out_file)}
    tell(json_, value, f"{prepared.case}: signed; hand in {out_file} 已签署，请提交该文件")


def submit(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A request's folder, or a signature's file. 提交内容。")
    ],
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Hand a signed request, or the signature under what is prepared, to the registry's desk. 提交柜台。"""
    from yinzheng.api.org.asking import parse_signature, require_signature, to_send
    from yinzheng.api.org.holding import Holder

    require_signature(file)
    holder = Holder(session(org, desk).client)
    if file.is_dir():
        case = holder.submit(to_send(file))
        tell(json_, {"case": case}, f"{case}: received 已收到")
        return
    with found_in(file):
        case, _, made = parse_signature(read_file(file, 4096))
    answer = holder.approve(case, made)
    told = f"{' '.join(answer.numbers) or case}: on the ledger 已登记"
    if answer.missing:
        told = f"{case}: still to approve: {', '.join(answer.missing)} 待签"
    tell(json_, {"numbers": answer.numbers, "missing": answer.missing}, told)


def requests(
    case: Annotated[
        str | None, typer.Argument(metavar="[CASE]", help="One of them; default: list them all. 案件编号。")
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Write what is to be signed of it. 待签文件。")
    ] = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """List the moves that concern us; of one, fetch what waits for our signature. 与我方有关的请求。"""
    ready_for(out_file)
    opened = session(org, desk)
    if case is None:
        rows = opened.every("/org/v1/requests", "requests")
        tell(json_, rows, (f"{r['case']}  {r['type']:<12} {r['certificate']}  {r['state']}" for r in rows))
        return
    found = opened.get(f"/org/v1/requests/{case}")
    if out_file is not None:
        if found["prepared"] is None:
            raise UsageFault(
                "nothing of it waits for a signature", code="nothing-prepared", hint="Ask again later."
            )
        write_new(out_file, readable(found["prepared"]))
    tell(json_, found, f"{case}: {found['state']}; still to approve: {', '.join(found['missing']) or '—'}")
