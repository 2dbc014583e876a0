"""Consents from a spreadsheet: one row a person, the rest from the notice they were shown (S10.3, R26).

A column is named as the paper form says; its order does not matter. What the notice settles is not asked
again: controller, digests, recipients with their uses, and the term. Every complaint names its row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from yinzheng.api.org.tables import ERRORS, Row, require_headings
from yinzheng.ledger.rules.consent import Terms, require_lawful
from yinzheng.ledger.rules.retention import months_after
from yinzheng.verifier.bytes.algorithms import PairHasher
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.bytes.naming import spell_names
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.consent import Consent, parse_consent
from yinzheng.verifier.formats.creditcode import is_resident_number
from yinzheng.verifier.formats.notice import SCOPES, Notice
from yinzheng.verifier.words.receipt import SCOPES as SCOPE_WORDS

P = ParamSpec("P")
T = TypeVar("T")

NAME, BORN, REFERENCE, GIVEN, METHOD = "姓名", "出生日期", "院内编号", "同意日期", "同意方式"
GENETIC = "涉及遗传信息"
GUARDIAN, RELATION = "监护人姓名", "监护关系"
IDENTITY, IDENTITY_FILE = "监护人证件", "监护人证件文件"
GUARDIANSHIP, GUARDIANSHIP_FILE = "监护证明", "监护证明文件"
LIVE_FACE, CHECKED = "监护人人脸核验", "查验时间"

_NEEDED: Final = (NAME, BORN, REFERENCE, GIVEN, METHOD)
_OPTIONAL: Final = (
    *(GENETIC, GUARDIAN, RELATION, IDENTITY, IDENTITY_FILE),
    *(GUARDIANSHIP, GUARDIANSHIP_FILE, LIVE_FACE, CHECKED),
)
_ENGLISH: Final[Mapping[str, str]] = {
    "name": NAME,
    "born": BORN,
    "date of birth": BORN,
    "reference": REFERENCE,
    "given": GIVEN,
    "date of consent": GIVEN,
    "method": METHOD,
    "genetic": GENETIC,
    "病历号": REFERENCE,
    "患者姓名": NAME,
    "签署日期": GIVEN,
}

ANSWERS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("是", "同意", "有", "y", "yes", "true", "1", "√", "✓", "✔", "对"), True),
    **dict.fromkeys(("否", "不同意", "无", "n", "no", "false", "0", "×", "✗", "✘", "x", "错"), False),
}
METHODS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("电子", "线上", "electronic"), "electronic"),
    **dict.fromkeys(("纸质", "书面", "paper"), "paper"),
    **dict.fromkeys(("窗口", "柜台", "现场", "counter"), "counter"),
}
RELATIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("父母", "父亲", "母亲", "parent"), "parent"),
    **dict.fromkeys(("指定", "appointed"), "appointed"),
    **dict.fromkeys(("亲属", "relative"), "relative"),
    **dict.fromkeys(("机构", "institution"), "institution"),
}
IDENTITIES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("身份证", "居民身份证", "identity_card"), "identity_card"),
    **dict.fromkeys(("护照", "passport"), "passport"),
    **dict.fromkeys(("户口簿", "household_register"), "household_register"),
    **dict.fromkeys(("其他", "other_official"), "other_official"),
}
GUARDIANSHIPS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("出生医学证明", "出生证明", "birth_certificate"), "birth_certificate"),
    **dict.fromkeys(("户口簿", "household_register"), "household_register"),
    **dict.fromkeys(("法院文书", "court_document"), "court_document"),
    **dict.fromkeys(("指定书", "appointment"), "appointment"),
}

_DATE: Final = re.compile(
    r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?"
    r"(?:[ T]*(\d{1,2})(?:[:时点])(\d{1,2})分?(?:[:]?(\d{1,2})秒?)?)?"
)
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})()()()")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a row, or with the whole table (row 0)."""

    row: int
    column: str
    zh: str
    en: str
    code: str = ""
    """Of what the law refuses, which is said in Chinese by its code; `zh` is then empty."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of a row: a consent's canonical bytes, or what is wrong with it."""

    row: int
    consent: bytes | None
    complaints: tuple[Complaint, ...] = ()
    declined: bool = False
    """Somebody said no, and yes to nothing: there is nothing to register, and nothing to correct."""


