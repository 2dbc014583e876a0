"""`yinzheng org` about withdrawals: be told, freeze, confirm destruction, take one in at a counter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.files import digest_of, read_file
from yinzheng.api.cli.list_words import NOTICE_KINDS, WITHDRAWAL_STATES
from yinzheng.api.cli.org.common import (
    DEFAULT_DESK,
    DEFAULT_ORG,
    DeskUrl,
    OrgFolder,
    Session,
    china_time,
    clock,
    session,
)
from yinzheng.api.cli.org.guardian import ShownByGuardian, showing
from yinzheng.api.cli.org.tables import TableFile, keep_table, ready_for
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.instants import Day, birth_date, parse_instant
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.formats.consent import IDENTITY_PROOFS
from yinzheng.verifier.formats.tombstone import METHODS

if TYPE_CHECKING:
    from yinzheng.api.org.member import Member
    from yinzheng.verifier.bytes.canonical import JSON
    from yinzheng.verifier.formats.destruction import SignedReceipt
    from yinzheng.verifier.formats.webhook import Webhook
from yinzheng.verifier.errors import DataFault, UsageFault

MAX_FILE = 16 * 1024 * 1024

WithdrawalId = Annotated[
    str, typer.Argument(metavar="WITHDRAWAL", help="The withdrawal, 64 hex digits. 撤回编号。")
]

Method = Annotated[str, typer.Option(help=f"One of {', '.join(METHODS)}. 销毁方式。")]
Operator = Annotated[str, typer.Option(help="Who did it, in our own words. 经办人。")]
Copies = Annotated[
    int, typer.Option(help="Copies destroyed, backups included; or links cleared. 份数。", min=0)
]
Evidence = Annotated[
    Path | None, typer.Option(help="A log or photograph that we keep; its digest is signed. 凭证。")
]
DestroyedAt = Annotated[str | None, typer.Option("--at", help="When; default: now. 销毁时间。")]


def notices(
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Also keep each, with its signature, in this folder.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Once more those we were told since then. 重新获取。")
    ] = None,
    received: Annotated[
        list[Path] | None,
        typer.Option(
            help="Ask nobody: check this body that came to our webhook; its header lies beside it as "
            "FILE.signature. Repeat. 核对收到的通知。"
        ),
    ] = None,
    table: TableFile = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Fetch what the registry has to tell, where there is no webhook. 查收通知。

    Only what the registry signed that this folder pins is shown or kept; exit code 1 where there was more.
    """
    from yinzheng.api.org import registry
    from yinzheng.ledger.state.files import make_folder, write_durably

    ready_for(table)
    opened = session(org, desk)
    policy = registry.pinned(org)
    if received:
        given = [_received(file) for file in received]
    else:
        query = "" if since is None else f"?since={parse_instant(since, Day.BEGINS)}"
        pages = opened.pages(f"/org/v1/notices-pending{query}", "notices")
        given = [one for page in pages for one in registry.listed(page)]
    sound, faults = registry.believed(policy, opened.member.profile.code, given, clock())
    sound.sort(key=lambda one: _place(one.notice))
    if out_folder is not None:
        make_folder(out_folder, mode=0o700)
        for one in sound:
            name = one.notice.id.hex()
            write_durably(out_folder / f"{name}.json", one.body, mode=0o600)
            write_durably(out_folder / f"{name}.signature", one.header.encode() + b"\n", mode=0o600)
    keep_table(table, HEADINGS, (_row(one.notice) for one in sound))
    told: list[JSON] = [one.notice.to_json() for one in sound]
    if told or not faults:
        tell(json_, told, "\n".join(map(_line, told)) or "nothing new 没有新通知")
    registry.require_believed(faults)


HEADINGS = ("通知", "事项", "撤回编号", "争议", "期限", "其他内容")


def _place(notice: Webhook) -> tuple[int, str, int]:
    """The oldest first; of what one moment asks for one withdrawal, what is to be done first."""
    return notice.at, str(notice.data.get("withdrawal", "")), [*NOTICE_KINDS].index(notice.kind)


def _row(notice: Webhook) -> Sequence[object]:
    """What is asked of us, a row of the work list; what has no column of its own is in the last, as JSON."""
    data = dict(notice.data)
    due = data.pop("deadline", None)
    named = [data.pop(name, None) for name in ("withdrawal", "dispute")]
    when = f"{datetime.fromtimestamp(due, CHINA):%Y-%m-%d %H:%M:%S}" if isinstance(due, int) else due
    rest = json.dumps(data, ensure_ascii=False, sort_keys=True) if data else ""
    return notice.id.hex(), f"{NOTICE_KINDS[notice.kind]} {notice.kind}", *named, when, rest


