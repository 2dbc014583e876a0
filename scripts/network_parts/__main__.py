"""`scripts/network`: a network on this machine, for trying and testing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from scripts.network_parts import nodes, standstill
from scripts.network_parts.binaries import NoProgram, Program, find_geth, kind_of
from scripts.network_parts.making import make
from scripts.network_parts.plan import FILE, Network, load

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="A network of several validators here.",
)
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The network's folder.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Some nodes; default: all.")]


@app.command("start")
def start_(
    folder: Folder,
    names: Names = None,
    period: Annotated[int, typer.Option(help="Seconds between blocks.", min=1)] = 5,
    fees: Annotated[
        bool | None, typer.Option(help="Ask fees, and keep a bank that can fund; default: geth alone.")
    ] = None,
    geth: Annotated[Path | None, typer.Option(help="geth 1.13 (default: YINZHENG_GETH, else built).")] = None,
    qbft: Annotated[Path | None, typer.Option(help="GoQuorum or Besu instead, with QBFT.")] = None,
) -> None:
    """Make the network if the folder has none, and start its nodes."""
    if (folder / FILE).exists():
        network = load(folder)
    else:
        binary = find_geth(geth, say=lambda what: print(what, file=sys.stderr)) if qbft is None else qbft
        if qbft is not None and kind_of(qbft) is Program.GETH:
            raise NoProgram(f"{qbft} is geth, which has no QBFT")
        network = make(folder, binary, period=period, fees=qbft is None if fees is None else fees)
    standstill.start(network, names or ())
    _show(network)
    operators = network.folder / "operators.json"
    print(f"yinzheng init … --chain {network.nodes[0].url} --operators {operators}")


@app.command()
def status(folder: Folder) -> None:
    """Tell of each node whether it runs, its newest block, and its peers."""
    _show(load(folder))


@app.command("stop")
def stop_(folder: Folder, names: Names = None) -> None:
    """End nodes that this started, and nothing else."""
    nodes.stop(load(folder), names or ())


@app.command("heal")
def heal_(folder: Folder) -> None:
    """Have a network go on whose validators wait for each other on two chains (docs/network.md)."""
    back = standstill.heal(load(folder))
    print(f"went back and follow the others: {', '.join(back)}" if back else "all nodes follow one chain")


@app.command()
def remove(folder: Folder) -> None:
    """End all nodes and delete the folder with all keys in it."""
    nodes.stop(load(folder))
    shutil.rmtree(folder)


@app.command("fund")
def fund_(folder: Folder, addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS...")]) -> None:
    """Give accounts 100 ether each, where fees are asked."""
    nodes.fund(load(folder), addresses)


def _show(network: Network) -> None:
    for node in network.nodes:
        pid, block = nodes.pid_of(network, node), nodes.height(node)
        peers = nodes.ask(node, "net_peerCount")
        running = "down" if pid is None else f"process {pid}"
        known = "" if block is None else f"block {block}, {int(peers or '0x0', 16)} peers"
        print(f"{node.name:<9} {node.url}  {running}  {known}  {node.validator or 'seals nothing'}")
    sides = standstill.sides_of(network)
    if len(sides) > 1:
        listed = "; ".join(", ".join(side) for side in sides)
        print(f"on {len(sides)} chains: {listed}. If no block comes: scripts/network heal {network.folder}")


try:
    app()
except (NoProgram, TimeoutError, ValueError, FileNotFoundError, KeyError) as fault:
    print(f"network: {fault}", file=sys.stderr)
    sys.exit(1)
