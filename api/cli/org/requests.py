"""`yinzheng org …`: what an organisation runs on its own machine. It needs no state folder, only a desk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.files import read_file
from yinzheng.api.cli.org.common import (
    DEFAULT_DESK,
    DEFAULT_ORG,
    Body,
    DeskUrl,
    OrgFolder,
    clock,
    session,
)
from yinzheng.api.cli.output import Json, print_json, tell
from yinzheng.api.cli.registry.common import progress_line
from yinzheng.api.instants import parse_instant
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.formats.request import METHODS

if TYPE_CHECKING:
    from yinzheng.api.org.calling import Client
from yinzheng.verifier.errors import EnvironmentFault, UsageFault, found_in

MAX_BODY = 8 * 1024 * 1024

LISTED = 100
"""Refused lines that are shown at once."""


def request(
    method: Annotated[str, typer.Argument(metavar="METHOD", help=f"One of {', '.join(METHODS)}.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="Path and query, such as /org/v1/notices.")],
    body: Annotated[Path | None, typer.Option(help="File to send. 请求体。")] = None,
    media: Annotated[str, typer.Option(help="Its media type.")] = "application/json",
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Sign and send any request; print the answer. 发送签名请求。"""
    if method.upper() not in METHODS:
        raise UsageFault(f"a method is one of {', '.join(METHODS)}", code="request-method")
    data = b"" if body is None else read_file(body, MAX_BODY)
    print_json(session(org, desk).client.call(method.upper(), path, data, media).json())


def publish(
    file: Body, org: OrgFolder = DEFAULT_ORG, desk: DeskUrl = DEFAULT_DESK, json_: Json = False
) -> None:
    """Publish a version of a notice (S10.2). 发布告知书。

    Format, controller, time, and of a first notice the version, are filled in where the file leaves them out.
    """
    from yinzheng.api.org.notices import filled, keep_notice
    from yinzheng.verifier.formats.body import Party

    opened = session(org, desk)
    who = opened.member.profile
    with found_in(file):
        body = filled(org, read_file(file, MAX_BODY), Party(who.name, who.code), clock())
    answer = opened.post("/org/v1/notices", body)
    keep_notice(org, answer["leaf"], body)
    beyond = f"; beyond the version before 超出前一版: {', '.join(answer['changes'])}"
    wider = beyond if answer["changes"] else ""
    tell(json_, answer, f"notice {answer['leaf']}, version {answer['version']} 已发布{wider}")


def uncovered(
    leaf: Annotated[str, typer.Argument(metavar="LEAF", help="The version's leaf hash. 告知书版本。")],
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """List our consents in force that do not cover a version of our notice, by identifier. 不及于新版的同意。

    Ask these patients anew before anything rests on what the version takes beyond what they agreed to.
    """
    pages = session(org, desk).pages(f"/org/v1/notices/{leaf}/uncovered", "uncovered", sparse=True)
    tell(json_, list(pages) if json_ else None, _uncovered(pages))


def _uncovered(pages: Iterable[dict[str, Any]]) -> Iterator[str]:
    listed, before = 0, None
    for page in pages:
        for group in page["uncovered"]:
            if group["version"] != before:
                fields = {(one["change"], one["scope"]) for one in group["wider"]}
                said = sorted(f"{change} ({scope})" if scope else change for change, scope in fields)
                yield f"version 版本 {group['version']}, not covering 不及于: {', '.join(said)}"
            before = group["version"]
            listed += len(group["consents"])
            yield from (f"  {subject}" for subject in group["consents"])
    reach = "consent in force does", "consents in force do"
    yield f"{counted(listed, *reach)} not cover it 份有效同意不及于本版"


def add(file: Body, org: OrgFolder = DEFAULT_ORG, desk: DeskUrl = DEFAULT_DESK, json_: Json = False) -> None:
    """Register one consent (S10.3). 登记同意书。"""
    answer = session(org, desk).post("/org/v1/consents", read_file(file, MAX_BODY))
    one = answer["granted"][0]
    tell(json_, one, f"consent {one['subject']} recorded 已登记")


def use(
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="The consent's subject. 同意书编号。")],
    purpose: Annotated[str, typer.Option(help="What the data was used for. 用途。")],
    operator: Annotated[str, typer.Option(help="Who used it. 操作人。")],
    scope: Annotated[
        str | None, typer.Option(help="The scope of the consent it rests on, such as research. 同意范围。")
    ] = None,
    basis: Annotated[
        str, typer.Option(help="On what it rests where not on consent, such as statutory_duty. 其他依据。")
    ] = "consent",
    ground: Annotated[
        str | None, typer.Option(help="Law, order or approval of a basis other than consent. 法律依据。")
    ] = None,
    notice: Annotated[
        str | None,
        typer.Option(help="Version of the notice it was made under: its leaf hash; default: the consent's."),
    ] = None,
    at: Annotated[str | None, typer.Option(help="When; default: now. 时间。")] = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Note a use of a consent's data; the patient sees it. 登记使用记录。"""
    from yinzheng.verifier.bytes.canonical import dumps

    when = clock() if at is None else parse_instant(at)
    body = {
        "subject": subject,
        "at": when,
        "purpose": purpose,
        "operator": operator,
        "scope": scope,
        "basis": basis,
        "ground": ground,
        "notice": notice,
    }
    answer = session(org, desk).post("/org/v1/uses", dumps(body))
    outside = "" if answer["covered"] is not False else "; no consent covers it 没有同意作为依据"
    tell(json_, answer, f"use recorded 已登记使用记录: line 第 {answer['line']} 条{outside}")


