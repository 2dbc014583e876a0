"""Events of a certificate: from the anchored block until who watches it has heard; exported, and checked."""

from __future__ import annotations

import http.client
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from scripts.bench_parts.clients import serving
from scripts.bench_parts.measure import Figure, Say, Times, seconds
from scripts.bench_parts.rights import Member, found_rights
from scripts.bench_parts.site import OFFICER, Site, make_site, opened
from yinzheng.ledger.certificates.remarks import Grounds, enter, lift
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.passphrase import PASSPHRASE, create_passphrase_file
from yinzheng.ledger.keys.provider import ISSUER
from yinzheng.ledger.notify.sending import Courier
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.ledger.state.instance import Paths
from yinzheng.ledger.watch.events import ALWAYS
from yinzheng.ledger.watch.exporting import Source, about, export
from yinzheng.ledger.watch.subscriptions import Shown, subscribe
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.containers.certfile import parse_file
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.request import HEADER, Request, sign_request
from yinzheng.verifier.formats.webhook import parse_webhook, sign_webhook
from yinzheng.verifier.judge.events.verify import EventsJudge
from yinzheng.verifier.judge.trust import parse_trust

_PART = "events"
_PATH = "/org/v1/events/live"
_FLOOR = "signing one letter and handing it over by HTTP"
PATIENCE = 30.0
"""Seconds until an event counts as lost."""


def measure_events(folder: Path, rounds: int, say: Say) -> list[Figure]:
    """Enter and lift a remark `rounds` times beside the desk, as an officer's command does; one watcher."""
    site = make_site(folder, certified=True)
    certificate = parse_file(site.certificate)
    shown = Shown(certificate.record.number, certificate.statement.leaf_hash)
    with opened(site) as registry:
        member = found_rights(registry).members["recipient"]
        issuer = registry.keys.sm2(ISSUER)
    heard = Times(), Times()
    with _webhook() as (url, letters):
        with opened(site) as registry:
            subscribe(registry, member.party.code, [shown], url)
        passphrase = create_passphrase_file(Paths(site.state).keys / PASSPHRASE)
        with (
            serving("desk", site.state, passphrase=passphrase) as port,
            _stream(site, port, member) as events,
        ):
            say(f"{2 * rounds} events, each until it is heard")
            for number in range(2 * rounds):
                told = _happen(site, shown.number, lifted=number % 2 == 1)
                heard[0].ours.append(_arrived(events, number + 1) - told)
                heard[1].ours.append(_arrived(letters, number + 1) - told)
        body = letters[-1][1]
        floor = [
            seconds(lambda: Courier(loopback=True)(url, *sign_webhook(parse_webhook(body), issuer)))
            for _ in range(2 * rounds)
        ]
    for times in heard:
        times.floor += floor
    return [
        *heard[0].figures(_PART, "anchored until heard on the stream", _FLOOR),
        *heard[1].figures(_PART, "anchored until the letter arrived", _FLOOR),
        *_exported(site, say),
    ]


def _happen(site: Site, number: str, *, lifted: bool) -> float:
    """A remark, or its end, carried to the anchored head; when that was."""
    with opened(site) as registry:
        by = acting_as(registry, OFFICER)
        if lifted:
            lift(registry, number, RemarkKind.AGREED.value, Grounds("到期"), by)
        else:
            enter(registry, number, RemarkKind.AGREED, Grounds("约定期限"), by)
        settle(registry)
        return time.perf_counter()


def _arrived(found: list[tuple[float, bytes]], count: int) -> float:
    end = time.perf_counter() + PATIENCE
    while len(found) < count:
        if time.perf_counter() > end:
            raise SystemExit("bench: an event was not heard")
        time.sleep(0.001)
    if len(found) > count:
        raise SystemExit("bench: an event was heard twice")
    return found[-1][0]


@contextmanager
def _webhook() -> Iterator[tuple[str, list[tuple[float, bytes]]]]:
    """An organisation's server; when each letter came, and its body."""
    came: list[tuple[float, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((time.perf_counter(), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", came
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _stream(site: Site, port: int, member: Member) -> Iterator[list[tuple[float, bytes]]]:
    """The desk's stream; when each event came."""
    came: list[tuple[float, bytes]] = []
    request = Request(
        registry=site.registry,
        org=member.party.code,
        key=key_id(member.key.public_key.point),
        method="GET",
        path=_PATH,
        body=digest_pair(b""),
        at=int(time.time()),
        nonce=secrets.token_bytes(16),
    )
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=2 * PATIENCE)
    connection.request("GET", _PATH, headers={HEADER: sign_request(request, member.key)})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"bench: the desk answers {answer.status}")

    def read() -> None:
        with suppress(OSError, ValueError, AttributeError):  # the connection is closed below
            while line := answer.readline():
                if line.startswith(b"data:"):
                    came.append((time.perf_counter(), line))

    threading.Thread(target=read, daemon=True).start()
    try:
        yield came
    finally:
        connection.close()


def _exported(site: Site, say: Say) -> list[Figure]:
    """All events with their proofs, in the process; and checked offline."""
    say("exporting and checking events")
    with opened(site) as registry:
        lines: list[bytes] = []
        taken = seconds(lambda: lines.extend(_lines(registry)))
    judge = EventsJudge(parse_trust(site.trust))
    checked = seconds(lambda: list(judge.judge(line.rstrip(b"\n") for line in lines)))
    found = judge.whole()
    if found.exit_code:
        raise SystemExit(f"bench: exported events are not proved: {json.dumps(found.to_json())}")
    size = sum(map(len, lines)) / found.proved
    return [
        Figure(_PART, "events exported, each under a head of its own", found.proved / taken, "1/s"),
        Figure(_PART, "the same checked offline", found.proved / checked, "1/s"),
        Figure(_PART, "bytes of an exported event and its head", size, "B"),
    ]


def _lines(registry: Registry) -> Any:
    return export(Source.of(registry), about(None), ALWAYS)
