"""`yinzheng org watch`: hear of every event of certificates, by letters or as they come (S22)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.console import json_text
from yinzheng.api.cli.files import read_file, writing_new
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

if TYPE_CHECKING:
    from yinzheng.verifier.formats.watched import WatchedEvent
from yinzheng.verifier.errors import DataFault, UsageFault

MAX_FILE = 64 * 1024 * 1024
SUBSCRIPTIONS = "/org/v1/subscriptions"
DEAD = "/org/v1/dead-letters"

Certificates = Annotated[
    list[str],
    typer.Argument(
        metavar="CERTIFICATE…", help="Its file, PDF, picture or QR text; or NUMBER:LEAF, 64 hex. 证书。"
    ),
]


def add(
    certificates: Certificates,
    webhook: Annotated[
        str | None, typer.Option(help="Where letters go: https; without it, listen. 接收地址。")
    ] = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Watch certificates from now on: every event of them is told. 订阅证书动态。"""
    from yinzheng.api.org.answers import readable
    from yinzheng.api.org.letters import expect
    from yinzheng.api.org.listening import begin_with
    from yinzheng.verifier.bytes.canonical import dumps

    shown = [{"number": number, "leaf": leaf.hex()} for number, leaf in map(_shown, certificates)]
    answer = session(org, desk).post(SUBSCRIPTIONS, dumps({"certificates": [*shown], "webhook": webhook}))
    with readable():
        if webhook is None:  # what happens until somebody listens is heard then
            begin_with(org, answer["begin"])
        else:  # so that a first letter that is dead, or comes behind the second, is missed
            expect(org, answer["subscription"], answer["begin"])
    tell(json_, answer, f"subscription 订阅 {answer['subscription']}: {', '.join(answer['certificates'])}")


def list_(org: OrgFolder = DEFAULT_ORG, desk: DeskUrl = DEFAULT_DESK, json_: Json = False) -> None:
    """List what we watch. 订阅列表。"""
    found = session(org, desk).get(SUBSCRIPTIONS)["subscriptions"]

    def text() -> Iterator[str]:
        for one in found:
            yield f"{one['subscription']}  {one['webhook'] or 'no webhook 无接收地址'}"
            yield from (f"  {number}" for number in one["certificates"])
        if not found:
            yield "nothing is watched 没有订阅"

    tell(json_, found, text())


