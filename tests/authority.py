"""A throw-away time-stamping authority: `openssl ts` stamps, certificates are made here."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from yinzheng.verifier.judge.trust import TimeAuthority

STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
POLICY = "1.2.3.4.1"

_CONFIG = """[tsa]
default_tsa = here
[here]
serial = {folder}/serial
default_policy = {policy}
digests = sha256, sha512
accuracy = {accuracy}
ess_cert_id_alg = {ess}
signer_digest = {digest}
crypto_device = builtin
"""


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def issue(
    name: str,
    by: Issued | None = None,
    *,
    usage: Sequence[ObjectIdentifier] | None = None,
    critical: bool = True,
    days: tuple[int, int] = (-1, 300),
    key: EllipticCurvePrivateKey | None = None,
    serial: int | None = None,
) -> Issued:
    """Make a certificate: without `usage` one that may issue others, self-signed unless `by` issues it."""
    key = key or generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )
    if usage is None:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    elif usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=critical)
    return Issued(builder.sign(by.key if by else key, hashes.SHA256()), key)


@dataclass
class Authority:
    """A root, intermediate issuers, and the certificate that stamps."""

    folder: Path
    root: Issued = field(default_factory=lambda: issue("Root"))
    between: Sequence[Issued] = ()
    signer: Issued | None = None
    accuracy: str = "secs:1, millisecs:500, microsecs:100"
    ess: str = "sha256"
    digest: str = "sha256"
    with_chain: bool = False

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        issuer = self.between[-1] if self.between else self.root
        self.signer = self.signer or issue("TSA", issuer, usage=[STAMPING])
        config = _CONFIG.format(
            folder=self.folder, policy=POLICY, accuracy=self.accuracy, ess=self.ess, digest=self.digest
        )
        self._write("config", config.encode())
        self._write("signer.pem", self.signer.pem)
        self._write("root.pem", self.root.pem)
        self._write("between.pem", b"".join(one.pem for one in self.between))
        key = self.signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._write("key.pem", key)

    def pinned(self, name: str = "authority") -> tuple[TimeAuthority, ...]:
        return (TimeAuthority(name, self.root.der),)

    def query(self, digest: bytes, *options: str, algorithm: str = "sha256") -> bytes:
        given = ("-digest", digest.hex(), f"-{algorithm}", *options)
        return self._openssl("-query", *given, "-out", self._path("query")) or self._read("query")

    def reply(self, query: bytes, *options: str) -> bytes:
        self._write("query", query)
        chain = ("-chain", self._path("between.pem")) if self.with_chain else ()
        self._openssl(
            "-reply", "-config", self._path("config"), "-queryfile", self._path("query"),
            "-signer", self._path("signer.pem"), "-inkey", self._path("key.pem"),
            *chain, *options, "-out", self._path("reply"),
        )  # fmt: skip
        return self._read("reply")

    def stamp(self, digest: bytes, *options: str) -> bytes:
        return self.reply(self.query(digest, "-cert"), *options)

    def openssl_accepts(self, token: bytes, digest: bytes, *, bare: bool = False) -> bool:
        """What `openssl ts -verify`, trusting the root and given the chain, says of it."""
        self._write("token", token)
        options = ("-token_in",) if bare else ()
        untrusted = ("-untrusted", self._path("between.pem")) if self.between else ()
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-digest", digest.hex(), "-in", self._path("token"),
             "-CAfile", self._path("root.pem"), *untrusted, *options],
            capture_output=True, timeout=30,
        )  # fmt: skip
        return done.returncode == 0

    def _openssl(self, *arguments: str) -> bytes:
        subprocess.run(["openssl", "ts", *arguments], check=True, capture_output=True, timeout=30)
        return b""

    def _path(self, name: str) -> str:
        return str(self.folder / name)

    def _write(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)

    def _read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


@dataclass
class Answer:
    """What the server says to a request, unless the authority itself is to answer."""

    body: bytes | None = None
    status: int = 200
    kind: str = "application/timestamp-reply"
    location: str | None = None


@contextmanager
def serving(authority: Authority, answer: Answer | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """Run the authority on a free port of this machine; gives its URL and the requests it has seen."""
    seen: list[bytes] = []
    told = answer or Answer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            seen.append(query)
            body = authority.reply(query) if told.body is None else told.body
            self.send_response(told.status)
            self.send_header("Content-Type", told.kind)
            if told.location is not None:
                self.send_header("Location", told.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsr", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
