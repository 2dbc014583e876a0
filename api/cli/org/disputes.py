"""`yinzheng org dispute …`: open a dispute, add evidence, settle it; and `org witness` (S16)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from yinzheng.api.cli.files import digest_of, read_json, readable, write_new, writing_new
from yinzheng.api.cli.org.common import (
    DEFAULT_DESK,
    DEFAULT_ORG,
    Body,
    DeskUrl,
    OrgFolder,
    Session,
    clock,
    session,
)
from yinzheng.api.cli.output import Json, print_json, tell
from yinzheng.api.cli.registry.disputes import DisputeId, print_dispute
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.formats.dispute import RELEASES

if TYPE_CHECKING:
    from yinzheng.ledger.disputes.plans import Plan
from yinzheng.verifier.bytes.naming import spell_names
from yinzheng.verifier.errors import DataFault, UsageFault, found_in

MAX_PLAN: Final = 64 * 1024
MEDIA: Final = "application/vnd.yinzheng.item"

Evidence = Annotated[
    list[str] | None,
    typer.Option(help="ITEM.json=FILE: what it is, and its bytes; repeat. 证据说明与文件。"),
]

_TEMPLATE: Final[dict[str, Any]] = {
    "v": 1,
    "kind": "file",
    "title": "",
    "about": {"name": "", "media_type": "application/pdf"},
    "collector": {"name": "", "code": None},
    "tool": "",
    "environment": "",
    "captured_at": 0,
    "provenance": "",
    "custody": [],
    "witnesses": [],
}
_WEB: Final[dict[str, Any]] = {
    **_TEMPLATE,
    "kind": "web_capture",
    "about": {"url": "https://", "status": 200, "requested_at": 0},
}


GOES_ON: Final = "thing that waited goes on", "things that waited go on"


def template(
    web: Annotated[bool, typer.Option("--web", help="Of a page captured live (WARC, PNG, HTML).")] = False,
    json_: Json = False,
) -> None:
    """Print what an item's description looks like, to be filled in. 证据说明模板。"""
    print_json({**(_WEB if web else _TEMPLATE), "captured_at": clock()})


