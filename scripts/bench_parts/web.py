"""Verification over the web: the real server in its own process, fifty clients on loopback."""

from __future__ import annotations

import json

from scripts.bench_parts.checks import raw_verification
from scripts.bench_parts.clients import Load, ask, get, post, serving
from scripts.bench_parts.measure import Figure, in_turns, percentile
from scripts.bench_parts.site import Site
from yinzheng.verifier.formats.certificate import decode_qr
from yinzheng.verifier.judge.trust import parse_trust

CLIENTS = 50
RATE = 100_000
"""Requests a second the server grants the bench: it would refuse one client more than 50 (R50)."""


def measure_web(site: Site, requests: int) -> list[Figure]:
    """Send `requests` of each kind, and as many of the cheapest kind beside them."""
    qr = str(json.loads(site.certificate)["qr"])
    core, trust = decode_qr(qr), parse_trust(site.trust)
    raw = raw_verification(trust.issuers[core.kid].key.point, core.signed, core.signature)
    in_process = 1 / in_turns({"raw": raw}, rounds=5, repeat=100)["raw"]
    with serving("serve", site.state, "--rate", str(RATE)) as port:

        def send(request: bytes, count: int) -> Load:
            return ask(port, [[request] * (count // CLIENTS)] * CLIENTS)

        send(get("/healthz"), CLIENTS)  # to warm up
        trivial = send(get("/static/style.css"), requests)
        posted = send(post("/v1/verify", json.dumps({"text": qr}).encode()), requests)
        shown = send(get("/V/" + qr.partition("/V/")[2]), requests)
    figures = [
        Figure("web", "raw SM2 verification in process, for comparison", in_process, "1/s"),
        Figure("web", "a static file", trivial.rate, "1/s"),
    ]
    for name, load in (("POST /v1/verify", posted), ("GET /V/… (the page)", shown)):
        figures += [
            Figure("web", name, load.rate, "1/s", "a static file from the same server", trivial.rate,
                   load.rate / trivial.rate),
            Figure("web", f"{name}, median", percentile(load.times, 0.5) * 1e3, "ms"),
            Figure("web", f"{name}, 99th percentile", percentile(load.times, 0.99) * 1e3, "ms",
                   "a static file from the same server", percentile(trivial.times, 0.99) * 1e3),
        ]  # fmt: skip
    return figures
