"""Sending a notice over HTTP to an address that an organisation gave us, which may be anything.

So nothing within our own network is reached: the name is resolved once, every address must be a public one,
and exactly that address is connected to, so that a name which changes its answer gains nothing. Redirects are
failures. The answer's status alone counts; its body is not read. One clock limits the whole exchange.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from yinzheng.ledger.net.client import Client
from yinzheng.ledger.net.exchange import Bounds, NoAnswer, Sent, TooLate, Untrusted
from yinzheng.ledger.net.names import resolve
from yinzheng.ledger.organisations.enrolment import check_webhook
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.formats.webhook import HEADER

SECONDS: Final = 15.0
"""For everything: resolving aside, from connecting to the answer's head."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

Resolve = Callable[[str, int], list[str]]
"""Gives the addresses of a host, as text; raises `OSError`."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_network(text: str) -> Network:
    """A network such as `10.2.0.0/16`. Raises `UsageFault` `network-malformed`."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise UsageFault(
            f"{text} is no network", code="network-malformed", hint="Such as 10.2.0.0/16 or fd00::/8."
        ) from None


@dataclass(frozen=True, slots=True)
class Courier:
    """Sends notices; an instance is a `deliveries.Send`.

    `loopback` allows plain `http` to this very machine, which only a demonstration does; `within` names
    networks that are not public and may be reached all the same.
    """

    loopback: bool = False
    within: Sequence[Network] = ()
    seconds: float = SECONDS
    resolve: Resolve = resolve
    context: ssl.SSLContext | None = None
    """How servers are believed; None: by the system's authorities."""

    def __call__(self, url: str, body: bytes, header: str) -> None:
        """POST a notice; returns if it was taken (status 2xx).

        Raises `EnvironmentFault`: `webhook-address`, `webhook-private` (no address, or one that is not
        public), `webhook-tls`, `webhook-timeout`, `webhook-unreachable`, `webhook-redirect`,
        `webhook-status`.
        """
        status = self._status(url, self._judged(url), body, header)
        if 300 <= status < 400:
            raise _fault("webhook-redirect", "the organisation's server points elsewhere", status=status)
        if not 200 <= status < 300:
            raise _fault("webhook-status", f"the organisation's server answered {status}", status=status)

    def check(self, url: str) -> None:
        """Refuse an address that nothing would be sent to, as of now, before anybody relies on it.

        Raises `UsageFault`: `webhook-address`, `webhook-private`.
        """
        try:
            self._judged(url)
        except EnvironmentFault as fault:
            raise UsageFault(
                fault.message,
                code=fault.code,
                hint="An https address of the open Internet; the registry may allow networks of its own.",
            ) from None

    def _judged(self, url: str) -> str:
        """The address to connect to, as text."""
        parts = self._checked(url)
        plain = parts.scheme == "http"
        return self._address(parts.hostname or "", parts.port or (80 if plain else 443), plain=plain)

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
        # One answer for both, or whoever names a host learns which names our own network has.
        if not found or not all(one.is_loopback if plain else self._allowed(one) for one in found):
            raise _fault("webhook-private", "the organisation's server has no public address, or another too")
        return str(found[0])

    def _allowed(self, address: _Address) -> bool:
        return is_public(address) or any(address in network for network in self.within)

    def _status(self, url: str, address: str, body: bytes, header: str) -> int:
        """POST to the address that was judged, under the name; no proxy ever stands between."""
        sent = Sent("POST", url, body, {"Content-Type": "application/json", HEADER: header})
        bounds = Bounds(0, total=self.seconds, each=self.seconds, connect=self.seconds)
        try:
            with (
                Client(context=self.context, pinned=address) as client,
                client.opened(sent, bounds) as (status, _, _),
            ):
                return status
        except Untrusted as error:
            raise _fault("webhook-tls", "the organisation's server is not who it says") from error
        except TooLate as error:
            raise _late() from error
        except NoAnswer as error:
            raise _fault("webhook-unreachable", "the organisation's server does not answer") from error


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


def _late() -> EnvironmentFault:
    return _fault("webhook-timeout", "the organisation's server took too long")


def _fault(code: str, message: str, **data: object) -> EnvironmentFault:
    return EnvironmentFault(
        message, code=code, hint="It is tried again; the organisation may also fetch its notices.", **data
    )
