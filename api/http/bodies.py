"""How long a body is waited for: a patience that its bytes earn anew, and that no trick prolongs.

A sender begins with some seconds. Waiting uses them up; every so many bytes earn one back, never beyond the
first sum. So whoever sends at the slowest pace allowed is waited for to the end, and whoever stops after
megabytes is given up as soon as whoever stops at once.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yinzheng.api.http.waiting import within
from yinzheng.verifier.errors import UsageFault

_PATIENCE: Final = "yinzheng.patience"
_BEHIND: Final = 1.0
"""Seconds used up from which on a sender lags."""


@dataclass(frozen=True, slots=True)
class BodyPace:
    """The slowest a body may come."""

    seconds: float = 10
    """Patience in all."""
    per_second: int = 16 * 1024
    """Bytes that earn a second of it."""


class Patience:
    """The patience with one sender."""

    def __init__(self, pace: BodyPace) -> None:
        self._pace = pace
        self._left = pace.seconds
        self._began: float | None = None
        self._timeout: asyncio.Timeout | None = None

    @property
    def spare(self) -> float:
        """Seconds left, the wait under way counted."""
        began = self._began
        return self._left if began is None else self._left - (asyncio.get_running_loop().time() - began)

    @property
    def lags(self) -> bool:
        """Whether the sender is being waited for, and behind by more than a moment."""
        return self._began is not None and self.spare < self._pace.seconds - _BEHIND

    def end(self) -> None:
        """Wait no longer."""
        if self._timeout is not None:
            self._timeout.reschedule(0)

    async def next(self, receive: Receive) -> Message:
        """The next piece. Raises `UsageFault` `body-slow`."""
        self._began = asyncio.get_running_loop().time()
        self._timeout = asyncio.timeout(self._left)
        try:
            message = await within(self._timeout, receive())
        except TimeoutError:
            raise UsageFault(
                "the upload took too long", code="body-slow", hint="Send a smaller file."
            ) from None
        finally:
            self._left, self._began, self._timeout = self.spare, None, None
        earned = len(message.get("body", b"")) / self._pace.per_second
        self._left = min(self._pace.seconds, self._left + earned)
        return message


class Bodies:
    """Bounds how long the app waits for each body: what it receives raises `UsageFault` `body-slow`."""

    def __init__(self, app: ASGIApp, pace: BodyPace) -> None:
        self._app = app
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        patience = scope[_PATIENCE] = Patience(self._pace)
        more = True

        async def received() -> Message:
            nonlocal more
            if not more:
                return await receive()  # until the client goes; that may be long
            message = await patience.next(receive)
            more = bool(message.get("more_body"))
            return message

        await self._app(scope, received, send)


def patience_of(scope: Scope) -> Patience | None:
    """The patience with the sender of a request that came through `Bodies`."""
    found = scope.get(_PATIENCE)
    return found if isinstance(found, Patience) else None
