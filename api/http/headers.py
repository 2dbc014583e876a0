"""Security headers on every answer, whoever made it."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""No script, no font, no frame, nothing from elsewhere: what a page shows comes from this server alone.

Two pages have scripts, from this server, and say so in a policy of their own (`WITH_SCRIPT`).
"""

_PERMISSIONS: Final = "camera=({}), geolocation=(), microphone=()"

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": _PERMISSIONS.format(""),
}

WITH_SCRIPT: Final = {
    "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; script-src 'self'",
    "Permissions-Policy": _PERMISSIONS.format("self"),
}
"""For the forms for certificates and receipts: a scanned code leaves the address (S13.2), and the camera
may read one where the browser can.
"""


OPEN: Final = ("/log/", "/schemas/")
"""Under these all is public and depends on nobody who asks: monitors and witnesses may run in a browser,
which must be able to read refusals and errors too.
"""

_OPEN_TO_ALL: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
}

_RAW: Final = tuple(
    (name.lower().encode(), value.encode())
    for name, value in {**HEADERS, "Cache-Control": "no-store"}.items()
)
"""What every answer has that says nothing else, as it is sent."""


class SecurityHeaders:
    """Adds `HEADERS`, opens what is `OPEN`, and forbids keeping an answer unless its maker allowed it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and decorate the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def decorated(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                names = {name for name, _ in given}
                message["headers"] = [*given, *(one for one in _RAW if one[0] not in names)]
                if scope["path"].startswith(OPEN):
                    MutableHeaders(scope=message).update(_OPEN_TO_ALL)
            await send(message)

        await self._app(scope, receive, decorated)