def open_(
    plan: Body,
    evidence: Evidence = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Open a dispute; what it concerns is held at once. 立案并申请保全。"""
    from yinzheng.ledger.disputes.plans import parse_plan
    from yinzheng.ledger.disputes.signing import sign_typed
    from yinzheng.verifier.bytes.canonical import dumps

    opened = session(org, desk)
    with found_in(plan):
        planned = parse_plan(spell_names(read_json(plan, MAX_PLAN)))
    pairs = [_pair(written) for written in evidence or ()]
    account = opened.member.account_key()
    address = account.address.hex()
    id_ = opened.post("/org/v1/disputes", dumps(planned.to_json()))["dispute"]
    for number, (claim, file) in enumerate(pairs, 1):
        _put(opened, id_, number, claim, file)
    typed = opened.post(f"/org/v1/disputes/{id_}/prepare", dumps({"account": address}))
    _require_planned(typed, planned)
    signature = sign_typed(typed, account).hex()
    answer = opened.post(f"/org/v1/disputes/{id_}/open", dumps({"signature": signature}))
    tell(json_, answer, f"{id_}: opened; held 已立案并保全: {len(answer['subjects'])}")


def add(
    dispute: DisputeId,
    evidence: Evidence = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Add evidence to a draft or an open dispute. 补充证据。"""
    opened = session(org, desk)
    pairs = [_pair(written) for written in evidence or ()]
    there = len(opened.get(f"/org/v1/disputes/{dispute}")["items"])
    placed = [
        _put(opened, dispute, number, claim, file) for number, (claim, file) in enumerate(pairs, there + 1)
    ]
    tell(json_, placed, f"{dispute}: {counted(len(placed), 'item')} added 已补充证据")


def show(
    dispute: DisputeId, org: OrgFolder = DEFAULT_ORG, desk: DeskUrl = DEFAULT_DESK, json_: Json = False
) -> None:
    """Show a dispute we have a part in. 争议详情。"""
    answer = session(org, desk).get(f"/org/v1/disputes/{dispute}")
    tell(json_, answer, lambda: print_dispute(answer))


def discard(
    dispute: DisputeId, org: OrgFolder = DEFAULT_ORG, desk: DeskUrl = DEFAULT_DESK, json_: Json = False
) -> None:
    """Drop a draft of ours with its evidence. 撤销未提交的案件。"""
    session(org, desk).client.call("DELETE", f"/org/v1/disputes/{dispute}")
    tell(json_, {"dispute": dispute}, f"{dispute}: discarded 已撤销")


def prepare_release(
    dispute: DisputeId,
    document: Annotated[
        Path, typer.Option(help="The settlement, or the effective document. 和解协议或生效文书。")
    ],
    reference: Annotated[str, typer.Option(help="How it is cited. 文书编号。")],
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(RELEASES)}. 方式。")],
    out_file: Annotated[Path, typer.Option("--out", help="A new file with what is to be signed. 待签消息。")],
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Prepare the end of a dispute: a settlement of all parties, or our document as its forum. 准备解除。"""
    from yinzheng.verifier.bytes.canonical import dumps

    opened = session(org, desk)
    if kind not in RELEASES:
        raise UsageFault(f"a release is one of {', '.join(RELEASES)}", code="release-kind")
    if kind == "settlement":
        parties = opened.get(f"/org/v1/disputes/{dispute}")["parties"]
        signers = [party["account"] for party in parties]
    else:
        signers = [opened.member.account_key().address.hex()]
    body = {
        "kind": kind,
        "document": {**digest_of(document).to_json()},
        "reference": reference,
        "signers": signers,
    }
    typed = opened.post(f"/org/v1/disputes/{dispute}/release/prepare", dumps(body))
    write_new(out_file, readable(typed))
    tell(json_, {"dispute": dispute, "file": str(out_file)}, f"{out_file}: every signer signs it 请各方签名")


def sign_release(
    dispute: DisputeId,
    message: Annotated[Path, typer.Argument(metavar="MESSAGE", help="What `prepare-release` wrote.")],
    document: Annotated[Path, typer.Option(help="The document we agree to, as we have it. 我方所持文书。")],
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Sign a release, if it names the document that we have. 签署解除。"""
    from yinzheng.ledger.disputes.signing import Release, read_typed, sign_typed

    opened = session(org, desk)
    with found_in(message):
        typed = read_json(message, MAX_PLAN)
        decision, _ = read_typed(typed)
    shown = opened.get(f"/org/v1/disputes/{dispute}")
    outcome = decision.outcome.hex() if isinstance(decision, Release) else ""
    found = [one["release"] for one in shown["prepared"] if one["outcome"] == outcome]
    if not found or decision.case_id.hex() != shown["subject"]:
        raise UsageFault(
            "this is no release that is prepared for this dispute",
            code="release-other",
            hint="Have it prepared anew, and sign the new message.",
        )
    if found[0]["document"] != {**digest_of(document).to_json()}:
        raise DataFault(
            "the release names another document",
            code="release-document",
            hint="Sign nothing; ask the others.",
        )
    signature = sign_typed(typed, opened.member.account_key()).hex()
    tell(json_, {"dispute": dispute, "signature": signature}, signature)


def release(
    dispute: DisputeId,
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(RELEASES)}. 方式。")],
    signature: Annotated[list[str], typer.Option(help="A signature of `sign-release`; repeat. 签名。")],
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """End a dispute with everyone's signatures; what waited goes on. 解除保全。"""
    from yinzheng.verifier.bytes.canonical import dumps

    body = dumps({"kind": kind, "signatures": [*signature]})
    answer = session(org, desk).post(f"/org/v1/disputes/{dispute}/release", body)
    resumed = answer["release"]["resumed"]
    tell(json_, answer, f"{dispute}: released; {counted(len(resumed), *GOES_ON)} 已解除")


def pack(
    dispute: DisputeId,
    out_file: Annotated[Path, typer.Option("--out", help="A new file, such as case.zip. 输出文件。")],
    only: Annotated[str | None, typer.Option(help="Items to disclose, such as 1,3. 证据编号。")] = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Fetch the evidence pack, which a court checks with `yinzheng verify`. 下载证据包。"""
    if only is not None and not re.fullmatch(r"[0-9]+(,[0-9]+)*", only):
        raise UsageFault("items are named by numbers, such as 1,3", code="pack-selection")
    query = "" if only is None else f"?only={only}"
    with writing_new(out_file) as file:
        session(org, desk).client.call("GET", f"/org/v1/disputes/{dispute}/pack{query}", into=file)
    tell(json_, {"dispute": dispute, "file": str(out_file)}, f"{out_file}: check it with `yinzheng verify`")


def witness(
    item: Body,
    file: Annotated[Path, typer.Option(help="The item's bytes, as the witness saw them. 证据文件。")],
    name: Annotated[str, typer.Option(help="The witness's name. 见证人。")],
    out_file: Annotated[Path, typer.Option("--out", help="A new file: the item with the signature.")],
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Witness an item with our key: its description and its bytes. 见证证据。"""
    from yinzheng.api.org.member import Member
    from yinzheng.verifier.formats.evidence_items import parse_item

    claim = _claim(item)
    digest, size = digest_of(file), file.stat().st_size
    measured = parse_item({**claim, "digest": {**digest.to_json()}, "size": size})
    _, key = Member.open(org, os.environ).current(clock())
    signed = {
        "name": name,
        "key": key.public_key.point.hex(),
        "signature": key.sign(measured.witness_message()).hex(),
    }
    value = {**measured.to_json(), "witnesses": [*claim.get("witnesses", ()), signed]}
    parse_item(value)
    write_new(out_file, readable(value))
    tell(json_, {"file": str(out_file)}, f"{out_file}: witnessed by {name} 已见证")


def _require_planned(typed: object, plan: Plan) -> None:
    """What is to be signed is what was planned, as far as anyone can see without the registry."""
    from yinzheng.ledger.disputes.signing import Opening, read_typed

    decision, _ = read_typed(typed)
    accounts = tuple(sorted(party.account for party in plan.parties))
    asked = plan.concerned
    counted = isinstance(decision, Opening) and (
        decision.parties,
        decision.kind.name.lower(),
        len(decision.records),
        len(decision.cases),
        set(asked.consents) <= set(decision.consents),
    ) == (accounts, plan.kind, len(set(asked.certificates)), len(set(asked.cases)), True)
    if not counted:
        raise DataFault(
            "the registry prepared another dispute than was planned",
            code="approval-message",
            hint="Nothing was signed; ask the registry.",
        )


def _put(opened: Session, id_: str, number: int, claim: dict[str, Any], file: Path) -> Any:
    from yinzheng.api.org.calling import FileBody
    from yinzheng.verifier.bytes.canonical import dumps

    body = FileBody(dumps(claim) + b"\n", file)
    return opened.client.call("PUT", f"/org/v1/disputes/{id_}/items/{number}", body, MEDIA).json()


def _pair(written: str) -> tuple[dict[str, Any], Path]:
    item, sign, file = written.partition("=")
    if not sign or not Path(file).is_file():
        raise UsageFault(f"{written} names no item and file", code="file-missing", hint="ITEM.json=FILE")
    return _claim(Path(item)), Path(file)


def _claim(file: Path) -> dict[str, Any]:
    from yinzheng.verifier.formats.evidence_items import MAX_ITEM

    with found_in(file):
        value = read_json(file, MAX_ITEM)
    if not isinstance(value, dict):
        raise DataFault(f"{file} is no item's description", code="json-malformed", hint="See `template`.")
    return value
