"""Verification over the web: the real server by two processes, fifty clients on loopback."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from sqlmodel import select

from scripts.bench_parts.certificates import register
from scripts.bench_parts.checks import raw_verification
from scripts.bench_parts.clients import Load, ask, get, post, serving
from scripts.bench_parts.measure import Figure, in_turns, percentile
from scripts.bench_parts.site import Site, opened
from yinzheng.ledger.store.models import Certificate
from yinzheng.verifier.formats.certificate import decode_qr
from yinzheng.verifier.judge.trust import parse_trust

CLIENTS = 50
RATE = 100_000
"""Requests a second the server grants the bench: it would refuse one client more than 50 (R50)."""
WORKERS = 2
SLOWEST = 100
"""Milliseconds that the slowest of a hundred verifications may take."""


def measure_web(site: Site, requests: int, distinct: int) -> list[Figure]:
    """Send `requests` of each kind, and as many of the cheapest kind beside them; about one certificate, and
    about `distinct` of them in turn.
    """
    qr = str(json.loads(site.certificate)["qr"])
    core, trust = decode_qr(qr), parse_trust(site.trust)
    raw = raw_verification(trust.issuers[core.kid].key.point, core.signed, core.signature)
    in_process = 1 / in_turns({"raw": raw}, rounds=5, repeat=100)["raw"]
    codes = _codes(site, distinct)
    with serving("serve", site.state, "--rate", str(RATE), "--workers", str(WORKERS)) as port:

        def send(*kinds: bytes, count: int = requests) -> Load:
            each = count // CLIENTS
            # Each client begins elsewhere, so that they do not ask for the same at once.
            return ask(
                port, [[kinds[(at * 7 + n) % len(kinds)] for n in range(each)] for at in range(CLIENTS)]
            )

        begun = time.monotonic()
        send(get("/healthz"), count=CLIENTS)
        time.sleep(time.monotonic() - begun + 1)  # for the other process, which began when the first did
        send(_verify(qr), _shown(qr), count=4 * CLIENTS)
        trivial = send(get("/static/style.css"))
        loads = (
            ("POST /v1/verify, one certificate", send(_verify(qr)), 800),
            (f"POST /v1/verify, {distinct} certificates in turn", send(*map(_verify, codes)), 600),
            ("GET /V/… (the page)", send(_shown(qr)), 400),
            (f"GET /V/…, {distinct} certificates in turn", send(*map(_shown, codes)), None),
        )
    figures = [
        Figure("web", "raw SM2 verification in process, for comparison", in_process, "1/s"),
        Figure("web", f"a static file, {WORKERS} processes", trivial.rate, "1/s"),
    ]
    for name, load, goal in loads:
        slow = percentile(load.times, 0.99) * 1e3
        asked = "" if goal is None else f"≥ {goal}/s"
        bound = f"≤ {SLOWEST} ms" if name.startswith("POST") else ""
        figures += [
            Figure("web", name, load.rate, "1/s", "a static file from the same server", trivial.rate,
                   load.rate / trivial.rate, asked, None if goal is None else load.rate >= goal),
            Figure("web", f"{name}, median", percentile(load.times, 0.5) * 1e3, "ms"),
            Figure("web", f"{name}, 99th percentile", slow, "ms", "a static file from the same server",
                   percentile(trivial.times, 0.99) * 1e3, None, bound, slow <= SLOWEST if bound else None),
        ]  # fmt: skip
    return figures


def _codes(site: Site, count: int) -> Sequence[str]:
    """The QR texts of so many certificates, registered where there are fewer."""
    with opened(site) as registry:
        with registry.store.reading() as session:
            there = len(session.exec(select(Certificate.number)).all())
        if there < count:
            register(registry, count - there)
        with registry.store.reading() as session:
            return [qr for qr in session.exec(select(Certificate.qr)) if qr][:count]


def _verify(qr: str) -> bytes:
    return post("/v1/verify", json.dumps({"text": qr}).encode())


def _shown(qr: str) -> bytes:
    return get("/V/" + qr.partition("/V/")[2])
