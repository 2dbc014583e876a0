"""What a network is: its members, their ports and files, as `network.json` keeps it.

DIR/network.json    this                       DIR/genesis.json    the first block, the same for all
DIR/operators.json  for `yinzheng init --operators`
DIR/bank.key        the account that holds everything, where fees are asked
DIR/NAME/           one organisation's folder: its node's key, its validator's key, its data and log, and
                    validator.json, what it publishes of itself
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from scripts.network_parts.binaries import Program

FILE: Final = "network.json"


@dataclass(frozen=True, slots=True)
class Member:
    """Who runs a node. The codes are of nobody: each ends in a check character that holds."""

    name: str
    title: str
    code: str


MEMBERS: Final = (
    Member("registry", "岭南健康数据登记中心（演示）", "12440000MB2DEM001E"),
    Member("court", "云汐互联网法院（虚构）", "11990100DEM000022D"),
    Member("notary", "云汐公证处（虚构）", "12990100DEM000014F"),
    Member("exchange", "云汐数据交易所（虚构）", "91990100DEM000057P"),
)
PLAIN: Final = "plain"
"""A node that seals nothing."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node's addresses on this machine."""

    name: str
    http: int
    peer: int
    auth: int
    enode: str
    validator: str | None
    """Its validator's address, `0x` and 40 hex; None of the plain node."""
    dials: list[str] = field(default_factory=list)
    """The enodes that it connects to by itself."""

    @property
    def url(self) -> str:
        """Where it answers JSON-RPC."""
        return f"http://127.0.0.1:{self.http}"


@dataclass(frozen=True, slots=True)
class Network:
    """One network in its folder."""

    folder: Path
    program: Program
    binary: Path
    chain_id: int
    period: int
    fees: bool
    nodes: tuple[Node, ...]

    def node(self, name: str) -> Node:
        """The node of that name. Raises `KeyError`."""
        return {one.name: one for one in self.nodes}[name]

    def of(self, node: Node) -> Path:
        """An organisation's folder."""
        return self.folder / node.name

    def save(self) -> None:
        """Write `network.json`."""
        value = {
            "program": self.program.value,
            "binary": str(self.binary),
            "chain_id": self.chain_id,
            "period": self.period,
            "fees": self.fees,
            "nodes": [asdict(one) for one in self.nodes],
        }
        (self.folder / FILE).write_text(json.dumps(value, indent=1) + "\n")


def load(folder: Path) -> Network:
    """Read a network's folder. Raises `FileNotFoundError`."""
    value = json.loads((folder / FILE).read_text())
    return Network(
        folder.absolute(),
        Program(value["program"]),
        Path(value["binary"]),
        value["chain_id"],
        value["period"],
        value["fees"],
        tuple(Node(**one) for one in value["nodes"]),
    )
