"""Which neighbours may say on whose behalf they ask: reverse proxies, named by the operator, nobody else.

`X-Forwarded-For` is anyone's to write. It is read only where the connection comes from an address that was
named (`--proxy`); everywhere else the client is who holds the connection.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from yinzheng.api.http.limits import client_of
from yinzheng.verifier.errors import UsageFault


class Proxies:
    """The addresses of proxies: their connections are many, and each stands for another client."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._clients = frozenset(client_of(address) for address in addresses)

    def __contains__(self, client: str) -> bool:
        """Whether `client` (`client_of`) is one."""
        return client in self._clients


def check_proxies(addresses: Sequence[str]) -> None:
    """Raise `UsageFault` `proxy-address` unless each is an IP address."""
    for address in addresses:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise UsageFault(
                f"{address!r} is not the IP address of a proxy",
                code="proxy-address",
                hint="Name the address its connections come from, such as 127.0.0.1 or ::1.",
            ) from None