def show(
    withdrawal: WithdrawalId, org: OrgFolder = DEFAULT_ORG, desk: DeskUrl = DEFAULT_DESK, json_: Json = False
) -> None:
    """Show what we owe a withdrawal. 撤回详情。"""
    from yinzheng.api.org.answers import readable

    answer = session(org, desk).get(f"/org/v1/withdrawals/{withdrawal}")
    with readable():
        tell(json_, answer, "\n".join(_standing(answer)))


def _state(answer: dict[str, Any]) -> str:
    """The state that the desk names, with the Chinese it says of it, or ours where it says none."""
    said = WITHDRAWAL_STATES.get(str(answer["state"]), "")
    return f"{answer['state']} {answer.get('words', {}).get('zh', said)}".rstrip()


def _standing(answer: dict[str, Any]) -> Iterator[str]:
    """How a withdrawal stands, as S15.5 tells it: to its controller of everyone, to a recipient of itself."""
    due = answer["destroy_by"]
    until = "" if due is None else f"; destruction due 销毁期限 {china_time(due)}"
    freeze_by = None if answer.get("frozen_at") is not None else answer.get("freeze_by")
    first = "" if freeze_by is None else f"; to be frozen by 冻结期限 {china_time(freeze_by)}"
    yield f"the desk says 柜台称: {_state(answer)}{first}{until}"
    if answer.get("awaits_guardian"):
        yield "  a guardian's proofs are awaited 待核验监护人: yinzheng org verify-guardian"
    for one in answer.get("answers", [answer]):
        if one["given_at"] is not None:
            stands = f"confirmed 已确认 {china_time(one['given_at'])}"
        else:
            stands = "need not destroy 无须销毁" if one["duty"] == "exempt" else "owes its receipt 待销毁回执"
        yield f"  {one.get('name', 'we 我方')} {one.get('code', '')}".rstrip() + f": {stands}"


