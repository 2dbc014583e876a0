"""`yinzheng org direct open-dispute`, `release-dispute`: a forum tells the contracts (R37, R39, S24)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yinzheng.api.cli.files import digest_of, read_json
from yinzheng.api.cli.org.common import DEFAULT_ORG, OrgFolder, clock
from yinzheng.api.cli.org.direct import Rpc, kept, leaf_of, opened
from yinzheng.api.cli.output import Json, tell
from yinzheng.verifier.errors import UsageFault, found_in

Paper = Annotated[
    Path, typer.Option("--out", help="A new file with what was told: hand it in. 写入新文件，事后提交。")
]


def open_(
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN", help="As for `org dispute open`; cases by their identifiers. 立案计划。"
        ),
    ],
    rpc: Rpc,
    out_file: Paper,
    profile: Annotated[
        str, typer.Option(help="The registry's rules, as its certificates name them. 规则版本。")
    ] = "GD-HEALTH/1",
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """Open a dispute on the chain itself, as a forum: what it concerns is held. 直接立案保全。"""
    from yinzheng.api.org.direct import opening_call, opening_paper
    from yinzheng.ledger.disputes.plans import MAX_PLAN, parse_plan, require_impartial
    from yinzheng.verifier.bytes.naming import spell_names

    with found_in(plan):
        planned = parse_plan(spell_names(read_json(plan, MAX_PLAN)))
    if planned.kind != "forum":
        raise UsageFault(
            "a party opens a dispute through the registry's desk",
            code="dispute-opener",
            hint="Use `yinzheng org dispute open`; only a forum opens one on the chain itself.",
        )
    member, own, policy = opened(org, rpc)
    require_impartial(planned, member.profile.code)
    paper = opening_paper(planned, own.account, clock(), profile)
    call = opening_call(paper, member, policy, own)
    told = own.tell(call, kept(out_file, paper.to_json()))
    id_ = paper.body.dispute.hex()
    value = {"dispute": id_, "statement": paper.statement.leaf_hash.hex(), "block": told.block}
    tell(json_, value, f"{id_}: opened 已立案并保全 in block {told.block}. Hand in {out_file}.")


def release(
    opening: Annotated[Path, typer.Argument(metavar="FILE", help="What `open-dispute` wrote. 立案文件。")],
    document: Annotated[Path, typer.Option(help="The effective document. 生效文书。")],
    reference: Annotated[str, typer.Option(help="How it is cited. 文书编号。")],
    rpc: Rpc,
    out_file: Paper,
    head: Annotated[
        str | None,
        typer.Option(help="Leaf hash of the dispute's last statement; else the opening's. 最近记载。"),
    ] = None,
    org: OrgFolder = DEFAULT_ORG,
    json_: Json = False,
) -> None:
    """End a dispute on the chain itself, by our document: nothing is held for it. 直接解除保全。"""
    from yinzheng.api.org.direct import release_call, release_paper
    from yinzheng.verifier.formats.dispute import Opening
    from yinzheng.verifier.formats.dispute_paper import MAX_PAPER, parse_dispute_paper

    with found_in(opening):
        given = parse_dispute_paper(read_json(opening, MAX_PAPER))
    if not isinstance(given.body, Opening):
        raise UsageFault("this is no opening", code="paper-malformed", hint="Give what `open-dispute` wrote.")
    member, own, policy = opened(org, rpc)
    last = None if head is None else leaf_of(head, "--head")
    paper = release_paper(given, digest_of(document), reference, own.account, clock(), last)
    call = release_call(paper, len(given.body.subjects), member, policy, own)
    told = own.tell(call, kept(out_file, paper.to_json()))
    id_ = paper.body.dispute.hex()
    value = {"dispute": id_, "outcome": paper.statement.leaf_hash.hex(), "block": told.block}
    tell(json_, value, f"{id_}: released 已解除 in block {told.block}. Hand in {out_file}.")
