"""`yinzheng org direct …`: what an organisation tells the contracts itself, past the registry (D17, S24)."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.files import read_file
from yinzheng.api.cli.org_common import DEFAULT_ORG, OrgFolder, clock
from yinzheng.api.cli.output import Json, tell
from yinzheng.verifier.errors import UsageFault

if TYPE_CHECKING:
    from yinzheng.api.org.direct import Own
    from yinzheng.verifier.bytes.canonical import JSON

Rpc = Annotated[str, typer.Option("--rpc", help="A node of the chain, not the registry's. 自己的链节点。")]
_IDENTIFIER = re.compile(r"[0-9a-f]{64}")


def object_(
    about: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER|CASE",
            help="A certificate, or a published case by its identifier. 编号或案件标识。",
        ),
    ],
    objector: Annotated[str, typer.Option("--objector", help="Who objects. 异议人。")],
    reasons: Annotated[str, typer.Option("--reasons", help="Why. 理由。")],
    rpc: Rpc,
    out_file: Annotated[
        Path,
        typer.Option("--out", help="A new file that proves whose it is: keep it. 凭据存入新文件。"),
    ],
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Object on the chain itself; nobody can refuse to take it in. 直接在链上提出异议。"""
    import secrets

    from yinzheng.api.org.direct import objection_name
    from yinzheng.verifier.bytes.canonical import dumps
    from yinzheng.verifier.log.statement import commit_private

    later, subject = _about(about)
    own = _own(org, rpc)
    secret = secrets.token_bytes(32)
    body: dict[str, JSON] = {"v": 1, "about": subject.hex(), "objector": objector, "reasons": reasons}
    objection = commit_private(secret, dumps(body)).sha256
    name = objection_name(subject, objection, own.account)
    kept: dict[str, JSON] = {
        "body": body,
        "secret": secret.hex(),
        "account": own.account.hex(),
        "objection": name.hex(),
    }
    call = (own.calls.raise_later_objection if later else own.calls.raise_objection)(subject, objection)
    own.try_(call)
    # Kept before it is sent: without it nobody could show what was meant.
    _write(out_file, kept)
    told = own.tell(call)
    said = {"objection": name.hex(), "block": told.block, "transaction": told.transaction.hex()}
    text = (
        f"{about}: objection 异议 {name.hex()[:12]} in block {told.block}. Hand {out_file} to the registry."
    )
    tell(json_, said, text)


def reserve(
    certificate: Annotated[
        Path, typer.Argument(metavar="FILE", help="The certificate's file, NUMBER.json. 证书文件。")
    ],
    rpc: Rpc,
    out_file: Annotated[
        Path, typer.Option("--out", help="The order, in a new file: hand it in. 命令写入新文件，事后提交。")
    ],
    hours: Annotated[int, typer.Option(min=1, max=72, help="How long, at most 72. 小时数。")] = 24,
    head: Annotated[
        str | None,
        typer.Option(help="Leaf hash of the last statement about it; else its deposit's. 最近记载。"),
    ] = None,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Reserve a certificate on the chain itself, for a trade (R46). 直接在链上预留证书。"""
    from yinzheng.api.org.member import Member
    from yinzheng.api.org.registry import pinned
    from yinzheng.ledger.certificates.messages import domain_of, message_of
    from yinzheng.ledger.chain.approvals import sign
    from yinzheng.ledger.chain.approvals_moves import Reservation
    from yinzheng.verifier.containers.certfile import MAX_FILE, parse_file
    from yinzheng.verifier.formats.body import Party
    from yinzheng.verifier.formats.order import Order, statement_of
    from yinzheng.verifier.formats.reservation import Reserved

    found = parse_file(read_file(certificate, MAX_FILE))
    member, own, now = Member.open(org, os.environ), _own(org, rpc), clock()
    body = Reserved(
        found.record.number, now + hours * 3600, Party(member.profile.name, member.profile.code), now
    )
    prev = found.statement.leaf_hash if head is None else _bytes(head, "--head")
    statement = statement_of(body, profile=found.statement.profile, prev=prev, by="exchange")
    leaf = statement.leaf_hash
    signature = sign(message_of(body, leaf), domain_of(pinned(org)), member.account_key())
    order = Order(statement, body, signature).to_json()
    call = own.calls.reserve(Reservation(found.statement.subject, body.until, leaf), signature)
    own.try_(call)
    _write(out_file, order)
    told = own.tell(call)
    said = {"reservation": leaf.hex(), "until": body.until, "block": told.block}
    tell(json_, said, f"{body.certificate}: reserved 已预留 {leaf.hex()[:12]} in block {told.block}")


def _write(file: Path, value: JSON) -> None:
    from yinzheng.ledger.state.files import disk_faults

    with disk_faults(file), file.open("x", encoding="utf-8") as opened:
        opened.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _own(org: Path, rpc: str) -> Own:
    from yinzheng.api.org.direct import Own
    from yinzheng.api.org.member import Member
    from yinzheng.api.org.registry import pinned

    return Own(Member.open(org, os.environ), pinned(org), rpc)


def _about(given: str) -> tuple[bool, bytes]:
    """Whether it is a certificate, and its identifier on chain."""
    from yinzheng.verifier.formats.body import check_number
    from yinzheng.verifier.log.statement import certificate_subject

    if _IDENTIFIER.fullmatch(given):
        return False, bytes.fromhex(given)
    return True, certificate_subject(check_number(given, "NUMBER"))


def _bytes(given: str, option: str) -> bytes:
    if not _IDENTIFIER.fullmatch(given):
        raise UsageFault(f"{option} is a leaf hash: 64 hex digits", code="leaf-malformed")
    return bytes.fromhex(given)
