"""Cores' CBOR is read in one form alone, held against the package that others write it with."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.verifier.bytes.cbor import Foreign, byte_string, head, load_map

LEAVES = (
    st.integers(-(2**64), 2**64 - 1)  # beyond them integers are tags
    | st.text(max_size=40)
    | st.binary(max_size=70)
    | st.none()
    | st.booleans()
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=30), max_leaves=40)
MAPS = st.dictionaries(st.integers(0, 23), VALUES, max_size=23)


def written(fields: dict[Any, Any]) -> bytes:
    return cbor2.dumps(fields, canonical=True)


def depth_of(value: Any) -> int:
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(MAPS)
def test_what_the_package_writes_in_canonical_order_is_read(fields: dict[int, Any]) -> None:
    if max(map(depth_of, fields.values()), default=0) <= 6:
        read = load_map(written(fields))
        assert read == fields
        assert list(read) == sorted(fields)


@given(st.binary(max_size=80) | st.builds(bytes.__add__, MAPS.map(written), st.binary(max_size=3)))
def test_nothing_is_read_that_would_be_written_otherwise(data: bytes) -> None:
    try:
        fields = load_map(data)
    except ValueError:
        return
    assert written(fields) == data


@given(MAPS.map(written), st.data())
def test_with_another_byte_it_is_another_map_or_none(data: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(data) - 1))
    changed = data[:at] + bytes((data[at] ^ draw.draw(st.integers(1, 255)),)) + data[at + 1 :]
    try:
        fields = load_map(changed)
    except ValueError:
        return
    assert written(fields) == changed


@pytest.mark.parametrize(
    "text",
    [
        "a0a0", "a1", "a100", "a10018", "a1001800", "a1001817", "a100190017", "a1001900ff", "a1001a0000ffff",
        "a1001b00000000ffffffff", "a1001c", "a1001f", "a100380a", "a2010100f6", "a200f600f6", "a100581700",
        "a1004201", "a1006261", "a10061ff", "a1009801f6", "a10081", "a1009f00ff", "a1005f40ff",
        "a1009bffffffffffffffff", "a1005bffffffffffffffff", "a10019ff",
    ],
)  # fmt: skip
def test_one_form_alone(text: str) -> None:
    with pytest.raises(ValueError, match=r"[a-z]") as caught:
        load_map(bytes.fromhex(text))
    assert not isinstance(caught.value, Foreign)


@pytest.mark.parametrize(
    "text",
    [
        "", "80", "f6", "c1a0", "b818", "b800", "bf00f6ff", "a12000", "a1616100", "a1f60000", "a11801f6",
        "a100a0", "a100f3", "a100f7", "a100f90000", "a100c100", "a100c24101", "a100f8ff",
        "a100" + "81" * 7 + "00",
    ],
)  # fmt: skip
def test_what_our_formats_have_none_of(text: str) -> None:
    with pytest.raises(Foreign):
        load_map(bytes.fromhex(text))


def test_lists_lie_six_deep_in_each_other_and_no_deeper() -> None:
    assert load_map(b"\xa1\x00" + b"\x81" * 6 + b"\x00") == {0: [[[[[[0]]]]]]}
    with pytest.raises(Foreign):
        load_map(b"\xa1\x00" + b"\x81" * 100_000)


def test_nothing_stands_in_two_places() -> None:
    """Shared values: whoever writes them out again needs terabytes for a kilobyte."""
    fan, levels = 60, 6
    lists = [b"\xd8\x1c\x98" + bytes((fan,)) + bytes(fan)]
    lists += [
        b"\xd8\x1c\x98" + bytes((fan,)) + (b"\xd8\x1d" + bytes((level,))) * fan for level in range(levels)
    ]
    with pytest.raises(Foreign):
        load_map(b"\xa1\x00" + bytes((0x80 | len(lists),)) + b"".join(lists))


@given(st.integers(0, 7), st.integers(0, 2**64 - 1))
def test_heads(major: int, number: int) -> None:
    shortest = cbor2.dumps(number)
    assert head(major, number) == bytes((major << 5 | shortest[0],)) + shortest[1:]


@pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 65_535, 65_536])
def test_bytes_are_written_as_the_package_does(size: int) -> None:
    assert byte_string(bytes(size)) == cbor2.dumps(bytes(size))
