"""Making a network: keys, first block, and a folder for each organisation."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final

import rlp
from eth_account import Account
from eth_keys.datatypes import PrivateKey

from scripts.network_parts.binaries import Program, kind_of
from scripts.network_parts.plan import MEMBERS, PLAIN, Network, Node

GAS_LIMIT: Final = 200_000_000
"""So high that no block is half full: a full one would raise a base fee of nothing to one wei for good."""
_LOWEST_PORT: Final = 20_000
_PORTS: Final = 12_000
"""Below those that systems give to connections (32,768 and up)."""
_RICH: Final = 10**24
_GWEI: Final = 10**9
_FORKS: Final = (
    *("homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg"),
    *("istanbul", "muirGlacier", "berlin", "london"),
)
CONFIG: Final = "config.toml"
"""Name of what geth and GoQuorum are told in a file."""
PASSWORD: Final = "password"  # noqa: S105 - a name
"""Name of the file that opens a validator's key."""


def make(
    folder: Path,
    binary: Path,
    *,
    period: int,
    fees: bool = False,
    behind: Mapping[str, int] | None = None,
) -> Network:
    """Make a network in a new folder; nothing is started.

    With `fees` there is a bank that holds everything. Without, geth's nodes mine what pays nothing only if it
    was sent to them and not to others; Besu's and GoQuorum's mine it all.
    `behind`: nodes that others reach only through a port which stands before theirs, and that connect to
    nobody by themselves, so that whoever holds the port may part them from the others.
    """
    program = kind_of(binary)
    names = [*(one.name for one in MEMBERS), PLAIN]
    folder.mkdir(parents=True)
    secrets_of = {name: PrivateKey(secrets.token_bytes(32)) for name in names}
    # Under QBFT a validator signs with its node's key; Clique's have an account of their own.
    sealing = {
        one.name: secrets_of[one.name] if program is not Program.GETH else PrivateKey(secrets.token_bytes(32))
        for one in MEMBERS
    }
    ports = _free_ports(3 * len(names))
    fronts = behind or {}
    nodes = []
    for at, name in enumerate(names):
        http, peer, auth = ports[3 * at : 3 * at + 3]
        shown = secrets_of[name].public_key.to_bytes().hex()
        nodes.append(
            Node(
                name,
                http,
                peer,
                auth,
                f"enode://{shown}@127.0.0.1:{fronts.get(name, peer)}?discport=0",
                sealing[name].public_key.to_checksum_address() if name in sealing else None,
            )
        )
    whole = [
        Node(
            one.name,
            one.http,
            one.peer,
            one.auth,
            one.enode,
            one.validator,
            [] if one.name in fronts else [other.enode for other in nodes if other.name != one.name],
        )
        for one in nodes
    ]
    chain_id = 1 + secrets.randbelow(2**31 - 1)
    network = Network(folder.absolute(), program, binary.absolute(), chain_id, period, fees, tuple(whole))
    _write(folder / "genesis.json", _genesis(network, _bank(folder) if fees else None))
    for one in whole:
        _fill(network, one, secrets_of[one.name], sealing.get(one.name))
    _write(folder / "operators.json", [_published(network, one.name) for one in MEMBERS])
    network.save()
    return network


def _published(network: Network, name: str) -> dict[str, Any]:
    (member,) = (one for one in MEMBERS if one.name == name)
    validator = network.node(name).validator
    assert validator is not None
    return {"name": member.title, "code": member.code, "validators": [validator[2:].lower()]}


