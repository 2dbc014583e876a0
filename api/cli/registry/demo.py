"""`yinzheng demo`: everything there is to see, once, under the labelled `DEMO` profile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from yinzheng.api.cli.output import Json, out, tell
from yinzheng.api.cli.registry.common import (
    DEFAULT_STATE,
    ChainUrls,
    Operators,
    State,
    progress_line,
    read_operators_file,
)
from yinzheng.verifier.bytes.counting import counted
from yinzheng.verifier.errors import UsageFault

if TYPE_CHECKING:
    from yinzheng.ledger.demonstration.life import Lived

_EXAMPLES: Final = Path(__file__).resolve().parents[3] / "examples"


def demo(
    state: State = DEFAULT_STATE,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the certificates. 证书目录。")] = Path(
        "out"
    ),
    dossiers: Annotated[Path, typer.Option(help="Example dossiers. 示例材料。")] = _EXAMPLES / "dossiers",
    consents: Annotated[Path, typer.Option(help="Example of a consent and a dispute. 示例同意。")] = _EXAMPLES
    / "consents",
    life: Annotated[Path, typer.Option(help="Example of the life of a right. 示例权利流转。")] = _EXAMPLES
    / "life",
    chain: ChainUrls = None,
    operators: Operators = None,
    json_: Json = False,
) -> None:
    """Register the example dossiers, withdraw a consent, preserve evidence; all labelled DEMO. 演示。"""
    from yinzheng.ledger.demonstration.certificates import PLAN, demonstrate
    from yinzheng.ledger.registry import wall_clock

    for folder in (dossiers, consents, life):
        if not folder.is_dir():
            raise UsageFault(
                f"there is no folder {folder}",
                code="demo-no-dossiers",
                hint="Run it in a checkout, which has the examples, or name their folders.",
            )
    with progress_line(json_) as progress:
        given = demonstrate(
            state,
            out_dir,
            dossiers,
            clock=wall_clock,
            progress=progress,
            consents=consents,
            life=life,
            plan=replace(PLAN, chain_urls=chain or (), operators=read_operators_file(operators)),
        )
    numbers, shown, lived = given.numbers, given.shown, given.lived
    assert shown is not None  # the example is there
    files = [out_dir / f"{numbers[0]}.pdf", shown.receipt, shown.pack]

    def text() -> None:
        out.print(
            f"{counted(len(numbers), 'certificate')} in {out_dir} 演示证书:", style="bold", markup=False
        )
        for number in numbers:
            out.print(f"  {number}.pdf  {number}.png  {number}.json", markup=False)
        out.print(
            "a consent, partly withdrawn, and a dispute 撤回了一部分的同意, 与一起争议:",
            style="bold",
            markup=False,
        )
        out.print(
            f"  {shown.receipt.name} (born 出生日期 {shown.born})  {shown.conclusion.name}", markup=False
        )
        out.print(f"  {shown.pack.name}", markup=False)
        if lived is not None:
            _tell_life(lived)
            files.insert(1, out_dir / f"{lived.superseded}.pdf")
        trust = out_dir / "trust.json"
        out.print("Check them, our server off 关掉服务器也能查验:", style="bold", markup=False)
        for file in files:
            out.print(f"  yinzheng verify {file} --trust {trust}", markup=False)

    life_ = None if lived is None else lived.to_json()
    tell(json_, {"numbers": numbers, "out": str(out_dir), **shown.to_json(), "life": life_}, text)


def _tell_life(lived: Lived) -> None:
    out.print("the life of a right 一项权利的一生:", style="bold", markup=False)
    for line in (
        f"{lived.superseded} licensed 许可 {lived.licence}, checked 核验 {lived.check}: {lived.answer}",
        f"{lived.contract}: seller, buyer and exchange settled by it 据此成交",
        f"{lived.superseded} sold 转让 → {lived.successor}, what stayed 存续 {lived.remainder}",
        f"{lived.successor} seized 查封, so that it could not be sold on 不得再转让: {lived.stopped}",
        f"{lived.cancelled} cancelled 注销",
    ):
        out.print(f"  {line}", markup=False)
