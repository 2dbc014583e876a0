"""`yinzheng holder rights`, `licences`: what is registered to a holder, and what it licensed (S15.11)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from yinzheng.api.cli.org.common import DEFAULT_DESK, DEFAULT_ORG, DeskUrl, OrgFolder, session
from yinzheng.api.cli.output import Json, tell

After = Annotated[str | None, typer.Option(help="The number that the page before ended with. 续页。")]


def rights(
    after: After = None, org: OrgFolder = DEFAULT_ORG, desk: DeskUrl = DEFAULT_DESK, json_: Json = False
) -> None:
    """List the certificates under which we have rights, the newest first. 我的权利。"""
    from yinzheng.api.org.holding import Holder

    found, more = Holder(session(org, desk).client).rights(after)
    rows: list[dict[str, Any]] = [
        {
            "certificate": one.body.number,
            "rights": one.rights,
            "status": one.status,
            "until": one.body.valid_until,
            "remarks": [remark["kind"] for remark in one.remarks if remark["lifted_at"] is None],
            "licences": one.licences,
            "more_licences": one.more_licences,
        }
        for one in found
    ]
    lines = [f"{row['certificate']}  {row['status']:<11} {' '.join(row['rights'])}" for row in rows]
    tell(json_, {"rights": rows, "next": more}, [*lines, *_onward(more)])


def licences(
    after: After = None, org: OrgFolder = DEFAULT_ORG, desk: DeskUrl = DEFAULT_DESK, json_: Json = False
) -> None:
    """List the licences that we gave or took, the newest first. 我的许可。"""
    from yinzheng.api.org.holding import Holder

    found, more = Holder(session(org, desk).client).licences(after)
    rows: list[dict[str, Any]] = [
        {
            "licence": one.body.number,
            "certificate": one.body.certificate.number,
            "licensor": one.body.licensor.code,
            "licensee": one.body.licensee.code,
            "status": one.status,
            "until": one.body.ends,
        }
        for one in found
    ]
    lines = [f"{r['licence']}  {r['status']:<9} {r['licensor']} → {r['licensee']}" for r in rows]
    tell(json_, {"licences": rows, "next": more}, [*lines, *_onward(more)])


def _onward(more: str | None) -> list[str]:
    return [] if more is None else [f"more: --after {more} 续页"]
