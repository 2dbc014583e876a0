"""`yinzheng org pages`: an organisation's own pages, for the browsers of its machine (docs/adr/0054)."""

from __future__ import annotations

from typing import Annotated

import typer

from yinzheng.api.cli.org.common import DEFAULT_DESK, DEFAULT_ORG, DeskUrl, OrgFolder, clock
from yinzheng.api.cli.output import Json, tell
from yinzheng.verifier.errors import UsageFault


def pages(
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    port: Annotated[int, typer.Option(help="0: a free one. 端口。", min=0, max=65_535)] = 8002,
    json_: Json = False,
) -> None:
    """Serve our rights, licences and requests, or an exchange's checks, receipts and reservations, to
    browsers of this machine. 本机页面。

    Each address that is printed lets one browser in, once, within 15 minutes; another is printed then.
    """
    try:
        from yinzheng.api.own.running import serve
    except ModuleNotFoundError:
        raise UsageFault(
            "what serves pages is not installed",
            code="pages-support",
            hint="Install it with: pip install 'yinzheng[pages]'.",
        ) from None

    def told(address: str) -> None:
        tell(json_, {"url": address}, f"open 请在浏览器中打开: {address}")

    serve(org, desk, port, clock=clock, told=told)
