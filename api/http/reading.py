"""Reading a body whole, within bounds and in memory alone."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from yinzheng.api.http.limits import MIB
from yinzheng.api.http.memory import Lease
from yinzheng.api.http.waiting import within
from yinzheng.verifier.errors import UsageFault


async def read_body(request: Request, ceiling: int, lease: Lease, seconds: float) -> bytes:
    """The whole body, at most `ceiling` bytes, sent within `seconds`; `lease` lasts while it is in use.

    Raises `UsageFault`: `too-large`, `body-slow`; `EnvironmentFault` `server-busy`.
    """
    check_length(request, ceiling)
    try:
        return await within(asyncio.timeout(seconds), _read(request, ceiling, lease))
    except TimeoutError:
        raise UsageFault("sending took too long", code="body-slow", hint="Send smaller batches.") from None
    except ClientDisconnect:
        raise UsageFault("the client went away", code="json-malformed") from None


async def _read(request: Request, ceiling: int, lease: Lease) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        lease.grow(len(chunk))
        body += chunk
        if len(body) > ceiling:
            raise _too_large(ceiling)
    return bytes(body)


def check_length(request: Request, ceiling: int) -> None:
    """Refuse at once what announces itself as too large. Raises `UsageFault` `too-large`."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > ceiling:
        raise _too_large(ceiling)


def _too_large(ceiling: int) -> UsageFault:
    size = f"{ceiling // MIB} MiB" if ceiling >= MIB else f"{ceiling // 1024} KiB"
    return UsageFault(
        f"what was sent is larger than {size}",
        code="too-large",
        hint="Send less at once; nothing was recorded.",
        limit=ceiling,
    )
