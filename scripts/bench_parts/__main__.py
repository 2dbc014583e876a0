"""`scripts/bench`: runs the parts asked for, and shows what they found as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from scripts.bench_parts.accesses import measure_accesses
from scripts.bench_parts.bulk import measure_bulk
from scripts.bench_parts.certificates import measure_certificates
from scripts.bench_parts.checks import measure_checks
from scripts.bench_parts.consents import measure_consents
from scripts.bench_parts.desk import measure_desk
from scripts.bench_parts.events import measure_events
from scripts.bench_parts.floods import measure_floods
from scripts.bench_parts.growth import measure_growth
from scripts.bench_parts.help import measure_help
from scripts.bench_parts.measure import Figure, Say
from scripts.bench_parts.moves import measure_moves
from scripts.bench_parts.network import measure_network
from scripts.bench_parts.packs import measure_packs
from scripts.bench_parts.peers import measure_peers
from scripts.bench_parts.sealing import measure_sealing
from scripts.bench_parts.single import measure_decisions
from scripts.bench_parts.site import make_site
from scripts.bench_parts.trades import measure_trades
from scripts.bench_parts.web import measure_web
from scripts.bench_parts.withdrawals import measure_withdrawals

_WIDTH: Final = 150
_err = Console(stderr=True, highlight=False)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of everything is measured."""

    sizes: tuple[int, ...]
    durable: int
    anchored: int
    rounds: int
    requests: int
    mib: int
    consents: tuple[int, ...]
    """Lines of the files imported."""
    signed: int
    """Requests sent to the desk, of each kind."""
    withdrawn: tuple[int, int]
    """Batches of withdrawals, and withdrawals one at a time."""
    evidence: tuple[int, int]
    """MiB of the large pack, and items of the pack of small ones."""
    lines: int
    """Access lines written in bulk."""
    flooded: float
    """Seconds of each flood."""
    moved: tuple[int, int]
    """Licences, and as many sales; and races of two exchanges."""
    registered: tuple[int, ...]
    """Licences under one right, each through every step, at which it is asked."""
    licences: tuple[int, ...]
    """Licences under one right on the chain at which it is asked."""
    certificates: tuple[int, ...]
    """Certificates, each through every step."""
    made: tuple[int, ...]
    """Certificates at which it is asked, all but one made."""


USUAL: Final = Extent(
    (1_000, 100_000),
    200,
    60,
    30,
    1_000,
    1024,
    (100_000,),
    400,
    (5, 30),
    (1024, 1_000),
    50_000,
    12,
    (10, 5),
    (10, 100),
    (10, 100, 1_000),
    (100,),
    (1_000,),
)
QUICK: Final = Extent(
    (1_000, 15_000),
    40,
    15,
    6,
    200,
    64,
    (5_000,),
    80,
    (1, 5),
    (64, 100),
    20_000,
    4,
    (3, 2),
    (4, 8),
    (10, 50),
    (40,),
    (200,),
)
FULL: Final = replace(
    USUAL,
    sizes=(1_000, 100_000, 1_000_000, 10_000_000),
    consents=(100_000, 1_000_000),
    evidence=(10 * 1024, 1_000),
    registered=(10, 100, 1_000),
    licences=(10, 100, 1_000, 10_000),
    certificates=(100, 1_000),
    made=(1_000, 10_000, 100_000),
)


def _checks_and_web(folder: Path, extent: Extent, say: Say, parts: set[str]) -> list[Figure]:
    say("registering a certificate")
    site = make_site(folder, certified=True)
    figures: list[Figure] = []
    if "checks" in parts:
        say("checking certificates")
        figures += measure_checks(site, extent.rounds)
    if "web" in parts:
        say("asking the server")
        figures += measure_web(site, extent.requests, 40 if extent.requests >= 2000 else 8)
    return figures


def _sealing(folder: Path, extent: Extent, say: Say, _parts: set[str]) -> list[Figure]:
    say(f"sealing {extent.mib} MiB")
    return measure_sealing(folder, extent.mib)


