"""Opening access lines again: the line, its secret, and its words where they still are."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlmodel import Session

from yinzheng.ledger.accesses.keys import MonthKey, month_of, open_key
from yinzheng.ledger.accesses.noting import line_place, words_place
from yinzheng.ledger.keys.provider import KeyProvider
from yinzheng.ledger.store.models_accesses import AccessRow
from yinzheng.ledger.store.sealed import SealedValue
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import COMMITMENT_KEY_BYTES
from yinzheng.verifier.bytes.canonical import JSON, Check, hex_bytes, read_object
from yinzheng.verifier.bytes.shape import read_shape, shape
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access import MAX_ACCESS, AccessLine, Who, Words, leaf_of, parse_line
from yinzheng.verifier.log.statement import commit_private

_SECRET = hex_bytes(COMMITMENT_KEY_BYTES)
_SEALED: Final[dict[str, Check[Any]]] = {
    "line": lambda line, _path: parse_line(line),
    "secret": _SECRET,
    "who": shape(Who),
    "who_secret": _SECRET,
}


@dataclass(frozen=True, slots=True)
class OpenedLine:
    """A line as whoever it is shown to may see it, with what proves it."""

    line: AccessLine
    secret: bytes = field(repr=False)
    """Of its commitment."""
    who: Who
    who_secret: bytes = field(repr=False)
    leaf: bytes

    def to_json(self) -> dict[str, JSON]:
        """`{"line", "secret", "who", "who_secret"}`, for an auditor or a court.

        `leaf_of` line and secret is the leaf in its batch's tree.
        """
        return {
            "line": self.line.to_json(),
            "secret": self.secret.hex(),
            "who": self.who.to_json(),
            "who_secret": self.who_secret.hex(),
        }


class Lines:
    """Opens lines, each month's key once. Raises as `keys.open_key`, and `DataFault`:

    `seal-broken`, `access-altered` (the row is not what it was sealed as).
    """

    def __init__(self, session: Session, keys: KeyProvider) -> None:
        self._session = session
        self.keys = keys
        self._months: dict[bytes, MonthKey] = {}

    def key(self, row: AccessRow) -> MonthKey:
        """The key of the month in which a line was written."""
        name = month_of(row.at)
        if name not in self._months:
            self._months[name] = open_key(self._session, self.keys, name)
        return self._months[name]

    def check(self, row: AccessRow) -> None:
        """Whether a row says in clear of its line, when it was noted and of whose consent, what is sealed.

        A tenth of the work of `open`, where nothing else is asked of it: the seal is this registry's own.
        """
        line = json.loads(self._unsealed(row))["line"]
        said = (line["number"], line["noted_at"], line["consent"])
        if said != (row.number, row.at, None if row.consent is None else row.consent.hex()):
            raise altered(row.number)

    def _unsealed(self, row: AccessRow) -> bytes:
        return self.key(row).seal.open(row.sealed, line_place(row.number))

    def open(self, row: AccessRow) -> OpenedLine:
        """The line of a row, compared with everything the row says in clear."""
        value = canonical.loads(self._unsealed(row), max_bytes=2 * MAX_ACCESS)
        found = read_object(value, _SEALED)
        line: AccessLine = found["line"]
        leaf = leaf_of(line.canonical(), found["secret"])
        if (line.number, line.noted_at, line.consent, leaf) != (row.number, row.at, row.consent, row.leaf):
            raise altered(row.number)
        who: Who = found["who"]
        if not commit_private(found["who_secret"], who.canonical()).matches(line.who):
            raise altered(row.number)
        return OpenedLine(line, found["secret"], who, found["who_secret"], row.leaf)

    def words(
        self, row: AccessRow, line: AccessLine, seal_of: Callable[[bytes], SealedValue | None]
    ) -> tuple[Words, bytes] | None:
        """The words of a line and the secret of their commitment; None: it has none, or they are erased.

        `seal_of` gives what opens a consent, by its subject; None once its key is destroyed.
        """
        if line.words is None or not row.words:
            if row.words and line.words is None:
                raise altered(row.number)
            return None
        seal = self.key(row).seal if line.consent is None else seal_of(line.consent)
        if seal is None:
            return None
        value = canonical.loads(seal.open(row.words, words_place(row.number)), max_bytes=2 * MAX_ACCESS)
        found = read_object(
            value, {"words": lambda words, path: read_shape(Words, words, path), "secret": _SECRET}
        )
        words: Words = found["words"]
        if not commit_private(found["secret"], words.canonical()).matches(line.words):
            raise altered(row.number)
        return words, found["secret"]


def altered(number: int) -> DataFault:
    """What a line that was changed is called by."""
    return DataFault(
        f"access line {number} was altered",
        code="access-altered",
        hint="Compare the database with a backup.",
        line=number,
    )
