"""A range of access lines in a pack (S14.4, S16.7): whole, or the line that was dropped is named, offline.

The registry itself is the liar here: it leaves a line out, and signs, deposits and anchors what is left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.verifier import access_world as w
from tests.verifier.bodies import HOSPITAL
from tests.verifier.pack.pack_world import Dispute, verified
from tests.verifier.world import DEPOSITED
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.access_range import format_range
from yinzheng.verifier.judge.pack.report import Answer, PackReport
from yinzheng.verifier.judge.report import Finding, Outcome
from yinzheng.verifier.words.court.html import render_html
from yinzheng.verifier.words.court.planned import report_on

CONSENT = bytes([0xC0]) * 32
Json = dict[str, Any]

BATCHES = w.chained(
    [
        [w.line(number, CONSENT) for number in range(1, 5)],
        [w.line(5, CONSENT), w.use(6, CONSENT, HOSPITAL), w.line(7, None)],
        [w.line(number, None) for number in range(8, 12)],
    ]
)
FIRST, LAST = 3, 9
TIME = {"since": DEPOSITED + FIRST, "until": DEPOSITED + LAST}


def shown() -> Json:
    """Lines 3 to 9, of three batches, with those beside them."""
    beside = frozenset({FIRST - 1, LAST + 1})
    batches = [batch.ranged(FIRST - 1, LAST + 1, beside) for batch in BATCHES]
    value: Json = json.loads(format_range(batches))
    return value


def dispute(value: Json, without: frozenset[int] = frozenset(), **about: Any) -> Dispute:
    """A dispute with this range as its item; `without`: batches whose statements the pack lacks."""
    leaves = [batch.statement.leaf_hash.hex() for batch in BATCHES]
    said = {**TIME, "first": FIRST, "last": LAST, "statements": leaves, **about}
    more = [
        (batch.statement, batch.body.to_json(), None)
        for place, batch in enumerate(BATCHES)
        if place not in without
    ]
    changes: Mapping[int, Mapping[str, Any]] = {1: {"kind": "access_log", "about": said}}
    return Dispute(contents=(dumps(value),), item_changes=changes, more=more)


def judged(value: Json, **about: Any) -> PackReport:
    return verified(dispute(value, **about).pack())


def found(report: PackReport) -> Finding:
    """Obligation 4 of the item."""
    return next(one for one in report.items[0].findings if one.number == 4)


def test_a_whole_range_is_consistent() -> None:
    report = judged(shown())
    assert report.question("C16").answer is Answer.CONSISTENT, report.question("C16").reasons
    assert report.items[0].unchanged is Answer.CONSISTENT


def _line(value: Json, batch: int, place: int) -> Json:
    return value["batches"][batch]["lines"][place]  # type: ignore[no-any-return]


def _without_batch(value: Json) -> None:
    del value["batches"][1]


def _doubled(value: Json) -> None:
    value["batches"][1]["lines"].insert(0, _line(value, 1, 0))


def _cut_short(value: Json) -> None:
    """The last batch, so that the range ends with line 7."""
    value["batches"].pop()


LIES: list[tuple[str, Callable[[Json], object], str, list[int]]] = [
    ("a line", lambda v: v["batches"][1]["lines"].pop(1), "access-missing", [6]),
    ("the first line", lambda v: v["batches"][0]["lines"].pop(0), "access-missing", [2]),
    ("the last line", lambda v: v["batches"][2]["lines"].pop(), "access-missing", [10]),
    ("a batch", _without_batch, "access-missing", [5, 6, 7]),
    ("the end", _cut_short, "access-missing", [8, 9, 10]),
    ("the beginning", lambda v: v["batches"].pop(0), "access-missing", [2, 3, 4]),
    ("a line changed", lambda v: _line(v, 1, 1)["line"].update(purpose="own"), "access-differs", [6]),
    ("who acted", lambda v: _line(v, 0, 1)["who"]["who"].update(person="nobody"), "access-differs", [3]),
    ("who is not shown", lambda v: _line(v, 0, 1).update(who=None), "access-differs", [3]),
    ("words", lambda v: _line(v, 1, 1)["words"]["words"].update(purpose="看病"), "access-differs", [6]),
    ("a number", lambda v: _line(v, 1, 1)["line"].update(number=12), "access-missing", [6]),
    ("a commitment", lambda v: _line(v, 1, 0)["commitment"].update(sm3="00" * 32), "access-differs", [5]),
    ("the path", lambda v: v["batches"][0]["path"].pop(), "access-batch", [2, 3, 4]),
    ("the root", lambda v: v["batches"][2]["body"].update(root="00" * 32), "access-batch", [8, 9, 10, 11]),
    ("the count", lambda v: v["batches"][1]["body"].update(count=2), "access-missing", [7]),
    ("the thread", lambda v: v["batches"][1]["statement"].update(prev=None), "access-thread", [5]),
    ("whose", lambda v: v["batches"][2]["statement"].update(subject="0e" * 32), "access-thread", [8]),
    ("type", lambda v: v["batches"][1]["statement"].update(type="chain.found"), "access-batch", [5, 6, 7]),
    ("a line twice", _doubled, "access-batch", [5, 5, 6, 7]),
]  # fmt: skip


@pytest.mark.parametrize(("lie", "code", "lines"), [row[1:] for row in LIES], ids=[row[0] for row in LIES])
def test_what_was_dropped_or_changed_is_named(
    lie: Callable[[Json], object], code: str, lines: list[int]
) -> None:
    value = shown()
    lie(value)
    report = judged(value)
    finding = found(report)
    assert (finding.code, finding.data["lines"]) == (code, lines)
    assert report.question("C16").answer is Answer.INCONSISTENT
    reason = next(one for one in report.question("C16").reasons if one.where == "items/0001")
    assert str(lines[0]) in reason.message


@pytest.mark.parametrize(
    ("time", "line"),
    [
        ({"since": TIME["since"] - 1}, 2),
        ({"since": TIME["since"] + 1}, 3),
        ({"until": TIME["until"] + 1}, 10),
        ({"until": TIME["until"] - 1}, 9),
    ],
)
def test_a_range_of_another_time_hides_lines_at_its_edge(time: Json, line: int) -> None:
    report = judged(shown(), **time)
    assert (found(report).code, found(report).data["lines"]) == ("access-period", [line])
    assert report.question("C16").answer is Answer.INCONSISTENT


def test_before_the_first_line_of_all_there_is_none() -> None:
    batch = BATCHES[0]
    value = json.loads(format_range([batch.ranged(1, 4, frozenset({4}))]))
    about = {"since": 0, "until": DEPOSITED + 3, "first": 1, "last": 3}
    report = judged(value, **about, statements=[batch.statement.leaf_hash.hex()])
    assert found(report).outcome is Outcome.VALID


def test_a_batch_whose_statement_is_not_shown_is_not_proved() -> None:
    report = verified(dispute(shown(), without=frozenset({1})).pack())
    finding = found(report)
    assert finding.code == "access-unproved"


def test_the_item_names_the_statements_of_its_batches() -> None:
    report = judged(shown(), statements=[BATCHES[0].statement.leaf_hash.hex()])
    assert found(report).code == "access-thread"


def test_the_report_inside_says_what_its_reader_finds() -> None:
    """What a range shows is looked at before the pack is written, too."""
    honest, lying = report_on(dispute(shown()).plan()), shown()
    del lying["batches"][1]["lines"][1]
    assert honest.question("C16").answer is not Answer.INCONSISTENT
    told = report_on(dispute(lying).plan())
    assert told.question("C16").answer is Answer.INCONSISTENT
    assert "access line 6" in render_html(told)
    assert "第 6 条" in render_html(told)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format":"yinzheng/access-lines/2"}', b"{" * 100])
def test_what_is_no_range_is_told_so(content: bytes) -> None:
    base = dispute(shown())
    base.contents = (content,)
    report = verified(base.pack())
    assert found(report).outcome is Outcome.INVALID
    assert report.question("C16").answer is Answer.INCONSISTENT
