"""`yinzheng holder …`: what a holder of rights does on its own machine (D16). It needs no state folder."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.codes import CodeFile, read_given, show_code, write_code
from yinzheng.api.cli.files import read_file, readable, write_new
from yinzheng.api.cli.org.common import (
    DEFAULT_DESK,
    DEFAULT_ORG,
    DeskUrl,
    OrgFolder,
    china_time,
    clock,
    session,
)
from yinzheng.api.cli.org.key import DAY, DAYS, Begins, Lost, OutFolder, hand_over, make
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.instants import Day, parse_instant
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.organisation import HOLDER
from yinzheng.verifier.formats.purpose_proof import FIELDS, PURPOSES

if TYPE_CHECKING:
    from yinzheng.api.org.member import Member
    from yinzheng.verifier.formats.challenge import Challenge

MAX_PDF = 16 * 1024 * 1024
BACKDATED = 300
"""Seconds by which an asker's clock may be ahead of ours."""


def new(
    code: Annotated[str, typer.Option(help="Unified social credit code. 统一社会信用代码。")],
    name: Annotated[str, typer.Option(help="Name of the organisation. 机构名称。")],
    registry: Annotated[
        Path, typer.Option(help="The registry's trust.json, from its officer: pinned. 登记机构策略。")
    ],
    out_folder: OutFolder = DEFAULT_ORG,
    role: Annotated[
        list[str] | None, typer.Option(help="What else it is: controller, recipient, party; repeat. 角色。")
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(help="Address of an account whose key lies elsewhere: it signs there. 已有链上账户。"),
    ] = None,
    days: Annotated[int, typer.Option(help="Days the SM2 key holds.", min=1)] = DAYS,
    json_: Json = False,
) -> None:
    """Make a holder's SM2 key and account, and the enrolment that proves both. 新建权利人密钥与账户。"""
    brought = True if account is None else hex_of(account, 20, "an account", "account-malformed")
    make(
        out_folder,
        registry,
        days,
        json_,
        code=code,
        name=name,
        roles=[HOLDER, *(role or ())],
        account=brought,
    )


