"""Others a package away, on the same machine in the same run: checks of documents, a log, two chains.

They are fetched by their own package clients into the run's folder (geth and anvil: where the tests keep
theirs; a signed file: where Maven keeps its own). One that cannot be had is named and left out. None does the
same work as ours: docs/benchmarks.md.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from eth_account import Account
from eth_typing import ChecksumAddress
from web3 import Web3

from scripts.bench_parts.clients import free_port
from scripts.bench_parts.measure import Figure, Say, processor_seconds, seconds
from scripts.bench_parts.site import Site, make_site, opened
from scripts.bench_parts.transfers import transfer
from scripts.network_parts.binaries import NoProgram, find_geth, find_go
from yinzheng.ledger.chain.connect import connect
from yinzheng.ledger.chain.sender import Sender
from yinzheng.ledger.demonstration.certificates import ADMINISTRATOR
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.report import Authentic, Report
from yinzheng.verifier.judge.trust import parse_trust

PYHANKO: Final = "pyhanko==0.38.0"
SIGSTORE: Final = "sigstore==4.5.1"
SIGNED: Final = "dev.sigstore:sigstore-java:2.0.0"
"""What Maven Central has with a Sigstore bundle beside it; whose it is stands in `peer_sigstore.py`."""
MAVEN_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
TT_VERIFY: Final = "@tradetrust-tt/tt-verify@9.7.2"
TESSERA: Final = "github.com/transparency-dev/tessera/cmd/examples/posix-oneshot@v1.0.4"
_PART: Final = "peers"
_START_SECONDS: Final = 30
_ROUNDS: Final = 5
_CHECKS: Final = 300
_ANVIL: Final = "tests/chain/node/node_modules/@foundry-rs"


@dataclass(frozen=True, slots=True)
class _Rate:
    ours: float
    theirs: float
    what: str
    peer: str

    def figure(self) -> Figure:
        return Figure(_PART, self.what, self.ours, "1/s", self.peer, self.theirs, self.ours / self.theirs)


def measure_peers(folder: Path, entries: int, transfers: int, say: Say) -> list[Figure]:
    """Each of ours beside its peers: files for some seconds, a log of so many entries, so many transfers."""
    site = make_site(folder, certified=True)
    figures: list[Figure] = []
    measures: tuple[Callable[[], _Rate], ...] = (
        lambda: _pdf(folder, site, say),
        lambda: _bundle(folder, site, say),
        lambda: _digest(folder, site, say),
        lambda: _log(folder, entries, say),
        lambda: _chain(folder, site, "geth, a block a second", _geth, transfers, say),
        lambda: _chain(folder, site, "anvil, a block for each", _anvil, transfers // 5, say),
    )
    for measure in measures:
        try:
            figures.append(measure().figure())
        except NoProgram as missing:
            say(f"left out: {missing}")
            print(f"bench: left out: {missing}", file=sys.stderr)
    return figures


def _run(command: list[str], wanted: str, **environment: str) -> str:
    """What a command says. Raises `NoProgram`, naming what it was wanted for."""
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=1200, check=False
    )
    if done.returncode:
        raise NoProgram(f"{wanted}: {(done.stderr or done.stdout)[-300:].strip()}")
    return done.stdout


def _pdf(folder: Path, site: Site, say: Say) -> _Rate:
    """Our certificate's ten obligations beside a PDF signature that pyHanko validates."""
    python = _python(folder, "pyHanko", PYHANKO, say)
    say("PDFs, ours and pyHanko's")
    ours, theirs = _documents(site, site.pdf, lambda: _run([python, _program("peer_pyhanko.py")], "pyHanko"))
    return _Rate(ours, theirs, "PDF offline, ten obligations", "pyHanko, a signature")


def _bundle(folder: Path, site: Site, say: Say) -> _Rate:
    """The same from its file, beside a published file's bundle that Sigstore's client for Python verifies."""
    python = _python(folder, "sigstore", SIGSTORE, say)
    paths = [_from_maven(folder, kind) for kind in ("pom", "pom.sigstore.json")]
    command = [python, _program("peer_sigstore.py"), *paths]
    say("files, ours and Sigstore's")
    # Offline, the client takes the trust root that its package brought, unless its cache has another.
    cache = str(folder / "sigstore-cache")
    ours, theirs = _documents(site, site.certificate, lambda: _run(command, "sigstore", XDG_CACHE_HOME=cache))
    return _Rate(ours, theirs, "certificate file offline beside sigstore", "sigstore, a bundle of Rekor v1")