def _fill(network: Network, node: Node, key: PrivateKey, sealing: PrivateKey | None) -> None:
    """One organisation's folder."""
    folder = network.of(node)
    folder.mkdir()
    _secret(folder / "nodekey", key.to_bytes().hex())
    if sealing is not None:
        _write(folder / "validator.json", _published(network, node.name))
    # An option `--port` would open it to every address that the machine has.
    listening = f'[Node.P2P]\nListenAddr = "127.0.0.1:{node.peer}"\nNoDiscovery = true\n'
    if network.program is Program.GETH:
        if sealing is not None:
            password = secrets.token_hex(16)
            _secret(folder / PASSWORD, password)
            store = folder / "data" / "keystore"
            store.mkdir(parents=True)
            assert node.validator is not None
            locked = Account.encrypt(sealing.to_bytes(), password, iterations=4096)
            _secret(store / f"UTC--{node.validator[2:].lower()}", json.dumps(locked))
        others = [other.enode for other in network.nodes if other.name != node.name]
        (folder / CONFIG).write_text(
            # With all the peers it may have, geth looks at once whose chain is heavier; else in ten seconds.
            f"{listening}MaxPeers = {len(others)}\nDialRatio = 1\n"
            f"StaticNodes = {json.dumps(node.dials)}\nTrustedNodes = {json.dumps(others)}\n"
        )
    elif network.program is Program.GOQUORUM:
        (folder / "data").mkdir()
        (folder / CONFIG).write_text(listening)
        _write(folder / "data" / "static-nodes.json", node.dials)
    else:
        (folder / "data").mkdir()
        _write(folder / "static-nodes.json", node.dials)


def _bank(folder: Path) -> str:
    """The account that holds everything; its address."""
    made = Account.create()
    _secret(folder / "bank.key", made.key.hex())
    return str(made.address)


def _genesis(network: Network, bank: str | None) -> dict[str, Any]:
    validators = sorted(bytes.fromhex(one.validator[2:]) for one in network.nodes if one.validator)
    config: dict[str, Any] = {"chainId": network.chain_id, **{f"{fork}Block": 0 for fork in _FORKS}}
    genesis: dict[str, Any] = {
        "config": config,
        "gasLimit": hex(GAS_LIMIT),
        "difficulty": "0x1",
        "nonce": "0x0",
        "timestamp": "0x0",
        "baseFeePerGas": hex(_GWEI if network.fees else 0),
        "alloc": {} if bank is None else {bank[2:]: {"balance": hex(_RICH)}},
    }
    if network.program is Program.GETH:
        config["clique"] = {"period": network.period, "epoch": 30000}
        return {**genesis, "extradata": "0x" + (bytes(32) + b"".join(validators) + bytes(65)).hex()}
    return {**genesis, **_qbft(network, config, validators)}


def _qbft(network: Network, config: dict[str, Any], validators: Sequence[bytes]) -> dict[str, Any]:
    """What QBFT asks of a first block, in Besu's words or GoQuorum's (their documentation)."""
    timeout = max(4, 2 * network.period)
    if network.program is Program.BESU:
        config["qbft"] = {
            "blockperiodseconds": network.period,
            "epochlength": 30000,
            "requesttimeoutseconds": timeout,
        }
        config["zeroBaseFee"] = not network.fees
    else:
        del config["londonBlock"]  # GoQuorum knows none
        config |= {"isQuorum": True, "txnSizeLimit": 64, "maxCodeSizeConfig": [{"block": 0, "size": 64}]}
        config["qbft"] = {
            "epochlength": 30000,
            "blockperiodseconds": network.period,
            "requesttimeoutseconds": timeout,
            "policy": 0,
            "ceil2Nby3Block": 0,
        }
    return {
        "extraData": "0x" + rlp.encode([bytes(32), list(validators), [], b"", []]).hex(),
        "mixHash": "0x" + b"ctical byzantine fault tolerance".hex(),
        "coinbase": "0x" + bytes(20).hex(),
    }


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def _secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens at now, and that no system gives away by itself before they are used."""
    with ExitStack() as stack:
        found: list[int] = []
        while len(found) < count:
            one = stack.enter_context(socket.socket())
            with suppress(OSError):
                one.bind(("127.0.0.1", _LOWEST_PORT + secrets.randbelow(_PORTS)))
                found.append(one.getsockname()[1])
        return found
