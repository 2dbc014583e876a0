"""Starting and ending nodes: each is a process of its own, known by its number and its folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_account import Account

from scripts.network_parts.binaries import CLOCK, Program
from scripts.network_parts.making import CONFIG, GAS_LIMIT, PASSWORD
from scripts.network_parts.plan import Network, Node

_FUNDS: Final = 100 * 10**18
_APIS: Final = "eth,net,web3,clique,admin,txpool,miner,debug"


@dataclass(frozen=True, slots=True)
class Off:
    """A clock that is off by so many seconds, for a `binary` that has one."""

    binary: Path
    seconds: int


def start(
    network: Network, names: Iterable[str] = (), *, patience: float = 60, off: Off | None = None
) -> None:
    """Start these nodes, or all; those that run are left. Waits until each answers.

    With `off` their clocks are wrong; a node that is started again has the right one.

    Raises `TimeoutError`, with the end of the log of one that does not.
    """
    chosen = [network.node(name) for name in names] or list(network.nodes)
    for node in chosen:
        if pid_of(network, node) is None:
            _start(network, node, off)
    until = time.monotonic() + patience
    for node in chosen:
        while ask(node, "eth_chainId") is None:
            if time.monotonic() > until or pid_of(network, node) is None:
                log = (network.of(node) / "log").read_bytes()[-600:].decode(errors="replace")
                raise TimeoutError(f"{node.name} does not answer:\n{log}")
            time.sleep(0.1)


def stop(network: Network, names: Iterable[str] = (), *, how: int = signal.SIGTERM) -> None:
    """End these nodes, or all, and wait until they are gone; what this did not start is left alone."""
    chosen = [network.node(name) for name in names] or list(network.nodes)
    running = [(node, pid) for node in chosen if (pid := pid_of(network, node)) is not None]
    for _, pid in running:
        os.kill(pid, how)
    until = time.monotonic() + 20
    for node, _ in running:
        while (left := pid_of(network, node)) is not None:
            if time.monotonic() > until:
                os.kill(left, signal.SIGKILL)
                until += 5
            time.sleep(0.05)
        (network.of(node) / "pid").unlink(missing_ok=True)


def pid_of(network: Network, node: Node) -> int | None:
    """The process of a node that this started; None if it does not run.

    A number may have been given to another process since: one that does not name the node's folder is none.
    """
    try:
        pid = int((network.of(node) / "pid").read_text())
        if Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1] == b"Z":
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # our own child, which nobody has looked after yet
            return None
        words = _words_of(pid)
    except (OSError, ValueError):
        return None
    return pid if str(network.of(node)).encode() in words else None


def _words_of(pid: int) -> bytes:
    """The command line of a process; for an instant after it became another program it has none."""
    for _ in range(20):
        if words := Path(f"/proc/{pid}/cmdline").read_bytes():
            return words
        time.sleep(0.01)
    return b""


def ask(node: Node, method: str, parameters: Sequence[Any] = (), *, seconds: float = 5) -> Any:
    """What a node answers; None if it does not, or refuses."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}).encode()
    request = urllib.request.Request(node.url, body, {"Content-Type": "application/json"})  # noqa: S310 - our own
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=seconds) as answer:
            return json.load(answer).get("result")
    except (OSError, ValueError):
        return None


def height(node: Node) -> int | None:
    """The number of a node's newest block; None if it does not answer."""
    found = ask(node, "eth_blockNumber")
    return None if found is None else int(found, 16)


def fund(network: Network, addresses: Sequence[str]) -> None:
    """Give each of these accounts 100 ether from the bank, and wait until they have it.

    Raises `ValueError` where no fees are asked, `TimeoutError`.
    """
    key = network.folder / "bank.key"
    if not key.exists():
        raise ValueError("this network asks no fees: nothing needs to be funded")
    bank = Account.from_key(key.read_text().strip())
    node = network.nodes[0]
    first = int(ask(node, "eth_getTransactionCount", [bank.address, "pending"]), 16)
    hashes = []
    for at, address in enumerate(addresses):
        fields = {
            "chainId": network.chain_id,
            "nonce": first + at,
            "gas": 21_000,
            "to": bytes.fromhex(address.removeprefix("0x")),
            "value": _FUNDS,
            "type": 2,
            "maxFeePerGas": 10**10,
            "maxPriorityFeePerGas": 2 * 10**9,
        }
        hashes.append(
            ask(node, "eth_sendRawTransaction", ["0x" + bank.sign_transaction(fields).raw_transaction.hex()])
        )
    until = time.monotonic() + 30 + 10 * network.period
    while not all(one and ask(node, "eth_getTransactionReceipt", [one]) for one in hashes):
        if time.monotonic() > until:
            raise TimeoutError("the funds are not in a block yet")
        time.sleep(0.2)