def _digest(folder: Path, site: Site, say: Say) -> _Rate:
    """The same beside the digest of an OpenAttestation document, which tt-verify checks without its chain."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NoProgram("tt-verify: there is no Node.js with npm")
    say("installing tt-verify")
    place = folder / "tt-verify"
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund"]
    _run([npm, "install", "--prefix", str(place), *quiet, TT_VERIFY], "tt-verify")
    command, packages = [node, _program("peer_ttverify.mjs")], str(place / "node_modules")
    say("files, ours and tt-verify's")
    ours, theirs = _documents(site, site.certificate, lambda: _run(command, "tt-verify", NODE_PATH=packages))
    return _Rate(ours, theirs, "certificate file offline beside tt-verify", "tt-verify, a digest alone")


def _documents(site: Site, document: bytes, peer: Callable[[], str]) -> tuple[float, float]:
    """How many in a second of the processor: our certificate's document, in turns with a peer's program."""
    trust, now = parse_trust(site.trust), int(time.time())
    ours, theirs = list[float](), list[float]()

    def check() -> Report:
        return verify(read_target(document, pages=False), trust, now=now)

    if check().authentic is not Authentic.GENUINE:
        raise SystemExit("bench: the certificate to be checked is not genuine")
    for _ in range(_ROUNDS):
        ours.append(_CHECKS / processor_seconds(lambda: deque((check() for _ in range(_CHECKS)), maxlen=0)))
        theirs.append(float(peer()))
    return median(ours), median(theirs)


def _python(folder: Path, name: str, package: str, say: Say) -> str:
    """A Python in an environment of its own that has the package. Raises `NoProgram`."""
    say(f"installing {name}")
    venv = folder / name
    _run([sys.executable, "-m", "venv", str(venv)], name)
    python = str(venv / "bin" / "python")
    _run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", package], name)
    return python


def _program(name: str) -> str:
    return str(Path(__file__).with_name(name))


def _from_maven(folder: Path, kind: str) -> str:
    """Where the file of `SIGNED` with this extension lies now. Raises `NoProgram`."""
    maven = shutil.which("mvn")
    if maven is None:
        raise NoProgram("sigstore: there is no Maven to bring a signed file")
    command = [maven, "--quiet", "--batch-mode", MAVEN_COPY]
    command += [f"-Dartifact={SIGNED}:{kind}", f"-DoutputDirectory={folder}"]
    try:
        _run(command, "sigstore")
    except NoProgram as missing:  # Maven says why in the middle of advice
        raise NoProgram(f"sigstore: Maven brings no {SIGNED}:{kind}") from missing
    _, name, release = SIGNED.split(":")
    return str(folder / f"{name}-{release}.{kind}")


def _log(folder: Path, entries: int, say: Say) -> _Rate:
    """Our log layer alone (no database, no chain), durable and tiled, beside Tessera's on POSIX files."""
    go = find_go()
    if go is None:
        raise NoProgram("Tessera: there is no Go to build it with")
    say("building Tessera from the Go module proxy")
    _run([go, "install", TESSERA], "Tessera", GOBIN=str(folder), GOFLAGS="-mod=mod")
    given = folder / "entries"
    given.mkdir()
    for number in range(entries):
        (given / f"{number:08}").write_bytes(secrets.token_bytes(300))
    say(f"a log of {entries} entries, ours and Tessera's")
    command = [
        str(folder / "posix-oneshot"),
        f"--storage_dir={folder / 'tessera'}",
        f"--entries={given}/*",
    ]
    theirs = seconds(lambda: _run(command, "Tessera", LOG_PRIVATE_KEY=_note_key("bench.example")))
    log, files = TileLog(folder / "log", "bench.example"), sorted(given.iterdir())
    ours = seconds(lambda: log.append(file.read_bytes() for file in files))
    return _Rate(entries / ours, entries / theirs, "entries into the log layer alone", "Tessera, POSIX files")


def _note_key(name: str) -> str:
    """A signing key of the note format (golang.org/x/mod/sumdb/note): Ed25519, algorithm byte 1."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    public = b"\x01" + key.public_key().public_bytes_raw()
    known = hashlib.sha256(name.encode() + b"\n" + public).hexdigest()[:8]
    return f"PRIVATE+KEY+{name}+{known}+" + base64.b64encode(b"\x01" + key.private_bytes_raw()).decode()


_Start = Callable[[Path, Say], Iterator[str]]


def _chain(folder: Path, site: Site, name: str, node: _Start, count: int, say: Say) -> _Rate:
    """Bare transfers: the embedded chain, 64 at a time as the outbox sends them, and another's."""
    with contextmanager(node)(folder, say) as url:
        say(f"{count} transfers, embedded and {name}")
        account = Account.create()
        _pay(Web3(Web3.HTTPProvider(url)), account.address)
        theirs = seconds(lambda: transfer(Sender(connect(url), account, time.sleep), count, count))
    with opened(site) as registry:
        sender = Sender(registry.w3, acting_as(registry, ADMINISTRATOR).key.account(), time.sleep)
        ours = seconds(lambda: transfer(sender, count, 64))
    return _Rate(count / ours, count / theirs, f"transfers, embedded chain beside {name.split(',')[0]}", name)


def _pay(w3: Web3, address: ChecksumAddress) -> None:
    """Have the node's own account pay for what follows."""
    rich = w3.eth.accounts[0]
    paid = w3.eth.send_transaction({"from": rich, "to": address, "value": w3.to_wei(1000, "ether")})
    w3.eth.wait_for_transaction_receipt(paid, _START_SECONDS)


def _geth(folder: Path, say: Say) -> Iterator[str]:
    port = free_port()
    command = [str(find_geth(say=say)), "--dev", "--dev.period", "1", "--datadir", str(folder / "geth")]
    command += ["--http", "--http.port", str(port), "--http.api", "eth,net,web3", "--ipcdisable"]
    yield from _node(command, port)


def _anvil(_folder: Path, _say: Say) -> Iterator[str]:
    program = next(iter(sorted(Path(_ANVIL).parent.glob("@foundry-rs/anvil-*/bin/anvil"))), None)
    if program is None:
        raise NoProgram("anvil: run scripts/test once, which installs its package")
    port = free_port()
    yield from _node([str(program), "--port", str(port), "--hardfork", "london", "--silent"], port)


def _node(command: list[str], port: int) -> Iterator[str]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        probe, deadline = Web3(Web3.HTTPProvider(url)), time.monotonic() + _START_SECONDS
        while not probe.is_connected():
            if process.poll() is not None or time.monotonic() > deadline:
                raise NoProgram(f"{Path(command[0]).name} does not start")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(_START_SECONDS)
