"""What the shipped fonts draw, and under which licence."""

from __future__ import annotations

from fontTools.ttLib import TTFont

from yinzheng.ledger.document.fonts import DIRECTORY, covered, missing_characters
from yinzheng.ledger.document.render import TEMPLATE


def characters_of(encoding: str, leads: range, trails: range) -> str:
    """All characters of a double-byte encoding."""
    return "".join(
        bytes((lead, trail)).decode(encoding, errors="ignore") for lead in leads for trail in trails
    )


def test_draws_all_of_gb2312_and_the_characters_of_gbk() -> None:
    assert missing_characters(characters_of("gb2312", range(0xB0, 0xF8), range(0xA1, 0xFF))) == []
    gbk = characters_of("gbk", range(0x81, 0xFF), range(0x40, 0xFF))
    assert missing_characters("".join(c for c in gbk if "\u4e00" <= c <= "\u9fff")) == []


def test_draws_rare_characters_of_names() -> None:
    assert missing_characters("𠮷㛃䶮㙍𬭎𬬻𫖯𫍯𬴊𫚖𫓹喆堃赟翀囍〇") == []


def test_draws_what_texts_are_written_with() -> None:
    assert missing_characters("，。、；：？！“”‘’（）《》〈〉【】—…·～￥％＋－／　ＡＺａｚ０９") == []
    assert missing_characters("Aa0 ~!@#$%^&*()_+-=[]{}|;':\",./<>?`\\ é ü Ω я № ℃ ± × ≥ ① Ⅳ µ") == []


def test_names_what_it_lacks_once_each_and_in_order() -> None:
    assert missing_characters("证\u0e02\U0001f600书\u0e02\n") == ["U+0E02", "U+1F600", "U+000A"]


def test_invisible_characters_count_as_missing() -> None:
    for code in (
        0x00,
        0x09,
        0x7F,
        0xAD,
        0x200B,
        0x200D,
        0x200E,
        0x202E,
        0x2028,
        0x2066,
        0xFE0F,
        0xFEFF,
        0xE0100,
    ):
        assert code not in covered()


def test_bold_has_every_character_of_the_templates() -> None:
    with TTFont(DIRECTORY / "YinzhengSerif-Bold.otf", lazy=True) as font:
        bold = set(font.getBestCmap())
    words = "".join(path.read_text(encoding="utf-8") for path in TEMPLATE.parent.glob("*.typ"))
    assert {char for char in words if ord(char) >= 0x20} <= {chr(code) for code in bold}


def test_fonts_carry_their_licence_and_another_name() -> None:
    for style in ("Regular", "Bold"):
        path = DIRECTORY / f"YinzhengSerif-{style}.otf"
        assert path.stat().st_size < 13_000_000
        with TTFont(path, lazy=True) as font:
            name = font["name"]
            assert name.getDebugName(1) == "Yinzheng Serif"
            assert "Adobe" in name.getDebugName(0)
            assert "SIL Open Font License" in name.getDebugName(13)
    licence = (DIRECTORY / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Copyright © 2017-2022 Adobe" in licence
