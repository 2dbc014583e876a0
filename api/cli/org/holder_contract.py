"""`yinzheng holder contract …`: a contract about data, signed on a party's own machine (R56)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.files import read_file, read_json, readable, write_new
from yinzheng.api.cli.org.common import DEFAULT_DESK, DEFAULT_ORG, DeskUrl, OrgFolder, clock, session
from yinzheng.api.cli.output import Json, tell
from yinzheng.verifier.errors import DataFault, UsageFault, found_in
from yinzheng.verifier.formats.tombstone import METHODS

if TYPE_CHECKING:
    from yinzheng.verifier.formats.trade_contract import SignedContract
    from yinzheng.verifier.words.phrase import Phrase

PATH = "/v1/trade-contracts"
MAX_EVENT = 64 * 1024
Contract = Annotated[str, typer.Argument(metavar="CONTRACT", help="Its 64 hex, as `send` told. 合同标识。")]
ContractFile = Annotated[Path, typer.Argument(metavar="FILE", help="The contract's JSON file. 合同文件。")]


def template(
    kind: Annotated[str, typer.Option(help="share or transfer. 共享或转让。")] = "share",
    out_file: Annotated[Path, typer.Option("--out", help="A new file. 输出文件。")] = Path("contract.json"),
    json_: Json = False,
) -> None:
    """Write a contract to be filled in: every clause, none applying yet. 合同模板。"""
    from yinzheng.verifier.formats.trade import KINDS
    from yinzheng.verifier.formats.trade_clauses import CLAUSES
    from yinzheng.verifier.formats.trade_contract import FORMAT

    if kind not in KINDS:
        raise UsageFault("a contract is a share or a transfer", code="usage-kind", hint=", ".join(KINDS))
    party = {"name": "", "code": "", "region": "44"}
    contract: dict[str, Any] = {
        "v": 1,
        "number": "",
        "certificate": {"number": "", "leaf": ""},
        "kind": kind,
        "seller": party,
        "buyer": party,
        "standing": {"business_scope": "", "public_hospital": False, "for_profit": True},
        "subject": {
            "kind": "processed",
            "fields": [],
            "route": "anonymised",
            "importance": None,
            "limits_kept": False,
            "touches_secrets": False,
        },
        "rights": ["use"],
        "purpose": "",
        "manner": ["use"],
        "clauses": {name: {"applies": False} for name in CLAUSES},
        "made_at": clock(),
    }
    write_new(out_file, readable({"format": FORMAT, "contract": contract, "signatures": []}))
    tell(
        json_, {"file": str(out_file), "clauses": list(CLAUSES)}, f"{out_file}: fill in, then sign 填写后签署"
    )


def show(file: ContractFile, json_: Json = False) -> None:
    """Read a contract: every clause, who signed, and its digest for a trade check. 查看合同。"""
    from yinzheng.verifier.words import trade_contract as words

    try:
        signed = _read(file)
    except DataFault:
        empty, clauses = _unfilled(file)
        if not empty:
            raise
        lines = [f"not filled in yet 尚未填写: {', '.join(empty)}"]
        lines += [f" {title.zh} {title.en}: {words.APPLIES[said].zh}" for title, said in clauses]
        value = {"empty": empty, "clauses": {title.en: said for title, said in clauses}}
        tell(json_, value, lines)
        return
    contract = signed.contract

    def text() -> list[str]:
        lines = [f"{contract.number}  {contract.seller.name} → {contract.buyer.name}"]
        for one in words.described(contract):
            lines.append(f" {one.number:>2} {one.title.zh} {one.title.en}: {words.APPLIES[one.applies].zh}")
            lines += [f"      {name.zh} {name.en}: {value.zh}" for name, value in one.said]
        names = ", ".join(one.code for one in signed.signatures) or "nobody 无"
        return [*lines, f"signed by 已签署: {names}", f"SM3 {contract.digest.sm3.hex()}"]

    value = {
        "digest": contract.digest.to_json(),
        "signed_by": [one.code for one in signed.signatures],
        "clauses": {one.title.en: one.applies for one in words.described(contract)},
    }
    tell(json_, value, text())


def sign(file: ContractFile, org: OrgFolder = DEFAULT_ORG, json_: Json = False) -> None:
    """Sign a contract as one of its parties, offline; the file then bears the signature too. 签署合同。"""
    from yinzheng.api.org.member import Member
    from yinzheng.ledger.state.files import write_durably
    from yinzheng.verifier.formats.trade_contract import sign_contract

    member = Member.open(org, os.environ)
    made = sign_contract(_read(file), member.profile.code, member.current(clock())[1])
    write_durably(file, readable(made.to_json()))
    value = {"digest": made.contract.digest.to_json(), "complete": made.complete}
    told = "both have signed 双方已签" if made.complete else "the other party signs next 待对方签署"
    tell(json_, value, f"{made.contract.number}: {told}; SM3 {made.contract.digest.sm3.hex()}")


def send(
    file: ContractFile, org: OrgFolder = DEFAULT_ORG, desk: DeskUrl = DEFAULT_DESK, json_: Json = False
) -> None:
    """Hand in a contract that both signed; the registry records it, or says what refuses it. 提交合同。"""
    from yinzheng.verifier.bytes.canonical import dumps

    answer = session(org, desk).post(PATH, dumps(_read(file).to_json()))
    tell(json_, answer, f"contract {answer['contract']}: {answer['state']} 已登记")


def print_(
    target: Annotated[
        str,
        typer.Argument(
            metavar="CONTRACT",
            help="Its 64 hex: fetched with its proofs from the desk; or its file, such as a draft. "
            "合同标识或文件。",
        ),
    ],
    out_file: Annotated[Path, typer.Option("--out", help="A new PDF. 输出文件。")] = Path("contract.pdf"),
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Print a contract: every clause, who signed, and its file attached, which proves it. 打印合同。"""
    from yinzheng.ledger.document.contract_pdf import render_contract
    from yinzheng.verifier.containers.contractfile import MAX_FILE

    recorded = re.fullmatch("[0-9a-f]{64}", target) is not None
    if recorded:
        file = session(org, desk).client.call("GET", f"{PATH}/{target}/proof").body
    else:
        file = read_file(Path(target), MAX_FILE)
    write_new(out_file, render_contract(file))
    check = f"yinzheng verify {out_file} --trust trust.json"
    told = f"{out_file}: {'' if recorded else 'without proofs 未附证明; '}{check}"
    tell(json_, {"file": str(out_file), "proved": recorded}, told)


