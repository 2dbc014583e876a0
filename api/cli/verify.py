"""`yinzheng verify`: its options; what it does is loaded when it runs, so that help is cheap (S9, ADR 27)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yinzheng.api.cli.output import Json


def verify_command(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET…",
            help="A photo or picture of the QR code, the PDF or JSON file of a certificate, receipt or "
            "contract, an evidence pack, the QR's text, or (with --ledger or --state) a number. "
            "Several, offline: a line of JSON each, in this order. "
            "二维码图片、证书、回执或合同的 PDF 或 JSON、证据包、二维码文本、编号；多个文件逐行输出 JSON。",
        ),
    ],
    trust: Annotated[Path, typer.Option(help="Your own pinned policy. 您信任的策略文件。")],
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody (the default). 离线核验。")] = False,
    state: Annotated[Path | None, typer.Option(help="Ask a registry's state folder. 状态目录。")] = None,
    ledger: Annotated[
        str | None,
        typer.Option(
            help="Ask a registry's web server, https://…; it need not be believed. "
            "登记机构网址；其回答在本机逐项证明。"
        ),
    ] = None,
    rpc: Annotated[
        str | None, typer.Option(help="Ask a chain node over JSON-RPC; with --ledger, too. 链节点地址。")
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            help="As of this time: 2026-11-21, 2026-11-21T15:00, or UTC seconds; and what has changed since. "
            "Several times, for a certificate: side by side. 截至某一时间；可给出多个时间并列比较。"
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write an evidence pack's report to this new HTML file. 核验报告另存为网页。"),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help="A checkpoint, certificate, receipt or pack you kept: are both of one history of the log? "
            "与留存件比对。"
        ),
    ] = None,
    log: Annotated[
        str | None,
        typer.Option(help="With --against: the log, a folder or https://…/log. 日志目录或网址。"),
    ] = None,
    allow_attached: Annotated[
        bool,
        typer.Option(
            "--allow-attached",
            help="If the ledger asked gives no answer that counts, rest on what is attached. "
            "无可采信的答复时以所附为准。",
        ),
    ] = False,
    reader: Annotated[
        str | None, typer.Option(help="Of a proof for one reader: our credit code. 读者的信用代码。")
    ] = None,
    purpose: Annotated[
        str | None, typer.Option(help="Of such a proof: for what we read it, such as financing. 用途。")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(help="Of several targets: processes that check them. 同时核验的进程数。"),
    ] = None,
    lang: Annotated[str, typer.Option(help="zh or en. 语言。")] = "",
    json_: Json = False,
) -> None:
    """Check a certificate, receipt, contract, pack, or withdrawal's end. 核验证书、回执、合同、证据包等。

    Exit code: 0 genuine and in force (pack: unchanged); 1 forged, or not in force; 2 usage; 3 cannot be
    determined, or not one of ours.
    """
    if len(targets) > 1 or jobs is not None:
        from yinzheng.api.cli.verify_many import check_many, require_plain

        require_plain(
            state=state, ledger=ledger, rpc=rpc, at=at, report=report, against=against, log=log, reader=reader
        )
        check_many(targets, trust, 1 if jobs is None else jobs)
    from yinzheng.api.cli.verify_target import verify

    verify(
        target=targets[0],
        trust=trust,
        offline=offline,
        state=state,
        ledger=ledger,
        rpc=rpc,
        at=at or [],
        report=report,
        against=against,
        log=log,
        allow_attached=allow_attached,
        reader=reader,
        purpose=purpose,
        lang=lang,
        json_=json_,
    )
