"""QR codes: alphanumeric mode, smallest version, and readable where people really meet them."""

from __future__ import annotations

import re

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.document.photos import (
    TILTED,
    Corners,
    on_screen,
    opened,
    photographed,
    png,
    printed_and_scanned,
)
from yinzheng.ledger.document.qr import QUIET_ZONE, qr_png, qr_svg, qr_symbol
from yinzheng.verifier.containers.scan import find_qr
from yinzheng.verifier.errors import DataFault

# ISO/IEC 18004:2015 table 7: characters in alphanumeric mode at level M, by version.
CAPACITY_M = {1: 20, 9: 262, 14: 528, 17: 734, 18: 816, 19: 909, 20: 970, 27: 1637, 40: 3391}
LENGTHS = (150, 507, 900, 1400)


def text_of(length: int) -> str:
    """A text of the form of ours (S6.3)."""
    start = "HTTPS://REGISTRY.EXAMPLE/V/"
    return (start + "2ABCDEFGHIJKLMNOPQRSTUVWXYZ34567" * 130)[:length]


@pytest.mark.parametrize(("version", "capacity"), CAPACITY_M.items())
def test_fills_each_version_as_only_alphanumeric_mode_can(version: int, capacity: int) -> None:
    full = text_of(capacity)
    assert (qr_symbol(full).version, qr_symbol(full).level) == (version, "M")
    if version < 40:
        assert qr_symbol(text_of(capacity + 1)).version == version + 1


def test_long_runs_of_digits_stay_in_one_segment() -> None:
    text = "HTTPS://A.EXAMPLE/V/" + "2" * 240
    found = zxingcpp.read_barcodes(opened(qr_png(text)))
    assert [code.text for code in found] == [text]
    # One alphanumeric segment of 260 characters: version 9 at level M; split off, the digits would save some.
    assert qr_symbol(text).version == 9


def test_falls_back_to_level_l_only_beyond_level_m() -> None:
    assert qr_symbol(text_of(3391)).level == "M"
    assert qr_symbol(text_of(3392)).level == "L"
    assert qr_symbol(text_of(4096)).level == "L"


def test_refuses_what_no_reader_would_accept() -> None:
    for text in ("", "https://registry.example/v/abc", "HTTPS://证书/V/A", "HTTPS://A/V/\n", "A_B"):
        with pytest.raises(DataFault) as caught:
            qr_symbol(text)
        assert caught.value.code == "qr-not-alphanumeric"
    with pytest.raises(DataFault) as caught:
        qr_symbol(text_of(4097))
    assert caught.value.code == "qr-too-long"


def test_png_has_quiet_zone_and_the_module_size_asked_for() -> None:
    text = text_of(200)
    size = qr_symbol(text).size
    picture = opened(qr_png(text, module=3))
    assert picture.size == (3 * size, 3 * size)
    inner = picture.point(lambda value: 255 - value).getbbox()
    assert inner == (3 * QUIET_ZONE, 3 * QUIET_ZONE, 3 * (size - QUIET_ZONE), 3 * (size - QUIET_ZONE))
    assert qr_png(text, module=3) == qr_png(text, module=3)
    with pytest.raises(ValueError, match="one pixel"):
        qr_png(text, module=0)


def test_svg_draws_exactly_the_modules() -> None:
    symbol = qr_symbol(text_of(300))
    dark = set()
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", qr_svg(text_of(300))):
        dark |= {(int(x) + i - QUIET_ZONE, int(y) - QUIET_ZONE) for i in range(int(width))}
    rows = symbol.modules
    assert dark == {(x, y) for y, row in enumerate(rows) for x, cell in enumerate(row) if cell}
    assert f'viewBox="0 0 {symbol.size} {symbol.size}"' in qr_svg(text_of(300))


@settings(max_examples=15, deadline=None)
@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=1, max_size=870))
def test_what_is_written_is_read(core: str) -> None:
    text = "HTTPS://REGISTRY.EXAMPLE/V/" + core
    assert find_qr(qr_png(text, module=4)) == text


@pytest.mark.parametrize("length", LENGTHS)
def test_read_from_a_screen_at_270_pixels(length: int) -> None:
    assert find_qr(png(on_screen(opened(qr_png(text_of(length))), 270))) == text_of(length)


@pytest.mark.parametrize("length", LENGTHS)
def test_read_from_paper_at_300_dpi_and_3_cm(length: int) -> None:
    page = printed_and_scanned(opened(qr_png(text_of(length))), millimetres=30, dpi=300)
    assert find_qr(png(page)) == text_of(length)


@pytest.mark.parametrize("corners", TILTED)
@pytest.mark.parametrize("length", LENGTHS)
def test_read_from_a_photo(length: int, corners: Corners) -> None:
    assert find_qr(photographed(opened(qr_png(text_of(length))), corners)) == text_of(length)


def test_a_photo_too_coarse_is_said_to_be_unreadable() -> None:
    with pytest.raises(DataFault) as caught:
        find_qr(photographed(opened(qr_png(text_of(900))), side=90))
    assert caught.value.code == "image-no-code"


def test_a_fragment_travels_between_two_alphanumeric_segments() -> None:
    text = "HTTPS://HOST/C#" + "ABCDE234" * 60 + "." + "XYZ7" * 13
    assert find_qr(qr_png(text)) == text
    plain = qr_symbol(text.replace("#", "."))
    assert qr_symbol(text).version <= plain.version + 1
    for other in ("#A", "A#", "A#B#C", "A#b"):
        with pytest.raises(DataFault):
            qr_symbol(other)
