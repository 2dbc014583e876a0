"""Connections to elsewhere are made in one room, `ledger/net`: one rule holds for the way they take."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.test_arrows import ROOMS, ROOT, imported, sources, tree

NET = ROOT / "ledger" / "net"

CONNECTING = {
    "aiohttp", "asyncio.streams", "boto3", "botocore", "ftplib", "http.client", "httpcore", "httpx",
    "imaplib", "poplib", "pycurl",
    "requests", "smtplib", "socket", "telnetlib", "urllib.request", "urllib3", "websocket", "websockets",
    "xmlrpc.client",
}  # fmt: skip
"""Modules with which a program connects to elsewhere."""

PROVIDERS = {
    "AsyncHTTPProvider", "AutoProvider", "HTTPProvider", "IPCProvider", "LegacyWebSocketProvider",
    "WebSocketProvider",
}  # fmt: skip
"""web3's own ways to a node: each follows the environment, and none bounds an answer."""

SOCKETS = {"api/http/serving.py", "api/forks.py"}
"""Files that have a socket to listen on, or one to a process of their own."""


def names(path: Path) -> Iterator[str]:
    """Modules imported, and names imported from them with their module before them."""
    yield from imported(path)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def mentioned(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def elsewhere() -> Iterator[tuple[str, Path]]:
    for room in ROOMS:
        for path in sources(room):
            if NET not in path.parents:
                yield str(path.relative_to(ROOT)), path


def test_one_room_makes_connections() -> None:
    for name, path in elsewhere():
        allowed = {"socket"} if name in SOCKETS else set()
        found = {
            module
            for module in names(path)
            for connecting in CONNECTING - allowed
            if module == connecting or module.startswith(connecting + ".")
        }
        assert not found, f"{name} imports {found}; ask ledger.net instead"
        assert not PROVIDERS & {*mentioned(path), *(module.split(".")[-1] for module in names(path))}, name


def test_who_listens_does_not_connect() -> None:
    for name, path in elsewhere():
        if name in SOCKETS:
            assert not {"connect", "connect_ex", "create_connection"} & set(mentioned(path)), name


def test_no_chain_is_found_by_itself() -> None:
    """`Web3()` looks for a node by variables of the environment."""
    for name, path in elsewhere():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Web3":
                assert node.args, f"{name}:{node.lineno}"


def test_the_verifiers_way_needs_no_package() -> None:
    """What `verify --rpc` connects with is there in the small installation."""
    for path in (NET / f"{name}.py" for name in ("__init__", "routes", "exchange", "plain")):
        assert not {"httpx", "httpcore"} & {name.split(".")[0] for name in imported(path)}, path
