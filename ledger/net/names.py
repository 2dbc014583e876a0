"""Asking the system for the addresses of a name."""

from __future__ import annotations

import socket


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as text. Raises `OSError`."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
