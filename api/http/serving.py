"""How both HTTP services listen: bounded, silent about requests, and clear about a port in use."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

from yinzheng.verifier.errors import EnvironmentFault


def configuration(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """What both are served with. Requests are not logged: their addresses name certificates and consents."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=10,
        limit_concurrency=1000,
        h11_max_incomplete_event_size=32 * 1024,
    )


def port_taken(host: str, port: int) -> EnvironmentFault:
    """What is told where nothing can listen."""
    return EnvironmentFault(
        f"cannot listen on {host}:{port}",
        code="port-taken",
        hint="Is another server running there? Choose another with --port.",
    )
