"""Commands of officers about withdrawals (R31 to R36): file one at a counter, follow, restrict, deliver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.list_words import WITHDRAWAL_STATES
from yinzheng.api.cli.org.guardian import ShownByGuardian, showing
from yinzheng.api.cli.org.tables import TableFile, keep_table, ready_for
from yinzheng.api.cli.output import Json, out, tell
from yinzheng.api.cli.registry.cases import moment
from yinzheng.api.cli.registry.common import (
    DEFAULT_STATE,
    State,
    acting,
    allowed,
    keys_of,
    progress_line,
    told,
    writing,
)
from yinzheng.api.cli.registry.persons import As
from yinzheng.api.instants import Day, parse_instant
from yinzheng.ledger.rules.consent import Scope
from yinzheng.verifier.formats.consent import IDENTITY_PROOFS

if TYPE_CHECKING:
    from yinzheng.ledger.withdrawals.progress import Progress
from yinzheng.verifier.errors import UsageFault

MAX_RECEIPT = 8 * 1024 * 1024

Id = Annotated[str, typer.Argument(metavar="WITHDRAWAL", help="The withdrawal, 64 hex digits. 撤回编号。")]


def withdraw(
    as_: As,
    subject: Annotated[
        str | None, typer.Argument(metavar="SUBJECT", help="The consent, 64 hex digits. 同意编号。")
    ] = None,
    receipt: Annotated[
        Path | None, typer.Option(help="Or the patient's receipt: PDF, picture or file. 回执。")
    ] = None,
    scope: Annotated[list[Scope] | None, typer.Option(help="Only this scope; repeat. 仅撤回此范围。")] = None,
    recipient: Annotated[
        list[str] | None,
        typer.Option(help="Only this recipient's part, by credit code; repeat. 仅此接收方。"),
    ] = None,
    document: Annotated[
        str, typer.Option(help=f"The document looked at, of {', '.join(IDENTITY_PROOFS)}. 核验的证件。")
    ] = "identity_card",
    guardian: Annotated[bool, typer.Option("--guardian", help="A guardian withdraws. 监护人办理。")] = False,
    received: Annotated[
        str | None, typer.Option(help="When it was received, if earlier; at most 22 hours. 收到时间。")
    ] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Receive a withdrawal at a counter: all of a consent, or scopes and recipients. 柜台受理撤回。"""
    from yinzheng.api.desk.views import progress_view
    from yinzheng.ledger.consents.counter_receipt import subject_of_receipt
    from yinzheng.ledger.rules.extent import Extent, Way
    from yinzheng.ledger.withdrawals.claims import DocumentClaim
    from yinzheng.ledger.withdrawals.filing import filed
    from yinzheng.ledger.withdrawals.progress import progress_of

    if (subject is None) == (receipt is None):
        raise UsageFault(
            "say which consent by one of the two, not both: its subject, or --receipt",
            code="withdrawal-subject",
            hint="The receipt has both: its QR code, and the subject in words.",
        )
    named = _read_receipt(receipt) if subject is None else _hex(subject)
    part = bool(scope or recipient)
    extent = Extent(not part, frozenset(scope or ()), frozenset(recipient or ()))
    with writing(state, json_) as (registry, _):
        consent = subject_of_receipt(registry.instance, named) if subject is None else named
        with filed(
            registry,
            consent,
            extent,
            channel=Way.COUNTER,
            claim=DocumentClaim(document, guardian),
            officer=acting(registry, as_),
            received_at=None if received is None else parse_instant(received),
        ) as work:
            found = progress_of(work)

    def text() -> Iterator[str]:
        yield f"{found.id.hex()}: withdrawal received 已受理撤回"
        yield f"  to be destroyed by 销毁期限 {moment(found.destroy_by)}"
        if found.awaits_guardian:
            yield "  next, with the guardian's documents 下一步核验监护人: yinzheng verify-guardian"

    tell(json_, progress_view(found), text())


