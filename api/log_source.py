"""A log as somebody serves it: a folder, or `…/log/`, read with the standard library; nothing is believed.

What is read is bounded: a checkpoint, and of tiles as many as two proofs need.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from yinzheng.ledger.net import plain
from yinzheng.ledger.net.exchange import Bounds, NoAnswer, Sent, Untrusted
from yinzheng.ledger.net.routes import is_base
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.log.merkle import HASH_BYTES
from yinzheng.verifier.log.note import MAX_NOTE_BYTES
from yinzheng.verifier.log.statement import MAX_STATEMENT_BYTES
from yinzheng.verifier.log.tiles import CHECKPOINT_PATH, WIDTH, Tile

SECONDS: Final = 15.0
"""For one file."""
ALL_SECONDS: Final = 90.0
"""For all files together."""
TILE_BYTES: Final = WIDTH * HASH_BYTES
BUNDLE_BYTES: Final = WIDTH * (2 + MAX_STATEMENT_BYTES)
"""Of entry bundles: a statement is bounded (S3.1)."""


class FolderLog:
    """A log that lies in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def checkpoint(self) -> bytes:
        """Its signed head. Raises `EnvironmentFault` `log-unreachable`."""
        return self._read(CHECKPOINT_PATH, MAX_NOTE_BYTES)

    def tile(self, tile: Tile) -> bytes:
        """A tile, or the full one in its place. Raises as `checkpoint`."""
        return _tile(lambda path: self._read(path, TILE_BYTES), tile)

    def bundle(self, tile: Tile) -> bytes:
        """An entry bundle, or the full one in its place. Raises as `checkpoint`."""
        return _tile(lambda path: self._read(path, BUNDLE_BYTES), tile)

    def _read(self, path: str, most: int) -> bytes:
        try:
            with (self._folder / path).open("rb") as file:
                data = file.read(most + 1)
        except OSError as error:
            raise _unreachable(self._folder / path, "there is no such file, or none to be read") from error
        if len(data) > most:
            raise _unreachable(self._folder / path, "it is too large")
        return data


class ServedLog:
    """A log behind a URL. Raises `UsageFault` `log-url` for one that is none; nothing is asked yet."""

    def __init__(
        self,
        url: str,
        environment: Mapping[str, str],
        monotonic: Callable[[], float] = time.monotonic,
        *,
        seconds: float = ALL_SECONDS,
    ) -> None:
        if not is_base(url):
            raise UsageFault(
                "a log is a folder, or an http or https URL",
                code="log-url",
                hint="Write it like https://verify.example.org/log",
            )
        self._base = url.rstrip("/")
        self._environment = environment
        self._monotonic = monotonic
        self._until: float | None = None
        self._seconds = seconds

    def checkpoint(self) -> bytes:
        """Its signed head. Raises `EnvironmentFault` `log-unreachable`, `proxy-unusable`."""
        return self._read(CHECKPOINT_PATH, MAX_NOTE_BYTES)

    def tile(self, tile: Tile) -> bytes:
        """A tile, or the full one in its place. Raises as `checkpoint`."""
        return _tile(lambda path: self._read(path, TILE_BYTES), tile)

    def bundle(self, tile: Tile) -> bytes:
        """An entry bundle, or the full one in its place. Raises as `checkpoint`."""
        return _tile(lambda path: self._read(path, BUNDLE_BYTES), tile)

    def _read(self, path: str, most: int) -> bytes:
        now = self._monotonic()
        self._until = now + self._seconds if self._until is None else self._until
        left = min(SECONDS, self._until - now)
        if left <= 0:
            raise _unreachable(self._base, "it is too slow")
        try:
            bounds = Bounds(most, total=left, each=left)
            answer = plain.send(Sent("GET", f"{self._base}/{path}"), bounds, self._environment)
        except Untrusted as error:
            raise _unreachable(f"{self._base}/{path}", "its server is not who it says (TLS)") from error
        except NoAnswer as error:
            raise _unreachable(f"{self._base}/{path}", "nobody answers, or too slowly") from error
        if answer.status != 200:
            raise _unreachable(f"{self._base}/{path}", f"the answer is {answer.status}")
        return answer.body


def _tile(read: Callable[[str], bytes], tile: Tile) -> bytes:
    """A partial tile goes when its full one is there (c2sp.org/tlog-tiles)."""
    try:
        return read(tile.path)
    except EnvironmentFault:
        if tile.is_full:
            raise
        return read(Tile(tile.level, tile.index).path)


def open_log(
    where: str, environment: Mapping[str, str], *, seconds: float = ALL_SECONDS
) -> FolderLog | ServedLog:
    """The log in a folder, or behind a URL, read within so many seconds. Raises `UsageFault` `log-url`."""
    return ServedLog(where, environment, seconds=seconds) if "://" in where else FolderLog(Path(where))


def _unreachable(where: Path | str, why: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"the log is not to be had: {where}: {why}", code="log-unreachable", hint="Check its address."
    )
