"""What every client of ours sends, gets, and may fail with. Which of our errors it is, each says itself."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

CONNECT_SECONDS: Final = 10.0
PIECE: Final = 64 * 1024

NO_TRANSFORM: Final = {"Accept-Encoding": "identity", "Connection": "close"}
"""An answer packed small may be any size when it is unpacked, so none may be packed."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request. A body in pieces needs its `Content-Length` among the headers."""

    method: str
    url: str
    body: bytes | Iterable[bytes] = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long to wait, in seconds, and how many bytes of an answer to take."""

    most: int
    total: float | None
    """From connecting to the last byte; None: as long as bytes keep moving."""
    each: float
    """Without a byte moving."""
    connect: float = CONNECT_SECONDS


@dataclass(frozen=True, slots=True)
class Answer:
    """What came. Names of `headers` are in lower case; of one sent twice, the last counts."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def media(self) -> str:
        """The media type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class NoAnswer(Exception):  # noqa: N818 - what did not come
    """Something was sent, and no answer came that could be taken; nobody knows what became of it."""


class NotSent(NoAnswer):
    """There was no connection: nothing was sent."""


class Untrusted(NoAnswer):
    """The server is not who it says (TLS)."""


class TooLate(NoAnswer):
    """The time was up first."""


class NotSentInTime(NotSent, TooLate):
    """There was no connection before the time was up."""


class TooLong(NoAnswer):
    """The answer is longer than what is taken, or packed."""


def is_tls(error: BaseException | None) -> bool:
    """Whether TLS stands at the root of an error."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, ssl.SSLError):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False
