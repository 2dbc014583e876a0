"""RLP, against the `rlp` package and the encodings only one of two readers would accept."""

from __future__ import annotations

import pytest
import rlp
from hypothesis import given, settings
from hypothesis import strategies as st

from yinzheng.verifier.chain.rlp import Item, decode_fixed, decode_integer, decode_item, encode_item
from yinzheng.verifier.errors import DataFault

items = st.recursive(st.binary(max_size=80), lambda inner: st.lists(inner, max_size=6), max_leaves=20)


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=300), max_size=20) | items.filter(lambda item: depth(item) <= 7))
def test_encoding_is_that_of_others_and_decodes(item: object) -> None:
    encoded = encode_item(item)  # type: ignore[arg-type]
    assert encoded == rlp.encode(item)
    assert decode_item(encoded, limit=10_000, what="it") == item


@pytest.mark.parametrize("byte", [b"\x7f", b"\x80", b"\xff"])
def test_a_single_byte(byte: bytes) -> None:
    assert decode_item(rlp.encode(byte), limit=10, what="it") == byte
    assert decode_item(rlp.encode([byte]), limit=10, what="it") == [byte]


def depth(item: object) -> int:
    return 1 + max(map(depth, item), default=0) if isinstance(item, list) else 0


@settings(max_examples=500)
@given(st.binary(max_size=70))
def test_what_is_decoded_is_canonical(data: bytes) -> None:
    try:
        item = decode_item(data, limit=100, what="it")
    except DataFault as fault:
        assert fault.code == "rlp-malformed"  # noqa: PT017 - either way is right, and both are checked
    else:
        assert encode_item(item) == data


@pytest.mark.parametrize(
    "data",
    [
        "",
        "8100",
        "817f",
        "82aa",
        "b800",
        "b837" + "00" * 55,
        "b90038" + "00" * 56,
        "b8",
        "b9ff",
        "c1",
        "c281",
        "c382aa",
        "f800",
        "f7",
        "f90038" + "c0" * 56,
        "bfffffffffffffffff",
        "0000",
        "c000",
        "c1" * 5 + "c0",
        "c8c7c6c5c4c3c2c1c0",
    ],
)
def test_malformed_encodings(data: str) -> None:
    with pytest.raises(DataFault) as caught:
        decode_item(bytes.fromhex(data), limit=1000, what="it")
    assert caught.value.code == "rlp-malformed"


def test_size_and_depth_are_bounded() -> None:
    with pytest.raises(DataFault) as caught:
        decode_item(bytes(11), limit=10, what="it")
    assert caught.value.code == "rlp-too-large"
    bomb = b"\xc0"
    for _ in range(2000):
        bomb = _wrap(bomb)
    with pytest.raises(DataFault):
        decode_item(bomb, limit=100_000, what="it")


def _wrap(content: bytes) -> bytes:
    size = len(content)
    if size <= 55:
        return bytes((0xC0 + size,)) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0xF7 + len(digits),)) + digits + content


def test_integers_and_fixed_sizes() -> None:
    assert decode_integer(b"", size=8, what="it") == 0
    assert decode_integer(b"\x01\x00", size=8, what="it") == 256
    wrong: list[Item] = [b"\0", b"\0\1", bytes([1]) * 9, []]
    for bad in wrong:
        with pytest.raises(DataFault):
            decode_integer(bad, size=8, what="it")
    assert decode_fixed(b"ab", size=2, what="it") == b"ab"
    wrong = [b"abc", b"", []]
    for bad in wrong:
        with pytest.raises(DataFault):
            decode_fixed(bad, size=2, what="it")
