"""Where a request ends: one whose end two readers would see in two places is none (RFC 9112)."""

from __future__ import annotations

import h11


class Framing(h11.Connection):
    """h11's view of a connection; h11 itself lets `Transfer-Encoding` win where there are two lengths."""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """The next event.

        Raises `h11.RemoteProtocolError` also for a request that says its length in two ways: a proxy before
        us may go by the other, and what then follows be another's request.
        """
        event = super().next_event()
        if isinstance(event, h11.Request) and _ambiguous(event):
            raise h11.RemoteProtocolError("a request with two lengths")
        return event


def _ambiguous(request: h11.Request) -> bool:
    """Chunks besides a length (section 6.3), or in a version that knows none (section 6.1)."""
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" not in names:
        return False
    return b"content-length" in names or request.http_version < b"1.1"