def _start(network: Network, node: Node, off: Off | None = None) -> None:
    folder = network.of(node)
    with (folder / "log").open("ab") as log:
        back = has_chain(network, node)
        if network.program is not Program.BESU and not back:
            command = [str(network.binary), "init", "--datadir", str(folder / "data")]
            command += ["--state.scheme", "hash"] if network.program is Program.GETH else []
            command.append(str(network.folder / "genesis.json"))
            subprocess.run(command, stdout=log, stderr=log, check=True, timeout=120)
        command = command_of(network, node, seal=not back)
        environment = {**os.environ, "PRIVATE_CONFIG": "ignore"}
        if off is not None:
            command[0], environment[CLOCK] = str(off.binary), str(off.seconds)
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )
    (folder / "pid").write_text(f"{process.pid}\n")


def has_chain(network: Network, node: Node) -> bool:
    """Whether a node ran before."""
    return (network.of(node) / "data" / "geth" / "chaindata").exists()


def command_of(network: Network, node: Node, *, seal: bool = True) -> list[str]:
    """How a node is started. A validator of geth seals at once, or (`seal`) once it is told to."""
    if network.program is Program.BESU:
        return _besu(network, node)
    folder = network.of(node)
    command = [str(network.binary), "--config", str(folder / CONFIG)]
    if network.program is Program.GETH:
        command += ["--state.scheme", "hash"]
        command += ["--authrpc.port", str(node.auth), "--miner.gaslimit", str(GAS_LIMIT)]
    command += ["--datadir", str(folder / "data"), "--nodekey", str(folder / "nodekey")]
    command += ["--networkid", str(network.chain_id), "--nodiscover", "--nat", "none"]
    command += ["--syncmode", "full", "--gcmode", "archive", "--cache", "64"]
    command += ["--http", "--http.addr", "127.0.0.1", "--http.port", str(node.http), "--ipcdisable"]
    price = "1000000000" if network.fees else "0"
    if network.program is Program.GETH:
        command += ["--http.api", _APIS, "--miner.gasprice", price, "--txpool.pricelimit", "1"]
        if node.validator is not None:
            command += ["--mine"] if seal else []
            command += ["--miner.etherbase", node.validator, "--unlock", node.validator]
            command += ["--password", str(folder / PASSWORD), "--allow-insecure-unlock"]
        return command
    command += ["--http.api", "admin,eth,debug,miner,net,txpool,web3,istanbul", "--miner.gasprice", price]
    if node.validator is not None:
        command += ["--mine", "--miner.threads", "1", "--emitcheckpoints"]
    return command


def _besu(network: Network, node: Node) -> list[str]:
    folder = network.of(node)
    return [
        str(network.binary),
        f"--data-path={folder / 'data'}",
        f"--genesis-file={network.folder / 'genesis.json'}",
        f"--node-private-key-file={folder / 'nodekey'}",
        f"--static-nodes-file={folder / 'static-nodes.json'}",
        "--discovery-enabled=false",
        "--p2p-host=127.0.0.1",
        "--p2p-interface=127.0.0.1",
        f"--p2p-port={node.peer}",
        "--nat-method=NONE",
        "--rpc-http-enabled",
        "--rpc-http-host=127.0.0.1",
        f"--rpc-http-port={node.http}",
        "--rpc-http-api=ETH,NET,WEB3,QBFT,ADMIN,TXPOOL,DEBUG",
        "--host-allowlist=localhost,127.0.0.1",
        f"--min-gas-price={1_000_000_000 if network.fees else 0}",
        "--sync-mode=FULL",
        "--sync-min-peers=1",
        "--data-storage-format=FOREST",
        "--profile=ENTERPRISE",
    ]
