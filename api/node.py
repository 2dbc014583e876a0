"""The embedded chain over HTTP, for foreign clients (`yinzheng node`).

Only POST of `application/json` to `/`, only under the host names it is told: a browser page cannot reach it
(no CORS; a request with that content type is preflighted and refused), nor can one that rebinds its name.
There is no authentication: it listens on loopback unless told otherwise, and whoever reaches it may read
everything, which is public, and send transactions, which only funded accounts can pay for. Connections and
bodies have the same bounds as the other servers' (docs/adr/0038).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinzheng.api.http.bodies import Bodies, BodyPace
from yinzheng.api.http.connections import ConnectionLimits
from yinzheng.api.http.guard import client
from yinzheng.api.http.hangups import Hangups
from yinzheng.api.http.limits import MIB
from yinzheng.api.http.memory import Memory
from yinzheng.api.http.problems import problem_of
from yinzheng.api.http.reading import read_body
from yinzheng.api.http.serving import serve_until_ended
from yinzheng.api.http.turns import Turns
from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.jsonrpc import respond
from yinzheng.verifier.errors import YinzhengError

MAX_BODY: Final = 4 * MIB
"""Bytes of a request."""

BODY_SECONDS: Final = 60.0
LOOPBACK: Final = ("127.0.0.1", "localhost")
_WORKERS: Final = 8
_WORKERS_EACH: Final = 2
"""Requests of one address that are worked on at once; a simulation takes seconds."""
_WAITING: Final = 400
"""Requests that may wait for that, of one address a quarter as many."""


def create_app(
    chain: EmbeddedChain, *, allowed_hosts: Sequence[str] = LOOPBACK, pace: BodyPace | None = None
) -> Starlette:
    """The web application over `chain`, which the caller opens and closes.

    `allowed_hosts` are the host names (without port) under which it answers.
    """
    workers = anyio.CapacityLimiter(_WORKERS)
    turns = Turns(_WORKERS, _WAITING, each=_WORKERS_EACH)
    memory = Memory(64 * MIB, 16 * MIB)

    async def endpoint(request: Request) -> Response:
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            return Response("Content-Type must be application/json.\n", 415)
        with memory.lease(request) as lease:
            try:
                body = await read_body(request, MAX_BODY, lease, BODY_SECONDS)
                async with turns.turn(client(request)):
                    answer = await anyio.to_thread.run_sync(respond, chain, body, limiter=workers)
            except YinzhengError as fault:
                return _refused(fault)
        if answer is None:
            return Response(status_code=204)
        return Response(answer, media_type="application/json", headers={"Cache-Control": "no-store"})

    return Starlette(
        routes=[Route("/", endpoint, methods=["POST"])],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts), www_redirect=False),
            Middleware(Hangups),
            Middleware(Bodies, pace=pace or BodyPace()),
        ],
    )


def serve_node(
    folder: Path,
    *,
    clock: Callable[[], int],
    host: str = "127.0.0.1",
    port: int = 8545,
    key: bytes | None = None,
    chain_id: int | None = None,
    genesis: bytes | None = None,
    leap: int | None = None,
    allowed_hosts: Sequence[str] = LOOPBACK,
    limits: ConnectionLimits | None = None,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve the chain in `folder` until SIGINT or SIGTERM; with the validator's `key` it can seal.

    Without it the chain is read beside whoever writes it. `leap` as in `EmbeddedChain.open`. `port` 0 takes a
    free one; `ready` is called with the URL once connections are accepted. Raises as
    `EmbeddedChain.open` does, or `EnvironmentFault` as `cannot_listen`.
    """
    with EmbeddedChain.open(
        folder, clock=clock, key=key, chain_id=chain_id, genesis=genesis, leap=leap
    ) as chain:
        serve_until_ended(
            create_app(chain, allowed_hosts=allowed_hosts), host, port, limits=limits, ready=ready
        )


def _refused(fault: YinzhengError) -> Response:
    problem = problem_of(fault)
    return Response(f"{problem.message}\n", problem.status, problem.headers())
