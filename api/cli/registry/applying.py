"""Applications and joint requests come in, and what was missing of them (R11, R18)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, CaseId, State, writing
from yinzheng.ledger.rules.profiles import DEFAULT

if TYPE_CHECKING:
    from yinzheng.ledger.registry import Progress, Registry

Tidy = Annotated[
    bool,
    typer.Option(
        "--tidy",
        help="Leave out what systems and programs put into folders: .DS_Store, ~$…. 略去系统文件。",
    ),
]


def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder to make. 新文件夹。")],
    json_: Json = False,
) -> None:
    """Make a folder with a blank application and a guide to its fields. 新建登记材料。"""
    from yinzheng.ledger.dossiers.blank import make_blank

    guide = make_blank(folder.absolute())
    tell(
        json_,
        {"application": str(folder / "application.json"), "guide": str(guide)},
        (f"{folder / 'application.json'}: to fill in 待填写", f"{guide}: what each field takes 填写说明"),
    )


def apply(
    dossier: Annotated[
        Path, typer.Argument(metavar="DOSSIER_DIR", help="Folder with application.json or request.json.")
    ],
    state: State = DEFAULT_STATE,
    profile: Annotated[str, typer.Option(help="Rule profile. 规则。")] = DEFAULT.tag,
    tidy: Tidy = False,
    json_: Json = False,
) -> None:
    """Take in an application with its dossier, or a joint request. 提交登记申请或共同请求。"""
    from yinzheng.ledger.cases import intake
    from yinzheng.ledger.dossiers.request_folder import is_request

    with writing(state, json_) as (registry, progress):
        if is_request(dossier):
            case_id = take_in(registry, dossier, progress)
        else:
            case_id = intake.apply(registry, dossier, profile, progress, tidy=tidy)
    tell(json_, {"case": case_id}, f"{case_id}: application received 已收到申请")


def supplement(
    case: CaseId,
    dossier: Annotated[Path, typer.Argument(metavar="DOSSIER_DIR", help="The whole corrected dossier.")],
    state: State = DEFAULT_STATE,
    tidy: Tidy = False,
    json_: Json = False,
) -> None:
    """Hand in the corrected dossier that was asked for. 补正材料。"""
    from yinzheng.ledger.cases import intake
    from yinzheng.ledger.dossiers.request_folder import is_request

    with writing(state, json_) as (registry, progress):
        if is_request(dossier):
            take_in(registry, dossier, progress, case)
        else:
            intake.supplement(registry, case, dossier, progress, tidy=tidy)
    tell(json_, {"case": case}, f"{case}: supplement received 已收到补正")


def take_in(registry: Registry, folder: Path, progress: Progress, case: str | None = None) -> str:
    """Take in the joint request of a folder, or the one made anew for a case; gives the case's reference."""
    from yinzheng.ledger.cases import requesting
    from yinzheng.ledger.cases.files import FilePart
    from yinzheng.ledger.dossiers.request_folder import open_request, pieces

    with open_request(folder) as (joint, present, opened):
        parts = [
            FilePart(one.path, one.role, one.title, lambda one=one: pieces(opened, present[one.path]))  # type: ignore[misc]
            for one in joint.request.documents
        ]
        if case is None:
            return requesting.receive(registry, joint, parts, progress)
        requesting.supplement(registry, case, joint, parts, progress)
        return case
