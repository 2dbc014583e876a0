"""`yinzheng holder objections`, `holder objection answer`: what is objected to ours (R25, S15.8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from yinzheng.api.cli.org.common import DEFAULT_DESK, DEFAULT_ORG, DeskUrl, OrgFolder, china_time, session
from yinzheng.api.cli.output import Json, tell
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import is_number

Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help="The certificate, such as SJ4412026110001. 证书编号。")
]
Name = Annotated[str, typer.Argument(metavar="OBJECTION", help="Its name, or the first characters of it.")]
_NAME: Final = re.compile("[0-9A-Fa-f]{1,64}")
After = Annotated[str | None, typer.Option(help="The name that the page before ended with. 续页。")]


UNTOLD: Final = "its reasons are not handed in yet 在链上提出，理由尚未提交"
"""Of an objection that was raised on the chain itself."""


def listed(
    number: Number,
    after: After = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """List the open objections to a certificate of ours, the newest first. 对我方证书的异议。"""
    query = "" if after is None else f"?{urlencode({'after': after})}"
    found: dict[str, Any] = session(org, desk).get(f"{_path(number)}{query}")

    def text() -> Iterator[str]:
        for one in found["objections"]:
            at = one["answered_at"]
            answered = "" if at is None else f"  answered {china_time(at)} 已答复"
            yield f"{one['objection'][:12]}  {china_time(one['raised_at'])}{answered}"
            yield f"  {one['reasons'] or UNTOLD}"
        if not found["objections"]:
            yield "none 没有"
        if found["next"] is not None:
            yield f"more: --after {found['next']} 续页"

    tell(json_, found, text())


def answer(
    number: Number,
    objection: Name,
    agrees: Annotated[
        bool, typer.Option("--agrees/--explains", help="Whether it is right. 同意异议，或作出说明。")
    ],
    explanation: Annotated[str, typer.Option(help="Our words, for the file. 说明内容。")],
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Agree to an objection, or explain ourselves; the registry then concludes it. 答复异议。"""
    from yinzheng.verifier.bytes.canonical import dumps

    body = dumps({"agrees": agrees, "explanation": explanation})
    made = session(org, desk).post(f"{_path(number)}/{_name(objection)}", body)
    said = "agreed 已同意" if agrees else "explained 已说明"
    tell(json_, made, f"{number}: {said}")


def _path(number: str) -> str:
    if not is_number(number):
        raise UsageFault(f"{number} is no certificate's number", code="number-malformed")
    return f"/org/v1/certificates/{number}/objections"


def _name(given: str) -> str:
    if not _NAME.fullmatch(given):
        raise UsageFault(
            f"{given!r} is no objection's name",
            code="objection-unknown",
            hint="See `yinzheng holder objections NUMBER`.",
        )
    return given
