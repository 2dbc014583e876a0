"""The record of a key ceremony as a PDF: what was compared, and a line for each signature."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ledger.document.pages import accessible, text_of
from tests.ledger.world import World
from yinzheng.ledger.document.ceremony import DECLARED, Record, Seated, spaced
from yinzheng.ledger.state.instance import Instance, read_instance
from yinzheng.ledger.state.policy import fingerprint_of

NOW = 1_796_047_222
PEOPLE = [
    Seated("li-wei", "registry", bytes(range(20))),
    Seated("ma", "data_manager", bytes(range(20, 40))),
    Seated("x", "of no office", b"\xab" * 20),
]


def flat(text: str) -> str:
    """As `text_of` has it."""
    return "".join(text.split())


@pytest.fixture(scope="module")
def instance(demonstration_template: World) -> Instance:
    return read_instance(demonstration_template.root)[1]


def test_paper_and_text_say_the_same(instance: Instance) -> None:
    record = Record(instance, PEOPLE, "三楼会议室", ["某公证员"], NOW)
    pdf = record.pdf()
    assert record.pdf() == pdf, "the same input gives the same bytes"
    printed, text = text_of(pdf), record.text()
    for one in PEOPLE:
        assert spaced(one.address) in text
        assert flat(spaced(one.address)) in printed
        assert one.name in printed
    for said in ("密钥仪式记录", "三楼会议室", "某公证员", "数据管理员", "见证人", instance.registry_name):
        assert said in text, said
        assert flat(said) in printed, said
    assert flat(str(fingerprint_of(instance))) in printed
    assert flat(DECLARED.zh) in printed
    assert printed.count("签名") - printed.count("各人的密钥与签名") == len(PEOPLE) + 1
    assert "DEMONSTRATION" in printed
    assert accessible(pdf)["H1"] == 1


def test_what_is_not_said_is_written_by_hand(instance: Instance) -> None:
    real = replace(instance, demonstration=False)
    record = Record(real, PEOPLE[:1], "", [], NOW)
    printed = text_of(record.pdf())
    assert "DEMONSTRATION" not in printed
    assert "地点" in printed
    assert "地点 Place  ____" in record.text()


def test_a_name_is_no_markup_and_a_rare_character_is_listed(instance: Instance) -> None:
    hostile = '#panic("x") *b* $x$ <l> @r [c] \\ // `raw`'
    record = Record(instance, [Seated(hostile, "registry", bytes(20))], "会议室\U0001f600", [], NOW)
    printed = text_of(record.pdf())
    assert flat(hostile) in printed
    assert "U+1F600" in printed


def test_a_longer_table_goes_on_behind(instance: Instance) -> None:
    people = [Seated(f"person-{n}", "registry", bytes([n]) * 20) for n in range(20)]
    printed = text_of(Record(instance, people, "", [], NOW).pdf())
    assert all(one.name in printed for one in people)
