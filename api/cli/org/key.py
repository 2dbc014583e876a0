"""`yinzheng org key …`: make the organisation's key, replace it, report it lost (R41)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from yinzheng.api.cli.files import read_file, readable
from yinzheng.api.cli.org.common import (
    DEFAULT_DESK,
    DEFAULT_ORG,
    DeskUrl,
    OrgFolder,
    china_time,
    clock,
    session,
)
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.instants import Day, parse_instant
from yinzheng.verifier.errors import DataFault, UsageFault, found_in
from yinzheng.verifier.formats.organisation import HOLDER, REASONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yinzheng.api.org.member import Member
    from yinzheng.ledger.chain.approvals import Domain
    from yinzheng.verifier.formats.organisation import Enrolment

Lost = Annotated[
    bool, typer.Option("--lost", help="The key before is lost or compromised: an officer binds this one.")
]
Begins = Annotated[
    str | None,
    typer.Option(help="When the new key begins; default: in a minute, or in a day with --out."),
]
OutFolder = Annotated[Path, typer.Option("--out", help="A new folder for keys and enrolment. 机构目录。")]
DAY = 86_400
DAYS = 2 * 365
"""A new key holds, unless told otherwise."""
_WITHOUT = {
    "exchange": "without --account: it checks trades, and reserves none 无链上账户，不能预留、结算",
    "party": "without --account: it can sign no dispute 无链上账户，不能签署争议文件",
}
"""What a role cannot do without an account, which an officer binds later: `org key rotate --account`."""
MARGIN = 60
"""Seconds until a key that the desk is told of begins: it must not begin before it is told."""


def new(
    code: Annotated[str, typer.Option(help="Unified social credit code. 统一社会信用代码。")],
    name: Annotated[str, typer.Option(help="Name of the organisation. 机构名称。")],
    role: Annotated[
        list[str],
        typer.Option(help="controller, recipient, holder, exchange, forum, party; repeat. 角色。"),
    ],
    out_folder: OutFolder = DEFAULT_ORG,
    account: Annotated[
        bool,
        typer.Option(
            "--account", help="A chain account, for exchanges and parties; forums have one. 链上账户。"
        ),
    ] = False,
    days: Annotated[int, typer.Option(help="Days the key holds.", min=1)] = DAYS,
    registry: Annotated[
        Path | None,
        typer.Option(
            "--registry", help="The registry's trust.json, from its officer: pinned. 登记机构策略。"
        ),
    ] = None,
    json_: Json = False,
) -> None:
    """Make keys and the enrolment that an officer of the registry takes in. 新建机构密钥。"""
    make(out_folder, registry, days, json_, code=code, name=name, roles=role, account=account)


def make(
    folder: Path,
    registry: Path | None,
    days: int,
    json_: bool,
    *,
    code: str,
    name: str,
    roles: Sequence[str],
    account: bool | bytes,
) -> None:
    """Make an organisation's folder, its keys and its enrolment, and say what to do with it.

    `account` as in `create_member`. Raises as that and `pin`.
    """
    from yinzheng.api.org.member import create_member
    from yinzheng.api.org.registry import pin
    from yinzheng.ledger.organisations.accounts import domain_of
    from yinzheng.verifier.judge.trust import MAX_TRUST, parse_trust

    pinned = None if registry is None else read_file(registry, MAX_TRUST)
    with found_in(registry):
        policy = None if pinned is None else parse_trust(pinned)  # before anything is made
    holds = HOLDER in roles
    member, enrolment = create_member(
        folder,
        os.environ,
        code=code,
        name=name,
        roles=roles,
        account=account,
        now=clock(),
        term=days * DAY,
        domain=domain_of(policy) if holds and policy is not None else None,
    )
    if pinned is not None:
        pin(folder, pinned)
    if holds and enrolment.binding is None and policy is not None:
        ask_account(folder, enrolment, domain_of(policy), json_)
    else:
        hand_over(folder, member, enrolment, json_)


def hand_over(folder: Path, member: Member, enrolment: Enrolment, json_: bool) -> None:
    """Write `enrolment.json` and say who takes it in."""
    from yinzheng.ledger.state.files import write_durably

    file = folder / "enrolment.json"
    write_durably(file, readable(enrolment.to_json()))
    kid = member.profile.keys[0].kid.hex()
    address = None if member.profile.account is None else member.profile.account.hex()
    value = {"code": member.profile.code, "kid": kid, "account": address, "enrolment": str(file)}
    told = [f"key {kid}; hand {file} to the registry's officer 请将该文件交登记机构"]
    told += [lacks for role, lacks in _WITHOUT.items() if address is None and role in member.profile.roles]
    tell(json_, value, told)


def ask_account(folder: Path, enrolment: Enrolment, domain: Domain, json_: bool) -> None:
    """Write the message that an account whose key lies elsewhere is to sign, for any wallet (S16.4)."""
    from yinzheng.ledger.chain.approvals import plain, typed_data
    from yinzheng.ledger.organisations.accounts import entering
    from yinzheng.ledger.state.files import write_durably

    file = folder / "to-sign.json"
    write_durably(file, readable(plain(typed_data(entering(enrolment), domain))))
    value = {"code": enrolment.organisation.code, "kid": enrolment.grant.kid.hex(), "to_sign": str(file)}
    told = (
        f"have the account sign {file} (EIP-712), then: yinzheng holder key finish SIGNATURE 请由该账户签名"
    )
    tell(json_, value, told)


def trust(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The registry's trust.json, from an officer's own hand.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Believe this one instead of the one pinned before. 更换。")
    ] = False,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Pin the registry whose signature we believe in notices. 信任登记机构。"""
    from yinzheng.api.cli.policy import inputs_of, language_in, policy_lines
    from yinzheng.api.org.member import PROFILE
    from yinzheng.api.org.registry import pin
    from yinzheng.verifier.judge.trust import MAX_TRUST

    if not (org / PROFILE).exists():
        raise UsageFault(f"there is no organisation in {org}", code="org-missing", hint="Name it with --org.")
    with found_in(file):
        policy = pin(org, read_file(file, MAX_TRUST), replace=replace)
    keys = sorted(kid.hex() for kid in policy.issuers)
    value = {"origin": policy.origin, "issuers": keys, **inputs_of(policy)}
    tell(json_, value, (f"{policy.origin}: {' '.join(keys)}", *policy_lines(policy, language_in(""))))