class _WrongError(Exception):
    def __init__(self, column: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.column, self.zh, self.en = column, zh, en


class _Wrong:
    """All that is wrong with a row: one fault of a cell hides no other."""

    def __init__(self, row: int) -> None:
        self._row, self.found, self.declined = row, list[Complaint](), False

    def take(self, read: Callable[P, T], *args: P.args, **more: P.kwargs) -> T | None:
        """What `read` makes of a cell; None where that is wrong, which is written down."""
        try:
            return read(*args, **more)
        except _WrongError as wrong:
            self.add(wrong)
            return None

    def add(self, wrong: _WrongError) -> None:
        self.found.append(Complaint(self._row, wrong.column, wrong.zh, wrong.en))

    def refuse(self, fault: DataFault) -> None:
        column = _PATHS.get(str(fault.data.get("path")), "")
        self.found.append(Complaint(self._row, column, "", fault.message, fault.code))


def headings(notice: Notice) -> tuple[str, ...]:
    """The columns of a table for that notice: who, when, how, then each question, then a guardian's."""
    return (*_NEEDED, *_questions(notice), *_OPTIONAL)


def template(notice: Notice) -> list[Sequence[str]]:
    """A table to start from: headings, and a line that says what to write, left out for its #."""
    said = {
        NAME: "# 本行为说明，会自动跳过",
        BORN: "1980-02-29、1980/2/29 或 1980年2月29日",
        REFERENCE: "本院自己的编号，不要写身份证号",
        GIVEN: "日期，可加时间 10:30",
        METHOD: "纸质、电子或窗口",
        GENETIC: "是或否；不填按告知书",
        GUARDIAN: "未满 18 周岁时填写",
        RELATION: "父母、指定、亲属、机构",
        IDENTITY: "身份证、护照、户口簿、其他",
        IDENTITY_FILE: "扫描件的文件名（与本表格放在一起），只取摘要",
        GUARDIANSHIP: "出生医学证明、户口簿、法院文书、指定书",
        GUARDIANSHIP_FILE: "扫描件的文件名（与本表格放在一起），只取摘要",
        LIVE_FACE: "是：已通过",
        CHECKED: "不填按同意日期",
    }
    names = headings(notice)
    return [names, [said.get(name, "是或否；不填即未同意") for name in names]]


def _questions(notice: Notice) -> tuple[str, ...]:
    return (*_scopes(notice), *_recipients(notice))


def _scopes(notice: Notice) -> dict[str, str]:
    asked = {purpose.scope for purpose in notice.purposes}
    return {SCOPE_WORDS[scope].zh: scope for scope in SCOPES if scope in asked}


def _recipients(notice: Notice) -> dict[str, int]:
    return {f"{one.name}：{SCOPE_WORDS[one.scope].zh}": at for at, one in enumerate(notice.recipients)}


class Converter:
    """Makes consents to one notice, of leaf hash `leaf` (64 hex), of a table's rows.

    `folder`: where the files lie that a row names, of which only digests are taken. `now` in UTC seconds.
    """

    def __init__(self, notice: Notice, leaf: str, folder: Path, now: int) -> None:
        self._notice, self._leaf, self._folder, self._now = notice, leaf, folder, now
        self._terms = Terms.of(notice)
        self._scopes, self._recipients = _scopes(notice), _recipients(notice)
        self._known = {_plain(name): name for name in headings(notice)} | dict(_ENGLISH)
        self._seen: dict[bytes, int] = {}

    def convert(self, rows: Iterator[Row]) -> Iterator[Converted]:
        """What became of each row after the headings; lines that begin with # are left out.

        Raises `DataFault` `table-headings` where the first row has not the columns that are needed.
        """
        columns = self._columns(next(rows, (0, ()))[1])
        for number, cells in rows:
            failed = [at for at, cell in enumerate(cells) if cell.upper() in ERRORS]
            if cells[0].startswith("#") and 0 not in failed:
                continue
            told = dict(zip(columns, cells, strict=False))
            wrong = _Wrong(number)
            for at in failed:  # what rests on a formula's error is not read besides
                column = columns[at] if at < len(columns) else ""
                wrong.add(_WrongError(column, "公式没有结果", "its formula came to nothing"))
            made = None
            if not failed:
                made = self._consent({name: told.get(name, "") for name in columns if name}, wrong)
            if made is not None and (before := self._seen.setdefault(made, number)) != number:
                wrong.add(_WrongError("", f"与第 {before} 行完全相同", f"it says the same as row {before}"))
            found = sorted(wrong.found, key=lambda one: [*columns, one.column].index(one.column))
            yield Converted(number, None if found else made, tuple(found), wrong.declined)

    def _columns(self, cells: Sequence[str]) -> list[str]:
        found = [self._known.get(_plain(cell), "") for cell in cells]
        needed = (*_NEEDED, *self._scopes, *self._recipients)
        of = "本告知书", "a table for this notice"
        require_headings(cells, found, needed, of, "yinzheng org consents convert NEW.xlsx")
        return found

    def _consent(self, told: Mapping[str, str], wrong: _Wrong) -> bytes | None:
        """A row's consent; None where something is wrong: each cell first, then what the law has of them."""
        take, notice = wrong.take, self._notice
        given = take(self._given, told)
        born = take(_instant, told, BORN)
        value: dict[str, Any] = {
            "v": 1,
            "controller": notice.controller.to_json(),
            "notice": {"leaf": self._leaf, "digest": notice.digest().to_json()},
            "person": {
                "name": take(_needed, told, NAME),
                "born": None if born is None else f"{born:%Y-%m-%d}",
                "reference": take(_reference, told),
            },
            "guardian": self._guardian(told, given, wrong),
            "method": take(_one_of, told, METHOD, METHODS),
            "scopes": {
                **dict.fromkeys(SCOPES),
                **{scope: take(_answer, told, name) for name, scope in self._scopes.items()},
            },
            "recipients": [
                {**notice.recipients[at].to_json(), "answer": take(_answer, told, name)}
                for name, at in self._recipients.items()
            ],
            "genetic": notice.genetic if (said := take(_answer, told, GENETIC)) is None else said,
            "given_at": given,
            "until": None if given is None else months_after(given, notice.term_months),
        }
        if wrong.found:
            return None
        try:
            consent = parse_consent(spell_names(value))
            wrong.declined = _is_declined(consent)
            if wrong.declined:
                return None
            require_lawful(consent, self._terms)
        except DataFault as fault:
            wrong.refuse(fault)
            return None
        return consent.canonical()

    def _given(self, told: Mapping[str, str]) -> int:
        """A day alone, or a minute, begins with its first moment, or with the notice where that came later in
        that day or minute.
        """
        when = _instant(told, GIVEN)
        given = int(when.timestamp())
        published = self._notice.published_at
        if given < published:
            begins = datetime.fromtimestamp(published, CHINA).replace(second=0)
            if when not in (begins, begins.replace(hour=0, minute=0)):
                raise _WrongError(GIVEN, "早于告知书发布之时", "it lies before the notice was published")
            given = published
        if given > self._now:
            raise _WrongError(GIVEN, "晚于现在", "it lies in the future")
        return given

    def _guardian(self, told: Mapping[str, str], given: int | None, wrong: _Wrong) -> dict[str, Any] | None:
        if not told.get(GUARDIAN):
            return None
        take = wrong.take
        checked = take(_instant, told, CHECKED) if told.get(CHECKED) else None
        at = given if checked is None else int(checked.timestamp())
        seen = {"checked_by": self._notice.controller.code, "checked_at": at}
        proof = None
        if told.get(GUARDIANSHIP):
            kind = take(_one_of, told, GUARDIANSHIP, GUARDIANSHIPS)
            proof = {"kind": kind, "digest": take(self._digest, told, GUARDIANSHIP_FILE), **seen}
        return {
            "name": told[GUARDIAN],
            "relation": take(_one_of, told, RELATION, RELATIONS),
            "identity": {
                "kind": take(_one_of, told, IDENTITY, IDENTITIES),
                "digest": take(self._digest, told, IDENTITY_FILE),
                **seen,
            },
            "live_face": {"passed": True, **seen} if take(_answer, told, LIVE_FACE) else None,
            "guardianship": proof,
        }

    def _digest(self, told: Mapping[str, str], column: str) -> dict[str, str]:
        path, hasher = self._folder / _needed(told, column), PairHasher()
        try:
            if not path.is_file():  # a device or a pipe would be read for ever
                raise FileNotFoundError(path)
            with path.open("rb") as file:
                while piece := file.read(1 << 20):
                    hasher.update(piece)
        except (OSError, ValueError):
            raise _WrongError(
                column, "表格旁边没有这个文件", "there is no such file beside the table"
            ) from None
        return hasher.digest().to_json()


def _is_declined(consent: Consent) -> bool:
    said = [*consent.scopes, *(one.answer for one in consent.recipients)]
    return True not in said and False in said


_PATHS: Final = {
    "$.person.name": NAME,
    "$.person.born": BORN,
    "$.person.reference": REFERENCE,
    "$.guardian.name": GUARDIAN,
}


def _plain(heading: str) -> str:
    """A heading without what office programs and people vary: width, blanks, brackets, case."""
    text = unicodedata.normalize("NFKC", heading).strip().lower()
    return re.sub(r"[\s:]+", ":", text).strip(":") if ":" in text else " ".join(text.split())


def _needed(told: Mapping[str, str], column: str) -> str:
    if not (text := told.get(column, "")):
        raise _WrongError(column, "没有填写", "it is empty")
    return text


def _reference(told: Mapping[str, str]) -> str:
    """Our own number of a patient, which is not their identity number, whatever stands around that."""
    text = _needed(told, REFERENCE)
    plain = unicodedata.normalize("NFKC", text).upper()
    if any(is_resident_number(plain[at : at + 18]) for at in range(max(len(plain) - 17, 0))):
        raise _WrongError(REFERENCE, "是身份证号：请写本院自己的编号", "it is an identity number")
    return text


def _answer(told: Mapping[str, str], column: str) -> bool | None:
    text = unicodedata.normalize("NFKC", told.get(column, "")).lower()
    if not text:
        return None
    if text not in ANSWERS:
        raise _WrongError(column, "应为是或否", "it is neither yes nor no")
    return ANSWERS[text]


def _one_of(told: Mapping[str, str], column: str, words: Mapping[str, str]) -> str:
    found = words.get(_needed(told, column).lower())
    if found is None:
        known = "、".join(dict.fromkeys(word for word in words if not word.isascii()))
        raise _WrongError(column, f"应为 {known} 之一", f"it is none of {known}")
    return found


def _instant(told: Mapping[str, str], column: str) -> datetime:
    """A day, with or without a time, at +08:00, in the spellings people use, the year first."""
    when = as_written(_needed(told, column))
    if when is None:
        raise _WrongError(column, "不是日期：请写作 2026-11-29", "it is no date: write 2026-11-29")
    return when


def as_written(text: str, *, with_time: bool = False) -> datetime | None:
    """A day, with or without a time, at +08:00, in the spellings people use, the year first; None if none."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    found = _DATE.fullmatch(plain) or _COMPACT.fullmatch(plain)
    if found is None or (with_time and not found[4]):
        return None
    try:
        return datetime(*(int(part or 0) for part in found.groups()), tzinfo=CHINA)  # type: ignore[arg-type, misc]
    except ValueError:
        return None
