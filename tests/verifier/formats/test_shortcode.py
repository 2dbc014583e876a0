"""The short code: what it is made of, and that one way of writing it alone is read (S6.11)."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.receipt_world import genuine_receipt
from tests.verifier.voucher_world import VoucherWorld
from tests.verifier.world import NUMBER, World
from yinzheng.verifier import DataFault
from yinzheng.verifier.formats.shortcode import (
    ShortCode,
    check_of,
    decode_short,
    is_any_short,
    is_short_text,
    name_in,
    name_of,
    short_code,
    without_bound,
)

QR, VOUCHER = World().qr, VoucherWorld().qr
SHORT = short_code(QR)
FIXED = f"HTTPS://YZ.EXAMPLE.ORG{ShortCode(NUMBER, bytes(range(16))).path}"
RECEIPT = genuine_receipt()["qr"]


def binds(short: str, qr: str) -> bool:
    return (named := name_in(short)) is not None and named == name_of(qr)


def test_it_names_number_and_core() -> None:
    digits = QR.rpartition("/")[2]
    core = base64.b32decode(digits + "=" * (-len(digits) % 8))
    check = hashlib.sha256(core).digest()[:16]
    assert f"HTTPS://YZ.EXAMPLE.ORG/V/{NUMBER}.{base64.b32encode(check).decode().rstrip('=')}" == SHORT
    assert decode_short(SHORT) == ShortCode(NUMBER, check)
    assert SHORT.endswith(ShortCode(NUMBER, check).path)


def test_a_vouchers_names_the_licence() -> None:
    short = short_code(VOUCHER)
    number = VoucherWorld().licence.number
    assert short.partition("/L/")[2].startswith(f"{number}.")
    assert decode_short(short) == ShortCode(number, check_of(VOUCHER))


@given(
    st.sampled_from([str.upper, str.lower, str.swapcase]),
    st.sampled_from(["", "HTTPS://ELSEWHERE.EXAMPLE:8443"]),
)
def test_case_and_host_mean_nothing(case: object, host: str) -> None:
    text = host + SHORT[len("HTTPS://YZ.EXAMPLE.ORG") :]
    assert decode_short(case(text)) == decode_short(SHORT)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (FIXED.replace("HTTPS", "HTTP"), "qr-scheme"),
        (FIXED[:-1], "qr-bits"),
        (FIXED[:-1] + "B", "qr-bits"),
        (FIXED[:-10], "short-check"),
        (FIXED + "AAAAAAAA", "short-check"),
        (FIXED + "A", "qr-bits"),
        (FIXED[:-1] + "8", "qr-alphabet"),
        (FIXED[:-1] + "é", "qr-alphabet"),
        (FIXED.partition(".EXAMPLE")[0] + ".ORG/V/" + NUMBER + ".", "qr-alphabet"),
        (FIXED + "/", "qr-foreign"),
        (FIXED + "?x", "qr-foreign"),
        (FIXED.replace(NUMBER, NUMBER[:-1]), "qr-foreign"),
        (FIXED.replace(NUMBER, "SJ4412026130001"), "short-number"),
        (FIXED.replace(NUMBER, "SJ4412026110000"), "short-number"),
        (FIXED.replace(f"/V/{NUMBER}", "/L/L-2026-000000"), "short-number"),
        (FIXED.replace("/V/", "/L/"), "qr-foreign"),
        (FIXED.replace("/V/", "/C#"), "qr-foreign"),
        (QR, "qr-foreign"),
        (FIXED + "A" * 4096, "qr-too-long"),
        ("", "qr-foreign"),
    ],
)
def test_anything_else_is_refused(text: str, code: str) -> None:
    with pytest.raises(DataFault) as caught:
        decode_short(text)
    assert caught.value.code == code


@given(st.integers(min_value=len(FIXED) - 26, max_value=len(FIXED) - 1), st.characters(codec="ascii"))
def test_another_character_is_another_code_or_none(at: int, other: str) -> None:
    text = FIXED[:at] + other + FIXED[at + 1 :]
    if text.upper() != FIXED:
        with suppress(DataFault):
            assert decode_short(text) != decode_short(FIXED)


def test_which_large_code_it_names() -> None:
    assert binds(SHORT, QR)
    assert binds(SHORT.lower(), QR.lower())
    assert binds(short_code(VOUCHER), VOUCHER)
    for text in (VOUCHER, RECEIPT, "", "https://example.org/", SHORT):
        assert not binds(SHORT, text)
    for text in (QR, RECEIPT, "", SHORT[:-1]):
        assert not binds(text, QR)


def test_a_short_one_beside_its_large_one_says_nothing_more() -> None:
    assert without_bound([SHORT, QR]) == {QR}
    assert without_bound([SHORT.lower(), QR, VOUCHER]) == {QR, VOUCHER}
    assert without_bound([SHORT, VOUCHER]) == {SHORT, VOUCHER}
    assert without_bound([SHORT]) == {SHORT}
    assert is_short_text(SHORT)
    assert is_short_text(SHORT[:-1]), "its form, not what it holds"
    assert not is_short_text(QR)


def test_of_a_receipt_it_is_read_by_its_own_reader() -> None:
    short = short_code(RECEIPT)
    assert is_any_short(short)
    assert not is_short_text(short)
    assert not is_any_short(RECEIPT)
    with pytest.raises(DataFault) as caught:
        decode_short(short)
    assert caught.value.code == "qr-foreign"
    assert without_bound([short, RECEIPT, SHORT, QR]) == {RECEIPT, QR}
    assert without_bound([short, QR]) == {short, QR}