def rotate(
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Write rotation.json for an officer instead of sending it.")
    ] = None,
    lost: Lost = False,
    account: Annotated[
        bool,
        typer.Option(
            "--account",
            help="A new chain account too, where there is none or its key is lost. 更换链上账户。",
        ),
    ] = False,
    begins: Begins = None,
    days: Annotated[int, typer.Option(help="Days the key holds.", min=1)] = DAYS,
    json_: Json = False,
) -> None:
    """Make a new key that takes over. 更换密钥。"""
    from yinzheng.api.org.member import Member, rotation_of
    from yinzheng.ledger.state.files import write_durably
    from yinzheng.verifier.bytes.canonical import dumps

    if (lost or account) and out_file is None:
        raise UsageFault(
            "without the key before, or with another account, an officer binds the new one",
            code="officer-needed",
            hint="Give --out FILE, and hand that file to the registry.",
        )
    member = Member.open(org, os.environ)
    if HOLDER in member.profile.roles:
        raise UsageFault(
            "a holder's account changes with its key, by an officer's hand",
            code="officer-needed",
            hint="Make it with `yinzheng holder key rotate --out FILE`, and hand that file to the registry.",
        )
    now = clock()
    start = (
        now + (MARGIN if out_file is None else DAY) if begins is None else parse_instant(begins, Day.BEGINS)
    )
    old = None if lost else member.current(now)
    own, key = member.make_key(start, start + days * DAY)
    address = member.make_account().address if account else None
    rotation = rotation_of(member, own, key, old, now, address)
    before = member.profile.keys
    if out_file is None:
        # Noted first: the answer may be lost, and the key is needed then.
        member.keep([*before, own])
        try:
            session(org, desk).post("/org/v1/key/rotate", dumps(rotation.to_json()))
        except (UsageFault, DataFault):
            member.keep(before)
            raise
    else:
        write_durably(out_file, readable(rotation.to_json()))
        member.keep([*before, own], address)
    value = {"kid": own.kid.hex(), "begins": start, "rotation": None if out_file is None else str(out_file)}
    if address is not None:
        value["account"] = address.hex()
    told = (
        "the desk knows it 柜台已登记" if out_file is None else f"hand {out_file} to an officer 请交登记机构"
    )
    tell(json_, value, f"key {own.kid.hex()} takes over 启用: {china_time(start)}; {told}")


NEXT_KEY: Final = "yinzheng {} key rotate --lost --out FILE"
"""What makes a key, of `org` or `holder`, where none is left that holds; an officer takes the file in."""


def lost(
    kid: Annotated[
        str | None, typer.Argument(metavar="[KID]", help="Which key; default: the one that signs.")
    ] = None,
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(REASONS)}.")] = "compromised",
    since: Annotated[str | None, typer.Option(help="From when on; default: now. 自何时起。")] = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Report a key of our own as lost or compromised, signed with a key we still have. 报告密钥丢失或泄露。

    Whoever has no key any more tells an officer: `yinzheng revoke-key`.
    """
    from yinzheng.verifier.bytes.canonical import dumps

    opened = session(org, desk)
    now = clock()
    named = opened.member.current(now)[0].kid.hex() if kid is None else kid
    began = now if since is None else parse_instant(since, Day.BEGINS)
    answer = opened.post("/org/v1/key/revoke", dumps({"kid": named, "reason": reason, "since": began}))
    opened.member.end_key(named, min(began, now))
    told = f"key {named} no longer holds 已吊销"
    if next(opened.member.candidates(now), None) is None:
        whose = "holder" if HOLDER in opened.member.profile.roles else "org"
        told += f"; the next is made so 生成下一把: {NEXT_KEY.format(whose)}"
    tell(json_, {"kid": named, "since": began, **answer}, told)


def list_keys(org: OrgFolder = DEFAULT_ORG, json_: Json = False) -> None:
    """List the keys this organisation made. 本机构密钥列表。"""
    from yinzheng.api.org.member import Member

    member = Member.open(org, os.environ)
    rows = [
        {"name": k.name, "kid": k.kid.hex(), "from": k.not_before, "until": k.not_after}
        for k in member.profile.keys
    ]
    tell(json_, rows, "\n".join(f"{row['kid']}  {row['name']}" for row in rows))
