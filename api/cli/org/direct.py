"""`yinzheng org direct …`: what an organisation tells the contracts itself, past the registry (D17, S24)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.files import read_file, read_json, readable, write_new
from yinzheng.api.cli.org.common import DEFAULT_DESK, DEFAULT_ORG, DeskUrl, OrgFolder, clock, session
from yinzheng.api.cli.org.withdrawals import (
    Copies,
    Destroyed,
    DestroyedAt,
    Evidence,
    Method,
    Operator,
    WithdrawalId,
    receipt_of,
)
from yinzheng.api.cli.output import Json, tell
from yinzheng.verifier.errors import UsageFault, found_in

if TYPE_CHECKING:
    from yinzheng.api.org.direct import Own
    from yinzheng.api.org.member import Member
    from yinzheng.verifier.judge.trust import TrustPolicy

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

    from yinzheng.verifier.bytes.naming import spell
    from yinzheng.verifier.formats.objection_paper import Objected, ObjectionPaper, parse_objection_paper

    later, subject = _about(about)
    own = opened(org, rpc)[1]
    paper = ObjectionPaper(Objected(subject, spell(objector), reasons), secrets.token_bytes(32), own.account)
    parse_objection_paper(paper.to_json())  # what could not be read back must not be sent
    objection, name = paper.digest, paper.name
    call = (own.calls.raise_later_objection if later else own.calls.raise_objection)(subject, objection)
    told = own.tell(call, kept(out_file, paper.to_json()))
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
    from yinzheng.api.org.direct import order_of
    from yinzheng.ledger.chain.approvals_moves import Reservation
    from yinzheng.verifier.containers.certfile import MAX_FILE, parse_file
    from yinzheng.verifier.formats.body import Party
    from yinzheng.verifier.formats.reservation import Reserved

    found = parse_file(read_file(certificate, MAX_FILE))
    (member, own, policy), now = opened(org, rpc), clock()
    until, who = now + hours * 3600, Party(member.profile.name, member.profile.code)
    body = Reserved(found.record.number, until, who, now)
    prev = found.statement.leaf_hash if head is None else leaf_of(head, "--head")
    order = order_of(member, policy, body, found.statement.profile, prev)
    leaf = order.statement.leaf_hash
    call = own.calls.reserve(Reservation(found.statement.subject, body.until, leaf), order.signature)
    told = own.tell(call, kept(out_file, order.to_json()))
    said = {"reservation": leaf.hex(), "until": body.until, "block": told.block}
    tell(json_, said, f"{body.certificate}: reserved 已预留 {leaf.hex()[:12]} in block {told.block}")


def release(
    certificate: Annotated[
        Path, typer.Argument(metavar="FILE", help="The certificate's file, NUMBER.json. 证书文件。")
    ],
    reservation: Annotated[
        str, typer.Option(help="Leaf hash of the statement that reserved it. 预留的记载。")
    ],
    rpc: Rpc,
    out_file: Annotated[
        Path, typer.Option("--out", help="The order, in a new file: hand it in. 命令写入新文件，事后提交。")
    ],
    head: Annotated[
        str | None,
        typer.Option(help="Leaf hash of the last statement about it; else the reservation's. 最近记载。"),
    ] = None,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """End a reservation of ours on the chain itself. 直接在链上解除预留。"""
    from yinzheng.api.org.direct import order_of
    from yinzheng.ledger.chain.approvals_moves import ReservationRelease
    from yinzheng.verifier.containers.certfile import MAX_FILE, parse_file
    from yinzheng.verifier.formats.body import Party
    from yinzheng.verifier.formats.reservation import Released

    found = parse_file(read_file(certificate, MAX_FILE))
    member, own, policy = opened(org, rpc)
    reserved, who = leaf_of(reservation, "--reservation"), Party(member.profile.name, member.profile.code)
    body = Released(found.record.number, reserved, who, clock())
    prev = reserved if head is None else leaf_of(head, "--head")
    order = order_of(member, policy, body, found.statement.profile, prev)
    leaf = order.statement.leaf_hash
    call = own.calls.release_reservation(ReservationRelease(found.statement.subject, leaf), order.signature)
    told = own.tell(call, kept(out_file, order.to_json()))
    said = {"release": leaf.hex(), "reservation": reserved.hex(), "block": told.block}
    tell(json_, said, f"{body.certificate}: released 已解除预留 in block {told.block}. Hand in {out_file}.")


def destroyed(
    withdrawal: WithdrawalId,
    method: Method,
    operator: Operator,
    rpc: Rpc,
    out_file: Annotated[
        Path,
        typer.Option("--out", help="The receipt, in a new file: hand it in. 回执写入新文件，事后提交。"),
    ],
    copies: Copies = 1,
    evidence: Evidence = None,
    at: DestroyedAt = None,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Announce on the chain itself that what was taken back is destroyed here. 直接上链登记销毁回执。

    What was taken back is read from the chain. The block has neither our name nor the receipt: whoever is
    shown the file alone sees whose it is, but whose account sent it everyone sees.
    """
    import secrets

    from yinzheng.verifier.formats.receipt_paper import ReceiptPaper, parse_receipt_paper

    id_, (member, own, _) = leaf_of(withdrawal.lower(), "WITHDRAWAL"), opened(org, rpc)
    taken_back = own.calls.withdrawal(id_)
    if taken_back is None or not any(taken_back.request):
        raise UsageFault(
            "the chain knows no such withdrawal",
            code="withdrawal-unknown",
            hint="Check its identifier; its controller and its recipients have it from their notices.",
        )
    of = Destroyed(method, operator, copies, evidence, at)
    paper = ReceiptPaper(
        receipt_of(member, id_, taken_back.request, of), secrets.token_bytes(32), own.account
    )
    parse_receipt_paper(paper.to_json())
    call = own.calls.announce_receipt(id_, paper.digest)
    told = own.tell(call, kept(out_file, paper.to_json()))
    said = {"receipt": paper.name.hex(), "block": told.block, "transaction": told.transaction.hex()}
    tell(
        json_, said, f"receipt announced 已上链登记 in block {told.block}. Hand in {out_file} 请提交该文件。"
    )


