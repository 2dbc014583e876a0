"""A witness of the tests: C2SP tlog-witness over HTTP, and one that hangs, lies or talks nonsense."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.witnesses import Witness
from yinzheng.verifier.log.cosignature import CosignerKey, cosigned_message
from yinzheng.verifier.log.merkle import verify_consistency
from yinzheng.verifier.log.note import NoteKey, SignatureLine, open_checkpoint, split_note

Answer = tuple[int, str, bytes]


def cosign(name: str, private: Ed25519PrivateKey, text: str, at: int) -> str:
    """A cosignature's line."""
    key = CosignerKey(name, private.public_key)
    signature = at.to_bytes(8, "big") + private.sign(cosigned_message(text, at))
    return SignatureLine(name, key.key_id, signature).text


@dataclass
class TestWitness:
    """One witness. `answer` set: it says that, whatever is asked. `hang` set: it waits for that instead."""

    __test__ = False

    name: str
    private: Ed25519PrivateKey
    origin: str
    log_keys: Sequence[NoteKey]
    now: Callable[[], int]
    head: tuple[int, bytes] = (0, b"")
    asked: list[bytes] = field(default_factory=list)
    answer: Answer | None = None
    hang: threading.Event | None = None
    url: str = ""

    @property
    def key(self) -> CosignerKey:
        return CosignerKey(self.name, self.private.public_key)

    @property
    def known(self) -> Witness:
        return Witness(self.name.partition("/")[0], (self.key,))

    def take(self, body: bytes) -> Answer:
        self.asked.append(body)
        if self.hang is not None:
            self.hang.wait(20)
        if self.answer is not None:
            return self.answer
        request, _, note = body.decode().partition("\n\n")
        first, *lines = request.split("\n")
        old = int(first.removeprefix("old "))
        try:
            head = open_checkpoint(note, self.origin, self.log_keys)
        except DataFault:
            return 403, "text/plain", b""
        if old != self.head[0]:
            return 409, "text/x.tlog.size", b"%d\n" % self.head[0]
        proof = [base64.b64decode(line) for line in lines]
        try:
            if old:
                verify_consistency(old, self.head[1], head.size, head.root, proof)
        except DataFault:
            return 422, "text/plain", b""
        self.head = head.size, head.root
        line = cosign(self.name, self.private, split_note(note)[0], self.now())
        return 200, "text/plain; charset=utf-8", line.encode()


@contextmanager
def serving(witness: TestWitness) -> Iterator[TestWitness]:
    """Serve it on loopback for the block's duration."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, media, answer = witness.take(body)
            try:
                self.send_response(status)
                self.send_header("Content-Type", media)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except OSError:
                self.close_connection = True  # nobody waits any more

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    witness.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield witness
    finally:
        if witness.hang is not None:
            witness.hang.set()
        server.shutdown()
        server.server_close()
        thread.join()
