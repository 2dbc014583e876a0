"""The court's report as a PDF: the content of the HTML report, legible, archival, the same each time."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from tests.ledger.document.pages import accessible, fonts_of, glyphs_of, reader
from tests.ledger.document.previews import preview_court
from tests.verifier.pack.court_world import PARTY_OPERATES, hundred, planned
from tests.verifier.pack.pack_world import MADE, NOW, Dispute, genuine_pack, verified
from yinzheng.ledger.document import court_pdf
from yinzheng.ledger.document.court_pdf import TEMPLATE, render_court
from yinzheng.ledger.document.fonts import DIRECTORY
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.pack.report import PackReport
from yinzheng.verifier.words.court import words
from yinzheng.verifier.words.court.blocks import paper_json
from yinzheng.verifier.words.court.content import court_report

ROOT = Path(__file__).parents[3]


def reports() -> dict[str, PackReport]:
    return {
        "open": planned(),
        "released": planned(Dispute(released=True)),
        "withheld": planned(Dispute(withheld=frozenset({2}), withhold_opening=True)),
        "a party operates": planned(Dispute(), **PARTY_OPERATES),
        "no pack": verified(b"PK\x03\x04 nothing"),
        "hundred": hundred(),
    }


@cache
def pdf_of(name: str) -> bytes:
    return render_court(reports()[name])


@cache
def text_of(name: str) -> str:
    """The text of all pages without white space, whose place depends on the layout."""
    return "".join("".join(page.extract_text().split()) for page in reader(pdf_of(name)).pages)


def texts(value: Any) -> list[str]:
    """Every text of a paper that is printed."""
    if isinstance(value, list):
        if len(value) == 2 and all(isinstance(one, str) for one in value):
            return value
        return [text for one in value for text in texts(one)]
    if isinstance(value, dict):
        skipped = ("kind", "look", "answer", "reference", "widths")
        return [text for name, one in value.items() if name not in skipped for text in texts(one)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", ["open", "released", "withheld", "a party operates", "no pack"])
def test_prints_every_text_of_the_report(name: str) -> None:
    printed = text_of(name)
    paper = paper_json(court_report(reports()[name]))
    lost = [text for text in texts(paper) if "".join(text.split()) not in printed]
    # What runs on to the next page has the footer in between.
    assert len(lost) <= 2, lost


@pytest.mark.parametrize("name", ["open", "a party operates", "hundred"])
def test_no_glyph_is_the_box_and_only_our_fonts_are_embedded(name: str) -> None:
    assert 0 not in set(glyphs_of(pdf_of(name)))
    assert all("Yinzheng" in font or "DejaVu" in font for font in fonts_of(pdf_of(name)))


def test_the_questions_come_in_their_order() -> None:
    marks = [text_of("open").rindex(f"{rule}{title}") for rule, title in (
        ("C16", "自存证"), ("C17", "平台"), ("C18", "存证之前"), ("C19", "鉴定人"))]  # fmt: skip
    assert marks == sorted(marks)
    assert words.NEVER_TRUE.zh in text_of("open")


def test_a_party_that_operates_is_flagged() -> None:
    assert "".join(words.OPERATES.zh.split()) in text_of("a party operates")
    assert "×是当事人" in text_of("a party operates")


def test_a_hundred_items_and_long_names() -> None:
    printed = text_of("hundred")
    assert "（2026）粤0192民初12345号" in printed
    assert "名称极长的证据" * 14 in printed
    assert "共100项：披露98项，未披露2项" in printed
    assert 40 < len(reader(pdf_of("hundred")).pages) < 90


def test_headings_and_table_heads_are_tagged() -> None:
    roles = accessible(pdf_of("open"))
    assert roles["H1"] == 1
    assert roles["H2"] >= 6
    assert roles["TH"] >= 6


def test_is_archival_and_dated_with_the_report() -> None:
    own = reader(render_court(verified(genuine_pack())))
    made = reader(pdf_of("open"))
    assert b"pdfaid:part" in pdf_of("open")
    for document, at in ((made, MADE), (own, NOW)):
        assert document.metadata is not None
        created = document.metadata.creation_date
        assert created is not None
        assert int(created.timestamp()) == at
    assert made.metadata is not None
    assert made.metadata.author == "广东省数据登记中心"
    assert own.metadata is not None
    assert not own.metadata.author


def test_nothing_is_markup() -> None:
    hostile = '#panic("x") *bold* $x$ <label> @ref [content] \\ // /* `raw`'
    report = planned(Dispute(item_changes={1: {"title": hostile, "tool": hostile, "provenance": hostile}}))
    printed = "".join("".join(page.extract_text().split()) for page in reader(render_court(report)).pages)
    assert printed.count("".join(hostile.split())) >= 3


def test_what_the_font_lacks_is_shown_as_lacking() -> None:
    report = planned(Dispute(item_changes={1: {"title": "ภาพ และ 照片"}}))
    printed = "".join("".join(page.extract_text().split()) for page in reader(render_court(report)).pages)
    assert "〓〓〓" in printed
    assert "U+0E20" in printed


def test_bold_has_every_character_of_the_template() -> None:
    with TTFont(DIRECTORY / "YinzhengSerif-Bold.otf", lazy=True) as font:
        bold = set(font.getBestCmap())
    assert {char for char in TEMPLATE.read_text(encoding="utf-8") if ord(char) >= 0x20} <= {
        chr(c) for c in bold
    }


def darkest(picture: Image.Image) -> int:
    """Of a grey picture, 0 to 255."""
    return next(shade for shade, count in enumerate(picture.histogram()) if count)


def test_the_pages_are_not_empty_and_keep_their_margins() -> None:
    for page in preview_court(planned(), ppi=40):
        picture = Image.open(io.BytesIO(page)).convert("L")
        width, height = picture.size
        assert darkest(picture) < 150
        margins = (picture.crop((0, 0, 28, height)), picture.crop((width - 28, 0, width, height)))
        assert all(darkest(margin) > 240 for margin in margins)


def test_a_page_that_cannot_be_set_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.typ"
    broken.write_text("#panic()")
    monkeypatch.setattr(court_pdf, "TEMPLATE", broken)
    with pytest.raises(DataFault) as caught:
        render_court(planned())
    assert caught.value.code == "document-failed"


_PROGRAM = """
import hashlib, pickle, sys
from tests.ledger.document.previews import preview_court
from yinzheng.ledger.document.court_pdf import render_court
from yinzheng.verifier.words.court.html import render_html
report = pickle.load(sys.stdin.buffer)
for data in (render_court(report), render_html(report).encode()):
    print(hashlib.sha256(data).hexdigest())
"""


def test_two_processes_print_the_same_bytes() -> None:
    import pickle

    from yinzheng.verifier.words.court.html import render_html

    report = planned(Dispute(released=True))
    here = [hashlib.sha256(data).hexdigest() for data in (render_court(report), render_html(report).encode())]
    for seed, zone in (("1", "UTC"), ("2", "America/New_York")):
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            input=pickle.dumps(report),
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PATH": "/usr/bin"},
            cwd=ROOT,
            capture_output=True,
            check=True,
            timeout=120,
        )
        assert done.stdout.decode().split() == here