def hand_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As `org direct` wrote it. 直接上链的文件。")],
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Hand in what was told the chain directly, so that it can be worked on. 事后提交直接上链的内容。"""
    from yinzheng.verifier.bytes.canonical import dumps
    from yinzheng.verifier.formats.dispute_paper import MAX_PAPER

    with found_in(file):
        value = read_json(file, MAX_PAPER)
    answer = session(org, desk).post("/org/v1/orders", dumps(value))
    tell(json_, answer, f"{answer['leaf'][:12]}: taken in 已收录")


def opened(org: Path, rpc: str) -> tuple[Member, Own, TrustPolicy]:
    """Who we are, our account at a node of our own, and the policy that we pinned."""
    from yinzheng.api.org.direct import Own
    from yinzheng.api.org.member import Member
    from yinzheng.api.org.registry import pinned

    member, policy = Member.open(org, os.environ), pinned(org)
    return member, Own(member, policy, rpc), policy


def kept(file: Path, value: object) -> Callable[[], None]:
    """What keeps in a new file what is about to be told: without it nobody could show what was meant."""
    return lambda: write_new(file, readable(value))


def leaf_of(given: str, option: str) -> bytes:
    """A leaf hash that was typed. Raises `UsageFault` `leaf-malformed`."""
    if not _IDENTIFIER.fullmatch(given):
        raise UsageFault(f"{option} is a leaf hash: 64 hex digits", code="leaf-malformed")
    return bytes.fromhex(given)


def _about(given: str) -> tuple[bool, bytes]:
    """Whether it is a certificate, and its identifier on chain."""
    from yinzheng.verifier.formats.body import check_number
    from yinzheng.verifier.log.statement import certificate_subject

    if _IDENTIFIER.fullmatch(given):
        return False, bytes.fromhex(given)
    return True, certificate_subject(check_number(given, "NUMBER"))
