"""Which way a request takes: straight, or through the proxy that a variable names (docs/adr/0028).

Plain http never meets a proxy, for it would read names and dates of birth; nor does anything for this machine
or the house's own network. Https to the open Internet follows `https_proxy` or `all_proxy`, unless `no_proxy`
excepts it: the proxy then passes on bytes it cannot read. `http_proxy` is read by nobody.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from yinzheng.verifier.errors import EnvironmentFault

PORTS: Final = {"http": 80, "https": 443}
VARIABLES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""The first that is set counts; one set to nothing means no proxy."""
EXCEPTIONS: Final = ("no_proxy", "NO_PROXY")

_NO_ADDRESS: Final = re.compile(r"[\x00-\x20\x7f\s\\]")
"""What no address has as it stands: blanks and controls, which `urlsplit` leaves in or quietly drops."""

_HOUSE: Final = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")
"""Ends of names that no public server has (RFC 6761, 6762, 8375; ICANN's `.internal`)."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy, asked to CONNECT. `credentials` is the value of `Proxy-Authorization`."""

    host: str
    port: int
    credentials: str | None = field(default=None, repr=False)


def address_of(url: str) -> tuple[SplitResult, str, int]:
    """Parts, host and port of an http or https URL. Raises `ValueError` for anything else."""
    parts = urlsplit(url)
    host, port = parts.hostname, parts.port
    if parts.scheme not in PORTS or not host or port == 0 or _NO_ADDRESS.search(url):
        raise ValueError("not an http or https address")
    return parts, host, port or PORTS[parts.scheme]


def is_base(url: str) -> bool:
    """Whether an http or https URL is one that paths can be put behind."""
    try:
        parts, _, _ = address_of(url)
    except ValueError:
        return False
    return not (parts.query or parts.fragment)


def is_loopback(host: str) -> bool:
    """Whether a host (a name, or an address without brackets) is this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    address = _address(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and address.is_loopback


def is_outside(host: str) -> bool:
    """Whether a host may be one of the open Internet, going by its name or address alone."""
    address = _address(host)
    if address is not None:
        return address.is_global
    name = host.lower().rstrip(".")
    return "." in name and not name.endswith(_HOUSE)


def proxy_for(url: str, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy a request for `url` goes through; None: straight.

    Raises `EnvironmentFault` `proxy-unusable` where the variable names a kind we do not speak: going
    straight instead could show someone what they meant to hide.
    """
    parts, host, port = address_of(url)
    if parts.scheme != "https" or not is_outside(host):
        return None
    named = next((environment[name] for name in VARIABLES if name in environment), "").strip()
    excepted = next((environment[name] for name in EXCEPTIONS if name in environment), "")
    if not named or any(_excepts(entry.strip().lower(), host.lower(), port) for entry in excepted.split(",")):
        return None
    return _parsed(named)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _excepts(entry: str, host: str, port: int) -> bool:
    """Whether an entry of `no_proxy` covers a host: `*`, a name or its parent, an address, a network."""
    if entry in ("", "*"):
        return entry == "*"
    address = _address(host)
    if address is not None:
        try:
            return address in ipaddress.ip_network(entry.strip("[]"), strict=False)
        except ValueError:
            pass
    name, colon, only = entry.rpartition(":")
    if colon and only.isdigit():
        return int(only) == port and _excepts(name.strip("[]"), host, port)
    bare = entry.removeprefix("*").strip(".")
    return bool(bare) and (host.rstrip(".") == bare or host.rstrip(".").endswith("." + bare))


def _parsed(named: str) -> Proxy:
    try:
        parts = urlsplit(named if "://" in named else f"http://{named}")
        host, port = parts.hostname, parts.port or PORTS["http"]
    except ValueError:
        host, port, parts = None, 0, urlsplit("")
    if parts.scheme != "http" or not host or _NO_ADDRESS.search(named):
        raise EnvironmentFault(
            "the proxy that the environment names is none we can use",
            code="proxy-unusable",
            hint="Set https_proxy to http://HOST:PORT, or name the server in no_proxy.",
        )
    if parts.username is None:
        return Proxy(host, port)
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return Proxy(host, port, "Basic " + base64.b64encode(secret).decode())
