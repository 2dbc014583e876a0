"""Reading one line of an import: strictly as a consent given alone, only faster where lines are alike.

A million consents to a few notices differ in who gave them and when; controller, notice, recipients and
answers repeat to the byte. So a canonical line is cut into three parts that repeat and four that do not:

    {"controller":…,"genetic":… ,"given_at":N,"guardian":G ,"method":…,"notice":… ,"person":P
     ,"recipients":…,"scopes":… ,"until":N,"v":1}

The first line with its three parts is read in full. If it is lawful, and each part by itself is canonical
JSON with just these names, then any line that puts other values between the same parts is canonical and
right in all that they say, and only the values are still to be checked. Whatever else a line may be, it is
read in full, and there gets its answer.
"""

from __future__ import annotations

import re
from typing import Final

from yinzheng.ledger.consents.book import KnownNotice, NoticeBook, require_standing
from yinzheng.ledger.consents.ndjson import BLANK, is_blank
from yinzheng.ledger.rules.consent import moment_problems
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.naming import spell_names
from yinzheng.verifier.bytes.shape import names_of
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.consent import (
    MAX_CONSENT,
    Consent,
    Person,
    check_guardian,
    check_person,
    parse_consent,
)

MAX_LINE: Final = 2 * MAX_CONSENT
"""Bytes of a line: a consent that is not in canonical form may be somewhat longer."""

_REMEMBERED: Final = 4096
"""Sets of parts that are kept. A file without any repetition costs memory for no more."""

_Parts = tuple[bytes, bytes, bytes]
_Values = tuple[bytes, bytes, bytes, bytes]

_PARTS: Final = (("controller", "genetic"), ("method", "notice"), ("recipients", "scopes"))
_GIVEN, _GUARDIAN, _METHOD = b',"given_at":', b',"guardian":', b',"method":'
_PERSON, _RECIPIENTS, _UNTIL, _END = b',"person":', b',"recipients":', b',"until":', b',"v":1}'


_PERSON_CHECKS: Final = names_of(Person)
_PLAIN_PERSON: Final = re.compile(
    rb'\{"born":"([^"\\\x00-\x1f]*)","name":"([^"\\\x00-\x1f]*)","reference":"([^"\\\x00-\x1f]*)"\}'
)


class LineReader:
    """Reads lines against one controller's notices, as of one instant. Not for several threads at once."""

    def __init__(self, book: NoticeBook, now: int) -> None:
        self._book = book
        self._now = now
        self._alike: dict[_Parts, tuple[Consent, KnownNotice]] = {}

    def read(self, line: bytes) -> tuple[bytes, KnownNotice]:
        """Read a line without its end: the canonical bytes of a lawful consent, and the notice it names.

        Raises `DataFault`: `line-blank`, `json-…`, and as `parse_consent` and `NoticeBook.require`.
        """
        cut = _cut(line)
        if cut is not None:
            known = self._read_alike(*cut)
            if known is not None:
                return line, known
        body, consent, known = self._read_in_full(line)
        if cut is not None and body == line and _stand_alone(cut[0]):
            if len(self._alike) >= _REMEMBERED:
                self._alike.clear()
            self._alike[cut[0]] = (consent, known)
        return body, known

    def _read_in_full(self, line: bytes) -> tuple[bytes, Consent, KnownNotice]:
        if is_blank(line):
            raise DataFault("the line is blank", code=BLANK)
        consent = parse_consent(spell_names(canonical.loads(line, max_bytes=MAX_LINE)))
        return consent.canonical(), consent, self._book.require(consent, self._now)

    def _read_alike(self, parts: _Parts, values: _Values) -> KnownNotice | None:
        """The notice, if the parts are known and the values right; None if that is not certain."""
        like = self._alike.get(parts)
        if like is None:
            return None
        exemplar, known = like
        given_at, until = _number(values[0]), _number(values[3])
        if given_at is None or until is None or until <= given_at:
            return None
        try:
            consent = Consent(
                controller=exemplar.controller,
                notice=exemplar.notice,
                person=_person(values[2]),
                guardian=None if values[1] == b"null" else check_guardian(_value(values[1]), "$.guardian"),
                method=exemplar.method,
                scopes=exemplar.scopes,
                recipients=exemplar.recipients,
                genetic=exemplar.genetic,
                given_at=given_at,
                until=until,
            )
            require_standing(known, given_at, self._now)
            return None if moment_problems(consent, known.terms) else known
        except DataFault:
            return None


def _cut(line: bytes) -> tuple[_Parts, _Values] | None:
    """The parts that repeat and the values between them, where the names stand in their order."""
    if len(line) > MAX_CONSENT or not line.endswith(_END):
        return None
    given = line.find(_GIVEN)
    guardian = line.find(_GUARDIAN, given)
    method = line.find(_METHOD, guardian)
    person = line.find(_PERSON, method)
    recipients = line.find(_RECIPIENTS, person)
    until = line.find(_UNTIL, recipients)
    if not 0 < given < guardian < method < person < recipients < until:
        return None
    parts = line[:given], line[method:person], line[recipients:until]
    values = (
        line[given + len(_GIVEN) : guardian],
        line[guardian + len(_GUARDIAN) : method],
        line[person + len(_PERSON) : recipients],
        line[until + len(_UNTIL) : -len(_END)],
    )
    return parts, values


def _stand_alone(parts: _Parts) -> bool:
    """Whether each part, its brackets completed, is canonical JSON of its own with exactly its names."""
    texts = parts[0] + b"}", b"{" + parts[1][1:] + b"}", b"{" + parts[2][1:] + b"}"
    try:
        values = [canonical.loads(text, max_bytes=MAX_CONSENT, canonical=True) for text in texts]
    except DataFault:
        return False
    return all(
        isinstance(value, dict) and tuple(value) == names for value, names in zip(values, _PARTS, strict=True)
    )


def _person(text: bytes) -> Person:
    """The value of a canonical object of a person's three names; read in full where anything is escaped.

    A string without quotation marks, backslashes and control characters has no other canonical form. Raises
    `DataFault` where it is not right.
    """
    plain = _PLAIN_PERSON.fullmatch(text)
    if plain is None:
        return check_person(_value(text), "$.person")
    try:
        born, name, reference = (part.decode() for part in plain.groups())
    except UnicodeDecodeError:
        raise DataFault("the line is not UTF-8", code="json-malformed") from None
    return Person(
        name=_PERSON_CHECKS["name"](name, ""),
        reference=_PERSON_CHECKS["reference"](reference, ""),
        born=_PERSON_CHECKS["born"](born, ""),
    )


def _value(text: bytes) -> canonical.JSON:
    return canonical.loads(text, max_bytes=MAX_CONSENT, canonical=True)


def _number(text: bytes) -> int | None:
    """A canonical integer of 0 or more; None for anything else."""
    if not text.isdigit() or len(text) > 16 or (text[0] == 0x30 and len(text) > 1):
        return None
    number = int(text)
    return number if number <= canonical.MAX_INT else None
