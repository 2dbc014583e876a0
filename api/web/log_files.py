"""The log as static files under `/log/`, exactly as C2SP `tlog-tiles` has them (S4.1).

A path is served only if it is the one spelling of a checkpoint, tile or entry bundle, so that there is
nothing to list and nowhere to climb.
"""

from __future__ import annotations

import gzip
import os
import re
import stat
from pathlib import Path
from typing import Final

from starlette.responses import Response

from yinzheng.verifier.errors import DataFault, EnvironmentFault
from yinzheng.verifier.log.tiles import CHECKPOINT_PATH, ENTRIES, parse_tile_path

MAX_FILE: Final = 256 * (2 + 0xFFFF)
"""Bytes of the largest entry bundle there can be."""

_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_MOMENT: Final = "public, max-age=2"
MIN_PACKED, MAX_PACKED = 256, 2 * 1024 * 1024
"""Bytes of an entry bundle that is compressed on the way; one of usual statements has some 100 KiB. Tiles of
hashes do not grow smaller.
"""


def read_log_file(root: Path, path: str, *, packed: bool = False) -> Response | None:
    """The answer for `/log/<path>`, or None where there is no such file.

    `packed`: whoever asks reads gzip, in which entry bundles then come, as `tlog-tiles` recommends.

    Raises `EnvironmentFault` `log-unreadable`.
    """
    if path == CHECKPOINT_PATH:
        content = _read(root / path)
        media, headers = "text/plain; charset=utf-8", {"Cache-Control": _MOMENT}
    else:
        try:
            tile = parse_tile_path(path)
        except DataFault:
            return None
        content = _read(root / tile.path)
        media, headers = "application/octet-stream", {"Cache-Control": _IMMUTABLE}
        if tile.level == ENTRIES:
            headers["Vary"] = "Accept-Encoding"
            if packed and content is not None and MIN_PACKED <= len(content) <= MAX_PACKED:
                content = gzip.compress(content, 6, mtime=0)
                headers["Content-Encoding"] = "gzip"
    if content is None:
        return None
    return Response(content, media_type=media, headers=headers)


def reads_gzip(accept_encoding: str) -> bool:
    """Whether `Accept-Encoding` allows gzip (RFC 9110 12.5.3)."""
    for part in accept_encoding.lower().split(","):
        name, _, weight = part.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0{0,3})?\s*", weight)
    return False


def _read(path: Path) -> bytes | None:
    # Not blocking: a pipe in this folder would otherwise hold the thread for ever.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable() from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_size > MAX_FILE:
            raise _unreadable()
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_FILE)
    finally:
        os.close(descriptor)


def _unreadable() -> EnvironmentFault:
    return EnvironmentFault(
        "a file of the log cannot be read",
        code="log-unreadable",
        hint="The operator should run `yinzheng audit`.",
    )