def upload(
    file: Annotated[Path, typer.Argument(metavar="FILE.ndjson", help="One consent a line.")],
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Register many consents; run again to continue. 批量登记同意书，可断点续传。

    Exit code 1 where a line was refused; the others are recorded. 有被拒行时退出码为 1。
    """
    from yinzheng.api.org.uploading import Upload

    opened = session(org, desk)
    with progress_line(json_) as progress:
        sending = Upload(opened.client, file, opened.member.profile.uploads, progress=progress, folder=org)
        done = sending.run()
    value = {
        "granted": done.granted,
        "refused": done.refused,
        "new": done.new,
        "already": done.already,
        "granted_file": str(sending.granted_file) if done.granted else None,
        "refused_file": str(sending.refused_file) if done.refused else None,
        "met": [asdict(one) for one in sending.met],
    }

    def text() -> Iterator[str]:
        said = (
            f"{done.granted} recorded 已登记: {done.new} now 本次, {done.already} elsewhere before "
            f"此前另行登记; {done.refused} refused 未通过"
        )
        if not done.granted and not done.refused:
            said = f"{file} has no consent in it 文件中没有同意书"
        yield f"{said}; see {sending.granted_file}" if done.granted else said
        for one in sending.refusals(LISTED):
            whose = f" ({one['reference']})" if one.get("reference") else ""
            yield f"  line 第 {one['line']} 行{whose}: {one['code']}: {one['message']}"
        for met in sending.met[:LISTED]:
            yield (
                f"  line 第 {met.line} 行 ({met.reference}): another consent of this person was recorded "
                f"before, from {met.file} line {met.before}, and both stand "
                f"此人此前已登记另一份同意，两份均有效: {met.subject}"
            )
        if done.refused:
            yield (
                f"All refused lines 全部被拒行: {sending.refused_file}. Correct them in the file and run "
                "the same command again: what was recorded is not sent twice. "
                "请在原文件中改正后重新运行同一命令。"
            )

    tell(json_, value, text())
    if done.refused:
        raise typer.Exit(1)


def receipts(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="FILE.granted.ndjson of an upload.")],
    out_folder: Annotated[Path, typer.Option("--out", help="Folder to write to. 输出目录。")] = Path(
        "receipts"
    ),
    json_only: Annotated[
        bool, typer.Option("--no-pdf", help="Files and the codes' texts, without PDF.")
    ] = False,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Fetch the patients' receipts of an upload, each once; run again to continue. 下载患者回执。"""
    from yinzheng.api.org.uploading import read_granted
    from yinzheng.ledger.state.files import make_folder

    opened = session(org, desk)
    make_folder(out_folder, mode=0o700)
    count = waiting = before = 0
    with progress_line(json_) as progress:
        for subject in read_granted(file):
            try:
                _fetch(opened.client, subject, out_folder, pdf=not json_only)
                count += 1
            except EnvironmentFault as fault:
                if fault.code != "receipt-not-anchored":
                    raise
                waiting += 1
            except UsageFault as fault:
                if fault.code != "receipt-issued":
                    raise
                before += 1
            progress(counted(count, "receipt"))
    value = {"receipts": count, "waiting": waiting, "issued_before": before, "folder": str(out_folder)}
    later = f"; {waiting} wait for their anchor, ask again 待上链" if waiting else ""
    lost = f"; {before} were handed out before: replace a lost one at a counter 曾经发出" if before else ""
    tell(json_, value, f"{counted(count, 'receipt')} in {out_folder} 回执{later}{lost}")


def _fetch(client: Client, subject: str, folder: Path, *, pdf: bool) -> None:
    """The file that proves, and the patient's own: its PDF, or the text of its code. Each once."""
    from yinzheng.api.org.uploading import patiently
    from yinzheng.ledger.state.files import write_durably

    path, proof = f"/org/v1/consents/{subject}/receipt", folder / f"{subject}.json"
    if not proof.exists():
        write_durably(proof, patiently(client, path).body, mode=0o600)
    own = folder / f"{subject}.{'pdf' if pdf else 'code.txt'}"
    if not own.exists():
        form, body = "pdf" if pdf else "json", b'{"document":null,"guardian":false}'
        answer = client.call("POST", f"{path}?form={form}", body)  # once: a second time it is refused
        write_durably(own, answer.body if pdf else answer.json()["code"].encode(), mode=0o600)
