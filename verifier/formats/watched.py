"""One event of watched certificates, as an organisation hears of it (S22.2), by webhook or as a stream.

It is numbered by the place of its statement in the log. It proves nothing by itself; what is exported does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import JSON, Check, integer
from yinzheng.verifier.bytes.shape import made_of
from yinzheng.verifier.bytes.wording import set_of
from yinzheng.verifier.formats.body import check_number
from yinzheng.verifier.log.statement import CERTIFICATE_DEPOSITED, Statement

MAX_CERTIFICATES: Final = 64
"""Certificates of one event: as many as a dispute holds."""


@dataclass(frozen=True, slots=True)
class WatchedEvent:
    """An event. Raises nothing itself; `read_event` checks."""

    number: int
    """Of its statement in the log, from 0."""
    certificates: tuple[str, ...]
    """Numbers of those watched that it is about, ascending."""
    statement: Statement
    block: int
    """Of the chain, in which the first head that covers it was anchored."""

    def to_json(self) -> dict[str, JSON]:
        """The object of S22.2."""
        return {
            "number": self.number,
            "certificates": [*self.certificates],
            "statement": self.statement.to_json(),
            "block": self.block,
        }


NAMING: Final = frozenset({CERTIFICATE_DEPOSITED, "licence.given"})
"""Types whose public body names certificates besides the statement's subject."""


def named_by(kind: str, body: JSON) -> Iterable[str]:
    """Numbers of further certificates that a public body of a type of `NAMING` says it is about (S22.2).

    A deposit is an event of those it follows too (R4, R6); a licence has a subject of its own, and names the
    certificate whose right it is given from.
    """
    match kind, body:
        case "licence.given", {"certificate": {"number": str(number)}}:
            return (number,)
        case "certificate.deposited", {"follows": list(predecessors)}:
            return tuple(str(one["number"]) for one in predecessors if isinstance(one, dict))
    return ()


EVENT_FIELDS: Final[dict[str, Check[Any]]] = {
    "number": integer(),
    "certificates": set_of(check_number, 1, MAX_CERTIFICATES),
    "statement": Statement.from_json,
    "block": integer(),
}

read_event: Final[Check[WatchedEvent]] = made_of(WatchedEvent, EVENT_FIELDS)
"""Reads the object of S22.2. Raises `DataFault` (`field-…`)."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reader of letters has come (S22.3): nothing is taken twice, and what is missing is known."""

    end: int
    """Events below this number were told, but for those of `missing`."""
    missing: tuple[tuple[int, int], ...] = ()
    """Stretches of numbers whose letters did not come, ascending: the first number, and the one behind."""

    def take(self, begin: int, end: int) -> "tuple[Place, tuple[tuple[int, int], ...]]":
        """The place after a letter from `begin` to before `end`, and the stretches of it that are new."""
        new = [(max(begin, a), min(end, b)) for a, b in self.missing if max(begin, a) < min(end, b)]
        left = [
            part
            for a, b in self.missing
            for part in ((a, min(b, begin)), (max(a, end), b))
            if part[0] < part[1]
        ]
        if begin > self.end:
            left.append((self.end, begin))
        if end > self.end:
            new.append((max(begin, self.end), end))
        return Place(max(self.end, end), tuple(sorted(set(left)))), tuple(new)
