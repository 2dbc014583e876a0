"""Instants as people write them on the command line."""

from __future__ import annotations

from datetime import datetime

from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import UsageFault


def parse_instant(written: str) -> int:
    """UTC seconds of `2026-11-22T10:00` (at +08:00 unless it says otherwise), or of a number of seconds.

    Raises `UsageFault` `instant`.
    """
    if written.isascii() and written.isdigit() and len(written) <= 15:
        return int(written)
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise UsageFault(
            f"{written} is no date and time", code="instant", hint="Write it as in 2026-11-22T10:00."
        ) from None
    return int((found if found.tzinfo else found.replace(tzinfo=CHINA)).timestamp())
