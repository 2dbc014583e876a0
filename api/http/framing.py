"""Where a request ends: one whose end two readers would see in two places is none (RFC 9112)."""

from __future__ import annotations

import re
from typing import Final

import h11

_OTHERWISE_READ: Final = re.compile(rb"(?<!\r)\n|\n[ \t]")
"""A line that ends without CR (section 2.2), or goes on in the next one (obs-fold, section 5.2)."""


class Framing(h11.Connection):
    """h11's view of a connection, which is kinder than is good for whoever stands behind a proxy.

    It lets `Transfer-Encoding` win where there are two lengths, and takes lines that another reader may end,
    or go on with, elsewhere.
    """

    _last = b""
    """The last byte that was read: a line may arrive in two pieces."""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """The next event.

        Raises `h11.RemoteProtocolError` also for a request that says its length in two ways, or in lines that
        are read in two ways, in its head or after its chunks: a proxy before us may go by the other, and what
        then follows be another's request.
        """
        waiting, _ = self.trailing_data
        event = super().next_event()
        read = waiting[: len(waiting) - len(self.trailing_data[0])]
        before, self._last = self._last, read[-1:] or self._last
        if isinstance(event, h11.Request | h11.EndOfMessage):
            otherwise = _OTHERWISE_READ.search(before + read, len(before))
            if otherwise or (isinstance(event, h11.Request) and _ambiguous(event)):
                raise h11.RemoteProtocolError("a request whose end is not clear")
        return event


def _ambiguous(request: h11.Request) -> bool:
    """Chunks besides a length (section 6.3), or in a version that knows none (section 6.1)."""
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" not in names:
        return False
    return b"content-length" in names or request.http_version < b"1.1"
