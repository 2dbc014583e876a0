"""Events of a period with what proves them, as lines: a file of any length, read line by line (S22.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    hex_bytes,
    integer,
    loads,
    read_object,
    text,
    tuple_of,
)
from yinzheng.verifier.chain.evidence import Evidence, parse_evidence
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.watched import WatchedEvent, read_event
from yinzheng.verifier.log.note import MAX_NOTE_BYTES
from yinzheng.verifier.log.tlogproof import MAX_HASHES

FORMAT: Final = "yinzheng/events/1"
MAX_LINE: Final = 1024 * 1024
"""Bytes of one line."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The first line: of which log, and decided from when to before when (UTC seconds)."""

    origin: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Head:
    """A head of the log that the events after it are proved under, and what shows that it is anchored."""

    checkpoint: str
    """The signed note."""
    chain: Evidence


@dataclass(frozen=True, slots=True)
class Told:
    """One event, with its body where that is public, and its inclusion proof under the head before it."""

    event: WatchedEvent
    body: JSON
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class End:
    """The last line: how many events there are."""

    events: int


Line: TypeAlias = Asked | Head | Told | End


def read_line(data: bytes) -> Line:
    """Read a line, without its end. Raises `DataFault` (`json-…`, `field-…`, …; `line-unknown`)."""
    value = loads(data, max_bytes=MAX_LINE)
    for name, fields in _LINES.items():
        if isinstance(value, dict) and name in value:
            found = read_object(value, fields)
            return _made(name, found)
    raise DataFault("this is no line of a file of events", code="line-unknown")


def _made(name: str, found: dict[str, Any]) -> Line:
    if name == "format":
        del found["format"]
        return Asked(**found)
    if name == "head":
        return Head(**read_object(found["head"], _HEAD, "$.head"))
    return Told(**found) if name == "event" else End(found["end"])


def _anything(value: object, _path: str) -> Any:
    return value


_HEAD: Final[dict[str, Check[Any]]] = {"checkpoint": text(1, MAX_NOTE_BYTES), "chain": parse_evidence}
_LINES: Final[dict[str, dict[str, Check[Any]]]] = {
    "format": {
        "format": constant(FORMAT),
        "origin": text(1, 255),
        "since": integer(),
        "until": integer(),
    },
    "head": {"head": _anything},
    "event": {
        "event": read_event,
        "body": _anything,
        "path": tuple_of(hex_bytes(32), 0, MAX_HASHES),
    },
    "end": {"end": integer()},
}
