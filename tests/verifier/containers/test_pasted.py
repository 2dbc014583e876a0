"""Codes as they arrive in mails and chats."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.receipt_world import genuine_receipt
from tests.verifier.voucher_world import VoucherWorld
from tests.verifier.world import World
from yinzheng.verifier import DataFault, read_target
from yinzheng.verifier.containers.pasted import MAX_PASTED, find_code
from yinzheng.verifier.formats.receipt import with_credential
from yinzheng.verifier.formats.shortcode import decode_short, short_code

QR = World().qr
RECEIPT = genuine_receipt()["qr"]

SAVED = (
    (b"", "utf-8"),
    (codecs.BOM_UTF8, "utf-8"),
    (b"", "gb18030"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Encodings in which editors save a text, each with the mark that it has."""


def wrapped(text: str, width: int, between: str) -> str:
    return between.join(text[at : at + width] for at in range(0, len(text), width))


AS_PASTED: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: text + "。",
    lambda text: text + ".",
    lambda text: f"<{text}>",
    lambda text: f"“{text}”，",
    lambda text: f"请核验：{text}，谢谢",
    lambda text: f"See {text}; thanks.",
    lambda text: wrapped(text, 76, "\n"),
    lambda text: wrapped(text, 60, "\r\n> "),
    lambda text: "> " + wrapped(text, 72, "\n> ") + "\n> regards",
    lambda text: wrapped(text, 75, "=\r\n"),
    lambda text: wrapped(text, 40, " "),
    lambda text: wrapped(text, 100, "\u3000"),
    lambda text: wrapped(text, 50, "\u200b"),
    lambda text: "\ufeff" + text,
    lambda text: wrapped(text, 64, "\n") + "\nLI WEI\n20261121",
    lambda text: f"Number 1: {wrapped(text, 64, chr(10))}\n\nRegards, Li Wei",
    lambda text: quote(text, safe=""),
    lambda text: f"https://links.example/?url={quote(text, safe='')}&data=05%7C01%7C&reserved=0",
    lambda text: f"https://chat.example/go?u={quote(text, safe='').lower()}#wechat".replace("%3a", "%3A"),
    lambda text: "".join(chr(ord(char) + 0xFEE0) if char.isalnum() else char for char in text),
]


@pytest.mark.parametrize("paste", AS_PASTED)
def test_a_short_code_is_read_as_it_was_pasted(paste: Callable[[str], str]) -> None:
    for short in (short_code(QR), short_code(VoucherWorld().qr)):
        assert read_target(paste(short)).short == decode_short(short)
    for short in (short_code(RECEIPT), short_code(with_credential(RECEIPT, bytes(range(32))))):
        found = read_target(paste(short))
        assert (found.qr or "").upper() == short
        assert found.is_receipt


def test_of_both_codes_in_a_text_the_large_one_is_taken() -> None:
    found = read_target(f"大码 {QR}\n小码 {short_code(QR)}")
    assert (found.qr, found.short) == (QR, None)
    assert read_target(f"{short_code(RECEIPT)}\n{RECEIPT}").qr == RECEIPT
    with pytest.raises(DataFault) as caught:
        read_target(f"{short_code(QR)} {short_code(VoucherWorld().qr)}")
    assert caught.value.code == "text-several"
    with pytest.raises(DataFault) as caught:
        read_target(f"{QR} {short_code(World().qr)}")  # each signature is another
    assert caught.value.code == "codes-contradict"


@pytest.mark.parametrize("paste", AS_PASTED)
@pytest.mark.parametrize("code", [QR, RECEIPT], ids=["certificate", "receipt"])
def test_it_is_read(code: str, paste: Callable[[str], str]) -> None:
    saved: list[str | bytes] = [mark + paste(code).encode(form) for mark, form in SAVED]
    for one in (paste(code), *saved):
        found = read_target(one).qr
        assert found is not None
        assert found.upper() == code


@pytest.mark.parametrize("words", ["核验码：{}。谢谢", "Voil\xe0 {}."])
def test_words_beside_it_may_be_in_any_encoding(words: str) -> None:
    """A code is ASCII, which GBK, Big5 and Latin-1 leave as it is."""
    for encoding in ("gbk", "big5", "latin-1", "cp1252"):
        data = words.format(QR).encode(encoding, "ignore")
        assert read_target(data).qr == QR


def test_a_large_file_in_another_encoding_is_not_searched() -> None:
    """Another encoding makes many megabytes of a few."""
    with pytest.raises(DataFault) as caught:
        read_target(QR.encode() + b"\xff" * (2 * MAX_PASTED))
    assert caught.value.code == "target-unknown"


def test_no_words_in_another_encoding_are_a_code() -> None:
    for data in ("没有核验码".encode("gbk"), codecs.BOM_UTF16_LE + b"\0\xd8"):
        with pytest.raises(DataFault) as caught:
            read_target(data)
        assert caught.value.code == "target-unknown"
    with pytest.raises(DataFault) as caught:
        read_target(f"一 {QR} 二 {RECEIPT}".encode("gbk"))
    assert caught.value.code == "text-several"


@pytest.mark.parametrize("end", ["", "#", "#.", "。"])
def test_a_receipt_without_its_fragment(end: str) -> None:
    with pytest.raises(DataFault) as caught:
        read_target(RECEIPT.split("#")[0] + end)
    assert caught.value.code == "qr-fragment-missing"
    assert "#" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["hello world", "https://example.org/", "/c", QR[:200], "x" * (MAX_PASTED + 1)]
)
def test_what_is_none_stays_as_it_is(text: str) -> None:
    assert find_code(text) == text


@pytest.mark.parametrize("between", [" ", "\n", "。\n\n", "\n> "])
def test_of_two_codes_neither_is_read(between: str) -> None:
    with pytest.raises(DataFault) as caught:
        find_code(f"{QR}{between}{RECEIPT}")
    assert caught.value.code == "text-several"
    assert find_code(f"{QR}{between}{QR}") == QR


def test_many_beginnings_are_not_all_tried() -> None:
    text = "https://example.org/v/aa\n" * 600
    assert find_code(text) == text


@given(st.text(max_size=200))
def test_anything_is_taken(text: str) -> None:
    try:
        assert isinstance(find_code(text), str)
    except DataFault as fault:
        assert fault.code in ("qr-fragment-missing", "text-several")  # noqa: PT017