@showing
def verify_guardian(
    withdrawal: WithdrawalId,
    *,
    shown: ShownByGuardian,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Confirm, as the controller, what a guardian proved at our counter; everyone is told. 核验监护人。"""
    from yinzheng.verifier.bytes.canonical import dumps

    opened = session(org, desk)
    proof = shown.proof(opened.member.profile.code, clock())
    answer = opened.post(f"/org/v1/withdrawals/{withdrawal}/guardian", dumps(proof))
    tell(json_, answer, f"verified 已核验; {_state(answer)}")


def freeze(
    withdrawal: WithdrawalId, org: OrgFolder = DEFAULT_ORG, desk: DeskUrl = DEFAULT_DESK, json_: Json = False
) -> None:
    """Confirm, as the controller, that the data interfaces are shut. 确认已冻结数据接口。"""
    opened = session(org, desk)
    _asked(opened, "withdrawal.freeze", withdrawal)
    answer = opened.post(f"/org/v1/withdrawals/{withdrawal}/freeze")
    tell(json_, answer, f"confirmed 已确认; {_state(answer)}")


def destroyed(
    withdrawal: WithdrawalId,
    method: Method,
    operator: Operator,
    copies: Copies = 1,
    evidence: Evidence = None,
    at: DestroyedAt = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Sign that what was taken back is destroyed here, or our links to it are cleared. 销毁回执。"""
    opened = session(org, desk)
    owed = _asked(opened, "withdrawal.destroy", withdrawal)
    request = bytes.fromhex(str(owed.data["request"]))
    of = Destroyed(method, operator, copies, evidence, at)
    signed = receipt_of(opened.member, bytes.fromhex(withdrawal), request, of)
    answer = opened.post(f"/org/v1/withdrawals/{withdrawal}/receipt", signed.canonical())
    tell(json_, answer, f"receipt recorded 已登记销毁回执; {_state(answer)}")


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What was typed of how something was destroyed."""

    method: str
    operator: str
    copies: int
    evidence: Path | None
    at: str | None


def receipt_of(member: Member, withdrawal: bytes, request: bytes, of: Destroyed) -> SignedReceipt:
    """The receipt, signed by our present key. Raises `UsageFault` where something typed is of no form."""
    from yinzheng.verifier.formats.destruction import DestructionReceipt, sign_receipt

    now = clock()
    own, key = member.current(now)
    try:
        receipt = DestructionReceipt(
            withdrawal=withdrawal,
            request=request,
            recipient=member.profile.code,
            kid=own.kid,
            method=of.method,
            copies=of.copies,
            operator=of.operator,
            evidence=None if of.evidence is None else digest_of(of.evidence),
            destroyed_at=now if of.at is None else parse_instant(of.at),
        )
    except DataFault as fault:
        raise UsageFault(fault.message, code=fault.code, hint=fault.hint) from fault
    return sign_receipt(receipt, key)


def withdraw(
    subject: Annotated[
        str | None,
        typer.Argument(metavar="SUBJECT", help="The consent, 64 hex digits; a document was seen. 同意编号。"),
    ] = None,
    receipt: Annotated[
        Path | None, typer.Option(help="Or the patient's receipt: PDF, picture or file. 回执。")
    ] = None,
    born: Annotated[str | None, typer.Option(help="With a receipt: date of birth. 出生日期。")] = None,
    document: Annotated[
        str, typer.Option(help=f"With a subject: the document seen, of {', '.join(IDENTITY_PROOFS)}.")
    ] = "identity_card",
    guardian: Annotated[bool, typer.Option("--guardian", help="A guardian withdraws. 监护人办理。")] = False,
    scope: Annotated[list[str] | None, typer.Option(help="Only this scope; repeat. 仅撤回该用途。")] = None,
    recipient: Annotated[
        list[str] | None, typer.Option(help="Only this recipient (credit code); repeat. 仅撤回该接收方。")
    ] = None,
    received: Annotated[str | None, typer.Option(help="When it came in; default: now. 收到时间。")] = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Take in a withdrawal at a counter: everything, or the scopes and recipients named. 窗口办理撤回。"""
    from yinzheng.verifier.bytes.canonical import dumps

    extent: JSON = {
        "everything": not scope and not recipient,
        "scopes": [*sorted(set(scope or ()))],
        "recipients": [*sorted(set(recipient or ()))],
    }
    body: dict[str, JSON]
    if (receipt is None) == (subject is None):
        raise UsageFault(
            "say which consent by one of the two, not both: its subject, or --receipt",
            code="withdrawal-subject",
            hint="The receipt has both: its QR code, and the subject in words.",
        )
    if receipt is not None:
        if born is None:
            raise UsageFault("with a receipt comes the date of birth", code="withdrawal-claim", hint="--born")
        body = {"receipt": _qr_of(receipt), "born": birth_date(born), "guardian": guardian, "extent": extent}
    else:
        body = {
            "subject": subject,
            "document": document,
            "guardian": guardian,
            "received_at": None if received is None else parse_instant(received),
            "extent": extent,
        }
    answer = session(org, desk).post("/org/v1/withdrawals", dumps(body))
    said = f"withdrawal {answer['withdrawal']} received 已受理"
    if answer.get("state") == "requested":  # a child's is a guardian's, whatever was said
        said += "\n  next, with the guardian's documents 下一步核验监护人: yinzheng org verify-guardian"
    tell(json_, answer, said)


def _asked(opened: Session, kind: str, withdrawal: str) -> Webhook:
    """What the registry itself asks of us about a withdrawal; the desk alone is not believed."""
    from yinzheng.api.org import registry

    policy = registry.pinned(opened.member.folder)
    answer = opened.get(f"/org/v1/withdrawals/{withdrawal}")
    return registry.duty(policy, opened.member.profile.code, answer, kind, withdrawal.lower(), clock())


def _received(file: Path) -> tuple[bytes, str]:
    beside = file.with_name(file.name + ".signature")
    if not beside.exists():
        beside = file.with_suffix(".signature")
    header = read_file(beside, 1024).decode("ascii", "replace").strip()
    return read_file(file, MAX_FILE), header


def _qr_of(file: Path) -> str:
    """The QR text of a receipt in whatever form it comes."""
    from yinzheng.api.extraction import extract
    from yinzheng.api.receipt_shown import own_code

    return own_code(extract(read_file(file, MAX_FILE), name=file.name))


def _line(told: JSON) -> str:
    assert isinstance(told, dict)
    data = told["data"]
    assert isinstance(data, dict)
    kind = f"{told['kind']} {NOTICE_KINDS[str(told['kind'])]}"
    if told["kind"] == "notice.widened":
        return (
            f"{kind}  {data['notice']}, version {data['version']}: not covered by at most "
            f"{data['at_most']} consents 至多 {data['at_most']} 份同意不及于本版"
        )
    if told["kind"] == "certificate.objection":
        return (
            f"{kind}  {data['certificate']}, objection 异议 {str(data['objection'])[:12]}: "
            f"yinzheng holder objections {data['certificate']}"
        )
    if told["kind"] == "certificate.recorded":
        return f"{kind}  {data['certificate']}: {_recorded(str(data['type']))}"
    if told["kind"] == "certificate.events":
        return f"{kind}  {data['subscription']}: {data['begin']}–{data['end']}"
    due = data.get("deadline")
    deadline = f", by 期限 {china_time(due)}" if isinstance(due, int) else ""
    return f"{kind}  {data.get('withdrawal') or data.get('dispute')}{deadline}"


def _recorded(kind: str) -> str:
    """What was recorded of a certificate of ours, by type of statement."""
    from yinzheng.verifier.words.history import TITLES

    if kind == "publicity.opened":
        return "publicity of a cancellation 依职权注销的公示"
    return f"{TITLES[kind].en} {TITLES[kind].zh}" if kind in TITLES else kind
