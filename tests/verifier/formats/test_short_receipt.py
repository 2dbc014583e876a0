"""A receipt's short code: what it holds, and that one way of writing it alone is read (S13.9)."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.receipt_world import CREDENTIAL, SUBJECT, ReceiptWorld
from tests.verifier.world import World
from yinzheng.ledger.document.qr import qr_symbol
from yinzheng.verifier import DataFault
from yinzheng.verifier.bytes.cose import to_base32
from yinzheng.verifier.formats.receipt import (
    PROOF,
    ShortReceipt,
    decode_receipt,
    decode_receipt_qr,
    decode_short_receipt,
    is_receipt_text,
    is_short_receipt,
    short_receipt,
    with_credential,
)
from yinzheng.verifier.formats.shortcode import is_any_short, name_in, name_of, short_code

QR, COPY = ReceiptWorld().qr, ReceiptWorld().proof_copy
SHORT, SHORT_COPY = short_receipt(QR), short_receipt(COPY)
S, K = SHORT.split("#")[1].split(".")
OTHER = bytes(32)


def binds(short: str, qr: str, *, whole: bool = True) -> bool:
    return (named := name_in(short, whole=whole)) is not None and named == name_of(qr, whole=whole)


def test_it_names_consent_and_credential() -> None:
    digits = [base64.b32encode(one).decode().rstrip("=") for one in (SUBJECT, CREDENTIAL)]
    assert f"HTTPS://YZ.EXAMPLE.ORG/C#{'.'.join(digits)}" == SHORT
    assert f"HTTPS://YZ.EXAMPLE.ORG/C#{digits[0]}.PROOF" == SHORT_COPY
    assert decode_short_receipt(SHORT) == decode_receipt(SHORT) == ShortReceipt(SUBJECT, CREDENTIAL)
    assert decode_short_receipt(SHORT_COPY) == ShortReceipt(SUBJECT, None)
    assert decode_receipt(QR) == decode_receipt_qr(QR)
    assert short_code(f" {QR.lower()} ") == short_receipt(QR) == SHORT
    assert "credential" not in repr(decode_receipt(SHORT))


@pytest.mark.parametrize("host", ["r.cn", "yz.example.org", "registry.health-data.gd.gov.cn"])
def test_its_code_is_small(host: str) -> None:
    """At most 41 modules a side at level M (S13.9)."""
    symbol = qr_symbol(SHORT.replace("YZ.EXAMPLE.ORG", host.upper()))
    assert (symbol.level, len(symbol.modules)) == ("M", 41)


@pytest.mark.parametrize(
    "text",
    [SHORT.lower(), SHORT.replace("YZ.EXAMPLE.ORG", "evil.example"), f" {SHORT}\n", f"/c#{S}.{K.lower()}"],
)
def test_case_host_and_blanks_around_mean_nothing(text: str) -> None:
    assert decode_receipt(text) == decode_receipt(SHORT)
    assert is_receipt_text(text)
    assert is_short_receipt(text)
    assert is_any_short(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (World().qr, "qr-foreign"),
        (SHORT.replace("/C#", "/C/"), "qr-foreign"),
        (SHORT.replace(".", ""), "qr-foreign"),
        (SHORT + ".A", "qr-foreign"),
        (SHORT.replace("HTTPS", "HTTP"), "qr-scheme"),
        (SHORT + "A" * 4096, "qr-too-long"),
        (f"/C#{S}.", "qr-alphabet"),
        (f"/C#{S[:-1]}1.{K}", "qr-alphabet"),
        (f"/C#{S}.{K[:-1]}8", "qr-alphabet"),
        (f"/C#{S[:-1]}B.{K}", "qr-bits"),
        (f"/C#{S}.{K[:-1]}B", "qr-bits"),
        (f"/C#{S}.{K}A", "receipt-credential"),
        (f"/C#{S}.{to_base32(CREDENTIAL[1:])}", "receipt-credential"),
        (f"/C#{S}.{to_base32(CREDENTIAL + b'1')}", "receipt-credential"),
        (f"/C#{S[:-1]}.{K}", "qr-bits"),
        (f"/C#{to_base32(SUBJECT[1:])}.{K}", "core-malformed"),
        (f"/C#{to_base32(SUBJECT + b'1')}.{K}", "core-malformed"),
    ],
)
def test_texts_that_are_none(text: str, code: str) -> None:
    with pytest.raises(DataFault) as caught:
        decode_receipt(text)
    assert caught.value.code == code


@pytest.mark.parametrize("end", range(1, 53))
def test_no_part_of_a_code_is_a_proof_copy_or_another_code(end: int) -> None:
    for cut in (SHORT[:-end], SHORT_COPY[: -min(end, 5)], f"/C#{S[:-end]}.{K}"):
        with pytest.raises(DataFault):
            decode_receipt(cut)


@given(st.integers(0, len(S) + len(K)), st.characters(codec="ascii"))
def test_another_character_is_another_code_or_none(at: int, other: str) -> None:
    at += len(SHORT) - len(S) - len(K) - 1
    text = SHORT[:at] + other + SHORT[at + 1 :]
    if text.upper() != SHORT:
        with suppress(DataFault):
            assert decode_receipt(text) != decode_receipt(SHORT)


def test_a_large_code_is_never_a_short_one_nor_the_other_way_round() -> None:
    assert not is_short_receipt(QR)
    with pytest.raises(DataFault) as caught:
        decode_short_receipt(QR)
    assert caught.value.code == "qr-foreign"
    for none in (SHORT, SHORT_COPY):
        with pytest.raises(DataFault) as caught:
            decode_receipt_qr(none)
        assert caught.value.code == "core-malformed"
        with pytest.raises(DataFault):
            short_receipt(none)


def test_which_large_code_stands_beside_it() -> None:
    assert binds(SHORT, QR)
    assert binds(SHORT_COPY.lower(), COPY.lower())
    for short, large in ((SHORT, COPY), (SHORT_COPY, QR), (SHORT, with_credential(QR, OTHER))):
        assert not binds(short, large)
        assert binds(short, large, whole=False)
    for other in (f"/C#{to_base32(OTHER)}.{K}", f"/C#{to_base32(OTHER)}.{PROOF}", SHORT[:-1], ""):
        for whole in (True, False):
            assert not binds(other, QR, whole=whole)
    for text in (World().qr, short_code(World().qr), SHORT, ""):
        assert not binds(SHORT, text)
