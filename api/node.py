"""The embedded chain over HTTP, for foreign clients (`yinzheng node`).

Only POST of `application/json` to `/`, only under the host names it is told: a browser page cannot reach it
(no CORS; a request with that content type is preflighted and refused), nor can one that rebinds its name.
There is no authentication: it listens on loopback unless told otherwise, and whoever reaches it may read
everything, which is public, and send transactions, which only funded accounts can pay for.
"""

import socket
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinzheng.ledger.chain.embedded.chain import EmbeddedChain
from yinzheng.ledger.chain.embedded.jsonrpc import respond
from yinzheng.verifier.errors import EnvironmentFault

MAX_BODY = 4 * 2**20
"""Bytes of a request."""

LOOPBACK = ("127.0.0.1", "localhost")
_WORKERS = 8
_MAX_CONNECTIONS = 64


def create_app(chain: EmbeddedChain, *, allowed_hosts: Sequence[str] = LOOPBACK) -> Starlette:
    """The web application over `chain`, which the caller opens and closes.

    `allowed_hosts` are the host names (without port) under which it answers.
    """
    workers = anyio.CapacityLimiter(_WORKERS)

    async def endpoint(request: Request) -> Response:
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            return Response("Content-Type must be application/json.\n", 415)
        body = await _bounded(request.stream())
        if body is None:
            return Response(f"A request has at most {MAX_BODY} bytes.\n", 413)
        answer = await anyio.to_thread.run_sync(respond, chain, body, limiter=workers)
        if answer is None:
            return Response(status_code=204)
        return Response(answer, media_type="application/json", headers={"Cache-Control": "no-store"})

    return Starlette(
        routes=[Route("/", endpoint, methods=["POST"])],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts), www_redirect=False)],
    )


async def _bounded(stream: AsyncIterator[bytes]) -> bytes | None:
    """The whole body, or None as soon as it is too long."""
    body = bytearray()
    async for chunk in stream:
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


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
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve the chain in `folder` until SIGINT or SIGTERM; with the validator's `key` it can seal.

    Without it the chain is read beside whoever writes it. `leap` as in `EmbeddedChain.open`. `port` 0 takes a
    free one; `ready` is called with the URL once connections are accepted. Raises as
    `EmbeddedChain.open` does, or `EnvironmentFault` `node-address` if it cannot listen there.
    """
    with (
        EmbeddedChain.open(
            folder, clock=clock, key=key, chain_id=chain_id, genesis=genesis, leap=leap
        ) as chain,
        _listen(host, port) as listener,
    ):
        config = uvicorn.Config(
            create_app(chain, allowed_hosts=allowed_hosts),
            access_log=False,
            log_level="warning",
            server_header=False,
            limit_concurrency=_MAX_CONNECTIONS,
            timeout_keep_alive=10,
            ws="none",
        )
        ready(f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise EnvironmentFault(
            f"Cannot listen on {host}, port {port}: {error.strerror}.",
            code="node-address",
            hint="Another program may use the port: choose another with --port.",
        ) from error