def _peers(folder: Path, extent: Extent, say: Say, _parts: set[str]) -> list[Figure]:
    return measure_peers(folder, extent.sizes[-1] // 4, 5 * extent.requests, say)


_Part = Callable[[Path, Extent, Say, set[str]], list[Figure]]
_PARTS: Final[dict[frozenset[str], _Part]] = {
    frozenset({"checks", "web"}): _checks_and_web,
    frozenset({"help"}): lambda _folder, extent, _say, _: measure_help(extent.rounds),
    frozenset({"decisions"}): lambda folder, extent, say, _: measure_decisions(
        folder, extent.durable, extent.anchored, say
    ),
    frozenset({"sealing"}): _sealing,
    frozenset({"bulk"}): lambda folder, extent, say, _: measure_bulk(folder, extent.sizes, say),
    frozenset({"consents"}): lambda folder, extent, say, _: measure_consents(folder, extent.consents, say),
    frozenset({"accesses"}): lambda folder, extent, say, _: measure_accesses(
        folder, extent.lines, extent.durable, say
    ),
    frozenset({"desk"}): lambda folder, extent, say, _: measure_desk(folder, extent.signed, say),
    frozenset({"events"}): lambda folder, extent, say, _: measure_events(folder, extent.rounds, say),
    frozenset({"floods"}): lambda folder, extent, say, _: measure_floods(folder, extent.flooded, say),
    frozenset({"withdrawals"}): lambda folder, extent, say, _: measure_withdrawals(
        folder, extent.withdrawn, say
    ),
    frozenset({"trades"}): lambda folder, extent, say, _: measure_trades(
        folder, extent.signed, 10_000 if extent.signed > 100 else 1_000, say
    ),
    frozenset({"moves"}): lambda folder, extent, say, _: measure_moves(folder, *extent.moved, say),
    frozenset({"growth"}): lambda folder, extent, say, _: measure_growth(
        folder, extent.registered, extent.licences, say
    ),
    frozenset({"certificates"}): lambda folder, extent, say, _: measure_certificates(
        folder, extent.certificates, extent.made, say
    ),
    frozenset({"network"}): lambda folder, extent, say, _: measure_network(
        folder, 3 * extent.withdrawn[0], say
    ),
    frozenset({"packs"}): lambda folder, extent, say, _: measure_packs(folder, extent.evidence, say),
}
NAMES: Final = sorted(name for names in _PARTS for name in names)
_PEERS: Final = frozenset({"peers"})


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Little of everything: a minute or two.")] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Ten million statements, a million consents, a pack of 10 GiB: it needs 40 GiB."
        ),
    ] = False,
    part: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(NAMES)}; repeat.")] = None,
    peers: Annotated[
        bool, typer.Option("--peers", help="Beside others too, fetched by their package clients.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="File for the JSON document.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON document on stdout.")] = False,
    workspace: Annotated[
        Path | None, typer.Option(help="Folder on the disk to be measured; default: for temporary files.")
    ] = None,
) -> None:
    """Measure each figure beside its floor, in the same run."""
    parts = set(part or ([] if peers else NAMES))
    if not parts <= set(NAMES):
        raise typer.BadParameter(f"parts are {', '.join(NAMES)}")
    extent = FULL if full else QUICK if quick else USUAL
    asked = {**_PARTS, _PEERS: _peers} if peers else _PARTS
    parts |= _PEERS if peers else set()
    begin, figures = time.monotonic(), list[Figure]()
    with (
        tempfile.TemporaryDirectory(prefix="yinzheng-bench-", dir=workspace) as folder,
        _err.status("…") as status,
    ):
        for number, (names, measure) in enumerate(asked.items()):
            if names & parts:
                place = Path(folder) / str(number)
                place.mkdir()
                figures += measure(place, extent, status.update, parts)
    document = {
        "format": "yinzheng/bench/1",
        "machine": _machine(),
        "seconds": round(time.monotonic() - begin),
        "figures": [figure.to_json() for figure in figures],
    }
    if out is not None:
        out.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        Console(highlight=False, width=max(_WIDTH, _err.width)).print(_table(figures, document["machine"]))


def _machine() -> dict[str, Any]:
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load_before": [round(load, 1) for load in os.getloadavg()],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("cryptography", "tongsuopy", "gmssl", "py-evm")},
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def _table(figures: list[Figure], machine: Any) -> Table:
    table = Table(title=f"{machine['cpu']}, {machine['cores']} cores", title_justify="left")
    for heading in ("part", "what", "value", "floor", "of floor", "goal"):
        table.add_column(heading, justify="left" if heading in {"part", "what"} else "right")
    for figure in figures:
        floor = "" if figure.floor_value is None else _number(figure.floor_value)
        share = "" if figure.share is None else f"{figure.share:.0%}"
        goal = figure.goal and f"{figure.goal} {'✓' if figure.met else '✗'}"
        value = f"{_number(figure.value)} {figure.unit}"
        table.add_row(figure.part, figure.name, value, floor, share, goal)
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.argv[0] = "scripts/bench"
    typer.run(bench)