def guardian_documents(
    id_: Id,
    as_: As,
    folder: Annotated[Path, typer.Option("--out", help="Folder for the files. 输出文件夹。")],
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Write out what a guardian sent in, to be looked at; deleted once verified. 导出监护人证件。"""
    from yinzheng.ledger.state.files import create_durably, make_folder
    from yinzheng.ledger.withdrawals.uploads import hand_out

    with writing(state, json_) as (registry, _):
        sent = hand_out(registry, _hex(id_), acting(registry, as_))
    make_folder(folder, mode=0o700)
    names = [f"{one.which}{one.suffix}" for one in sent]
    for name, one in zip(names, sent, strict=True):
        try:
            create_durably(folder / name, one.content, mode=0o600)
        except FileExistsError:
            raise UsageFault(
                f"{folder / name} exists already", code="file-exists", hint="Name another folder with --out."
            ) from None
    tell(json_, {"files": [str(folder / name) for name in names]}, f"{folder}: {', '.join(names)}")


@showing
def verify_guardian(
    id_: Id,
    as_: As,
    *,
    shown: ShownByGuardian,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Verify a guardian's withdrawal: identity, live face and guardianship; everyone is told. 核验监护人。"""
    from yinzheng.api.desk.views import progress_view
    from yinzheng.ledger.withdrawals.progress import progress_of
    from yinzheng.ledger.withdrawals.verifying import verify_guardian as verified
    from yinzheng.ledger.withdrawals.work import work_on
    from yinzheng.verifier.formats.withdrawal_steps import check_proof

    with writing(state, json_) as (registry, _):
        proof = shown.proof(registry.instance.registry_code, registry.clock())
        officer = acting(registry, as_)
        with work_on(registry, _hex(id_)) as work:
            verified(work, check_proof(proof, "$"), officer=officer)
            found = progress_of(work)
    tell(json_, progress_view(found), lambda: _print(found))


def withdrawals(
    as_: As,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those overdue. 仅逾期。")] = False,
    not_told: Annotated[
        bool, typer.Option("--not-told", help="Only those of which someone was never reached. 仅未通知到。")
    ] = False,
    table: TableFile = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """List withdrawals that are not completed, oldest first. 未完成的撤回。"""
    from yinzheng.ledger.accesses.noting import Access
    from yinzheng.ledger.rules.states import Capacity
    from yinzheng.ledger.withdrawals.progress import listed
    from yinzheng.ledger.withdrawals.reach import SILENCES

    ready_for(table)
    with writing(state, json_) as (registry, _):
        access = Access("list", "work_list", "withdrawals", "work")
        allowed(registry, as_, access, Capacity.REGISTRY)
        found = listed(registry, overdue=overdue, not_told=not_told)

    keep_table(
        table,
        ("撤回编号", "控制者", "状态", "收到时间", "销毁期限", "逾期自", "未履行方数", "未通知到"),
        (
            (line.id.hex(), line.controller, WITHDRAWAL_STATES[line.state.value], moment(line.received_at),
             moment(line.destroy_by), line.overdue_since and moment(line.overdue_since), line.owing,
             [one.code for one in line.not_told])
            for line in found
        ),
    )  # fmt: skip

    def text() -> Iterator[str]:
        if not found:
            yield "none 没有"
        for line in found:
            late = "" if line.overdue_since is None else "  OVERDUE 逾期"
            stands = f"{line.state.value} {WITHDRAWAL_STATES[line.state.value]}"
            yield (
                f"{line.id.hex()}  {line.controller}  {stands}  {line.owing} owing 待回执  "
                f"{len(line.not_told)} not told 未通知到  due 期限 {moment(line.destroy_by)}{late}"
            )
            for one in line.not_told:
                why = SILENCES[one.silence]
                yield f"  not told 未通知到: {one.code} {one.name or ''}  {why.en} {why.zh}"

    tell(
        json_,
        [
            {
                "withdrawal": line.id.hex(),
                "controller": line.controller,
                "state": line.state.value,
                "received_at": line.received_at,
                "destroy_by": line.destroy_by,
                "overdue_since": line.overdue_since,
                "owing": line.owing,
                "not_told": [
                    {"code": one.code, "name": one.name, "reason": one.silence.value} for one in line.not_told
                ],
            }
            for line in found
        ],
        text(),
    )


def withdrawal(
    id_: Id,
    as_: As,
    conclusion_to: Annotated[
        Path | None, typer.Option("--conclusion", help="Write its signed end document here. 办结证明。")
    ] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Show how a withdrawal stands: who answered, what is due, what remains. 撤回进度。"""
    from yinzheng.api.desk.views import progress_view
    from yinzheng.ledger.state.files import write_durably
    from yinzheng.ledger.withdrawals.looking import conclude_to, look_at

    name = _hex(id_)
    with writing(state, json_) as (registry, _):
        found = look_at(registry, name, acting(registry, as_))
        if conclusion_to is not None:
            write_durably(conclusion_to, conclude_to(registry, name, acting(registry, as_)), mode=0o600)
    tell(json_, progress_view(found), lambda: _print(found))


def restrict(
    id_: Id,
    as_: As,
    law: Annotated[str, typer.Option("--ground", help="The provision that requires keeping it. 法律依据。")],
    until: Annotated[str, typer.Option(help="When it ends, as in 2041-01-01T00:00. 截止时间。")],
    what: Annotated[str, typer.Option(help="What is kept. 保留内容。")] = "撤回所及的数据",
    why: Annotated[str, typer.Option(help="Why it must be. 保留原因。")] = "法定保存期限未满",
    reference: Annotated[str | None, typer.Option(help="What identifies the retention. 依据编号。")] = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Keep data that the law requires to be kept: stored and protected, nothing else. 限制处理。"""
    from yinzheng.api.desk.views import progress_view
    from yinzheng.ledger.withdrawals import course
    from yinzheng.ledger.withdrawals.progress import progress
    from yinzheng.verifier.formats.withdrawal_steps import Kept

    end = parse_instant(until, Day.ENDS)
    with writing(state, json_) as (registry, _):
        course.restrict(
            registry,
            _hex(id_),
            law=law,
            until=end,
            kept=[Kept(what, why)],
            by=acting(registry, as_),
            reference=reference,
        )
        found = progress(registry, _hex(id_))
    tell(json_, progress_view(found), lambda: _print(found))


def deliver(state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Send the notices that are due to organisations, once; the desk does so by itself. 发送通知。"""
    from yinzheng.ledger.flow.pipeline import settle
    from yinzheng.ledger.notify import deliveries
    from yinzheng.ledger.notify.sending import Courier
    from yinzheng.ledger.opening import open_registry
    from yinzheng.ledger.registry import wall_clock
    from yinzheng.ledger.withdrawals import course

    with progress_line(json_):
        with open_registry(state, keys_of, clock=wall_clock, tell=told) as registry:
            course.tick(registry)
            settle(registry)
            outgoing = deliveries.claim(registry, wall_clock())
            courier = Courier(loopback=registry.instance.demonstration)
        # Without the writer's lock: an organisation's server may take its time.
        results = deliveries.send_all(outgoing, courier)
        if results:
            with open_registry(state, keys_of, clock=wall_clock, tell=told) as registry:
                deliveries.note(registry, results, wall_clock())
    failed = [fault for _, fault in results if fault is not None]

    def text() -> Iterator[str]:
        yield f"{len(results) - len(failed)} delivered 已送达, {len(failed)} failed 未送达"
        for fault in sorted(set(failed)):
            yield f"  {fault}: {failed.count(fault)}"

    tell(json_, {"delivered": len(results) - len(failed), "failed": len(failed), "faults": failed}, text())


def _print(found: Progress) -> None:
    from yinzheng.ledger.withdrawals.reach import SILENCES

    out.print(f"{found.id.hex()}  {found.words.zh} / {found.words.en}", markup=False)
    out.print(f"  received 收到 {moment(found.received_at)}", markup=False)
    if found.freeze_by is not None:
        out.print(f"  to be frozen by 冻结期限 {moment(found.freeze_by)}", markup=False)
    out.print(f"  to be destroyed by 销毁期限 {moment(found.destroy_by)}", markup=False)
    if found.overdue_since is not None:
        out.print(f"  OVERDUE since 逾期 {moment(found.overdue_since)}", style="bold red", markup=False)
    for one in found.answers:
        answered = "late 逾期" if one.late else "in time 按期"
        if one.exempt is not None:
            standing = f"exempt 豁免: {one.exempt.zh}"
        elif one.silence is not None:
            why = SILENCES[one.silence]
            standing = f"NOT TOLD 未通知到 ({why.en} {why.zh})"
        elif one.given_at is None:
            standing = "told, receipt awaited 已通知，待回执"
        else:
            standing = f"{moment(one.given_at)} {answered}"
        out.print(f"  {one.code} {one.name}: {standing}", markup=False)
    if found.restriction is not None and found.restriction.in_force:
        ground, end = found.restriction.ground, moment(found.restriction.until)
        out.print(f"  restricted 限制处理: {ground.zh} / {ground.en}, until 至 {end}", markup=False)
        out.print(f"    {found.restriction.law}", markup=False)
    if found.completed_at is not None:
        out.print(f"  completed 办结 {moment(found.completed_at)}", markup=False)
    remains = ", ".join(found.remains.scopes) or "nothing 无"
    out.print(f"  remains in force 继续有效: {remains}", markup=False)


def _read_receipt(receipt: Path | None) -> bytes:
    if receipt is None or not receipt.is_file() or receipt.stat().st_size > MAX_RECEIPT:
        raise UsageFault(f"there is no receipt {receipt}", code="receipt-missing", hint="Check the path.")
    return receipt.read_bytes()


def _hex(given: str) -> bytes:
    try:
        found = bytes.fromhex(given)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise UsageFault("an identifier is 64 hex digits", code="identifier", hint="Copy it whole.")
    return found
