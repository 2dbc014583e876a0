"""Addresses that signed and private matters travel to: TLS, or this very machine."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from yinzheng.ledger.net.routes import is_loopback
from yinzheng.verifier.errors import UsageFault

MAX_ADDRESS: Final = 500
"""Characters."""


def is_secure_address(address: str) -> bool:
    """Whether it is `https`, or `http` on loopback, without credentials and fragment."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = address.isascii() and address.isprintable() and " " not in address and len(address) <= MAX_ADDRESS
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    clean = "@" not in parts.netloc and "#" not in address and "\\" not in address
    return plain and secure and clean and bool(host) and port != 0


def check_webhook(address: str) -> str:
    """An address to deliver notices to. Raises `UsageFault` `webhook-address`."""
    if not is_secure_address(address):
        raise UsageFault(
            "This is no address to deliver to.",
            code="webhook-address",
            hint="An https URL without user, password and fragment; http on the same machine alone.",
        )
    return address
