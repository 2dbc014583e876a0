"""Codes as they arrive in mails and chats."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.receipt_world import genuine_receipt
from tests.verifier.world import World
from yinzheng.verifier import DataFault, read_target
from yinzheng.verifier.containers.pasted import MAX_PASTED, find_code

QR = World().qr
RECEIPT = genuine_receipt()["qr"]


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
    lambda text: "".join(chr(ord(char) + 0xFEE0) if char.isalnum() else char for char in text),
]


@pytest.mark.parametrize("paste", AS_PASTED)
@pytest.mark.parametrize("code", [QR, RECEIPT], ids=["certificate", "receipt"])
def test_it_is_read(code: str, paste: Callable[[str], str]) -> None:
    assert read_target(paste(code)).qr == code
    assert read_target(paste(code).encode()).qr == code


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
