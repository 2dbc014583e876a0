"""Who comes in to an organisation's own pages: a browser for each address that was printed, and nobody else.

They listen on loopback, where every program and every user of the machine can knock, and so can every page
that a browser of it has open. So:

- an address is good for one browser, once, and for a quarter of an hour; it is printed where the program was
  started, and another when it was used, or when somebody came with it too late;
- everything else lies under a path nobody can guess, and the cookie is sent under that path alone: cookies
  know no ports, and would else go to whatever listens beside us on the same address;
- the host must be the one we listen on, or a name that an attacker points at loopback would do (rebinding);
- a request that another page makes, even of another port, is refused, and each form bears a word of its
  session besides.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from yinzheng.verifier.bytes.algorithms import constant_time_equal
from yinzheng.verifier.errors import UsageFault

COOKIE: Final = "yinzheng"
LIFE: Final = 12 * 3600
"""Seconds a browser is let in for."""
ENTRY_LIFE: Final = 900
"""Seconds in which an address that was printed lets a browser in."""
MOST: Final = 8
"""Browsers let in at once; the first of them makes room."""
HOSTS: Final = ("127.0.0.1", "localhost")
ENTRY: Final = "/enter/"
OPEN: Final = "/static/"
"""Style and icon, the same for everybody."""
FORM: Final = "word"
"""The field of a form that bears the session's word."""
_READS: Final = ("GET", "HEAD")
_OWN: Final = (None, "none", "same-origin")
"""What a browser says of requests that come of the user, or of our own pages."""


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that was let in."""

    secret: str = field(repr=False)
    """The cookie's value."""
    word: str = field(repr=False)
    """What its forms bear."""
    until: int


class Door:
    """Lets browsers in. `clock` gives UTC seconds; `told` hears each path by which one more may enter."""

    def __init__(self, clock: Callable[[], int], told: Callable[[str], None] = lambda _path: None) -> None:
        self._clock = clock
        self._told = told
        self.place = "/" + secrets.token_urlsafe(16)
        """The path under which everything lies."""
        self._renew()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    @property
    def entry(self) -> str:
        """The path that lets the next browser in."""
        return ENTRY + self._entry

    def enter(self, shown: str) -> Session:
        """Let a browser in by the word of its path, which is good no more.

        Raises `UsageFault`: `pages-closed`, `pages-late`.
        """
        if not constant_time_equal(shown.encode(), self._entry.encode()):
            raise closed()
        late = self._clock() >= self._entry_until
        self._renew()
        if late:
            self._told(self.entry)
            raise UsageFault(
                "this address was printed too long ago",
                code="pages-late",
                hint="Open the one that `yinzheng org pages` printed just now.",
            )
        session = Session(secrets.token_urlsafe(32), secrets.token_urlsafe(32), self._clock() + LIFE)
        self._sessions[session.secret] = session
        while len(self._sessions) > MOST:
            self._sessions.popitem(last=False)
        self._told(self.entry)
        return session

    def _renew(self) -> None:
        self._entry = secrets.token_urlsafe(32)
        self._entry_until = self._clock() + ENTRY_LIFE

    def session(self, request: Request) -> Session:
        """The browser that asks. Raises `UsageFault` `pages-closed`."""
        for secret in _cookies(request):
            found = self._sessions.get(secret)
            if found is not None and found.until > self._clock():
                return found
        raise closed()

    def leave(self, session: Session) -> None:
        """Let that browser in no more."""
        self._sessions.pop(session.secret, None)

    def let_in(self, response: Response, session: Session) -> None:
        """Hand a browser its cookie."""
        response.set_cookie(
            COOKIE, session.secret, max_age=LIFE, path=self.place, httponly=True, samesite="strict"
        )

    def require_form(self, session: Session, fields: Mapping[str, bytes]) -> None:
        """Check that a form is one of ours. Raises `UsageFault` `pages-form`."""
        if not constant_time_equal(fields.get(FORM, b""), session.word.encode()):
            raise UsageFault(
                "this form is not one of these pages", code="pages-form", hint="Open the page again."
            )


def _cookies(request: Request) -> Iterator[str]:
    """Every value of our cookie. Whoever serves another port of this address can set one of its name too,
    which browsers send beside ours; it must not shut our own browser out.
    """
    for header in request.headers.getlist("cookie"):
        for one in header.split(";"):
            name, _, value = one.strip().partition("=")
            if name == COOKIE:
                yield value


def closed() -> UsageFault:
    """What is told whoever was not let in."""
    return UsageFault(
        "these pages are closed to this browser",
        code="pages-closed",
        hint="Open the address that `yinzheng org pages` printed last; each is good once, for 15 minutes.",
    )


class Guarded:
    """Turns away what did not come through the door, before anything looks at it; `refuse` says so."""

    def __init__(self, app: ASGIApp, door: Door, refuse: Callable[[Request, UsageFault], Response]) -> None:
        self._app = app
        self._door = door
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            self._require(request)
        except UsageFault as fault:
            await self._refuse(request, fault)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _require(self, request: Request) -> None:
        """Raise `UsageFault`: `pages-host`, `pages-elsewhere`, `pages-closed`."""
        server = request.scope.get("server")
        if server is None or request.headers.getlist("host") not in [[f"{one}:{server[1]}"] for one in HOSTS]:
            raise UsageFault(
                "these pages are not at that address", code="pages-host", hint="Use the address printed."
            )
        path = request.url.path
        if request.method in _READS and path.startswith(OPEN):
            return
        if request.method == "GET" and path.startswith(ENTRY):  # a preview by HEAD uses nothing up
            return
        if not path.startswith(self._door.place + "/"):
            raise closed()
        self._door.session(request)
        if request.headers.get("sec-fetch-site") not in _OWN:
            raise UsageFault(
                "another page made this request", code="pages-elsewhere", hint="Open the page again."
            )
