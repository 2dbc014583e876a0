"""Consents from a spreadsheet: as office programs write them, every complaint with its row."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from tests.verifier.receipt_world import notice_json
from yinzheng.api.cli.org.consents import _zh
from yinzheng.api.org import tables
from yinzheng.api.org.consent_table import (
    BORN,
    GIVEN,
    GUARDIAN,
    IDENTITY,
    IDENTITY_FILE,
    METHOD,
    NAME,
    REFERENCE,
    RELATION,
    Converted,
    Converter,
    _questions,
    headings,
    template,
)
from yinzheng.api.org.notices import find_notice, keep_notice
from yinzheng.api.org.tables import read_table, write_table
from yinzheng.api.org.use_table import HEADINGS as USE_HEADINGS
from yinzheng.api.org.use_table import Used, used_in
from yinzheng.api.org.use_table import template as use_template
from yinzheng.ledger.rules.retention import months_after
from yinzheng.verifier.bytes.canonical import dumps, loads
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.consent import parse_consent
from yinzheng.verifier.formats.notice import Notice, parse_notice

LEAF = "ab" * 32


def notice() -> Notice:
    return parse_notice(notice_json())


def day(offset: int = 2) -> str:
    return f"{datetime.fromtimestamp(notice().published_at, CHINA) + timedelta(days=offset):%Y-%m-%d}"


def row(**changes: str) -> list[str]:
    base = next(name for name in headings(notice()) if name not in (NAME, BORN, REFERENCE, GIVEN, METHOD))
    told = {NAME: "林小禾", BORN: "1980/2/29", REFERENCE: "MR-1", GIVEN: day(), METHOD: "纸质", base: "是"}
    return [(told | changes).get(name, "") for name in headings(notice())]


def written(path: Path, rows: list[list[str]], encoding: str = "utf-8-sig") -> Path:
    lines = [",".join(cells) for cells in [list(headings(notice())), *rows]]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def converted(path: Path) -> list[Converted]:
    now = notice().published_at + 30 * 86_400
    return list(Converter(notice(), LEAF, path.parent, now).convert(read_table(path)))


def consent(one: Converted) -> Any:
    assert one.consent is not None, one.complaints
    return loads(one.consent, max_bytes=100_000)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_one_table_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    (one,) = converted(written(tmp_path / "t.csv", [row()], encoding))
    value = consent(one)
    assert (one.row, value["person"]) == (2, {"name": "林小禾", "born": "1980-02-29", "reference": "MR-1"})
    assert value["notice"] == {"leaf": LEAF, "digest": notice().digest().to_json()}
    assert value["until"] == months_after(value["given_at"], notice().term_months)
    assert parse_consent(value).granted == {"base"}


def test_a_workbook_says_the_same(tmp_path: Path) -> None:
    write_table(tmp_path / "t.xlsx", [headings(notice()), row()])
    (one,) = converted(tmp_path / "t.xlsx")
    (other,) = converted(written(tmp_path / "t.csv", [row()]))
    assert one == other


@pytest.mark.parametrize(
    "said",
    [
        "1980-02-29",
        "1980/2/29",
        "1980.2.29",
        "1980年2月29日",
        "19800229",
        "１９８０－２－２９",
        "1980-2-29 10:30",
    ],
)
def test_dates_in_all_usual_spellings(tmp_path: Path, said: str) -> None:
    (one,) = converted(written(tmp_path / "t.csv", [row(**{BORN: said})]))
    assert consent(one)["person"]["born"] == "1980-02-29"


def test_a_consent_of_the_day_or_minute_of_its_notice_is_given_with_it(tmp_path: Path) -> None:
    at = datetime.fromtimestamp(notice().published_at, CHINA)
    assert at.second or at.minute or at.hour
    for said in (f"{at:%Y-%m-%d}", f"{at:%Y-%m-%d %H:%M}", f"{at:%Y-%m-%d %H:%M:%S}"):
        (one,) = converted(written(tmp_path / "t.csv", [row(**{GIVEN: said})]))
        assert consent(one)["given_at"] == notice().published_at, said
    before = at - timedelta(minutes=1)
    (one,) = converted(written(tmp_path / "t.csv", [row(**{GIVEN: f"{before:%Y-%m-%d %H:%M}"})]))
    assert [complaint.column for complaint in one.complaints] == [GIVEN]


def test_who_says_no_to_everything_is_no_fault_of_the_table(tmp_path: Path) -> None:
    """Unlike a row in which nothing was filled in, or one that names a recipient for nothing."""
    base, *others = _questions(notice())
    recipient = others[-1]
    told = [{base: "否"}, {base: "否", others[0]: "否"}, {base: ""}, {base: "否", recipient: "是"}, {}]
    found = converted(written(tmp_path / "t.csv", [row(**one) for one in told]))
    assert [(one.declined, one.consent is None, len(one.complaints)) for one in found] == [
        (True, True, 0), (True, True, 0), (False, True, 1), (False, True, 1), (False, False, 0),
    ]  # fmt: skip


WRONG = [
    ({BORN: "29/2/1980"}, BORN),
    ({BORN: "1981-02-29"}, BORN),
    ({METHOD: "电话"}, METHOD),
    ({REFERENCE: ""}, REFERENCE),
    ({REFERENCE: "11010519491231002X"}, REFERENCE),
    ({REFERENCE: "ID １１０１０５１９４９１２３１００２x"}, REFERENCE),
    ({GIVEN: "2099-01-01"}, GIVEN),
    ({GIVEN: "2001-01-01"}, GIVEN),
]


@pytest.mark.parametrize(("changes", "column"), WRONG)
def test_a_complaint_names_row_and_column(tmp_path: Path, changes: dict[str, str], column: str) -> None:
    path = written(tmp_path / "t.csv", [row(), [], row(**changes), row(**{REFERENCE: "MR-3"})])
    first, second, third = converted(path)
    assert [first.row, second.row, third.row] == [2, 4, 5]
    assert [(one.row, one.column) for one in second.complaints] == [(4, column)]
    assert second.consent is None
    assert third.consent is not None


def test_every_fault_of_a_row_is_named(tmp_path: Path) -> None:
    """So that whoever corrects a row corrects it once."""
    base = next(name for name in headings(notice()) if name not in (NAME, BORN, REFERENCE, GIVEN, METHOD))
    wrong = {NAME: "", BORN: "1981-02-29", GIVEN: "昨天", METHOD: "电话", base: "也许", GUARDIAN: "林大树"}
    guardian = {RELATION: "邻居", IDENTITY: "脸", IDENTITY_FILE: "none.jpg"}
    (one,) = converted(written(tmp_path / "t.csv", [row(**wrong, **guardian)]))
    assert one.consent is None
    columns = [complaint.column for complaint in one.complaints]
    assert columns == [NAME, BORN, GIVEN, METHOD, base, *guardian], "in the order of the table"


def test_a_formula_twice_and_no_more(tmp_path: Path) -> None:
    (one,) = converted(written(tmp_path / "t.csv", [row(**{BORN: "#N/A", NAME: "#REF!", METHOD: "电话"})]))
    assert [complaint.column for complaint in one.complaints] == [NAME, BORN]


def test_the_same_row_twice_and_an_answer_that_is_none(tmp_path: Path) -> None:
    base = next(name for name in headings(notice()) if name not in (NAME, BORN, REFERENCE, GIVEN, METHOD))
    _, twice, odd = converted(written(tmp_path / "t.csv", [row(), row(), row(**{base: "也许"})]))
    assert "row 2" in twice.complaints[0].en
    assert odd.complaints[0].column == base


def test_what_the_law_refuses_is_told_by_its_code(tmp_path: Path) -> None:
    """For the command line has the Chinese of it: it said the English twice."""
    (one,) = converted(written(tmp_path / "t.csv", [row(**{BORN: "2010-05-01"})]))
    (complaint,) = one.complaints
    assert (complaint.zh, complaint.code) == ("", "consent-guardian")
    assert "guardian" in complaint.en
    assert "监护人" in _zh(complaint)


@pytest.mark.parametrize("column", [NAME, REFERENCE, "base"])
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_formula_that_came_to_nothing_leaves_nobody_out(tmp_path: Path, column: str, suffix: str) -> None:
    base = next(name for name in headings(notice()) if name not in (NAME, BORN, REFERENCE, GIVEN, METHOD))
    column = base if column == "base" else column
    path = tmp_path / f"t.{suffix}"
    write_table(path, [headings(notice()), row(**{column: "#N/A"}), row()])
    wrong, other = converted(path)
    assert [(one.row, one.column) for one in wrong.complaints] == [(2, column)]
    assert other.consent is not None


@pytest.mark.parametrize("named", ["a\0b", "/dev/zero", "."])
def test_what_is_no_file_is_not_read(tmp_path: Path, named: str) -> None:
    changes = {GUARDIAN: "林大树", RELATION: "父母", IDENTITY: "身份证", IDENTITY_FILE: named}
    (one,) = converted(written(tmp_path / "t.csv", [row(**changes)]))
    assert [complaint.column for complaint in one.complaints] == [IDENTITY_FILE]


def test_a_name_is_no_formula(tmp_path: Path) -> None:
    write_table(tmp_path / "t.xlsx", [["姓名", "=1+1"]])
    assert list(read_table(tmp_path / "t.xlsx")) == [(1, ("姓名", "=1+1"))]


FORMULAS = (
    "=1+1",
    "+86",
    "-1",
    "@SUM(A1)",
    "＝1",
    "＋1",
    "－1",
    "＠a",
    " =1",
    "'=1",
    "''=1",
    "\t=1",
    "\r=1",
    "\n=1",
)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_no_cell_becomes_a_formula(tmp_path: Path, suffix: str) -> None:
    """However long the table; and what was written is read again."""
    path, plain = tmp_path / f"t.{suffix}", ["某人", "'quoted'", "a=1", "1-2", "O'Brien"]
    rows = [["姓名"], *[[one] for _ in range(50) for one in (*FORMULAS, *plain)]]
    write_table(path, rows)
    assert [cells[0] for _, cells in read_table(path)] == [row[0].strip() for row in rows]
    assert path.stat().st_mode & 0o077 == 0
    if suffix == "csv":
        data = path.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        cells = [row[0] for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))]
        assert not [
            cell for cell in cells if cell.strip()[:1] in tuple("=+-@＝＋－＠") or cell[0] in "\t\r\n"
        ]
        assert {*plain} <= {*cells}, "what is no formula stays as it is"
    else:
        sheet = load_workbook(path).worksheets[0]
        assert {cell.data_type for (cell,) in sheet.iter_rows(min_row=1)} == {"s"}


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8), min_size=2, max_size=2)
    )
)
def test_a_table_is_read_as_it_was_written(rows: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        write_table(path, [["甲", "乙"], *rows])
        read = [list(cells) for _, cells in read_table(path)]
    assert read == [
        ["甲", "乙"],
        *([cell.strip() for cell in row] for row in rows if any(c.strip() for c in row)),
    ]


NOW_USED = "2026-11-30 10:30"


def used(tmp_path: Path, *rows: tuple[str, ...]) -> list[Used]:
    path = tmp_path / "uses.csv"
    path.unlink(missing_ok=True)
    write_table(path, [USE_HEADINGS, *rows])
    return list(used_in(read_table(path)))


def test_uses_are_rows(tmp_path: Path) -> None:
    subject = "ab" * 32
    good = (subject, NOW_USED, "肺结节模型研究", "信息科", "base", "", "", "")
    (one,) = used(tmp_path, good)
    assert one.body is not None
    body = json.loads(one.body)
    assert (body["subject"], body["basis"], body["scope"], body["notice"]) == (
        subject,
        "consent",
        "base",
        None,
    )
    assert body["at"] == int(datetime(2026, 11, 30, 10, 30, tzinfo=CHINA).timestamp())
    other = (subject, "2026/11/30 9:05", "上报", "信息科", "", "法定职责", "传染病防治法", "")
    assert json.loads(used(tmp_path, other)[0].body or b"")["basis"] == "statutory_duty"
    wrong = [
        (*good[:1], "2026-11-30", *good[2:]),  # a guess of the time would be written down as one
        (*good[:2], "", *good[3:]),
        (*good[:2], "#N/A", *good[3:]),
        (*good[:5], "心情", "", ""),
        (*good[:5], "本人的权利", "", ""),  # no basis of an organisation
        (*good[:4], "consent", "", "", ""),
        (*good[:4], "", "", "", ""),
        (*good[:5], "法定职责", "某法", ""),
    ]
    found = used(tmp_path, good, *wrong, good)
    assert [one.body is None for one in found] == [False, *[True] * len(wrong), True]
    assert all(one.zh and one.en for one in found[1:])
    assert found[-1].zh == "与第 2 行完全相同"
    assert used(tmp_path, ("# 说明", "", "", "", "", "", "", "")) == []
    path = tmp_path / "other.csv"
    write_table(path, [["姓名", "用途"]])
    with pytest.raises(DataFault, match="缺少"):
        list(used_in(read_table(path)))
    write_table(tmp_path / "new.csv", use_template())
    assert list(used_in(read_table(tmp_path / "new.csv"))) == []


def test_headings_that_lack_something_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("姓名,电话\n林小禾,1\n", encoding="utf-8")
    with pytest.raises(DataFault, match=r"缺少.*出生日期.*不认识.*电话") as caught:
        converted(path)
    assert caught.value.code == "table-headings"


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_template_is_a_table_of_nobody(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"new.{suffix}"
    write_table(path, template(notice()))
    assert converted(path) == []
    with pytest.raises(UsageFault) as caught:
        write_table(path, template(notice()))
    assert caught.value.code == "file-exists"


def test_what_is_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t"
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("xl/worksheets/sheet1.xml", b"0" * 3_000_000)
    cases = {
        b"\xff\xfe\x00\x81": "table-encoding",
        b"PK\x03\x04 and no more": "table-malformed",
        b'a,"b\n': "table-malformed",
    }
    for data, code in cases.items():
        path.write_bytes(data)
        with pytest.raises(DataFault) as caught:
            list(read_table(path))
        assert caught.value.code == code
    monkeypatch.setattr(tables, "MAX_UNPACKED", 2_000_000)
    path.write_bytes(bomb.getvalue())
    with pytest.raises(DataFault) as caught:
        list(read_table(path))
    assert caught.value.code == "table-large"


def test_a_published_notice_is_kept_and_found(tmp_path: Path) -> None:
    with pytest.raises(UsageFault) as caught:
        find_notice(tmp_path, None, None)
    assert caught.value.code == "notice-unknown"
    keep_notice(tmp_path, LEAF, dumps(notice_json()))
    assert find_notice(tmp_path, None, None) == (notice(), LEAF)
    assert find_notice(tmp_path, "abab", None) == (notice(), LEAF)
    with pytest.raises(UsageFault):
        find_notice(tmp_path, "cd", None)