def finish(
    signature: Annotated[
        str, typer.Argument(metavar="SIGNATURE", help="The account's, 130 hex, over to-sign.json. 账户签名。")
    ],
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Complete an enrolment with the signature of an account whose key lies elsewhere. 补入账户签名。"""
    from yinzheng.api.org.member import Member, bound, enrolment_of
    from yinzheng.api.org.registry import pinned
    from yinzheng.ledger.organisations.accounts import domain_of

    approval = hex_of(signature, 65, "a signature", "approval-malformed")
    member = Member.open(org, os.environ)
    require_holder(member)
    own = member.profile.keys[0]
    key = member.keystore.sm2(own.name)
    made = bound(enrolment_of(member, own, key, clock()), key, domain_of(pinned(org)), approval)
    hand_over(org, member, made, json_)


def rotate(
    out_file: Annotated[Path, typer.Option("--out", help="The rotation, for an officer. 交登记机构的文件。")],
    org: OrgFolder = DEFAULT_ORG,
    new_account: Annotated[
        bool, typer.Option("--new-account", help="Another account too. 同时更换链上账户。")
    ] = False,
    account_lost: Annotated[
        bool,
        typer.Option("--account-lost", help="Another account, the one before being gone: after 15 days."),
    ] = False,
    lost: Lost = False,
    begins: Begins = None,
    serial: Annotated[
        int | None,
        typer.Option(help="Which change on chain this is; default: one for each key. 变更序号。", min=2),
    ] = None,
    days: Annotated[int, typer.Option(help="Days the SM2 key holds.", min=1)] = DAYS,
    json_: Json = False,
) -> None:
    """Make a holder's new SM2 key, or key and account, for an officer to bind. 更换密钥或账户。"""
    from yinzheng.api.org.member import Member, handed_over, rotation_of
    from yinzheng.api.org.registry import pinned
    from yinzheng.ledger.organisations.accounts import domain_of
    from yinzheng.ledger.state.files import write_durably

    member = Member.open(org, os.environ)
    domain, now, before = domain_of(pinned(org)), clock(), member.profile.keys  # before anything is made
    current = None if account_lost else member.account_key()
    old = None if lost else member.current(now)
    start = now + DAY if begins is None else parse_instant(begins, Day.BEGINS)
    own, key = member.make_key(start, start + days * DAY)
    account = current if current is not None and not new_account else member.make_account()
    rotation = handed_over(
        rotation_of(member, own, key, old, now),
        key,
        domain,
        serial=len(before) + 1 if serial is None else serial,
        new=account,
        current=current,
    )
    write_durably(out_file, readable(rotation.to_json()))
    member.keep([*before, own], account.address)
    value = {
        "kid": own.kid.hex(),
        "begins": start,
        "account": account.address.hex(),
        "rotation": str(out_file),
    }
    told = f"hand {out_file} to an officer 请交登记机构"
    tell(json_, value, f"key {own.kid.hex()} takes over 启用: {china_time(start)}; {told}")


def veto(
    org: OrgFolder = DEFAULT_ORG,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Write it to this new file; nothing is sent. 写入文件。")
    ] = None,
    desk: DeskUrl = DEFAULT_DESK,
    serial: Annotated[
        int | None,
        typer.Option(
            help="Which change on chain this is; default: after the announcement. 变更序号。", min=2
        ),
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="An earlier account of ours that is to be replaced. 原链上账户。")
    ] = None,
    json_: Json = False,
) -> None:
    """Refuse an announced replacement of our account, by the account itself. 否决账户更换。"""
    from yinzheng.api.org.registry import pinned
    from yinzheng.ledger.chain.approvals import sign
    from yinzheng.ledger.organisations.accounts import data_of, domain_of, refusing
    from yinzheng.verifier.formats.veto import VetoFile

    opened = session(org, desk)
    require_holder(opened.member)
    profile, domain = opened.member.profile, domain_of(pinned(org))
    earlier = None if account is None else hex_of(account, 20, "an account", "account-malformed")
    key = opened.member.account_key(earlier)
    # Each of our keys is a change of ours; the announcement, which is none, came after them.
    number = len(profile.keys) + 2 if serial is None else serial
    said = VetoFile(profile.code, number, clock(), bytes(65))
    made = replace(said, signature=sign(refusing(said), domain, key))
    if out_file is None:
        opened.post("/org/v1/vetoes", made.canonical())
        done = "vetoed 已否决"
    else:
        write_new(out_file, made.canonical() + b"\n")
        done = f"{out_file}: bring it to the registry, or its call to the chain 请交登记机构或直接上链"
    call = {"to": domain.registry.hex(), "data": data_of(made).hex()}
    tell(json_, {"veto": made.to_json(), "call": call}, f"{profile.code}: {done}")


def answer(
    challenge: Annotated[
        str, typer.Argument(metavar="CHALLENGE", help="A picture of its code, its text, its file. 询问。")
    ],
    org: OrgFolder = DEFAULT_ORG,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Write the answer to this new file. 应答文件。")
    ] = None,
    for_: Annotated[
        str | None,
        typer.Option("--for", help="Who is with you, as the question names them; '' if nobody. 在场询问者。"),
    ] = None,
    code: CodeFile = None,
    json_: Json = False,
) -> None:
    """Answer somebody who asks whether we hold a certificate, with our key. 应答证书身份询问。

    Sign only for who is with you: an answer passed on proves somebody else to be you, until it expires. So
    the question is shown first, and signed once you say that its asker is who is with you (--for).
    """
    from yinzheng.api.org.member import Member
    from yinzheng.verifier.formats.challenge import answer as sign
    from yinzheng.verifier.formats.challenge import parse_challenge

    asked, now = parse_challenge(read_given(challenge)), clock()
    if now >= asked.expires_at:
        raise UsageFault("the time to answer this is over", code="challenge-over", hint="Have them ask anew.")
    if now < asked.made_at - BACKDATED:
        raise UsageFault("this clock is behind the asker's", code="challenge-clock", hint="Set the clock.")
    _require_present(asked, for_)
    member = Member.open(org, os.environ)
    require_holder(member)
    signed = sign(asked, member.profile.code, member.current(now)[1])
    if code is not None:
        write_code(signed.text, code)
    if out_file is not None:
        write_new(out_file, signed.canonical() + b"\n")
    value = {"answer": signed.to_json(), "text": signed.text}

    def said() -> None:
        show_code(signed.text)
        who = asked.asker or "somebody unnamed 未具名者"
        tell(False, None, f"{asked.certificate}: signed as {member.profile.name} for {who} 已应答")

    tell(json_, value, said)


