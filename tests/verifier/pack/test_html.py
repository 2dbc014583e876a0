"""The report of a pack as HTML: complete, inert, the same each time, and careful in what it says."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.verifier.pack.court_world import PARTY_OPERATES, hundred, plan_of, planned
from tests.verifier.pack.pack_world import (
    CONTENTS,
    DISPUTE,
    NOW,
    Dispute,
    genuine_pack,
    pack_trust,
    verified,
)
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.formats.dossier import FileEntry
from yinzheng.verifier.formats.evidence_items import ABOUT, KINDS
from yinzheng.verifier.judge.pack.report import DossierFileReport, PackReport, TimestampReport
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.judge.timestamp import TimeStamp, TimeStampFinding
from yinzheng.verifier.log.statement import CAPACITIES, STATEMENT_TYPES
from yinzheng.verifier.pack.howto import STEPS
from yinzheng.verifier.pack.manifest import PackFile
from yinzheng.verifier.words.court import words
from yinzheng.verifier.words.court.blocks import paper_json
from yinzheng.verifier.words.court.content import MAX_STATEMENTS, court_report
from yinzheng.verifier.words.court.html import render_html
from yinzheng.verifier.words.court.items import measured
from yinzheng.verifier.words.court.pieces import instant

VOID = {"meta", "!doctype"}


class Page(HTMLParser):
    """Reads a page; every element must be closed in its order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.text += "" if tag in ("bdi", "b") else " "
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += "" if self.open and self.open[-1] == "style" else data


def said(report: PackReport) -> str:
    """All the text of the report's page, each run of white space as one space."""
    return " ".join(Page(render_html(report)).text.split())


def test_is_one_inert_file() -> None:
    html = render_html(planned())
    page = Page(html)
    assert not page.seen & {"script", "img", "link", "iframe", "object", "form", "a", "base", "svg", "input"}
    assert not {name for name, _ in page.attributes} & {"src", "href", "style", "srcset", "action"}
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert "url(" not in html
    assert "@import" not in html
    assert any(
        value and value.startswith("default-src 'none'; style-src 'sha256-") for _, value in page.attributes
    )


def test_the_questions_come_in_their_order() -> None:
    text = said(planned())
    order = [text.index(f"{rule} {title}") for rule, title in (("C16", "自存证之时起"), ("C17", "平台"))]
    marks = re.findall(r'<span class="mark">(C\d\d)</span>', render_html(planned()))
    assert order == sorted(order)
    assert marks == ["C16", "C17", "C18", "C19"]


def test_says_everything_of_a_pack_both_languages_chinese_first() -> None:
    text = said(planned(Dispute(released=True)))
    for part in (
        "(2026)粤0192民初1号",
        "广州互联网法院",
        "广州市示范医院",
        "某研究院",
        "自然人 a natural person",
        "已解除 released",
        "和解协议 2026-11",
        "撤回后的销毁 destruction after withdrawal",
        "李取证 → 登记机构",
        "王公证",
        "签名成立 signature holds",
        "导出工具 2.1",
        "Debian 12，断网",
        DISPUTE.hex(),
        "不是当事人 not a party",
    ):
        assert part in text
    for step in STEPS:
        assert all(" ".join(command.split()) in text for command in step.commands)


def test_what_resumed_is_said_only_where_something_did() -> None:
    report = planned(Dispute(released=True))
    assert report.release is not None
    assert "恢复进行" in said(report)
    assert "恢复进行" not in said(replace(report, release=replace(report.release, resumed=())))


def test_says_unchanged_since_and_never_true() -> None:
    for report in (planned(), hundred(), planned(Dispute(witnessed=False))):
        text = said(report)
        assert words.NEVER_TRUE.zh in text
        assert words.NEVER_TRUE.en in text
        assert not re.search(r"(?<!不说明)(?<!其)(?<!内容)(?<!的)真实(?!性)|authentic|genuine", text)


def test_tells_who_made_it() -> None:
    assert words.WITH_PACK.zh in said(planned())
    own = said(verified(genuine_pack()))
    assert words.CHECKED.zh in own
    assert words.WITH_PACK.zh not in own
    assert f"核验时间 Checked {instant(NOW)}" in own


def test_names_what_was_changed_and_the_obligation() -> None:
    pack = bytearray(genuine_pack())
    pack[pack.index(CONTENTS[0])] ^= 1
    text = said(verified(bytes(pack)))
    assert "不一致 inconsistent" in text
    assert "items/0001" in text
    assert "核验项 4：" in text
    assert "内容与存证时的摘要不符。" in text


def test_flags_an_operator_that_is_a_party() -> None:
    text = said(planned(Dispute(), **PARTY_OPERATES))
    assert "是当事人 a party" in text
    assert words.OPERATES.zh in text
    hidden = said(planned(Dispute(withhold_opening=True)))
    assert words.NOT_KNOWN.zh in hidden
    assert "案号 Case number 未披露 withheld" in hidden
    assert words.NO_OPERATORS.zh in said(planned(Dispute(), operators=[]))


def test_alike_reasons_are_one_line() -> None:
    dispute = Dispute(contents=[b"%d" % n for n in range(30)], witnessed=False)
    html = render_html(planned(dispute))
    assert "以及另外 18 处" in html
    assert html.count("存证之前的情况只有采集人的陈述。") == 1 + 30  # C18's reason, and each item's card


