"""Sending a notice over HTTP to an address that an organisation gave us, which may be anything.

So nothing within our own network is reached: the name is resolved once, every address must be a public one,
and exactly that address is connected to, so that a name which changes its answer gains nothing. Redirects are
failures. The answer's status alone counts; its body is not read. One clock limits the whole exchange.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from yinzheng.ledger.organisations.enrolment import check_webhook
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.formats.webhook import HEADER

SECONDS: Final = 15.0
"""For everything: resolving aside, from connecting to the answer's head."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

Resolve = Callable[[str, int], list[str]]
"""Gives the addresses of a host, as text; raises `OSError`."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Courier:
    """Sends notices; an instance is a `deliveries.Send`.

    `loopback` allows plain `http` to this very machine, which only a demonstration does.
    """

    loopback: bool = False
    seconds: float = SECONDS
    resolve: Resolve = resolve
    context: ssl.SSLContext | None = None
    """How servers are believed; None: by the system's authorities."""

    def __call__(self, url: str, body: bytes, header: str) -> None:
        """POST a notice; returns if it was taken (status 2xx).

        Raises `EnvironmentFault`: `webhook-address`, `webhook-private` (an address that is not public),
        `webhook-unresolved`, `webhook-tls`, `webhook-timeout`, `webhook-unreachable`, `webhook-redirect`,
        `webhook-status`.
        """
        parts = self._checked(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = self._address(parts.hostname or "", port, plain=parts.scheme == "http")
        connection = self._connection(parts, port, address)
        status = self._exchange(connection, _target(parts), body, header)
        if 300 <= status < 400:
            raise _fault("webhook-redirect", "the organisation's server points elsewhere", status=status)
        if not 200 <= status < 300:
            raise _fault("webhook-status", f"the organisation's server answered {status}", status=status)

    def _checked(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(check_webhook(url))
        except UsageFault as fault:
            raise _fault("webhook-address", fault.message) from None
        if parts.scheme == "http" and not self.loopback:
            raise _fault("webhook-address", "plain http is for demonstrations on one machine")
        return parts

    def _address(self, host: str, port: int, *, plain: bool) -> str:
        try:
            found = [ipaddress.ip_address(text.partition("%")[0]) for text in self.resolve(host, port)]
        except (OSError, UnicodeError, ValueError):
            found = []
        if not found:
            raise _fault("webhook-unresolved", "the organisation's server has no address")
        if not all(one.is_loopback if plain else is_public(one) for one in found):
            raise _fault("webhook-private", "the organisation's server is at an address that is not public")
        return str(found[0])

    def _connection(self, parts: SplitResult, port: int, address: str) -> http.client.HTTPConnection:
        host = parts.hostname or ""
        if parts.scheme == "http":
            connection = http.client.HTTPConnection(host, port, timeout=self.seconds)
        else:
            context = self.context or ssl.create_default_context()
            connection = http.client.HTTPSConnection(host, port, timeout=self.seconds, context=context)
        # The certificate is checked against the name; the socket goes to the address that was judged.
        connection._create_connection = lambda _, *rest, **named: socket.create_connection(  # type: ignore[attr-defined]
            (address, port), *rest, **named
        )
        return connection

    def _exchange(self, connection: http.client.HTTPConnection, target: str, body: bytes, header: str) -> int:
        headers = {"Content-Type": "application/json", HEADER: header, "Connection": "close"}
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            with contextlib.suppress(OSError):
                if connection.sock is not None:
                    connection.sock.shutdown(socket.SHUT_RDWR)

        # A socket's own timeout starts anew with each byte of a server that drips.
        watch = threading.Timer(self.seconds, expire)
        watch.daemon = True
        watch.start()
        try:
            connection.request("POST", target, body, headers)
            return connection.getresponse().status
        except ssl.SSLError as error:
            raise _fault("webhook-tls", "the organisation's server is not who it says") from error
        except TimeoutError as error:
            raise _late() from error
        except (OSError, http.client.HTTPException) as error:
            if expired.is_set():
                raise _late() from error
            raise _fault("webhook-unreachable", "the organisation's server does not answer") from error
        finally:
            watch.cancel()
            connection.close()


def is_public(address: _Address) -> bool:
    """Whether an address is one of the open Internet, and hides none that is not."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _late() -> EnvironmentFault:
    return _fault("webhook-timeout", "the organisation's server took too long")


def _fault(code: str, message: str, **data: object) -> EnvironmentFault:
    return EnvironmentFault(
        message, code=code, hint="It is tried again; the organisation may also fetch its notices.", **data
    )
