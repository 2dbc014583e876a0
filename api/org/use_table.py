"""Uses of consents' data from a spreadsheet: one row a use, as `POST /org/v1/uses` takes it (R30, S15.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.api.org.consent_table import as_written
from yinzheng.api.org.tables import ERRORS, Row, require_headings
from yinzheng.ledger.rules.terms import LawfulBasis
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.notice import SCOPES
from yinzheng.verifier.words import accesses as words
from yinzheng.verifier.words.receipt import SCOPES as SCOPE_WORDS

SUBJECT, AT, PURPOSE, OPERATOR = "同意编号", "使用时间", "用途", "操作人"
SCOPE, BASIS, GROUND, NOTICE = "同意范围", "其他依据", "法律依据", "告知书版本"
HEADINGS: Final = (SUBJECT, AT, PURPOSE, OPERATOR, SCOPE, BASIS, GROUND, NOTICE)
_NEEDED: Final = HEADINGS[:4]
_BASES: Final = tuple(basis.value for basis in LawfulBasis)
_SAID: Final[Mapping[str, str]] = {
    SUBJECT: "# 本行为说明，会自动跳过；64 位",
    AT: "日期和时刻，如 2026-11-30 10:30",
    PURPOSE: "与告知书一致",
    OPERATOR: "经办科室或人员",
    SCOPE: "依据同意的必填：" + "、".join(SCOPE_WORDS[scope].zh for scope in SCOPES),
    BASIS: "不填即依据同意",
    GROUND: "依据同意以外的，写法律、命令或批准",
    NOTICE: "不填按同意时的版本",
}


@dataclass(frozen=True, slots=True)
class Used:
    """A row: the body to send, or what is wrong with it."""

    row: int
    body: bytes | None
    zh: str = ""
    en: str = ""


def template() -> list[Sequence[str]]:
    """A table to start from: headings, and a line that says what to write, left out for its #."""
    return [HEADINGS, [_SAID[name] for name in HEADINGS]]


def used_in(rows: Iterator[Row]) -> Iterator[Used]:
    """What each row after the headings tells; lines that begin with # are left out.

    Raises `DataFault` `table-headings` where the first row has not the columns that are needed.
    """
    columns = _columns(next(rows, (0, ()))[1])
    before: dict[bytes, int] = {}
    for number, cells in rows:
        if cells[0].startswith("#") and cells[0].upper() not in ERRORS:
            continue
        told = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
        try:
            body = dumps(_body(told))
        except DataFault as fault:
            zh = fault.data.get("zh")
            yield Used(number, None, zh if isinstance(zh, str) else "写法不对", fault.message)
            continue
        if (first := before.setdefault(body, number)) != number:
            yield Used(number, None, f"与第 {first} 行完全相同", f"it says the same as row {first}")
        else:
            yield Used(number, body)


def _columns(cells: Sequence[str]) -> list[str]:
    plain = ["".join(cell.split()) for cell in cells]
    found = [name if name in HEADINGS else "" for name in plain]
    of = "使用记录", "a table of uses"
    require_headings(plain, found, _NEEDED, of, "yinzheng org uses NEW.xlsx")
    return found


def _body(told: Mapping[str, str]) -> dict[str, Any]:
    for name in _NEEDED:
        if not told.get(name):
            raise _wrong(f"{name} 没有填写", f"{name} is empty")
    for name, cell in told.items():
        if cell.upper() in ERRORS:
            raise _wrong(f"{name} 的公式没有结果", f"the formula of {name} came to nothing")
    if (when := as_written(told[AT], with_time=True)) is None:
        raise _wrong(
            f"{AT} 应写日期和时刻，如 2026-11-30 10:30",
            f"{AT} is no day with a time, such as 2026-11-30 10:30",
        )
    scope = _one_of(told, SCOPE, {SCOPE_WORDS[one].zh: one for one in SCOPES}, SCOPES)
    basis = _one_of(told, BASIS, {words.BASES[one].zh: one for one in _BASES}, _BASES) or "consent"
    if (scope is None) is (basis == "consent"):
        raise _wrong(f"{SCOPE} 和 {BASIS} 须写且只写其一", f"either {SCOPE} is written or {BASIS}")
    return {
        "subject": told[SUBJECT].lower(),
        "at": int(when.timestamp()),
        "purpose": told[PURPOSE],
        "operator": told[OPERATOR],
        "scope": scope,
        "basis": basis,
        "ground": told.get(GROUND) or None,
        "notice": told.get(NOTICE) or None,
    }


def _one_of(
    told: Mapping[str, str], column: str, named: Mapping[str, str], slugs: Sequence[str]
) -> str | None:
    """The slug of what was written, in Chinese or as itself."""
    if not (text := told.get(column, "")):
        return None
    if (found := named.get(text, text)) not in slugs:
        raise _wrong(f"{column} 应为 {'、'.join(named)} 之一", f"{column} is none of {', '.join(slugs)}")
    return found


def _wrong(zh: str, en: str) -> DataFault:
    return DataFault(en, code="table-cell", zh=zh)
