"""Hearing of certificates' events: the desk's stream, followed across its ends (S22.4).

The place is kept in the organisation's folder after every event, once it was handed on: whoever is killed in
between hears one event twice and misses none.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from yinzheng.api.org.calling import Client
from yinzheng.ledger.state.files import create_durably, write_durably
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats.watched import WatchedEvent, read_event

PLACE: Final = "heard.json"
LIVE: Final = "/org/v1/events/live"

MAX_LINE: Final = 65_536
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds until the desk is asked again: twice as long each time that it does not answer."""

PASSING: Final = frozenset({"streams-many", "rate-limited"})
"""What a desk refuses for the moment."""


class _Ended(Exception):  # noqa: N818 - no error
    """Whoever listens has heard enough."""


class Blocks:
    """Takes a stream apart: ids and data, by the blocks that blank lines end. Comments are nothing."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[bytes, bytes] = {}

    def feed(self, piece: bytes) -> Iterator[tuple[int | None, bytes | None]]:
        """What a piece completes. Raises `DataFault` `stream-malformed`."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > MAX_LINE or any(len(line) > MAX_LINE for line in lines):
            raise _malformed()
        for line in lines:
            if line:
                name, _, value = line.partition(b":")
                if name:
                    self._fields[name] = value.removeprefix(b" ")
                continue
            found, self._fields = self._fields, {}
            if b"id" in found or b"data" in found:
                yield _number(found.get(b"id")), found.get(b"data")


class Listener:
    """One organisation's ear. `hand_on` is given each event, in order."""

    def __init__(
        self,
        client: Client,
        folder: Path,
        hand_on: Callable[[WatchedEvent], None],
        *,
        enough: Callable[[], bool] = lambda: False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._file = folder / PLACE
        self._hand_on = hand_on
        self._enough = enough
        self._sleep = sleep
        self._heard = False
        self._after: int | None = None
        """Behind which event we were asked to begin; kept as the place once the desk takes it."""

    def run(self, after: int | None = None) -> None:
        """Listen until `enough` says so; from behind event `after`, or where it was left.

        Raises what the desk refuses for good, and `DataFault` for a stream that is none.
        """
        self._after = after
        wait = FIRST_WAIT
        while True:
            self._heard = False
            try:
                self._client.call("GET", LIVE + self._where(), into=_Into(self._take))
            except EnvironmentFault:
                pass  # the desk is away, or too busy: whatever came was kept
            except UsageFault as fault:
                if fault.code not in PASSING:
                    raise
            except _Ended:
                return
            wait = FIRST_WAIT if self._heard else min(2 * wait, LONGEST_WAIT)
            self._sleep(wait)

    def _where(self) -> str:
        if self._after is not None:
            return f"?after={self._after}"
        try:
            value = canonical.loads(self._file.read_bytes(), max_bytes=1024)
        except FileNotFoundError:
            return ""
        last = value.get("last") if isinstance(value, dict) else None
        if not isinstance(last, int):
            raise DataFault(
                f"{self._file} is damaged", code="place-malformed", hint="Remove it, or say --after."
            )
        return f"?after={last}"

    def _keep(self, last: int) -> None:
        write_durably(self._file, _place(last), mode=0o600)

    def _take(self, number: int | None, data: bytes | None) -> None:
        self._heard = True
        if data is not None:
            event = read_event(canonical.loads(data, max_bytes=MAX_LINE), "$")
            if event.number != number:
                raise _malformed()
            self._hand_on(event)
        if number is not None:
            self._keep(number)
            self._after = None
        if self._enough():
            raise _Ended


def begin_with(folder: Path, begin: int) -> None:
    """Who listens for the first time begins with event `begin`; a place that was kept stays."""
    if begin <= 0:
        return
    with suppress(FileExistsError):
        create_durably(folder / PLACE, _place(begin - 1))


def _place(last: int) -> bytes:
    return json.dumps({"last": last}).encode()


class _Into:
    """An answer written as it comes."""

    def __init__(self, take: Callable[[int | None, bytes | None], None]) -> None:
        self._blocks = Blocks()
        self._take = take

    def write(self, piece: Any) -> int:
        """Take what it completes."""
        for number, data in self._blocks.feed(bytes(piece)):
            self._take(number, data)
        return len(piece)


def _number(text: bytes | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit() or len(text) > 15:
        raise _malformed()
    return int(text)


def _malformed() -> DataFault:
    return DataFault("what the desk sends is no stream of events", code="stream-malformed")