def event(
    contract: Contract,
    what: Annotated[
        str, typer.Argument(metavar="EVENT", help="deliver, accept, object, track or end. 事项。")
    ],
    file: ContractFile,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Tell what happened under a contract of ours (S21.9). 登记交付、验收、异议、跟踪、终止。"""
    answer = session(org, desk).post(f"{PATH}/{contract}/{what}", read_file(file, MAX_EVENT))
    tell(json_, answer, f"contract {contract}: {answer['state']} 已登记")


def destroyed(
    contract: Contract,
    method: Annotated[str, typer.Option(help=f"One of {', '.join(METHODS)}. 销毁方式。")],
    operator: Annotated[str, typer.Option(help="Who did it. 经办。")],
    copies: Annotated[int, typer.Option(help="How many copies, backups included. 份数。", min=0)] = 1,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Sign that what a contract was about is destroyed here. 销毁回执。"""
    from yinzheng.verifier.bytes.canonical import dumps
    from yinzheng.verifier.formats.trade_events import TradeDestruction, sign_destruction

    opened, now = session(org, desk), clock()
    own, key = opened.member.current(now)
    subject = bytes.fromhex(contract) if re.fullmatch("[0-9a-f]{64}", contract) else b""
    receipt = TradeDestruction(
        subject, opened.member.profile.code, own.kid, method, copies, operator, destroyed_at=now
    )
    body = dumps({"signed": sign_destruction(receipt, key).to_json()})
    answer = opened.post(f"{PATH}/{contract}/destroy", body)
    tell(json_, answer, f"contract {contract}: {answer['state']} 已登记")


def _unfilled(file: Path) -> tuple[list[str], list[tuple[Phrase, bool]]]:
    """What of a template is still empty, by its place, and each clause with whether it applies."""
    from yinzheng.verifier.formats.trade_contract import MAX_CONTRACT
    from yinzheng.verifier.words.trade_contract import TITLES

    def empty(value: object, place: str) -> Iterator[str]:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from empty(inner, f"{place}.{name}" if place else name)
        elif value in ("", []):
            yield place

    with found_in(file):
        whole = read_json(file, MAX_CONTRACT)
    contract = whole.get("contract") if isinstance(whole, dict) else None
    clauses = contract.get("clauses") if isinstance(contract, dict) else None
    if not isinstance(clauses, dict):
        return [], []
    said = [(name, clauses.get(name)) for name in TITLES]
    applying = [(TITLES[name], isinstance(one, dict) and one.get("applies") is True) for name, one in said]
    return [*empty(contract, "")], applying


def _read(file: Path) -> SignedContract:
    from yinzheng.verifier.formats.trade_contract import MAX_CONTRACT, parse_signed

    with found_in(file):
        return parse_signed(read_file(file, MAX_CONTRACT))