def test_a_hundred_items_with_long_names() -> None:
    text = said(hundred())
    assert "共 100 项：披露 98 项，未披露 2 项" in text
    assert "（2026）粤0192民初12345号" in text
    assert "名称极长的证据" * 14 in text


def test_what_the_pack_says_is_never_markup() -> None:
    hostile = "<script>alert('&\"x')</script>"
    report = planned(Dispute(item_changes={1: {"title": hostile, "provenance": hostile, "tool": hostile}}))
    html = render_html(report)
    assert "<script" not in html
    assert said(report).count(hostile) >= 3
    Page(html)


def test_a_false_witness_and_unknown_parts_are_shown() -> None:
    report = planned()
    first = report.items[0]
    wrong = replace(first, witnesses=tuple(replace(w, holds=False) for w in first.witnesses), statement=None)
    unread = replace(report.items[1], item=None, anchored_at=None)
    text = said(replace(report, items=(wrong, unread)))
    assert "签名不成立 signature does not hold" in text
    assert "未能查明 could not be established" in text


def test_a_file_that_is_no_pack_still_has_a_report() -> None:
    text = said(verified(b"PK\x03\x04 and nothing more"))
    assert "不一致 inconsistent" not in text
    assert "无法判定 cannot be determined" in text
    assert words.NO_ITEMS.zh in text


def test_nothing_undetermined_is_said_too() -> None:
    assert words.ALL_DETERMINED.zh in said(replace(planned(), limits=()))


def test_many_statements_are_cut_but_for_those_with_a_fault() -> None:
    report = planned()
    one = report.statements[0]
    failed = tuple(replace(finding, outcome=Outcome.INVALID, code="commitment") for finding in one.findings)
    many = (*([one] * (MAX_STATEMENTS + 5)), replace(one, findings=failed))
    text = said(replace(report, statements=many))
    assert "还有 5 条，见 statements.json" in text
    assert "内容不是陈述所承诺的内容。" in text


def test_time_stamps_and_files_of_dossiers() -> None:
    report, digest = planned(), digest_pair(b"page")
    entry = FileEntry("pages/3.pdf", "source", "来源说明第三页", 4, digest)
    disclosed = DossierFileReport(1, report.items[0].leaf, entry, report.statements[0].findings)
    token = PackFile("timestamps/tsa.tsr", 4, digest, "timestamp")
    stamp = TimeStamp("某时间戳机构", 1_760_000_000, None, "1.2.3", 7)
    good = TimestampReport(token, TimeStampFinding(Outcome.VALID, "ok", "", stamp))
    bad = TimestampReport(token, TimeStampFinding(Outcome.INVALID, "timestamp-imprint", "something else"))
    text = said(replace(report, dossier_files=(disclosed,), timestamps=(good,)))
    assert "来源说明第三页 pages/3.pdf dossier/0001" in text
    assert "timestamps/tsa.tsr 2025-10-09 16:53:20 +08:00 某时间戳机构" in text
    unknown = replace(disclosed, entry=None)
    text = said(replace(report, dossier_files=(unknown,), timestamps=(bad,)))
    assert words.UNKNOWN.zh in text
    assert "timestamps/tsa.tsr 不通过 invalid" in text


def test_a_demonstration_is_labelled() -> None:
    report = planned()
    item = report.items[0]
    assert item.statement is not None
    packed = replace(item.statement, statement=replace(item.statement.statement, profile="DEMO/1"))
    shown = replace(report, items=(replace(item, statement=packed),))
    assert words.DEMONSTRATION.zh in said(shown)
    assert words.DEMONSTRATION.zh not in said(report)


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render_html(planned()) == render_html(planned())
    assert paper_json(court_report(hundred())) == paper_json(court_report(hundred()))


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 B"), (999, "999 B"), (12_345_678, "12.3 MB (12345678 B)"), (10**17, "100000.0")],
)
def test_sizes_are_shown_as_people_read_them(size: int, shown: str) -> None:
    assert measured(size).startswith(shown)


def test_instants_are_beijing_time_and_none_is_too_late() -> None:
    assert instant(0) == "1970-01-01 08:00:00 +08:00"
    assert instant(2**53 - 1) == f"{2**53 - 1} s"


def test_there_are_words_for_whatever_a_pack_may_hold() -> None:
    assert set(words.ITEM_KINDS) == set(KINDS) == set(ABOUT)
    assert set(words.STATEMENTS) == set(STATEMENT_TYPES)
    assert set(words.CAPACITIES) == set(CAPACITIES)


def test_what_each_kind_of_item_is_about() -> None:
    leaf = "ab" * 32
    abouts = {
        "consent": {"subject": leaf, "statements": [leaf]},
        "access_log": {"since": 0, "until": 86_400, "first": 1, "last": 9, "statements": ["55" * 32]},
        "web_capture": {"url": "https://example.org/a", "status": 200, "requested_at": 0},
    }
    changes = {n: {"kind": kind, "about": about} for n, (kind, about) in enumerate(abouts.items(), 1)}
    text = said(planned(Dispute(item_changes=changes)))
    assert "1 条日志陈述" in text
    assert "since: 1970-01-01 08:00:00 +08:00" in text
    assert "网址 address: https://example.org/a" in text


def test_trust_may_pin_less() -> None:
    def without(policy: dict[str, object]) -> None:
        chain = policy["chain"]
        assert isinstance(chain, dict)
        del chain["contracts"]["consents"]

    text = said(verified(genuine_pack(), pack_trust(without)))
    assert "同意与撤回 registry of withdrawals" not in text
    assert plan_of(Dispute()).made_at