def remove(
    subscription: Annotated[
        str, typer.Argument(metavar="SUBSCRIPTION", help="32 hex characters. 订阅编号。")
    ],
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Watch no more. 取消订阅。"""
    session(org, desk).client.call("DELETE", f"{SUBSCRIPTIONS}/{subscription}")
    tell(json_, {"subscription": subscription}, f"subscription 订阅 {subscription} ended 已取消")


def listen(
    after: Annotated[
        int | None,
        typer.Option(help="Begin behind this event; default: where we left off. 起始编号。", min=0),
    ] = None,
    count: Annotated[int | None, typer.Option(help="End after so many events. 条数。", min=1)] = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Print events of all we watch as they come, one a line, across restarts. 实时接收动态。

    The place is kept in the organisation's folder: nothing is missed while neither side is there.
    """
    from yinzheng.api.org.listening import Listener

    heard = 0

    def hand_on(event: WatchedEvent) -> None:
        nonlocal heard
        sys.stdout.write(_said(event, as_json=json_) + "\n")
        sys.stdout.flush()
        heard += 1

    opened = session(org, desk)
    Listener(opened.client, org, hand_on, enough=lambda: heard == count).run(after)


def read(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Bodies that came, each with its header beside as .signature."),
    ],
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Check letters that came to our webhook; print what is new in them, and say what is missing. 核对来信。

    Exit code 1 where one was not the registry's, or letters before it did not come.
    """
    from yinzheng.api.org.letters import Letterbox

    def hand_on(event: WatchedEvent) -> None:
        sys.stdout.write(_said(event, as_json=json_) + "\n")
        sys.stdout.flush()

    box = Letterbox.open(org, clock())
    for file in files:
        header = read_file(_beside(file), 1024).decode("ascii", "replace")
        box.take(read_file(file, MAX_FILE), header, hand_on)
    box.require_whole()


def export(
    out_file: Annotated[Path, typer.Option("--out", help="File to write, a line an event. 输出文件。")],
    since: Annotated[str, typer.Option(help="Decided from then on: 2026-11-01, or UTC seconds. 起。")] = "0",
    until: Annotated[str | None, typer.Option(help="Until the end of that day. 止。")] = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Fetch the events of all we watch in a period, with proofs for `yinzheng events verify`. 导出动态。"""
    from yinzheng.api.instants import Day, parse_instant

    query = f"?since={parse_instant(since, Day.BEGINS)}"
    if until is not None:
        query += f"&until={parse_instant(until, Day.ENDS) + 1}"
    opened = session(org, desk)
    with writing_new(out_file) as file:
        opened.client.call("GET", f"/org/v1/events{query}", into=file)
    tell(json_, {"file": str(out_file)}, f"written to {out_file} 已导出")


def dead(
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Also keep each, with its signature, in this folder.")
    ] = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """List letters that our webhook never took. 未送达的来信。"""
    from yinzheng.ledger.state.files import make_folder, write_durably

    found: list[dict[str, Any]] = session(org, desk).every(DEAD, "letters")
    if out_folder is not None:
        make_folder(out_folder, mode=0o700)
        for one in found:
            write_durably(out_folder / f"{one['letter']}.json", one["body"].encode(), mode=0o600)
            write_durably(
                out_folder / f"{one['letter']}.signature", one["header"].encode() + b"\n", mode=0o600
            )

    def text() -> Iterator[str]:
        for one in found:
            when = china_time(one["made_at"])
            yield f"{one['letter']}  {when}  {one['attempts']} attempts 次尝试, {one['error']}"
        if not found:
            yield "none 没有"

    tell(json_, found, text())


def resend(
    letters: Annotated[
        list[str] | None, typer.Argument(metavar="[LETTER…]", help="32 hex characters each. 来信编号。")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are dead. 全部。")] = False,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Have dead letters sent again. 重新投递。"""
    if bool(letters) is every:
        raise UsageFault("name letters, or say --all", code="usage-letters")
    opened = session(org, desk)
    given = letters or [one["letter"] for one in opened.every(DEAD, "letters")]
    for letter in given:
        opened.post(f"{DEAD}/{letter}/resend")
    tell(json_, given, f"{len(given)} sent again 已重新投递")


def _shown(certificate: str) -> tuple[str, bytes]:
    """Number and leaf hash of a certificate in whatever form it comes."""
    from yinzheng.api.cli.verify_target import read_argument
    from yinzheng.verifier.containers.certfile import parse_file
    from yinzheng.verifier.formats.certificate import decode_qr, statement_of

    number, _, leaf = certificate.partition(":")
    if len(leaf) == 64 and all(digit in "0123456789abcdef" for digit in leaf):
        return number, bytes.fromhex(leaf)
    presented = read_argument(certificate)
    if presented.file is not None:
        found = parse_file(presented.file)
        return found.record.number, found.statement.leaf_hash
    if presented.qr is None:
        raise UsageFault(
            "a number alone shows nothing",
            code="certificate-not-shown",
            hint="Give the certificate's file, or NUMBER:LEAF with its deposit's leaf hash.",
        )
    core = decode_qr(presented.qr)
    if core.declared is not None:
        raise DataFault(
            "the QR code leaves out long texts, so its leaf hash does not follow",
            code="certificate-elided",
            hint="Give the certificate's PDF or JSON file.",
        )
    return core.body.number, statement_of(core.body).leaf_hash


def _said(event: WatchedEvent, *, as_json: bool) -> str:
    if as_json:
        return json_text(event.to_json(), sys.stdout)
    when = china_time(event.statement.at)
    numbers = " ".join(event.certificates)
    return f"{event.number}  {when}  {event.statement.type}  {numbers}  block 区块 {event.block}"


def _beside(file: Path) -> Path:
    beside = file.with_name(file.name + ".signature")
    return beside if beside.exists() else file.with_suffix(".signature")
