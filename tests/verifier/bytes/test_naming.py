"""One spelling of a name: who reads two alike can tell by their bytes whether they are one."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.verifier.bytes import naming
from yinzheng.verifier.bytes.canonical import JSON, text
from yinzheng.verifier.bytes.naming import check_spelled, spell, spell_names
from yinzheng.verifier.bytes.wording import PARTY, check_name
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.consent import check_person

UNSEEN = "\u200b\u200c\u200d\u2060\u00ad\ufeff\u200e\u202e\u2066\u034f\u115f\u3164\uffa0\u2800\ufe0f"
BLANKS = " \u00a0\u3000\u2002\u2009\u202f\t"
DOTS = "\u2022\u2027\u2219\u22c5\u2e31\u30fb\uff65\u0387\u00b7"

PIECES = st.sampled_from([*UNSEEN, *BLANKS, *DOTS, "买", "提", "A", "e\u0301", "é", "\u0308", "()", "\u2000"])
NAMES = st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=12).map("".join))


def refused(name: str) -> str:
    with pytest.raises(DataFault) as caught:
        check_spelled(text(0, 400))(name, "$.name")
    assert caught.value.code == "name-spelling"
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("买买提\u2022艾力", "买买提·艾力"),
        ("买买提 \u30fb 艾力", "买买提·艾力"),
        ("\ufeff市第一\u200b人民医院\u3000", "市第一人民医院"),
        ("Zoe\u0308\u00a0\u00a0Li", "Zoë Li"),
        ("江苏(医疗)数据\tA 公司\n", "江苏(医疗)数据 A 公司"),
    ],
)
def test_a_name_as_people_paste_it_is_spelt_as_they_mean_it(typed: str, meant: str) -> None:
    assert spell(typed) == meant
    refused(typed)
    assert check_name(1, 100)(meant, "$.name") == meant


@pytest.mark.parametrize("character", UNSEEN)
def test_nothing_unseen_stands_in_a_name(character: str) -> None:
    assert spell(f"张{character}三") == "张三"
    assert f"U+{ord(character):04X}" in refused(f"张{character}三")


@pytest.mark.parametrize("dot", DOTS)
def test_every_dot_is_the_middle_dot(dot: str) -> None:
    assert spell(f"阿依古丽{dot}买买提") == "阿依古丽·买买提"
    if dot != "\u00b7":
        refused(f"阿依古丽{dot}买买提")


@pytest.mark.parametrize("name", [" 张三", "张三 ", "A  B", "A\u00a0B", "A\u3000B", "A · B"])
def test_blanks_are_single_and_inside(name: str) -> None:
    refused(name)


@pytest.mark.parametrize("name", ["张\x00三", "张\ue000三"])
def test_what_no_spelling_mends_is_refused(name: str) -> None:
    assert spell(name) == name
    refused(name)


@given(NAMES)
def test_spelling_twice_changes_nothing(name: str) -> None:
    assert spell(spell(name)) == spell(name)
    assert unicodedata.is_normalized("NFC", spell(name))


@given(NAMES)
def test_a_format_takes_the_one_spelling_and_nothing_else(name: str) -> None:
    spelt = spell(name)
    if any(unicodedata.category(c) in ("Cc", "Co", "Cs") for c in spelt):
        refused(spelt)
    else:
        assert check_spelled(text(0, 400))(spelt, "$.name") == spelt
    if name != spelt:
        refused(name)


@given(NAMES, st.sampled_from(UNSEEN))
def test_what_cannot_be_seen_makes_no_second_name(name: str, unseen: str) -> None:
    assert spell(name + unseen) == spell(unseen + name) == spell(name)


def test_parties_are_named_in_one_spelling() -> None:
    refused_party = {"name": "市第一人民医院\u200b", "code": "12320100426010002B"}
    with pytest.raises(DataFault) as caught:
        PARTY(refused_party, "$")
    assert caught.value.code == "name-spelling"
    assert "医院" not in f"{caught.value.message}{caught.value.hint}"


def test_only_names_are_spelt() -> None:
    handed: JSON = {"name": "A\u2022B", "reference": "A\u2022B", "recipients": [{"name": " C "}], "count": 1}
    spelt = {"name": "A·B", "reference": "A\u2022B", "recipients": [{"name": "C"}], "count": 1}
    assert spell_names(handed) == spelt


@pytest.mark.parametrize("reference", ["P-1\u200b", "P-1 ", "P\u00a0-1", "P-1\ufe0f"])
def test_a_record_number_that_looks_like_another_makes_no_twin(reference: str) -> None:
    with pytest.raises(DataFault) as caught:
        check_person({"name": "林小禾", "reference": reference, "born": "1990-01-01"}, "$.person")
    assert caught.value.code == "name-spelling"


PLAIN_PIECES = st.sampled_from(
    ["买", "(", "）", "A", "z9", "-", "~", "!", DOTS[-1], DOTS[-1], " ", " ", "\u00e9"]
)


@given(name=st.one_of(NAMES, st.lists(PLAIN_PIECES, max_size=12).map("".join)))
def test_what_is_told_at_once_is_told_the_same_in_full(name: str) -> None:
    at_once = spell(name)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(naming, "_SIMPLE", re.compile("(?!)"))
        assert spell(name) == at_once
        in_full = _taken(name)
    assert _taken(name) is in_full


def _taken(name: str) -> bool:
    try:
        check_spelled(text(0, 400))(name, "$.name")
    except DataFault:
        return False
    return True