def _require_present(asked: Challenge, named: str | None) -> None:
    """Who asks is who is with us, by the name that is signed: a question may have been passed on (R15)."""
    from yinzheng.verifier.words.times import moment

    asker = asked.asker or ""
    if named is not None and named.strip() == asker:
        return
    until = moment(asked.expires_at)
    who = f"{asker} asks" if asker else "somebody who does not say who they are asks"
    raise UsageFault(
        f"{who} whether you hold {asked.certificate}, until {until.en}"
        + ("" if named is None else f"; you say that {named or 'nobody'} is with you"),
        code="challenge-asker",
        hint=f"If that is who is with you, say --for {shlex.quote(asker)}. If not, somebody passes their "
        "question on to you, to be taken for you: do not sign.",
    )


def prove(
    certificate: Annotated[
        Path, typer.Argument(metavar="CERTIFICATE", help="Its PDF or JSON file, with evidence. 证书文件。")
    ],
    holder: Annotated[Path, typer.Option(help="Our holder.json, as the registry gives it. 密钥证明。")],
    reader: Annotated[str, typer.Option(help="Credit code of who may rely on it. 读者的信用代码。")],
    reader_name: Annotated[str, typer.Option(help="Its name. 读者名称。")],
    purpose: Annotated[str, typer.Option(help=f"One of {', '.join(PURPOSES)}. 用途。")],
    words: Annotated[str, typer.Option(help="Which loan, which audit. 用途说明。")],
    out_file: Annotated[Path, typer.Option("--out", help="A new file. 输出文件。")],
    field: Annotated[
        list[str] | None, typer.Option(help=f"Shown besides; repeat: {', '.join(FIELDS)}. 披露项。")
    ] = None,
    days: Annotated[int, typer.Option(help="How long it holds, 1–92. 有效天数。", min=1, max=92)] = 30,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Prove a certificate to one reader, for one purpose and a time, with our key. 出具专用证明。"""
    from yinzheng.api.extraction import extract
    from yinzheng.api.org.member import Member
    from yinzheng.api.org.proving import prove_to

    member = Member.open(org, os.environ)
    require_holder(member)
    data = prove_to(
        member,
        extract(read_file(certificate, MAX_PDF)).file,
        read_file(holder, MAX_PDF),
        now=clock(),
        seconds=days * DAY,
        reader=(reader_name, reader),
        purpose=(purpose, words),
        fields=field or (),
    )
    write_new(out_file, data)
    value = {"file": str(out_file), "reader": reader, "purpose": purpose, "not_after": clock() + days * DAY}
    tell(json_, value, f"{out_file}: for {reader} alone 仅供该读者")


def require_holder(member: Member) -> None:
    """Raises `UsageFault` `organisation-role` unless this organisation holds rights."""
    if HOLDER not in member.profile.roles:
        raise UsageFault(
            "this organisation is no holder",
            code="organisation-role",
            hint="Make a holder's keys with `yinzheng holder key new`.",
        )


def hex_of(written: str, size: int, what: str, code: str) -> bytes:
    """Bytes written in hex, with or without 0x. Raises `UsageFault` with this code."""
    digits = written.removeprefix("0x")
    if re.fullmatch(rf"[0-9a-fA-F]{{{2 * size}}}", digits) is None:
        raise UsageFault(
            f"{what} is written in {2 * size} hex characters", code=code, hint="With or without 0x."
        )
    return bytes.fromhex(digits)
