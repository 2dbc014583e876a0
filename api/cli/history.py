"""`yinzheng history`: its options; what it does is loaded when it runs (S23, ADR 27)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yinzheng.api.cli.output import Json


def history(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A history's file; or, with --state, a certificate's number, PDF, JSON or QR text. "
            "权利历史文件；或（与 --state 一起）证书编号、PDF、JSON、二维码文本。",
        ),
    ],
    trust: Annotated[Path, typer.Option(help="Your own pinned policy. 您信任的策略文件。")],
    state: Annotated[Path | None, typer.Option(help="Ask a registry's state folder. 状态目录。")] = None,
    out_: Annotated[
        Path | None, typer.Option("--out", help="Keep the history in this new file. 将历史另存为文件。")
    ] = None,
    lang: Annotated[str, typer.Option(help="zh or en. 语言。")] = "",
    json_: Json = False,
) -> None:
    """Tell a right's life across its certificates, each line with its proof. 权利的完整历史。

    Exit code: 0 genuine and complete; 1 forged, or the chain has more; 2 usage; 3 cannot be determined.
    """
    from yinzheng.api.cli.history_target import tell_history

    tell_history(target=target, trust=trust, state=state, out_=out_, lang=lang, json_=json_)
