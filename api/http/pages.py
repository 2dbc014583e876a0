"""The pages, as the desk knows them: by a word that lies in the state folder, which both were given.

What patients and objectors send (`/patient/`, `/public/`) reaches the desk unsigned, after the pages counted
who sends how much. An address proves nothing there: a reverse proxy on the same machine, a tunnel or any
program on it connects from loopback too. Whoever may not read the folder has no word, whatever it passes on
(docs/adr/0043).
"""

from __future__ import annotations

import ipaddress
import secrets
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from yinzheng.ledger.net.routes import is_loopback
from yinzheng.ledger.state.files import disk_faults, write_durably
from yinzheng.ledger.state.instance import Paths
from yinzheng.verifier.bytes.algorithms import constant_time_equal
from yinzheng.verifier.errors import EnvironmentFault, UsageFault

HEADER: Final = "Yinzheng-Pages"
FILE: Final = "pages.word"
"""In the state folder, for its owner; with `YINZHENG_UMASK=027` for its group, as whom the pages may run."""

_BYTES: Final = 32
_MODE: Final = 0o640


def word_file(paths: Paths) -> Path:
    """Where the word lies."""
    return paths.root / FILE


def make_word(paths: Paths) -> str:
    """The word, made where there is none yet: 64 hex. For the desk, which is one alone (`sole_desk`)."""
    file = word_file(paths)
    if not file.exists():
        write_durably(file, f"{secrets.token_hex(_BYTES)}\n".encode(), mode=_MODE)
    return read_word(paths)


def read_word(paths: Paths) -> str:
    """The word. Raises `EnvironmentFault`: `pages-word` (no desk made one here, or it is another file)."""
    file = word_file(paths)
    try:
        with disk_faults(file), file.open("rb") as opened:
            word = opened.read(1024).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        word = ""
    if len(word) != 2 * _BYTES:
        raise EnvironmentFault(
            f"there is no word of the desk in {file}",
            code="pages-word",
            hint="The desk makes it when it starts on this state folder; the pages must be able to read it.",
        )
    return word


class Pages:
    """Whom the desk takes for the pages."""

    def __init__(self, word: str) -> None:
        self._word = word.encode()

    def require(self, request: Request) -> None:
        """Answer nobody else, nor that there is anything. Raises `UsageFault` `not-found`."""
        shown = request.headers.get(HEADER, "").encode("latin-1")
        if not (constant_time_equal(shown, self._word) and is_local(request)):
            raise UsageFault("there is nothing at this address", code="not-found")


def is_local(request: Request) -> bool:
    """Whether a request comes from this machine itself, and on nobody else's behalf."""
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    return address.is_loopback and not any(name in request.headers for name in _ON_BEHALF)


_ON_BEHALF: Final = (
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
)
"""What a proxy adds; one that adds nothing looks like a program of this machine."""


def is_named_local(request: Request) -> bool:
    """Whether this machine was asked by its own name: not by one that a proxy took over from outside."""
    try:
        return is_loopback(urlsplit(f"//{request.headers.get('host', '')}").hostname or "")
    except ValueError:
        return False
