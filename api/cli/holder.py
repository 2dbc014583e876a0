"""`yinzheng holder …`: what a holder of rights does on its own machine (D16). It needs no state folder."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from yinzheng.api.cli.org_common import DEFAULT_ORG, OrgFolder, clock
from yinzheng.api.cli.org_key import DAYS, OutFolder, hand_over, make
from yinzheng.api.cli.output import Json
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.organisation import HOLDER


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
    brought = True if account is None else _hex(account, 20, "an account", "account-malformed")
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

    approval = _hex(signature, 65, "a signature", "approval-malformed")
    member = Member.open(org, os.environ)
    if HOLDER not in member.profile.roles:
        raise UsageFault(
            "this organisation is no holder",
            code="organisation-role",
            hint="Make a holder's keys with `yinzheng holder key new`.",
        )
    own = member.profile.keys[0]
    key = member.keystore.sm2(own.name)
    made = bound(enrolment_of(member, own, key, clock()), key, domain_of(pinned(org)), approval)
    hand_over(org, member, made, json_)


def _hex(written: str, size: int, what: str, code: str) -> bytes:
    digits = written.removeprefix("0x")
    if re.fullmatch(rf"[0-9a-fA-F]{{{2 * size}}}", digits) is None:
        raise UsageFault(
            f"{what} is written in {2 * size} hex characters", code=code, hint="With or without 0x."
        )
    return bytes.fromhex(digits)
